"""The next steps in Chinese, by their English text; a test fails where one is missing."""

ADVICE: dict[str, str] = {
    "Load the PLC program and the process image that belong together; check the word order.": (
        "装入版本一致的 PLC 程序与过程映像；检查字节顺序。"
    ),
    'High word first; or set word_order = "little" in the line\'s file where the PLC cannot.': (
        '高字在前；PLC 无法做到时，在产线文件中设 word_order = "little"。'
    ),
    "Compare the edge's layout_version before anything else of its image is used.": (
        "使用边缘映像的任何内容之前，先比较 layout_version。"
    ),
    "Add 1 to the heartbeat in every scan, in the block that is copied out.": "每个扫描周期在拷出的数据块中将心跳加 1。",
    "Copy the edge's heartbeat into echo in the scan that takes the image over.": (
        "在接收映像的同一扫描周期内把边缘心跳拷入 echo。"
    ),
    "Follow the state word as soon as that is safe.": "一旦安全，立即跟随状态字。",
    "Work on private copies: one block copy in at the start of a scan, one out at its end.": (
        "使用私有副本：扫描开始时整块拷入一次，结束时整块拷出一次。"
    ),
    "Shorten the scan, or the cycle of the communication task.": "缩短扫描周期或通信任务周期。",
    "Write the free running clock in ms at the sensor's edge into plc_ms.": "在传感器边沿把自由运行的毫秒时钟写入 plc_ms。",
    "Wire the safety PLC's state to the fault bit and to the unit's state.": "把安全 PLC 的状态接到故障位和单元状态。",
    "Set the zone's bit and leave Execute while a guard is open.": "防护门打开时置该区的位并离开 Execute。",
    "Show the key switch in the mode word.": "在方式字中显示钥匙开关。",
    "Take slots only in order of their numbers, from last consumed + 1 up to last_issued_seq, and each only once.": (
        "只按编号顺序取槽：从最后收到的编号 + 1 到 last_issued_seq，每个只取一次。"
    ),
    "Follow a slot only if seq and seq_copy agree.": "仅当 seq 与 seq_copy 一致时才执行该槽。",
    "Take commands only while plc_boot_echo is this boot id.": "仅当 plc_boot_echo 等于本次启动号时才接收命令。",
    "Numbers run 1..65528; the place of a slot is (seq − 1) mod 8; 0 is empty.": (
        "编号为 1..65528；槽位为 (seq − 1) mod 8；0 表示空。"
    ),
    "Answer every command that is not followed with command_refused: value = seq × 256 + reason.": (
        "凡不执行的命令均以 command_refused 应答：value = seq × 256 + 原因。"
    ),
    "Keep at least 512 events; the 8 slots are the window on the oldest, each at (seq − 1) mod 8, until it is acknowledged.": (
        "至少保存 512 个事件；8 个槽是最旧事件的窗口，各在 (seq − 1) mod 8，直到被确认。"
    ),
    "Take an acknowledgement only of a number that stands in the window.": "只接受对窗口内编号的确认。",
    "Take last_consumed_seq only while plc_boot_echo is this boot id.": (
        "仅当 plc_boot_echo 等于本次启动号时才采用 last_consumed_seq。"
    ),
    "Close the feed while half of the FIFO waits.": "队列半满时关闭给料。",
    "Drop the newest, never the oldest; set events_lost and leave Execute until clear_belt has ended with belt_empty.": (
        "丢弃最新的，绝不丢弃最旧的；置 events_lost 并离开 Execute，直到 clear_belt 以 belt_empty 结束。"
    ),
    "Count in the scan that puts the event into the FIFO; counters are retained and only grow.": (
        "在事件入队的同一扫描周期内计数；计数器掉电保持，只增不减。"
    ),
    "Begin each decision with reject; only a valid answer changes it. Set default_reject in the event that follows.": (
        "每次判定先置为剔除，只有有效应答才能改变；在随后的事件中置 default_reject。"
    ),
    "Follow the answer at the sensor's edge; no default_reject then.": "在传感器边沿执行应答；此时不置 default_reject。",
    "Compare the answer's handle with what is still before the point; behind it: command_refused, late; store nothing.": (
        "将应答的句柄与判定点之前的物件比较；已过判定点：command_refused（late），不得保存。"
    ),
    "Refuse a passing answer where there is one already (busy); take a rejecting one at any time before the point.": (
        "已有应答时拒绝放行应答（busy）；剔除应答在判定点之前任何时候都接受。"
    ),
    "Compare reply_to with the numbers of this handle's own events.": "将 reply_to 与该句柄自己的事件编号比较。",
    "insert_keep_open keeps the item's handle for the next document; the envelope waits.": (
        "insert_keep_open 为下一张证件保留物件句柄；信封等待。"
    ),
    "Apply only with a valid answer; set default_reject in the next event.": (
        "仅在有效应答时贴标；在下一事件中置 default_reject。"
    ),
    "no_label lets the item pass without label and without flag.": "no_label 使物件不贴标通过，且不置标志。",
    "Labels come to the pad in the order of the commands that name them: apply only when the pad's label is this item's.": (
        "标签按命令顺序到达吸盘：仅当吸盘上的标签属于该物件时才贴。"
    ),
    "purge_label blows the pad's label off and tells label_purged with its print id.": (
        "purge_label 吹掉吸盘上的标签，并以其打印号上报 label_purged。"
    ),
    "Expect each handle at the next sensor by encoder count; what does not come is lost, what comes unexpected is extra.": (
        "按编码器计数在下一传感器处等待每个句柄；未到为 lost，意外到达为 extra。"
    ),
    "Tell a reject only at its place's sensor; not seen in its window: reject_unconfirmed.": (
        "只在剔除口传感器处上报剔除；窗口内未见：reject_unconfirmed。"
    ),
    "Tell a divert only at the chute's sensor; not seen in its window: divert_unconfirmed with the chute.": (
        "只在格口传感器处上报落格；窗口内未见：divert_unconfirmed 并带格口号。"
    ),
    "Compare the chute with those that exist; otherwise sealed reject.": "与现有格口比较；不存在则进已封剔除口。",
    "Count each frame; document_fed bears the count after its burst.": "每帧计数；document_fed 带该次连拍之后的计数。",
    "Bit 0 goes while anything is tracked in the zone.": "区域内有被跟踪物时该位清零。",
    "Close the feed until the belt is empty; then belt_empty, once.": "关闭给料直到皮带清空；然后上报一次 belt_empty。",
    "While clearing every decision is reject and the feed is closed; belt_empty answers the command once.": (
        "清空期间所有判定均为剔除且给料关闭；以一次 belt_empty 应答该命令。"
    ),
    "Aborting or Aborted ends a clearing; it has to be commanded again.": "Aborting 或 Aborted 结束清空；须重新下令。",
    "Let nothing in when the permit word has not changed for 250 ms, is 0, or the heartbeat stood still for 300 ms.": (
        "许可字 250 ms 未变、为 0，或心跳停止 300 ms 时，不得再放入。"
    ),
    "Feed in Production only: the key switch is one of the feed's conditions.": "仅在生产方式给料：钥匙开关是给料条件之一。",
    "Stop the belt when the heartbeat stood still for 1,500 ms, keep all places, go on with the next one if it was ≤ 10 s.": (
        "心跳停止 1500 ms 时停皮带并保持所有位置；不超过 10 s 则随下一次心跳继续。"
    ),
    "A new boot id of the edge: commands from 1, what is on the belt may only be rejected, no Execute before it left it.": (
        "边缘启动号变化：命令编号从 1 开始，皮带上的只可剔除，整线离开 Execute 之前不得运行。"
    ),
    "Boot id is a retained counter, +1 at each start; events and commands begin at 1; counters are retained.": (
        "启动号为掉电保持计数器，每次启动加 1；事件和命令从 1 开始；计数器掉电保持。"
    ),
    "An edge at the label camera of a standing belt: a burst, and extra; the operator shows the roll's test label there.": (
        "皮带静止时面单相机处的边沿：拍一组并报 extra；操作员在此出示换卷测试标签。"
    ),
}
