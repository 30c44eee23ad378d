"""ONE table of conditions: a fact with its effect, whether it heals itself, its priority, and what a person reads and does.

No other place asks for a single condition by name to decide what the line does; they ask for effects. Software here only
withholds: e-stop, guards and heaters belong to the safety PLC.
"""

from collections import deque
from enum import StrEnum
from typing import NamedTuple


class Effect(StrEnum):
    """What a condition does to the line."""

    REJECTS = "rejects"  # one document or item, never the line
    WARNS = "warns"
    BLOCKS_START = "blocks start"
    STOPS_FEED = "stops feed"  # permit withdrawn, belt runs on
    SUSPENDS = "suspends"  # outer cause: permit withdrawn, Suspending when the belts are empty
    HOLDS_AT_LABEL = "holds before the applicator"  # permit withdrawn; Holding as soon as an item there waits for its label
    HOLDS = "holds"  # inner cause: Holding, belt stops
    ABORTS = "aborts"


STOPPING = frozenset({Effect.SUSPENDS, Effect.HOLDS, Effect.ABORTS})
"""effects that stop the line: the first such condition is its first-out"""
FORBIDS_FEED = STOPPING | {Effect.STOPS_FEED, Effect.HOLDS_AT_LABEL}
"""effects with which nothing new is begun"""


class Row(NamedTuple):
    """One condition. `heals`: it ends by itself, and the line may go on without a person (I19)."""

    effect: Effect
    heals: bool
    priority: int  # 1 high … 3 low
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str
    delay_ms: int = 0
    """its effect is immediate; an alarm is made of it only when it lasts this long (on-delay, ISA-18.2)"""


def _reject(
    zh: str, en: str, remedy_zh: str = "从剔除口取出，重新核对", remedy_en: str = "take it from the reject place and check it"
) -> Row:
    return Row(Effect.REJECTS, True, 3, zh, en, remedy_zh, remedy_en)


def _feed(zh: str, en: str, remedy_zh: str, remedy_en: str, *, delay_ms: int = 0) -> Row:
    return Row(Effect.STOPS_FEED, True, 2, zh, en, remedy_zh, remedy_en, delay_ms)


