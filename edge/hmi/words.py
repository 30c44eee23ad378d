"""The page's words, Chinese and English, in one catalogue: {section: {code: (zh, en)}}. Reasons come from the core's table."""

from typing import Any

from edge.core.conditions import CLEARED_WITH_BELT, CONDITIONS
from edge.runtime.reporting.kinds import KINDS
from edge.runtime.view import HEAD_WORDS

Words = dict[str, tuple[str, str]]

STATES: Words = {
    "CLEARING": ("清除故障", "Clearing"),
    "STOPPED": ("已停止", "Stopped"),
    "STARTING": ("启动中", "Starting"),
    "IDLE": ("就绪", "Idle"),
    "SUSPENDED": ("外部等待", "Suspended"),
    "EXECUTE": ("运行", "Execute"),
    "STOPPING": ("停止中", "Stopping"),
    "ABORTING": ("急停中", "Aborting"),
    "ABORTED": ("急停/中止", "Aborted"),
    "HOLDING": ("保持中", "Holding"),
    "HELD": ("内部保持", "Held"),
    "UNHOLDING": ("恢复运行", "Unholding"),
    "SUSPENDING": ("等待中", "Suspending"),
    "UNSUSPENDING": ("恢复中", "Unsuspending"),
    "RESETTING": ("复位", "Resetting"),
    "COMPLETING": ("收尾中", "Completing"),
    "COMPLETE": ("已完成", "Complete"),
}

MODES: Words = {
    "PRODUCTION": ("生产模式", "Production"),
    "MAINTENANCE": ("维护模式", "Maintenance"),
    "MANUAL": ("手动/点动", "Manual, jog"),
    "UNKNOWN": ("模式未知", "Mode unknown"),
}

STATIONS: Words = {
    "feeder": ("上料", "Feed"),
    "id_camera": ("识读", "Read"),
    "insert": ("装封", "Insert"),
    "seal": ("封口", "Seal"),
    "weigh": ("称重", "Weigh"),
    "label": ("贴标", "Label"),
    "label_camera": ("复核", "Check"),
    "hand_over": ("交接", "Hand over"),
    "induction": ("上分拣", "Induct"),
    "divert": ("分拣", "Divert"),
}

LINKS: Words = {
    "machine_plc": ("封装PLC", "Mach. PLC"),
    "sorter_plc": ("分拣PLC", "Sorter PLC"),
    "id_camera": ("证件相机", "ID camera"),
    "label_camera": ("面单相机", "Label cam"),
    "printer": ("打印机", "Printer"),
    "printer_2": ("2号打印机", "Printer 2"),
    "desk_printer": ("台席打印机", "Desk printer"),
    "scanner": ("扫描器", "Scanner"),
    "hand_scanner": ("手持枪", "Hand scanner"),
    "scale": ("电子秤", "Scale"),
    "central": ("平台", "Central"),
    "document_printer": ("文书打印机", "Doc. printer"),
}

PLACES: Words = {
    "document_tray": ("证件盘", "document tray"),
    "unsealed_eject": ("未封剔除口", "unsealed eject"),
    "sealed_reject": ("已封剔除口", "sealed reject"),
    "desk": ("人工台席", "manual desk"),
}

