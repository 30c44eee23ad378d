"""What both PLC programs share: images on private copies, event FIFO with window, command ring, two-stage watchdog.

The plant calls one method per sensor edge (subclasses), then `scan(now_ms)`, which takes the edge's last image over.
Nothing in it reads a clock or draws a number; its state is its attributes.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter

from line_config.process_image import ProcessImage
from simulators import plc_rules as rules
from simulators.image import Command, Event, ImageCodec
from simulators.plc_header import header_of
from simulators.sensor_edges import SensorEdges
from simulators.shift_register import NO_ANSWER, ShiftRegister, Tracked


class PlcProgram:
    """One PLC. The wire's server calls `write` and `read`; the plant calls `scan` and the subclasses' sensor methods."""

    sensors: Mapping[str, tuple[str, str]] = {}
    """sensor → station of its events, and the event for what does not come there"""
    feeds = False
    """whether the permit's lease means anything to it"""

    def __init__(self, image: ProcessImage, window_um: int, debounce_um: int, *, boot_id: int = 1, fifo: int = 0) -> None:
        self.image = image
        self._window_um = window_um
        self.edges = SensorEdges(debounce_um)
        self.codec = ImageCodec(image)
        self.boot_id = boot_id
        self.mode = rules.PRODUCTION
        self.estop = 0
        self.jam = 0
        self.buttons = 0
        self.guard_zones = 0
        self.feeder_empty = self.applicator_faults = 0
        self.counters = dict.fromkeys(rules.COUNTERS, 0)
        self.exposures = [0, 0]
        self.now_ms = 0
        self.late_verdicts = 0
        """answers that came after their decision point"""
        self.default_rejects = 0
        """rejected by this PLC itself, because no valid answer was there; not counted while clearing"""
        self.clearings = 0
        """clear-belt commands taken"""
        self.stage_2_trips = 0
        self.refused: dict[str, int] = {}
        self._fifo_max = max(fifo, image.fifo_min)
        self._at = image.edge_to_plc.offsets
        beating = {self._at[name] for name in rules.BEATING}
        self._of_weight = itemgetter(*(n for n in range(image.words("edge_to_plc")) if n not in beating))
        self._heartbeat_at = image.plc_to_edge.offsets["heartbeat"]
        self._echo_at = image.plc_to_edge.offsets["echo"]
        self._out = 1 << image.event_flags["out_of_window"]
        self._default = 1 << image.event_flags["default_reject"]
        self.power_up()

    def power_up(self) -> None:
        """What is not retained: everything but boot id, counters and key switch."""
        self._fifo: deque[Event] = deque()
        self._issued = 0
        self._consumed = 0
        self._pending: Sequence[int] | None = None
        self._taken: Sequence[int] = self.codec.empty_edge
        self._renewed_ms = 0
        self.edge_boot = 0
        self.edge_state = 2
        self._edge_heartbeat = -1
        self._beat_ms = 0
        self._permit = 0
        self._permit_ms = 0
        self.tripped = False
        self._must_leave_execute = False
        self.clearing = False
        self.run_out = False
        self.events_lost = False
        self._empty_owed = False
        self._words: list[int] = []
        self._dirty = True
        self._stale = False
        """what was read of the edge's image changed ours, which is nothing new to the edge"""
        self._news = False
        self.register = ShiftRegister(self.sensors, self._window_um)
        self.edges.forget()

    def restart(self) -> None:
        """Power off and on: tracking is gone, the boot id is another one."""
        self.boot_id += 1
        self.power_up()

    def number_from(self, seq: int) -> None:
        """As after a long time of work: the newest event and the newest command had this number, and all is acknowledged."""
        self._fifo.clear()
        self._issued = self._consumed = seq
        self._dirty = True

    # --- the wire ---
    def write(self, words: Sequence[int]) -> None:
        """The edge's image arrived whole; it counts from the next scan on."""
        self._pending = tuple(words)

    def renew(self, words: Sequence[int], scan_ms: int) -> bool:
        """Take an image over that only beats, as the scan at `scan_ms` would; False: it needs that scan."""
        permit = words[self._at["permit"]]
        young = scan_ms - self._permit_ms < rules.PERMIT_MS and scan_ms - self._beat_ms < rules.STAGE_1_MS
        due = self._pending is not None or self.tripped or bool(permit) != bool(self._permit) or (permit and not young)
        if due or self._of_weight(words) != self._of_weight(self._taken):
            return False
        self._renewed_ms = scan_ms
        self._take_beat(words, scan_ms)
        return True

    def read(self, scan_ms: int = 0) -> tuple[int, ...]:
        """The image as of the scan at `scan_ms`, whole. Idle scans are skipped: the heartbeat is made from the time."""
        if self._dirty or self._stale or not self._words:
            window = self.image.window
            slots: list[Event | None] = [None] * window
            for _, event in zip(range(window), self._fifo, strict=False):
                slots[(event.seq - 1) % window] = event
            self._words = list(self.codec.encode_plc(header_of(self), slots))
        self._words[self._heartbeat_at] = max(self.now_ms, self._renewed_ms, scan_ms) // rules.SCAN_MS % rules.WORD
        self._words[self._echo_at] = max(0, self._edge_heartbeat)
        return tuple(self._words)

    # --- hard-wired inputs ---
    def wire(self, name: str, value: int) -> None:
        """Set an input: mode, estop, jam, buttons, guard_zones, feeder_empty, applicator_faults (bit n: head n + 1)."""
        if getattr(self, name) != value:
            setattr(self, name, value)
            self._dirty = True

    def count(self, counter: str, number: int) -> None:
        """A retained counter moves on."""
        self.counters[counter] += number
        self._dirty = True

    # --- the scan ---
    def scan(self, now_ms: int) -> bool:
        """One scan; True when the image tells something new: more than heartbeat, echo, and how far it has read the edge's."""
        self.now_ms = now_ms
        if self._pending is not None:
            words, self._pending = self._pending, None
            if len(words) == len(self.codec.empty_edge) and words[self._at["layout_version"]] == self.image.layout_version:
                self._take_over(words)
        self._watch()
        news = self._dirty or self._news
        if news or self._stale:
            self._words = []
        self._dirty = self._stale = self._news = False
        return news

    def _take_over(self, words: Sequence[int]) -> None:
        at = self._at
        self._taken = words
        boot = words[at["boot_id"]]
        if boot != self.edge_boot:
            self._new_edge(boot)
        self._take_beat(words, self.now_ms)
        self._follow(words[at["state"]])
        if words[at["plc_boot_echo"]] != self.boot_id:
            return
        self._acknowledge(words[at["last_consumed_seq"]])
        if words[at["last_issued_seq"]] != self._consumed:
            self._take_commands(words)

    def _new_edge(self, boot_id: int) -> None:
        """Its commands are numbered from 1; what lies on the belt now may only be rejected."""
        if self.edge_boot:
            self._must_leave_execute = True
            for tracked in self.on_belt():
                tracked.trusted = False
            self.distrust_belt()
        else:
            self._beat_ms = self.now_ms
        self.edge_boot = boot_id
        self._consumed = 0
        self._dirty = True

    def _follow(self, state: int) -> None:
        if state != rules.EXECUTE:
            self._must_leave_execute = False
        if state == self.edge_state:
            return
        self.edge_state = state
        self._dirty = True
        if state in rules.BEGINS_ANEW or state in rules.ABORTS:
            self.clearing = False
            self._empty_owed &= self.run_out

    # --- watchdog ---
    def _take_beat(self, words: Sequence[int], scan_ms: int) -> None:
        heartbeat, permit = words[self._at["heartbeat"]], words[self._at["permit"]]
        if permit != self._permit:
            self._permit, self._permit_ms = permit, scan_ms
        if heartbeat == self._edge_heartbeat:
            return
        self._edge_heartbeat = heartbeat
        if scan_ms - self._beat_ms > rules.REJOIN_MS:
            self._must_leave_execute = True
        self._beat_ms = scan_ms
        if self.tripped:
            self.tripped = False
            self._dirty = True

    def _watch(self) -> None:
        if not self.tripped and self.edge_boot and self.now_ms - self._beat_ms >= rules.STAGE_2_MS:
            self.tripped = True
            self.stage_2_trips += 1
            self._dirty = True

    @property
    def running(self) -> bool:
        """Whether this PLC lets its belt run."""
        if self.tripped or self.estop or self.jam or self.guard_zones or not self.edge_boot:
            return False
        if self.clearing:
            # Lost events are one of the reasons for clearing.
            return True
        return self.edge_state in rules.RUNNING and not self._must_leave_execute and not self.events_lost

    @property
    def feed_permitted(self) -> bool:
        """Whether something new may be begun: state, key switch, lease, heartbeat, room in the FIFO."""
        young = self.now_ms - self._permit_ms < rules.PERMIT_MS and self.now_ms - self._beat_ms < rules.STAGE_1_MS
        room = len(self._fifo) * 2 < self._fifo_max
        closed = self.clearing or self.run_out or not self._permit or self.mode != rules.PRODUCTION
        return self.running and self.edge_state == rules.EXECUTE and young and room and not closed

    @property
    def state(self) -> int:
        """The unit's PackML state: the line's; Held where it cannot run, Execute as long as it still completes."""
        if self.edge_state not in rules.RUNNING:
            return self.edge_state
        if not self.running:
            return rules.HELD
        return rules.EXECUTE if self.edge_state == rules.COMPLETING and any(self.on_belt()) else self.edge_state

    @property
    def pending(self) -> bool:
        """Whether an image of the edge waits for the next scan."""
        return self._pending is not None

    def due_ms(self) -> int | None:
        """When something happens here by itself: an image waits, or the watchdog trips."""
        if self._pending is not None:
            return self.now_ms
        return None if self.tripped or not self.edge_boot else self._beat_ms + rules.STAGE_2_MS

    # --- events ---
    def event(self, station: str, kind: str, handle: int = 0, value: int = 0, flags: int = 0) -> int:
        """Put an event into the FIFO; returns its sequence number. A full FIFO stops the line until it is cleared."""
        self._dirty = True
        if len(self._fifo) >= self._fifo_max:
            self.events_lost = True
            return 0
        self._issued = self._next(self._issued)
        station_kind = self.image.stations[station] * 256 + self.image.events[kind].code
        self._fifo.append(Event(self._issued, station_kind, handle, self.now_ms % rules.LONG, value % rules.LONG, flags))
        return self._issued

    @property
    def last_seq(self) -> int:
        """The newest event."""
        return self._issued

    @property
    def consumed_seq(self) -> int:
        """The newest command that was taken."""
        return self._consumed

    def unacknowledged(self, seq: int) -> bool:
        """Whether the edge may still not know of this event."""
        return any(event.seq == seq for event in self._fifo)

    def _next(self, seq: int) -> int:
        return seq % self.image.seq_max + 1

    def _acknowledge(self, seq: int) -> None:
        if not self._fifo or not seq:
            return
        count = (seq - self._fifo[0].seq) % self.image.seq_max + 1
        # Nobody can have seen more than the window.
        if count > min(len(self._fifo), self.image.window):
            return
        self._news |= len(self._fifo) > self.image.window
        self._stale = True
        for _ in range(count):
            self._fifo.popleft()

    # --- commands ---
    def _take_commands(self, words: Sequence[int]) -> None:
        issued = words[self._at["last_issued_seq"]]
        by_seq = {command.seq: command for command in self.codec.decode_edge(words).commands}
        while self._consumed != issued and (command := by_seq.get(self._next(self._consumed))) is not None:
            self._consumed = command.seq
            self._stale = True
            self._execute(command)

    def _execute(self, command: Command) -> None:
        name = self.image.opcode_names.get(command.opcode, "")
        if name == "clear_belt":
            self.clearing, self._empty_owed = True, True
            self.clearings += 1
            self._must_leave_execute = False
        elif name == "run_out":
            self.run_out = self._empty_owed = True
        else:
            reason = self.answer(name, command)
            if reason:
                self.refuse(command, reason)

    def take_answer(self, tracked: Tracked | None, *, issued: bool, name: str, command: Command) -> str:
        """Keep an answer for its decision point; "" or why it is refused. A second answer counts only if it rejects."""
        point = self.image.opcodes[name].point
        if tracked is None or tracked.point < point:
            self.late_verdicts += issued and not self.clearing
            return "late" if issued else "unknown_handle"
        if tracked.decided or tracked.point > point:
            # A second answer after the first was followed is a repeat; an only answer that comes now is late.
            self.late_verdicts += not self.clearing and (tracked.answer == NO_ANSWER or tracked.point > point)
            return "late"
        if command.reply_to and tracked.asked and command.reply_to not in tracked.asked:
            return "unknown_handle"
        if name in rules.PASSING and not tracked.trusted:
            return "mode"
        if name in rules.PASSING and tracked.answer != NO_ANSWER:
            return "busy"
        tracked.answer, tracked.argument, tracked.chute = name, command.argument, command.chute
        return ""

    def decide(self, tracked: Tracked) -> str:
        """What happens to it at its decision point: its answer if that may be followed, else NO_ANSWER, which rejects."""
        tracked.decided = True
        if tracked.answer in rules.PASSING and (self.clearing or not tracked.trusted or tracked.flags):
            tracked.answer = NO_ANSWER
        if tracked.answer == NO_ANSWER:
            tracked.flags |= self._default
            self.default_rejects += not self.clearing
        return tracked.answer

    def answer(self, name: str, command: Command) -> str:
        """Take an answer for a decision point; "" or the reason of the refusal. For the subclass."""
        raise NotImplementedError

    def distrust_belt(self) -> None:
        """Another edge is here. For the subclass."""

    def refuse(self, command: Command, reason: str) -> None:
        """Tell the edge, by the command's own sequence number."""
        self.refused[reason] = self.refused.get(reason, 0) + 1
        self.event("plc", "command_refused", command.handle, command.seq * 256 + self.image.refusals[reason])

    # --- the belt ---
    def on_belt(self) -> Iterable[Tracked]:
        """Everything that is tracked. For the subclass."""
        raise NotImplementedError

    def zones_empty(self) -> int:
        """Bit n: zone n is empty. For the subclass."""
        raise NotImplementedError

    def see(self, sensor: str, travel_um: int, chute: int = 0) -> Tracked | None:
        """Who is at the sensor; outside its window it is flagged, and a stranger is reported, at a chute's sensor with it."""
        return None if self.edges.is_none(sensor, travel_um) else self.see_edge(sensor, travel_um, chute)

    def see_edge(self, sensor: str, travel_um: int, chute: int = 0) -> Tracked | None:
        """The same once the edge is known to be one."""
        tracked, in_window = self.register.see(sensor, travel_um)
        if tracked is None:
            self.event(self.sensors[sensor][0], "extra", value=chute)
        elif not in_window:
            tracked.flags |= self._out
        return tracked

    def report(self, sensor: str, kind: str, tracked: Tracked, value: int = 0) -> None:
        """The sensor's event about it, with the flags gathered since its last one; an answer may refer to this event."""
        tracked.asked.add(self.event(self.sensors[sensor][0], kind, tracked.handle, value, tracked.flags))
        tracked.flags = 0

    def overdue(self, travel_um: int) -> None:
        """Report what should have been seen by now."""
        for sensor, tracked in self.register.missing(travel_um):
            station, kind = self.sensors[sensor]
            self.event(station, kind, tracked.handle, tracked.chute if kind == "divert_unconfirmed" else 0)
            self.forget(tracked)

    def forget(self, tracked: Tracked) -> None:
        """It went missing. For the subclass."""
        raise NotImplementedError

    def empty(self) -> None:
        """The plant says that nothing is on this PLC's belts: ends a run-out, and answers a clear-belt command once.

        Clearing itself goes on until the line begins anew: what the unit before this one still hands over must be cleared too.
        """
        if self._empty_owed:
            self._empty_owed = self.run_out = self.events_lost = False
            self.event("plc", "belt_empty")
