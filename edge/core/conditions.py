"""ONE table of conditions: a fact with its effect, whether it heals itself, its priority, and what a person reads and does.

No other place asks for a single condition by name to decide what the line does; they ask for effects. Software here only
withholds: e-stop, guards and heaters belong to the safety PLC.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Effect(StrEnum):
    """What a condition does to the line."""

    REJECTS = "rejects"  # one document or item, never the line
    WARNS = "warns"
    BLOCKS_START = "blocks start"
    STOPS_FEED = "stops feed"  # permit withdrawn, belt runs on
    HOLDS = "holds"  # inner cause: Holding, belt stops
    ABORTS = "aborts"


class Row(NamedTuple):
    """One condition. `heals`: it ends by itself, and the line may go on without a person (I19)."""

    effect: Effect
    heals: bool
    priority: int  # 1 high … 3 low
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str


def _reject(
    zh: str, en: str, remedy_zh: str = "从剔除口取出，重新核对", remedy_en: str = "take it from the reject place and check it"
) -> Row:
    return Row(Effect.REJECTS, True, 3, zh, en, remedy_zh, remedy_en)


def _feed(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Row:
    return Row(Effect.STOPS_FEED, True, 2, zh, en, remedy_zh, remedy_en)


def _hold(zh: str, en: str, remedy_zh: str, remedy_en: str, *, heals: bool = False) -> Row:
    return Row(Effect.HOLDS, heals, 1, zh, en, remedy_zh, remedy_en)


CONDITIONS: dict[str, Row] = {
    # --- one document ---
    "UNREADABLE": _reject("证件无法识读", "document not readable", "擦净镜头，重新上件", "clean the lens, feed it again"),
    "READ_LATE": _reject("识读超时", "reading came too late"),
    "FRAMES_DISAGREE": _reject("两帧识读不一致", "the frames disagree"),
    "CHECK_DIGIT_WRONG": _reject("证件号码校验位不符", "check digit of the document number is wrong"),
    "DATE_IMPOSSIBLE": _reject("证件日期不合理", "a date on the document is impossible"),
    "DOUBTFUL": _reject("识读可信度不足", "reading not certain enough", "重新上件", "feed it again"),
    "NO_ORDER": _reject("有证无单", "document without order", "放入自取件盘", "put it on the self pick-up tray"),
    "DUPLICATE": _reject("证件重复", "document seen before in this order"),
    "AMBIGUOUS": _reject("易混号码存疑", "number could be another open order's"),
    "CANCELLED": _reject("订单已撤", "order cancelled", "退回制证单位", "return it to the issuer"),
    "INCOMPLETE": _reject(
        "同一订单证件未配齐",
        "documents of this order did not come together",
        "将该订单证件放在一起重新上件",
        "feed the order's documents one after the other",
    ),
    "CONTENT_MISMATCH": _reject(
        "信封内混入他人证件", "documents of two orders in one envelope", "双人拆封复核", "open and check by two persons"
    ),
    "NO_ROUTE": _reject("地址无分拣方向", "no route for the address"),
    # --- one item ---
    "UNEXPECTED_PLACE": _reject("出现在未指令的位置", "seen at a place it was not sent to"),
    "POSITION_DOUBT": _reject("位置存疑(错位)", "position in doubt (slipped)"),
    "WEIGHT_OUT_OF_RANGE": _reject("重量超差", "weight out of range"),
    "PRINT_FAILED": _reject("面单打印失败", "label was not printed", "作废面单，重新封装", "void the label, seal again"),
    "LABEL_LATE": _reject("面单未及时就绪", "label was not ready in time"),
    "LABEL_PURGED": _reject("面单已吹除", "label was purged"),
    "LABEL_MISSING": _reject("漏贴面单", "label missing"),
    "LABEL_MISMATCH": _reject(
        "面单与订单不一致", "label does not match the order", "拆封复核", "open and check by two persons"
    ),
    "LABEL_UNREADABLE": _reject("面单无法识读", "label not readable"),
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
    "LINE_STOPPED_BY_HAND": _reject("清线时取下", "taken off when the belt was cleared", "重新上件", "feed it again"),
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
    "PRINTER_NOT_READY": _hold(
        "打印机未就绪(标签纸/碳带/打印头)",
        "printer not ready (media, ribbon or head)",
        "更换标签纸，关好打印头",
        "change the roll, close the head",
        heals=True,
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
    "REJECTS_NOT_CLEARED": Row(
        Effect.BLOCKS_START,
        False,
        2,
        "剔除口未清空",
        "reject places not emptied",
        "取出剔除件并确认",
        "empty the reject places and confirm",
    ),
    "CLOCK_STEPPED": _hold("系统时钟跳变", "the wall clock stepped", "校准时钟后恢复", "set the clock, then unhold"),
    "ESTOP": Row(
        Effect.ABORTS, False, 1, "急停已按下", "emergency stop", "排除危险后复位急停", "make safe, release the e-stop, reset"
    ),
    "GUARD_OPEN": _hold("防护门打开", "guard open", "关好防护门，清线", "close the guard, then clear the belt"),
    "JAM": _hold("卡件", "jam", "取出卡件，清线", "take it out, then clear the belt"),
    # --- links: what goes on can be finished, nothing new is begun ---
    "MACHINE_PLC_LOST": _feed("封装PLC通信中断", "machine PLC link lost", "检查网线与PLC", "check cable and PLC"),
    "SORTER_PLC_LOST": _feed("分拣PLC通信中断", "sorter PLC link lost", "检查网线与PLC", "check cable and PLC"),
    "ID_CAMERA_LOST": _feed("证件相机中断", "ID camera lost", "检查相机", "check the camera"),
    "LABEL_CAMERA_LOST": _feed("面单相机中断", "label camera lost", "检查相机", "check the camera"),
    "PRINTER_LOST": _feed(
        "打印机连接中断", "printer not reachable", "检查打印机电源与网线", "check the printer's power and cable"
    ),
    "SCANNER_LOST": _feed("分拣扫描器中断", "induction scanner lost", "检查扫描器", "check the scanner"),
    "CENTRAL_LOST": Row(
        Effect.WARNS,
        True,
        3,
        "平台断网，继续生产，数据暂存",
        "central offline, going on, data is kept",
        "检查网络",
        "check the network",
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
    # --- before the start ---
    "NO_BAG_BOUND": Row(
        Effect.BLOCKS_START, False, 2, "有格口未绑定袋", "a chute has no bag", "扫描袋牌绑定", "scan a bag tag for each chute"
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

# These end when the belt has been cleared: everything that was in doubt lies at a reject place.
CLEARED_WITH_BELT = frozenset({
    "ITEM_LOST", "EXTRA_ITEM", "LABEL_MISMATCH_TWICE", "REJECT_UNCONFIRMED", "EVENTS_LOST", "PLC_RESTARTED", "LONG_OUTAGE",
    "BELT_NOT_CLEARED", "ACCOUNTS_DIFFER", "GUARD_OPEN", "JAM",
})  # fmt: skip

# Everything on the belt is in doubt while one of these stands: what arrives is refused.
DOUBTS_THE_BELT = frozenset({"EVENTS_LOST", "PLC_RESTARTED", "LONG_OUTAGE", "BELT_NOT_CLEARED", "GUARD_OPEN"})


class Conditions:
    """The active conditions with the time each began, in µs."""

    def __init__(self) -> None:
        self.active: dict[str, int] = {}
        self.raised: dict[str, int] = {}
        self.first_out: str | None = None

    def set(self, code: str, *, on: bool, at_us: int) -> bool:
        """Raise or end a condition; True when that changed something. `first_out` keeps the first cause of a stop."""
        if on == (code in self.active):
            return False
        if on:
            self.active[code] = at_us
            self.raised[code] = self.raised.get(code, 0) + 1
            if self.first_out is None and CONDITIONS[code].effect in (Effect.HOLDS, Effect.ABORTS):
                self.first_out = code
        else:
            del self.active[code]
        return True

    def having(self, *effects: Effect) -> list[str]:
        """Active conditions with one of these effects, oldest first."""
        return [code for code in self.active if CONDITIONS[code].effect in effects]

    def any_of(self, codes: Iterable[str]) -> bool:
        """Whether one of `codes` is active."""
        return any(code in self.active for code in codes)
