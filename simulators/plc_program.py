# TO THE PLANT AND WIRES ENGINEERS: the lead wrote this working version (it was needed); keep its API, test it, improve it in place; do not rewrite. Remove this line when read.
"""What both PLC programs share: images on private copies, event FIFO with window, command ring, two-stage watchdog.

A program is a scan: `scan(now_ms)` takes the edge's image over, and the subclasses take sensor edges and give actions.
Nothing in it reads a clock or draws a number; its state is its attributes.
"""

from collections import deque
from collections.abc import Sequence

from line_config.process_image import ProcessImage
from simulators.image import Command, EdgeView, Event, ImageCodec

SCAN_MS = 10
PERMIT_MS = 250
STAGE_1_MS = 300
STAGE_2_MS = 1_500
REJOIN_MS = 10_000
EXECUTE, HELD, COMPLETING = 6, 11, 16
RUNNING = (EXECUTE, COMPLETING)
WORD, LONG = 1 << 16, 1 << 32


class PlcProgram:
    """One PLC. The wire's server calls `write` and `read`; the plant calls `scan` and the subclasses' sensor methods."""

    def __init__(self, image: ProcessImage, *, boot_id: int = 1, fifo: int = 0) -> None:
        self.image = image
        self.codec = ImageCodec(image)
        self.boot_id = boot_id
        self.mode = 1
        self.faults = 0
        self.buttons = 0
        self.guard_zones = 0
        self.counters = dict.fromkeys(
            ("documents_fed", "documents_rejected", "items_opened", "items_rejected", "items_handed_over", "items_diverted"), 0
        )
        self.exposures = [0, 0]
        self.now_ms = 0
        self._fifo_max = max(fifo, image.fifo_min)
        self._fifo: deque[Event] = deque()
        self._issued = 0
        self._acknowledged = 0
        self._consumed = 0
        # The edge, as last taken over at a scan's start.
        self._pending: tuple[int, ...] | None = None
        self.edge_boot = 0
        self.edge_state = 2
        self._edge_heartbeat = -1
        self._beat_ms = 0
        self._permit = 0
        self._permit_ms = 0
        self.tripped = False
        self._trip_boot = 0
        self._must_leave_execute = False
        self.clearing = False
        self.run_out = False
        self.stage_2_trips = 0
        self.refused: dict[str, int] = {}
        self._dirty = True

    # --- the wire ---
    def write(self, words: Sequence[int]) -> None:
        """The edge's image arrived; it counts from the next scan on."""
        self._pending = tuple(words)

    def read(self) -> tuple[int, ...]:
        """The image of the last scan, whole."""
        window = self.image.window
        slots: list[Event | None] = [None] * window
        for _, event in zip(range(window), self._fifo, strict=False):
            slots[(event.seq - 1) % window] = event
        return self.codec.encode_plc(self._header(), slots)

    # --- the scan ---
    def scan(self, now_ms: int) -> bool:
        """One scan; True when the image changed by more than its heartbeat."""
        self.now_ms = now_ms
        if self._pending is not None:
            words, self._pending = self._pending, None
            view = self.codec.decode_edge(words)
            if view.header["layout_version"] == self.image.layout_version:
                self._take_over(view)
        self._watch()
        changed, self._dirty = self._dirty, False
        return changed

    def _take_over(self, view: EdgeView) -> None:
        header = view.header
        if header["boot_id"] != self.edge_boot:
            self._new_edge(header["boot_id"])
        if header["heartbeat"] != self._edge_heartbeat:
            self._edge_heartbeat = header["heartbeat"]
            self._beat(self.now_ms)
        if header["permit"] != self._permit:
            self._permit, self._permit_ms = header["permit"], self.now_ms
        self._follow(header["state"])
        if header["plc_boot_echo"] != self.boot_id:
            return
        self._acknowledge(header["last_consumed_seq"])
        for command in sorted(view.commands, key=lambda c: self._distance(self._consumed, c.seq)):
            if command.seq == self._next(self._consumed):
                self._consumed = command.seq
                self._dirty = True
                self._execute(command)

    def _new_edge(self, boot_id: int) -> None:
        self.edge_boot = boot_id
        self._consumed = 0
        self._dirty = True
        self.distrust_belt()

    def _follow(self, state: int) -> None:
        if state != self.edge_state:
            self.edge_state = state
            self._dirty = True
            if state != EXECUTE:
                self._must_leave_execute = False

    # --- watchdog ---
    def _beat(self, now_ms: int) -> None:
        outage_ms = now_ms - self._beat_ms
        self._beat_ms = now_ms
        if self.tripped:
            self.tripped = False
            self._must_leave_execute = self._trip_boot != self.edge_boot or outage_ms > REJOIN_MS
            self._dirty = True

    def _watch(self) -> None:
        if not self.tripped and self.edge_boot and self.now_ms - self._beat_ms > STAGE_2_MS:
            self.tripped = True
            self.stage_2_trips += 1
            self._trip_boot = self.edge_boot
            self._dirty = True

    @property
    def running(self) -> bool:
        """Whether the belt runs."""
        if self.tripped or self.faults:
            return False
        return self.clearing or (self.edge_state in RUNNING and not self._must_leave_execute)

    @property
    def feed_permitted(self) -> bool:
        """Whether something new may be begun: state, lease, heartbeat, room in the FIFO."""
        young = self.now_ms - self._permit_ms <= PERMIT_MS and self.now_ms - self._beat_ms <= STAGE_1_MS
        room = len(self._fifo) < self._fifo_max // 2
        return self.running and self.edge_state == EXECUTE and self._permit != 0 and young and room and not self.clearing

    @property
    def state(self) -> int:
        """The unit's PackML state: it follows the line's, and is Held while the watchdog stops it."""
        return HELD if self.tripped or self._must_leave_execute or self.faults else self.edge_state

    def due_ms(self) -> int | None:
        """When the watchdog must be looked at."""
        return None if self.tripped or not self.edge_boot else self._beat_ms + STAGE_2_MS + SCAN_MS

    # --- events ---
    def event(self, station: str, kind: str, handle: int = 0, value: int = 0, flags: int = 0) -> None:
        """Put an event into the FIFO; a full FIFO stops the line and says so for good."""
        if len(self._fifo) >= self._fifo_max:
            self.faults |= 1 << self.image.faults["events_lost"]
            self._dirty = True
            return
        self._issued = self._next(self._issued)
        station_kind = self.image.stations[station] * 256 + self.image.events[kind].code
        self._fifo.append(Event(self._issued, station_kind, handle, self.now_ms % LONG, value % LONG, flags))
        self._dirty = True

    def _next(self, seq: int) -> int:
        return seq % self.image.seq_max + 1

    def _distance(self, first: int, second: int) -> int:
        return (second - first) % self.image.seq_max

    def _acknowledge(self, seq: int) -> None:
        if seq == self._acknowledged or not self._fifo:
            return
        ahead = self._distance(self._acknowledged, seq)
        if ahead > min(len(self._fifo), self.image.window):
            return
        for _ in range(ahead):
            self._fifo.popleft()
        self._acknowledged = seq
        self._dirty = True

    # --- commands ---
    def _execute(self, command: Command) -> None:
        name = self.image.opcode_names.get(command.opcode, "")
        if name == "clear_belt":
            self.clearing = True
            self._must_leave_execute = False
            self._dirty = True
        elif name == "run_out":
            self.run_out = True
        else:
            reason = self.answer(name, command)
            if reason:
                self.refuse(command, reason)

    def answer(self, name: str, command: Command) -> str:
        """Take an answer for a decision point; "" or the reason of the refusal. For the subclass."""
        raise NotImplementedError

    def distrust_belt(self) -> None:
        """Another edge: what lies on the belt now may only be rejected. For the subclass."""
        raise NotImplementedError

    def refuse(self, command: Command, reason: str) -> None:
        """Tell the edge, by the command's own sequence number."""
        self.refused[reason] = self.refused.get(reason, 0) + 1
        self.event("plc", "command_refused", command.handle, command.seq * 256 + self.image.refusals[reason])

    def zones_empty(self) -> int:
        """Bit n: zone n is empty. For the subclass."""
        raise NotImplementedError

    def empty(self) -> None:
        """The plant says that nothing is on this PLC's belts: ends clearing and run-out."""
        if self.clearing or self.run_out:
            self.clearing = self.run_out = False
            self.event("plc", "belt_empty")

    def _header(self) -> dict[str, int]:
        return {
            "layout_version": self.image.layout_version,
            "heartbeat": self.now_ms // SCAN_MS % WORD,
            "boot_id": self.boot_id,
            "edge_boot_echo": self.edge_boot,
            "state": self.state,
            "mode": self.mode,
            "echo": max(0, self._edge_heartbeat),
            "faults": self.faults,
            "alarms": 0,
            "buttons": self.buttons,
            "guard_zones": self.guard_zones,
            "zones_empty": self.zones_empty(),
            "exposures_1": self.exposures[0] % WORD,
            "exposures_2": self.exposures[1] % WORD,
            "last_issued_seq": self._issued,
            "last_consumed_seq": self._consumed,
            **self.counters,
        }
