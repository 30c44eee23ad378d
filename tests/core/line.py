"""A scripted line for the core's tests: says what sensors and eyes would say, and keeps the commands that come back."""

from edge.core.commands import Command, PrintLabel, Publish
from edge.core.controller import Controller
from edge.core.device_events import FrameRead, LabelPrinted, LabelRead, ParcelScanned, PrinterStatus
from edge.core.event import Event
from edge.core.events import (
    Booted,
    ClockRead,
    ConfigLoaded,
    Diverted,
    DocumentFed,
    HandedOver,
    Inducted,
    Inserted,
    LabelApplied,
    LabelExposed,
    LinkUp,
    ManifestGranted,
    ManifestSealed,
    OperatorRequest,
    PlcStatus,
    Sealed,
    Weighed,
)
from edge.core.invariants import Auditor
from edge.core.item import Item, ItemState
from edge.core.values import (
    Address,
    Camera,
    Counters,
    DocumentKey,
    ItemId,
    LotId,
    Mode,
    Order,
    OrderDocument,
    OrderId,
    ParcelKey,
    Plc,
    PrintId,
    Settings,
    SortPlan,
    State,
    Symbol,
)
from tests.contract import require_body

ALL_FLAGS = 15
SETTINGS = Settings(
    line="line-1",
    target_rate_per_h=2700,
    frames_per_trigger=2,
    read_deadline_ms=1200,
    transit_deadline_ms=20000,
    print_deadline_ms=2500,
    label_read_deadline_ms=1200,
    induction_deadline_ms=20000,
    scan_window_ms=400,
    operator_code="OP01",
    weight_min_g=5,
    weight_max_g=900,
)
PLAN = SortPlan(version="v1", routes={"44": 1, "4401": 2}, reject_chute=0)


def order(n: int, *, county: str = "440106", skeleton: str | None = None, second_field: str = "") -> Order:
    return Order(
        order_id=OrderId(f"O{n}"),
        documents=(OrderDocument("resident_id", f"token{n}", skeleton or f"skeleton{n}", second_field),),
        address=Address(county, "样例路1号***", "测*", "199******00"),
        tracking_number=f"EA{n:09d}CN",
    )


