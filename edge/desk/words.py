"""What the desk's terminal says, Chinese and English: {code: (zh, en)}. Reasons and answers come from the panel's catalogue."""

SAYS: dict[str, tuple[str, str]] = {
    "title": ("人工台席", "Manual desk"),
    "no_desk": ("本线未配置台席打印机([desk_printer])，台席不可用", "this line has no [desk_printer]: there is no manual desk"),
    "free": (
        "第1步：台面上只放一件订单的证件。回车读证件",
        "step 1: only one order's documents may lie on the desk. Enter reads one",
    ),
    "gathering": ("第1步：读该订单的下一件证件({have}/{wanted})", "step 1: read this order's next document ({have}/{wanted})"),
    "printing": ("第2步：正在打印面单，请等待", "step 2: the label is being printed, wait"),
    "filling": (
        "第3步：逐件再读一次，随即装入信封({again}/{wanted})",
        "step 3: read each document again as it goes into the envelope ({again}/{wanted})",
    ),
    "closing": (
        "第4步：封口，贴面单，称重，扫描信封上面单的两个码",
        "step 4: close the envelope, apply the label, weigh it, scan both codes on it",
    ),
    "weight": ("重量(克): ", "weight in g: "),
    "scan": ("扫描面单上的码(空行结束): ", "scan a code on the label (an empty line ends): "),
    "label": ("扫描信封上面单的二维码: ", "scan the QR on the envelope: "),
    "second": ("第二人姓名: ", "second person: "),
    "item": ("邮件编号(E…或I…): ", "item (E… or I…): "),
    "print_id": ("面单打印编号: ", "print id of the label: "),
    "labels": ("信封上的面单(扫描，空行结束): ", "labels on the envelope (scan, an empty line ends): "),
    "closed": (
        "已核对，收寄完成。台面清空后将信封送到分拣口，按 i",
        "checked and accepted. When the desk is empty take it to the induction, press i",
    ),
    "waiting": ("待送分拣口: {items}", "to be taken to the induction: {items}"),
    "destroy": ("待销毁面单(v): {prints}", "labels to destroy (v): {prints}"),
    "bye": ("台席已关闭；台面上的证件仍按系统记录处理", "desk closed; what lies on it stands in the line's books"),
    "unread": ("未读出：{reason}", "not read: {reason}"),
    "choice": (
        "回车=读证件 d 编号=读剔除口的证件 p 文件=读图片 c=中止 i=送分拣 o=双人拆封 v=作废面单 q=退出 > ",
        "Enter=read  d KEY=read what was rejected  p FILE=read a picture  c=give up  i=induct  o=open  v=void  q=quit > ",
    ),
    "unknown": ("不认识的命令", "no such command"),
}