# What stands against an act, where it is not a condition's own text.
ANSWERS: Words = {
    "OK": ("已执行", "done"),
    "NOT_IN_THIS_STATE": ("当前状态不能执行", "not possible in this state"),
    "CLEARING": ("正在清线，请等待", "the belt is being cleared: wait"),
    "UNKNOWN_ACT": ("该操作不可用", "this act is not available"),
    "NO_SUCH_CHUTE": ("没有该格口", "there is no such chute"),
    "NO_SUCH_ROLL": ("没有该卷", "there is no such roll"),
    "NO_SUCH_HEAD": ("没有该贴标头", "there is no such applicator head"),
    "BAG_IN_USE": ("该格口或袋牌已被绑定", "chute or bag tag is bound already"),
    "NO_BAG": ("该格口未绑定袋", "no bag is bound to this chute"),
    "NOT_IN_THIS_BAG": ("该邮件不在此袋的待取清单中", "not on this bag's list to take out"),
    "COUNT_AGAIN": ("有件未找到，请再清点一次", "something was not found: count once more"),
    "BAG_DIFFERS": ("清点与账目不符，袋保持锁定", "the count differs: the bag stays locked"),
    "NOT_IN_HAND": ("该证件或邮件不在剔除口或台面上", "this does not lie at a reject place or on the desk"),
    "SECOND_PERSON": ("须由第二人在场确认", "a second person must confirm"),
    "UNKNOWN_LABEL": ("面单不是本线打印的，或尚不能作废", "not a label of this line, or it cannot be voided yet"),
    "LABEL_IN_USE": ("该面单所属邮件仍在线或已装袋", "the item of this label is on the line or in a bag"),
    "OPEN_IT": ("不能直接回流，须双人拆封", "it cannot go back as it is: open it by two persons"),
    "NOT_LOST": ("该件未登记为丢件", "this is not recorded as lost"),
    "WRONG_BAG": ("袋牌与该格口绑定的袋不符", "this is not the bag that is bound to the chute"),
    "BAG_LOCKED": ("袋已锁定，先清点", "the bag is locked: recount it first"),
    "RECALL_OPEN": ("袋内有被撤订单，先取出", "a recalled item is in the bag: take it out first"),
    "NOT_PRINTED": ("该文书没有已打印的纸张", "no sheets of this file are printed"),
    "SHEETS_IN_USE": ("该文书仍在线或已装封", "these sheets are on the line, or in an envelope"),
    "SHEETS_DIFFER": ("张数与账目不符", "the number of sheets differs from the accounts"),
    "NO_SUCH_LOT": ("没有该批次或已关闭", "there is no such open lot"),
    "DOCUMENTS_ON_LINE": ("该批次仍有证件在线上", "documents of this lot are still on the line"),
    "NO_SUCH_CHECK": ("没有该检查项", "there is no such check"),
    "LEAD_NEEDED": ("有差异，须班长签字", "there are differences: the shift lead must sign"),
    "NO_DESK_PRINTER": ("本线未配置台席打印机", "this line has no printer at the desk"),
    "DESK_BUSY": ("先完成或中止当前邮件", "finish or give up what is under way first"),
    "OTHER_ORDER": ("该证件属于另一订单，请放在一边", "this belongs to another order: lay it aside"),
    "OTHER_DOCUMENT": ("这不是该编号的证件", "this is not the document of that key"),
    "NO_WEIGHT": ("请输入重量(整数克)", "enter the weight in whole grams"),
    "NOT_READ": ("扫描内容无法识别，请重扫", "the scan is no text of ours: scan again"),
    "DOCUMENT_NUMBER": ("这是证件号码，请用识读相机", "that is a document's number: put the document under the reader"),
    "ONE_MORE_CODE": ("再扫测试面单的另一个码", "scan the other code of the test label"),
    "NOT_ASKED": ("当前没有等待扫描的输入框，请先打开格口", "nothing waits for a scan: open the chute's window first"),
    "busy": ("系统忙，请稍后再试", "busy: try again in a moment"),
    "failed": ("未得到答复，请查看状态", "no answer: look at the state"),
}

# Why a link is down, as its light says it.
FAULTS: Words = {
    "lost": ("中断", "lost"),
    "refused": ("被拒绝", "refused"),
    "bad_reply": ("应答错误", "bad reply"),
    "layout": ("版本不符", "layout"),
    "word_order": ("字序不符", "word order"),
    "stale": ("程序停止", "stale"),
    "frozen": ("映像冻结", "frozen"),
    "echo": ("收不到我方", "deaf to us"),
    "foreign": ("另有主站", "other master"),
}

OUTCOMES: Words = {"dispatched": ("已落格", "dispatched")}