def _start(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Row:
    return Row(Effect.BLOCKS_START, False, 2, zh, en, remedy_zh, remedy_en)


def _suspend(zh: str, en: str, remedy_zh: str, remedy_en: str, priority: int = 2) -> Row:
    return Row(Effect.SUSPENDS, True, priority, zh, en, remedy_zh, remedy_en)


def _warn(zh: str, en: str, remedy_zh: str, remedy_en: str, priority: int = 3) -> Row:
    return Row(Effect.WARNS, True, priority, zh, en, remedy_zh, remedy_en)


def _hold(zh: str, en: str, remedy_zh: str, remedy_en: str, *, heals: bool = False) -> Row:
    return Row(Effect.HOLDS, heals, 1, zh, en, remedy_zh, remedy_en)


CONDITIONS: dict[str, Row] = {
    # --- one document ---
    "UNREADABLE": _reject("证件无法识读", "document not readable", "擦净镜头，重新上件", "clean the lens, feed it again"),
    "PICTURE_DARK": _reject(
        "画面过暗，查光源", "picture too dark: check the light", "检查光源与曝光", "check light and exposure"
    ),
    "PICTURE_BRIGHT": _reject(
        "画面过曝，减光", "picture too bright: less light", "减小曝光时间或光源", "shorten the exposure or dim the light"
    ),
    "PICTURE_GLARE": _reject("反光，移光源", "glare: move the light", "调整光源角度", "move the light or tilt it"),
    "PICTURE_BLURRED": _reject(
        "画面模糊，擦镜头",
        "picture blurred: clean the lens",
        "擦净镜头，检查对焦与曝光时间",
        "clean the lens, check focus and exposure",
    ),
    "NOTHING_SEEN": _reject(
        "相机前无件", "nothing before the camera", "检查相机触发位置", "check where the camera is triggered"
    ),
    "WRONG_SIZE": _reject(
        "证件尺寸不符", "of no known size", "核对证件种类，摆正后重新上件", "check its kind, feed it straight"
    ),
    "WRONG_SIDE": _reject("反面朝上", "its back was up", "翻面后重新上件", "turn it over, feed it again"),
    "CUT_OFF": _reject(
        "证件超出画面", "it reached beyond the picture", "靠近导轨摆正后重新上件", "lay it at the guide, feed it again"
    ),
    "READ_LATE": _reject("识读超时", "reading came too late"),
    "FRAMES_IN_DOUBT": _reject("图像归属存疑", "the next document's frames did not come: these may be its own"),
    "FRAMES_DISAGREE": _reject("两帧识读不一致", "the frames disagree"),
    "CHECK_DIGIT_WRONG": _reject("证件号码校验位不符", "check digit of the document number is wrong"),
    "DATE_IMPOSSIBLE": _reject("证件日期不合理", "a date on the document is impossible"),
    "DOUBTFUL": _reject("识读可信度不足", "reading not certain enough", "重新上件", "feed it again"),
    "DOUBLE_FEED": _reject(
        "双张进料", "more than one document fed at once", "分开后重新上件", "separate them, feed them again"
    ),
    "NO_ORDER": _reject("有证无单", "document without order", "放入自取件盘", "put it on the self pick-up tray"),
    "DUPLICATE": _reject("证件重复", "document seen before in this order"),
    "AMBIGUOUS": _reject("易混号码存疑", "number could be another open order's"),
    "SECOND_FIELD_DIFFERS": _reject(
        "号码与订单相符，但出生日期或有效期不符，可能是他人证件",
        "number of an order, but another date of birth or expiry: it may be somebody else's",
        "与订单核对；若确属该订单，请平台更正订单",
        "compare it with the order; if it is that order's, central must correct the date",
    ),
    "CANCELLED": _reject("订单已撤", "order cancelled", "退回制证单位", "return it to the issuer"),
    "LEASE_ENDED": _reject(
        "订单租约已到期，不再属于本线",
        "the lease of its order has ended: another line may have it",
        "放好，等平台续租或改派",
        "keep it until central renews the lease or takes the order elsewhere",
    ),
    "INCOMPLETE": _reject(
        "同一订单证件未配齐",
        "documents of this order did not come together",
        "将该订单证件放在一起重新上件",
        "feed the order's documents one after the other",
    ),
    "CONTENT_MISMATCH": _reject(
        "信封内混入他人证件", "documents of two orders in one envelope", "双人拆封复核", "open and check by two persons"
    ),
    "SHEETS_IN_DOUBT": _reject(
        "打印页数未核实",
        "printed sheets that are not accounted for",
        "双人销毁后重新打印",
        "destroy them by two persons, then they are printed again",
    ),
    "NO_ROUTE": _reject("地址无分拣方向", "no route for the address"),
    # --- one item ---
    "UNEXPECTED_PLACE": _reject("出现在未指令的位置", "seen at a place it was not sent to"),
    "POSITION_DOUBT": _reject("位置存疑(错位)", "position in doubt (slipped)"),
    "WEIGHT_OUT_OF_RANGE": _reject("重量超差", "weight out of range"),
    "PRINT_FAILED": _reject("面单打印失败", "label was not printed", "作废面单，重新封装", "void the label, seal again"),
    "LABEL_IMPOSSIBLE": _reject(
        "面单无法制作(缺字或内容过长)",
        "label cannot be made (a character is missing, or too long)",
        "转人工台席制单，所缺字见面板",
        "make it at the manual desk; the panel names the character",
    ),
    "LABEL_LATE": _reject("面单未及时就绪", "label was not ready in time"),
    "LABEL_PURGED": _reject("面单已吹除", "label was purged"),
    "LABEL_MISSING": _reject("漏贴面单", "label missing"),
    "LABEL_MISMATCH": _reject(
        "面单与订单不一致", "label does not match the order", "拆封复核", "open and check by two persons"
    ),
    "LABEL_UNREADABLE": _reject("面单无法识读", "label not readable"),
    "LABEL_TORN": _reject("面单破损或折叠", "label torn or folded", "作废面单，重新封装", "void the label, seal again"),
    "TWO_LABELS": _reject("贴有两张面单", "two labels on it", "拆封复核", "open and check by two persons"),
    "STRANGER_ON_LABEL": _reject("面上有其他条码", "a foreign symbol on it", "拆封复核", "open and check by two persons"),
    "SCAN_UNREADABLE": _reject("分拣口无法识读", "not readable at induction"),
    "SCAN_MISMATCH": _reject("分拣口识读与跟踪不一致", "induction scan and tracking differ"),
    "NO_BAG": _reject("格口未绑定袋或已锁定", "no bag bound to the chute, or bag locked"),
    "PLC_DEFAULT": _reject("到位前无有效指令，PLC剔除", "no valid answer in time, rejected by the PLC"),
    "RESTART": _reject(
        "重启前在线，隔离待查", "was on the belt at a restart", "隔离待查，重新上件", "quarantined: feed it again"
    ),
    "LINK_OUTAGE": _reject(
        "通信中断期间在线，隔离待查", "was on the belt during an outage", "隔离待查，重新上件", "quarantined: feed it again"
    ),
    "GUARD_OPENED": _reject(
        "防护门打开时在其范围内", "was within reach when a guard was opened", "双人拆封复核", "open and check by two persons"
    ),
    "MODE_CHANGED": _reject("切换模式时在线", "was on the belt when the mode was changed", "重新上件", "feed it again"),
    "LINE_STOPPED_BY_HAND": _reject("清线时取下", "taken off when the belt was cleared", "重新上件", "feed it again"),
    "GIVEN_UP": _reject("人工台席中止", "given up at the manual desk", "重新扫描或退回", "scan it again, or give it back"),
    "ITEM_LOST": _hold(
        "在制件未到位(丢件)",
        "an item or document was not seen in its window",
        "打开防护门，找到该件，清线",
        "find it, then clear the belt",
    ),
    "EXTRA_ITEM": _hold(
        "出现多余件", "something was seen where nothing was expected", "取出多余件，清线", "take it out, then clear the belt"
    ),
    # --- devices ---
    "PRINTER_NOT_READY": Row(
        Effect.HOLDS_AT_LABEL,
        True,
        1,
        "打印机未就绪(标签纸/碳带/打印头)",
        "printer not ready (media, ribbon or head)",
        "更换标签纸，关好打印头",
        "change the roll, close the head",
    ),
    "ROLL_CHANGE": _feed(
        "换卷：停止进料，线上件走完",
        "roll change: the feed is stopped, what is on the belt is finished",
        "线上件走完后换卷，按「已换卷」",
        "change the roll when the belt is empty, then confirm it",
    ),
    "ROLL_TEST": _hold(
        "测试面单尚未识读",
        "the test label was not read yet",
        "取下测试面单，放到面单相机下；没有则按「测试面单」",
        "take the test label off and hold it under the label camera; where there is none ask for one",
        heals=True,
    ),
    "APPLICATOR_FAULT": Row(
        Effect.HOLDS_AT_LABEL,
        True,
        1,
        "贴标机故障",
        "applicator out of order",
        "检查贴标头气路与吸盘，复位贴标机",
        "see to its air and its pad, then reset the applicator",
    ),
    "HEAD_OUT": Row(
        Effect.WARNS,
        True,
        2,
        "一个贴标头停用，进料减半",
        "one applicator head is out of order: the feed is halved",
        "看贴标头状态，修复后自动恢复全速",
        "see which head and why; once it works the line is at full pace by itself",
    ),
    "HEAD_STANDBY": Row(
        Effect.WARNS,
        True,
        2,
        "一个贴标头停用，备用头工作",
        "one applicator head is out of order, the other one works",
        "看贴标头状态，尽快修复",
        "see which head and why; repair it soon, there is no other",
    ),
    "HEAD_TEST": Row(
        Effect.WARNS,
        True,
        2,
        "一个贴标头待测试面单",
        "an applicator head waits for its test label",
        "人到面单相机旁再按「测试面单」：识读前线体保持",
        "ask for the test label when you are at the label camera: the line holds until it was read",
    ),
    "PAD_MISMATCH": _hold(
        "吸盘上的面单不是应贴的面单",
        "the label on the pad is another one than commanded",
        "取下并销毁吸盘上的面单，清线",
        "take it off the pad and destroy it, then clear the belt",
    ),
    "STRAY_LABEL": _hold(
        "打印机出现无主面单",
        "a label that nobody expects stands at the printer",
        "取下并销毁该面单，清线",
        "take it off and destroy it, then clear the belt",
    ),
    "MEDIA_LOW": Row(
        Effect.WARNS, True, 2, "标签纸将用完", "labels run low", "备好新卷，换卷后确认", "have a roll ready; confirm its change"
    ),
    "RIBBON_LOW": Row(
        Effect.WARNS, True, 2, "碳带将用完", "ribbon runs low", "备好新碳带，更换后确认", "have one ready; confirm its change"
    ),
    "LABEL_MISMATCH_TWICE": _hold(
        "连续两件贴错", "two wrong labels in a row", "检查贴标机，清线", "check the applicator, then clear the belt"
    ),
    "DIVERT_UNCONFIRMED": _hold(
        "分拣未确认，袋已锁定", "divert not confirmed, bag locked", "清点该格口的袋", "recount the bag of this chute"
    ),
    "WRONG_CHUTE": _hold(
        "落入不应进入的格口，袋已锁定",
        "seen in a chute where it must not be, bag locked",
        "从袋中取出该件放入剔除口",
        "take it out of the bag, to the sealed rejects",
    ),
    "REJECT_UNCONFIRMED": _hold(
        "剔除未确认", "reject not confirmed", "检查剔除口，清线", "check the reject place, then clear the belt"
    ),
    "ACCOUNTS_DIFFER": _hold("PLC计数与账目不符", "the PLC's counts and ours differ", "清线并清点", "clear the belt and count"),
    "ACCOUNTS_OPEN": _feed(
        "PLC事件积压，账目无法核对",
        "PLC events pile up, counts cannot be compared",
        "等待；持续则报机修",
        "wait; call maintenance if it stays",
        delay_ms=2000,
    ),
    "EVENTS_LOST": _hold("PLC事件溢出，在制件存疑", "PLC events lost, all on the belt in doubt", "清线", "clear the belt"),
    "PLC_RESTARTED": _hold("PLC已重启，在制件存疑", "a PLC restarted, all on the belt in doubt", "清线", "clear the belt"),
    "LONG_OUTAGE": _hold(
        "PLC通信中断过久，在制件存疑", "PLC link was lost too long, all on the belt in doubt", "清线", "clear the belt"
    ),
    "BELT_NOT_CLEARED": _hold(
        "控制器已重启，线上有未清件",
        "controller restarted, belt not cleared yet",
        "清线后复位、启动",
        "clear the belt, then reset and start",
    ),
    "PROMISE_BROKEN": _hold(
        "控制器因内部核对不符自行停机",
        "the controller stopped itself: a check of its own promises failed",
        "保留日志，报机修，清线",
        "keep the journal, call maintenance, clear the belt",
    ),
    "CHALLENGE_MISSED": _hold(
        "虚拟挑战件未被拦截：核对功能失效",
        "a virtual challenge item was not refused: a check has failed",
        "停止生产，保留日志，报机修；更换软件版本后重启",
        "do not produce; keep the journal, call maintenance, start another release",
    ),
    "LEASES_UNCONFIRMED": _hold(
        "控制器已重启，订单租约待平台确认",
        "controller restarted: central has not confirmed yet that the orders are still this line's",
        "恢复网络等平台确认，或双人确认",
        "bring the network back and wait, or confirm by two persons",
        heals=True,
    ),
    "REJECTS_NOT_CLEARED": _start(
        "剔除口未清空", "reject places not emptied", "取出剔除件并确认", "empty the reject places and confirm"
    ),
    "CLOCK_STEPPED": _hold("系统时钟跳变", "the wall clock stepped", "校准时钟后恢复", "set the clock, then unhold"),
    "ESTOP": Row(
        Effect.ABORTS, False, 1, "急停已按下", "emergency stop", "排除危险后复位急停", "make safe, release the e-stop, reset"
    ),
    "GUARD_OPEN": _hold("防护门打开", "guard open", "关好防护门，恢复运行", "close the guard, then unhold"),
    "JAM": _hold("卡件", "jam", "取出卡件，清线", "take it out, then clear the belt"),
    # --- links: what goes on can be finished, nothing new is begun ---
    "MACHINE_PLC_LOST": _feed("封装PLC通信中断", "machine PLC link lost", "检查网线与PLC", "check cable and PLC", delay_ms=500),
    "SORTER_PLC_LOST": _feed("分拣PLC通信中断", "sorter PLC link lost", "检查网线与PLC", "check cable and PLC", delay_ms=500),
    "ID_CAMERA_LOST": _feed("证件相机中断", "ID camera lost", "检查相机", "check the camera", delay_ms=500),
    "LABEL_CAMERA_LOST": _feed("面单相机中断", "label camera lost", "检查相机", "check the camera", delay_ms=500),
    "PRINTER_LOST": _feed(
        "打印机连接中断", "printer not reachable", "检查打印机电源与网线", "check the printer's power and cable", delay_ms=500
    ),
    "SCANNER_LOST": _feed("分拣扫描器中断", "induction scanner lost", "检查扫描器", "check the scanner", delay_ms=500),
    "SCALE_LOST": _feed("电子秤中断", "scale lost", "检查电子秤", "check the scale", delay_ms=500),
    "HAND_SCANNER_LOST": _warn("手持扫描枪中断", "hand scanner lost", "检查手持扫描枪", "check the hand scanner"),
    "DESK_PRINTER_LOST": _warn(
        "台席打印机中断", "desk printer not reachable", "检查打印机电源与网线", "check the printer's power and cable"
    ),
    "DESK_PRINTER_NOT_READY": _warn(
        "台席打印机未就绪",
        "desk printer not ready (media, ribbon or head)",
        "更换标签纸，关好打印头",
        "change the roll, close the head",
    ),
    "DESK_LABEL_LEFT": _warn(
        "台席打印机出口留有无人等待的标签",
        "a label that no sitting waits for hangs in the desk printer",
        "取下标签，两人销毁并登记；取下之前台席不能再打印",
        "take the label off, destroy it, record it with two persons; nothing is printed at the desk before",
        priority=2,
    ),
    "CENTRAL_LOST": Row(
        Effect.WARNS,
        True,
        3,
        "平台断网，继续生产，数据暂存",
        "central offline, going on, data is kept",
        "检查网络",
        "check the network",
    ),
    "NO_READS": Row(
        Effect.WARNS,
        True,
        2,
        "连续多件无法识读",
        "several documents in a row could not be read",
        "检查证件相机的触发、曝光与镜头，必要时重启",
        "check the ID camera's trigger, exposure and lens; restart it if need be",
    ),
    "TIME_LIMIT_NEAR": Row(
        Effect.WARNS,
        True,
        2,
        "有订单即将超时限",
        "orders are about to miss their time limit",
        "先处理这些订单，及时封袋",
        "handle these orders first, close their bags",
    ),
    "RECALL": Row(
        Effect.WARNS,
        False,
        1,
        "已分拣订单被撤，须拦截",
        "a dispatched order was cancelled: take it out of its open bag",
        "从该格口袋中取出并扫描",
        "take it out of this chute's bag and scan it",
    ),
    # --- documents that are printed from files: other orders go on ---
    "DOCUMENT_PRINTER_LOST": _warn(
        "文书打印机未就绪或中断",
        "document printer lost or not ready",
        "检查文书打印机的纸张、机盖、电源与网线",
        "check the document printer's paper, covers, power and cable",
        priority=2,
    ),
    "FILES_LOST": _warn(
        "文书文件服务器中断", "files cannot be fetched", "检查网络，通知平台", "check the network, tell central", priority=2
    ),
    "FILE_REFUSED": _warn(
        "文书文件有误，已拒收",
        "a file was refused and is not printed",
        "通知平台撤单，改正后重发",
        "tell central: cancel the order, grant it again with a right file",
        priority=2,
    ),
    "SHEETS_UNKNOWN": Row(
        Effect.WARNS,
        False,
        1,
        "文书打印结果不明，暂停打印",
        "nobody knows which sheets came out: nothing more is printed",
        "从打印机取出该文书全部纸张，双人清点销毁并登记",
        "take all its sheets from the printer; two persons count, destroy and record them",
    ),
    "SHEETS_LEFT": Row(
        Effect.WARNS,
        False,
        2,
        "已打印文书的订单被撤",
        "printed sheets whose order was withdrawn",
        "双人清点销毁并登记",
        "two persons count, destroy and record them",
    ),
    # --- outer causes: the line runs empty and waits ---
    "STARVED": _suspend("进料口无证件", "the feeder is empty", "上件", "put documents into the feeder", 3),
    "CHUTE_FULL": _suspend("格口袋已满", "the bag of a chute is full", "封袋，绑定新袋", "close the bag, bind a new one"),
    "CENTRAL_AWAY": _suspend(
        "平台断网超过时限", "central has been away beyond its limit", "恢复网络", "bring the network back"
    ),
    "LEASES_ENDED": _suspend(
        "各批订单租约均已到期",
        "the lease of every lot has ended",
        "恢复网络，等平台续租",
        "bring the network back, central must renew",
    ),
    # --- before the start ---
    "NO_BAG_BOUND": _start("有格口未绑定袋", "a chute has no bag", "扫描袋牌绑定", "scan a bag tag for each chute"),
    "BELT_IN_DOUBT": _start("线上有存疑件", "something in doubt lies on the belts", "清线", "clear the belt"),
    "NO_SORT_PLAN": _start("无分拣方案", "no sort plan is loaded", "检查配置", "check the configuration"),
    "CLOCK_NOT_SET": _start("系统时钟不正确", "the wall clock is not set", "校准时钟", "set the clock"),
    "DISK_LOW": _start("磁盘空间不足", "the disk is nearly full", "清理磁盘，报机修", "free some space, call maintenance"),
    "TEST_LABEL": _start(
        "测试面单未识读", "no test label was read", "打印并扫描测试面单", "print a test label, scan it, confirm"
    ),
    "SAMPLE_DOCUMENTS": _start(
        "样证未识读", "sample documents were not read", "放入样证核对识读", "feed the sample documents, confirm"
    ),
    "DISK_FULL": _feed("磁盘已满，停止进料", "the disk is full, nothing new is begun", "立即清理磁盘", "free space at once"),
    "OUTBOX_FILLING": _warn(
        "待上报数据已占其磁盘份额的八成",
        "what waits to be told to central has filled four fifths of its share of the disk",
        "尽快恢复与平台的连接",
        "get central back soon: the line stops when the share is full",
    ),
    "LOT_NOT_FILED": _warn(
        "已结束批次的签名核对文件未能写出",
        "the signed account of a lot that has ended could not be written",
        "看服务日志中的原因；系统每分钟重试，也可用 sealline lot export 手工导出",
        "read why in the service's log; it is tried again every minute, and `sealline lot export` does it by hand",
    ),
    "CERTIFICATE_EXPIRES": _warn(
        "与平台通信的证书即将到期",
        "the certificate with which the line speaks to central expires within 30 days",
        "向证书机构申领新证书，替换后重启",
        "get a new one from your authority, put it in its place, restart",
    ),
    "OUTBOX_FULL": _suspend(
        "待上报数据已占满其磁盘份额",
        "what waits to be told to central has filled its share of the disk",
        "恢复与平台的连接，上报后自动继续",
        "get central back: the line goes on by itself when it has been told",
    ),
    "NO_MANIFEST": Row(Effect.STOPS_FEED, True, 3, "尚无订单", "no orders yet", "等待平台下发", "wait for central"),
    "MANIFEST_REFUSED": Row(
        Effect.WARNS,
        True,
        2,
        "订单清单有误，已整体拒收",
        "a manifest was refused whole",
        "通知平台改正后重发",
        "tell central: correct and send again",
    ),
    "NOT_PRODUCTION": Row(
        Effect.STOPS_FEED,
        True,
        2,
        "钥匙开关不在生产模式",
        "key switch is not in production",
        "转到生产模式",
        "turn the key switch",
    ),
}

LINK_CONDITIONS: dict[str, str] = {
    "machine_plc": "MACHINE_PLC_LOST",
    "sorter_plc": "SORTER_PLC_LOST",
    "id_camera": "ID_CAMERA_LOST",
    "label_camera": "LABEL_CAMERA_LOST",
    "printer": "PRINTER_LOST",
    "scanner": "SCANNER_LOST",
    "central": "CENTRAL_LOST",
}
# Links that a line may have: they count from their first word on.
OPTIONAL_LINK_CONDITIONS: dict[str, str] = {
    "scale": "SCALE_LOST",
    "desk_printer": "DESK_PRINTER_LOST",
    "printer_2": "PRINTER_LOST",
    "hand_scanner": "HAND_SCANNER_LOST",
    "document_printer": "DOCUMENT_PRINTER_LOST",
    "files": "FILES_LOST",
}

# These end when the belt has been cleared: everything that was in doubt lies at a reject place.
CLEARED_WITH_BELT = frozenset({
    "ITEM_LOST", "EXTRA_ITEM", "STRAY_LABEL", "LABEL_MISMATCH_TWICE", "PAD_MISMATCH", "REJECT_UNCONFIRMED", "EVENTS_LOST",
    "PLC_RESTARTED", "LONG_OUTAGE", "BELT_NOT_CLEARED", "ACCOUNTS_DIFFER", "JAM", "PROMISE_BROKEN",
})  # fmt: skip

# Everything on the belt is in doubt while one of these stands: what arrives is refused, for this reason.
DOUBTS_THE_BELT: dict[str, str] = {
    "BELT_NOT_CLEARED": "RESTART",
    "EVENTS_LOST": "LINK_OUTAGE",
    "PLC_RESTARTED": "LINK_OUTAGE",
    "LONG_OUTAGE": "LINK_OUTAGE",
    "NOT_PRODUCTION": "MODE_CHANGED",
}
# Chatter and load after ISA-18.2: three times in a minute is chattering, more than ten alarms in ten minutes is a flood.
CHATTER_TIMES, CHATTER_US = 3, 60_000_000
FLOOD_ALARMS, FLOOD_US = 10, 600_000_000


class Alarm(NamedTuple):
    """A condition that a person is told of. `chattering`: it comes and goes, so it stays on the list for a minute."""

    code: str
    since_us: int
    chattering: bool


class Conditions:
    """The active conditions with the time each began, in µs, and the alarms that are made of them."""

    def __init__(self) -> None:
        self.active: dict[str, int] = {}
        self.raised: dict[str, int] = {}
        self.first_out: str | None = None
        self._begun_us: dict[str, deque[int]] = {}
        """the last times that each began"""
        self._alarms_us: deque[int] = deque(maxlen=1000)
        """when alarms were made of what has ended since"""
        self._uncounted: dict[str, None] = {}
        """active conditions that chattered already when they began"""

    def set(self, code: str, *, on: bool, at_us: int) -> bool:
        """Raise or end a condition; True when that changed something. `first_out` keeps the first cause of a stop."""
        if on == (code in self.active):
            return False
        if on:
            self.active[code] = at_us
            self.raised[code] = self.raised.get(code, 0) + 1
            if self._chatters(code, at_us):
                self._uncounted[code] = None
            self._begun_us.setdefault(code, deque(maxlen=CHATTER_TIMES)).append(at_us)
            if self.first_out is None and CONDITIONS[code].effect in STOPPING:
                self.first_out = code
        else:
            self._alarms_us.extend(self._made_us(code, at_us))
            del self.active[code]
            self._uncounted.pop(code, None)
        return True

    def having(self, *effects: Effect) -> list[str]:
        """Active conditions with one of these effects, oldest first."""
        if not self.active:
            return []
        return [code for code in self.active if CONDITIONS[code].effect in effects]

    # --- alarms (ISA-18.2) ---
    def alarms(self, now_us: int) -> list[Alarm]:
        """What a person is told now: what has lasted its delay, and what chatters; the most urgent first, then the oldest."""
        chattering = [code for code in self._begun_us if self._chatters(code, now_us)]
        lasting = {code: since_us for code, since_us in self.active.items() if self._due_us(code) <= now_us}
        since_us = {**{code: self._begun_us[code][-1] for code in chattering}, **lasting}
        rows = [Alarm(code, began_us, code in chattering) for code, began_us in since_us.items()]
        return sorted(rows, key=lambda alarm: (CONDITIONS[alarm.code].priority, alarm.since_us, alarm.code))

    def alarms_in_10_min(self, now_us: int) -> int:
        """Number of alarms of the last ten minutes; one that chatters counts once a minute."""
        made_us = [*self._alarms_us, *(at_us for code in self.active for at_us in self._made_us(code, now_us))]
        return sum(at_us >= now_us - FLOOD_US for at_us in made_us)

    def _due_us(self, code: str) -> int:
        return self.active[code] + CONDITIONS[code].delay_ms * 1000

    def _made_us(self, code: str, now_us: int) -> list[int]:
        """When an alarm was made of an active condition, if one was."""
        return [self._due_us(code)] if self._due_us(code) <= now_us and code not in self._uncounted else []

    def _chatters(self, code: str, now_us: int) -> bool:
        begun_us = self._begun_us.get(code)
        return begun_us is not None and len(begun_us) == CHATTER_TIMES and begun_us[0] > now_us - CHATTER_US