class Line:
    """Drives a controller; `now_ms` moves by itself a little at each event."""

    def __init__(self, orders: list[Order] | None = None, *, started: bool = True) -> None:
        self.controller = Controller(SETTINGS, PLAN)
        self.auditor = Auditor(self.controller)
        self.now_ms = 0
        self.log: list[Event] = []
        self.commands: list[Command] = []
        self.say(Booted, boot=1, journal_id="j", version="t")
        self.say(ConfigLoaded, digest="d", settings=SETTINGS, sort_plan=PLAN)
        self.say(ClockRead, wall_ms=1_790_000_000_000)
        if started:
            self.start(orders if orders is not None else [order(n) for n in range(1, 9)])

    def say(self, kind: type[Event], after_ms: int = 1, /, **fields: object) -> list[Command]:
        self.now_ms += after_ms
        event = kind(at_us=self.now_ms * 1000, **fields)
        self.log.append(event)
        out = self.controller.handle(event)
        self.auditor.check(out)
        for command in out:
            if isinstance(command, Publish):
                require_body(command.kind, command.body)
        self.commands += out
        return list(out)

    def said(self, kind: type[Command]) -> list[Command]:
        return [command for command in self.commands if isinstance(command, kind)]

    # --- getting under way ---
    def start(self, orders: list[Order]) -> None:
        for link in self.controller.supervision.links:
            self.say(LinkUp, link=link)
        self.say(PrinterStatus, state="ready")
        self.say(ManifestGranted, lot=LotId("L"), version=1, chunk=0, orders=tuple(orders))
        self.say(ManifestSealed, lot=LotId("L"), version=1, chunks=1, digest="d")
        for chute in (1, 2):
            self.act("bind_bag", chute=str(chute), bag=f"B{chute}")
        self.act("reset")
        self.mirror()
        self.act("start")
        self.mirror()
        assert self.controller.floor.machine.state is State.EXECUTE
        assert self.controller.supervision.permit

    def act(self, act: str, **argument: str) -> list[Command]:
        return self.say(OperatorRequest, request_id=f"r{len(self.log)}", person="P1", act=act, argument=argument)

    def unit(self, plc: Plc, state: State, **fields: object) -> list[Command]:
        values: dict[str, object] = {
            "boot": 1, "mode": Mode.PRODUCTION, "faults": 0, "alarms": 0, "buttons": 0, "guard_zones": 0, "zones_empty": 0,
            "exposures_1": 0, "exposures_2": 0, "counters": Counters(), "caught_up": False,
        }  # fmt: skip
        return self.say(PlcStatus, plc=plc, state=state, **{**values, **fields})

    def mirror(self) -> None:
        """Both units follow the line's state until it stands still."""
        for _ in range(3):
            for plc in Plc:
                self.unit(plc, self.controller.floor.machine.state)

    # --- one document, one item ---
    def feed(self, n: int) -> DocumentKey:
        key = DocumentKey(f"D1-{n}")
        self.say(DocumentFed, document=key, trigger=2 * n)
        return key

    def frame(
        self, n: int, k: int, *, token: str | None = None, flags: int = ALL_FLAGS, kind: str | None = "resident_id"
    ) -> list[Command]:
        return self.say(
            FrameRead, camera=Camera.ID, camera_boot=1, trigger=2 * n, k=k, kind=kind, flags=flags,
            token=f"token{n}" if token is None else token, skeleton=f"skeleton{n}" if token is None else "s" + token,
            confidence_permille=990, masked="4401************12", evidence="e",
        )  # fmt: skip

    def read(self, n: int, *, token: str | None = None) -> None:
        self.frame(n, 0, token=token)
        self.frame(n, 1, token=token)

    def to_weighed(self, n: int) -> ItemId:
        self.feed(n)
        self.read(n)
        item = ItemId(f"I1-{n}")
        self.say(Inserted, document=DocumentKey(f"D1-{n}"), item=item)
        self.say(Sealed, item=item)
        self.say(Weighed, item=item, weight_100mg=180)
        return item

    def wait_for_label(self) -> None:
        """An item stands before the applicator whose label was not printed yet."""
        item = Item(ItemId("I1-900"), [], None)
        item.state = ItemState.WEIGHED
        self.controller.items.all[item.item_id] = self.controller.items.on_belt[item.item_id] = item

    def print_id(self, n: int) -> PrintId:
        print_id = self.controller.items.all[ItemId(f"I1-{n}")].print_id
        assert print_id is not None
        return print_id

    def qr(self, n: int) -> str:
        return f"EA{n:09d}CN;{self.print_id(n)}"

    def symbols(self, n: int) -> tuple[Symbol, ...]:
        return (Symbol("code128", f"EA{n:09d}CN"), Symbol("qr", self.qr(n)))

    def to_labelled(self, n: int) -> ItemId:
        item = self.to_weighed(n)
        self.say(LabelPrinted, print_id=self.print_id(n))
        self.say(LabelApplied, item=item, print_id=self.print_id(n))
        return item

    def expose(self, n: int, symbols: tuple[Symbol, ...] | None = None) -> None:
        item = ItemId(f"I1-{n}")
        self.say(LabelExposed, item=item, trigger=2 * n)
        for k in (0, 1):
            self.say(
                LabelRead, camera=Camera.LABEL, camera_boot=1, trigger=2 * n, k=k, evidence="e",
                symbols=self.symbols(n) if symbols is None else symbols,
            )  # fmt: skip

    def to_handed_over(self, n: int) -> ItemId:
        item = self.to_labelled(n)
        self.expose(n)
        self.say(HandedOver, item=item)
        return item

    def induct(self, parcel: int, text: str, *, after_ms: int = 500) -> ParcelKey:
        key = ParcelKey(f"S1-{parcel}")
        self.say(Inducted, after_ms, parcel=key)
        self.say(ParcelScanned, text=text)
        return key

    def through(self, n: int) -> None:
        """One item from the feeder into its chute."""
        self.to_handed_over(n)
        parcel = self.induct(n, self.qr(n))
        self.say(Diverted, parcel=parcel, chute=2)

    def labels_printed(self) -> int:
        return len(self.said(PrintLabel))