PAGE: Words = {
    "title": ("封装线", "Sealing"),
    "sim": ("仿真", "SIM"),
    "rate": ("件/小时", "items/h"),
    "target": ("目标", "target"),
    "sealed": ("已封", "Sealed"),
    "rejected": ("剔除", "Rejected"),
    "waiting": ("待处理", "In work"),
    "remaining": ("剩余", "Remaining"),
    "outcomes": ("去向统计", "Outcomes"),
    "rejects": ("最近剔除", "Last rejects"),
    "bags": ("格口与袋", "Chutes and bags"),
    "none": ("无", "none"),
    "no_alarm": ("无报警", "No alarms"),
    "more": ("条更多", "more"),
    "start": ("启动", "Start"),
    "unhold": ("恢复运行", "Unhold"),
    "clear": ("清除故障", "Clear fault"),
    "pause": ("暂停进料", "Pause feed"),
    "resume": ("恢复进料", "Resume feed"),
    "paused": ("进料已暂停", "feed paused"),
    "clearing": ("清线中", "clearing the belt"),
    "stop": ("停线", "Stop line"),
    "stop_hint": ("按住 1 秒", "hold 1 s"),
    "clear_belt": ("清线", "Clear belt"),
    "rejects_cleared": ("剔除口已清空", "Rejects emptied"),
    "change_roll": ("换卷", "Change roll"),
    "roll_changed": ("已换卷", "Roll changed"),
    "test_label": ("测试面单", "Test label"),
    "bind": ("绑定", "Bind"),
    "recount": ("提交清点", "Submit count"),
    "take_out_help": ("从袋中取出下列邮件，放入已封剔除口", "Take these out of the bag, to the sealed rejects"),
    "take_out": ("已取出", "Taken out"),
    "close": ("关闭", "Close"),
    "chute": ("格口", "Chute"),
    "bag_tag": ("扫描或输入袋牌", "scan or type the bag tag"),
    "labels": ("逐件扫描袋内面单，每行一件", "scan every label in the bag, one a line"),
    "locked": ("待清点", "recount"),
    "unbound": ("未绑定袋", "no bag"),
    "bag_ok": ("袋已绑定，接收中", "bag bound, accepting"),
    "items": ("件", "items"),
    "central_waiting": ("待上报", "to report"),
    "scan_labels": ("请扫描面单", "scan labels"),
    "scan_documents": ("请重新上件识读", "feed again to read"),
    "bag_of_chute": ("袋，格口", "bag of chute"),
    "beside_belt": ("线旁找到的件", "found beside the belt"),
    "stale": ("数据过期", "Stale data"),
    "stale_since": ("画面停留在", "the page shows the state at"),
    "stale_help": ("停线请用设备上的按钮", "To stop the line use the button on the machine"),
    "lang": ("EN", "中"),
    "reports": ("报表", "Reports"),
    "last_shift": ("上一班", "last shift"),
    "drawing": ("正在生成…", "being drawn…"),
    "desk": ("人工台席", "Manual desk"),
    "read": ("读证件", "Read document"),
    "read_again": ("再读一次并装入", "Read again, put in"),
    "rejected_key": ("剔除口证件编号(D…)，没有则留空", "key at the reject place (D…), or empty"),
    "reading": ("正在识读…", "reading…"),
    "unread": ("未读出：", "not read:"),
    "no_reader": (
        "本线未配置台席识读([desk_reader])，请在终端使用 sealline desk",
        "this line has no [desk_reader]: use `sealline desk` at the terminal",
    ),
    "weight_g": ("重量(克)", "weight in g"),
    "codes": ("扫描信封上面单的两个码，每行一个", "scan both codes of the label on the envelope, one a line"),
    "desk_check": ("核对", "Check"),
    "give_up": ("中止本件", "Give up"),
    "to_induction": ("台面清空后送分拣口", "To the induction, when the desk is empty"),
    "scan_qr": ("扫描信封上面单的二维码", "scan the QR on the envelope"),
    "induct": ("送分拣", "Induct"),
    "impossible": ("面单须在台席打印的订单", "Orders whose label is made at the desk"),
}


# What a person does at the manual desk, by the state of the sitting.
DESK: Words = {
    "free": ("台面上只放一件订单的证件，读第一件", "only one order's documents may lie on the desk: read the first"),
    "gathering": ("读该订单的下一件证件", "read this order's next document"),
    "printing": ("正在打印面单，请等待", "the label is being printed, wait"),
    "filling": ("逐件再读一次，随即装入信封", "read each document again as it goes into the envelope"),
    "closing": ("封口，贴面单，称重，扫描信封上的码", "close the envelope, apply the label, weigh it, scan the codes on it"),
}

# Why the desk's reader has read nothing.
UNREAD: Words = {
    "no_picture": ("没有新图片，请再拍一次", "no new picture: take one"),
    "no_reader": ("未配置台席识读", "no reader is configured"),
    "reader_failed": ("识读程序失败，请再试或联系维护", "the reader failed: try again or call maintenance"),
    "nothing_found": ("图片上没有证件", "no document on the picture"),
    "several_documents": ("图片上不止一件证件，只放一件", "more than one document on the picture: lay down one"),
}


def catalogue() -> dict[str, Any]:
    """All that the page needs to speak, and which conditions end when the belt is cleared."""
    return {
        "state": STATES,
        "mode": MODES,
        "station": STATIONS,
        "link": LINKS,
        "fault": FAULTS,
        "place": PLACES,
        "head": HEAD_WORDS,
        "desk": DESK,
        "unread": UNREAD,
        "answer": ANSWERS,
        "outcome": OUTCOMES,
        "report": {kind: (row.title.zh, row.title.en) for kind, row in KINDS.items()},
        "page": PAGE,
        "reason": {code: (row.zh, row.en) for code, row in CONDITIONS.items()},
        "cleared_with_belt": sorted(CLEARED_WITH_BELT),
    }
