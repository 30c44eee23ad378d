"""PLC programs with one fault each: what a PLC programmer may get wrong, as changes of the simulated program."""

from collections.abc import Callable, Sequence
from typing import Any

from drivers.word_order import WordOrder
from simulators import plc_rules as rules
from simulators.bench_stand import BenchStand
from simulators.shift_register import NO_ANSWER
from tests.conformance.stand import IMAGE

Spoil = Callable[[BenchStand], None]
FLAG = 1 << IMAGE.event_flags["default_reject"]
PASSING = {"D1": "insert_close", "D2": "seal", "D3": "apply", "D4": "divert"}


def become(**members: Any) -> Spoil:
    """The program's class with other members; a method gets (original, self, …)."""

    def spoil(stand: BenchStand) -> None:
        program = stand.plant.under_test
        base = type(program)
        made = {
            name: property(lambda self, f=f: f(self)) if isinstance(getattr(base, name), property) else _method(base, name, f)
            for name, f in members.items()
        }
        program.__class__ = type(base.__name__, (base,), made)

    return spoil


def _method(base: type, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    original = getattr(base, name)
    return lambda self, *args, **kwargs: function(lambda *a, **k: original(self, *a, **k), self, *args, **kwargs)


# --- what is read of it, what it reads ---
def shows(name: str, make: Callable[[int], int]) -> Spoil:
    """A header word is another one."""
    at = IMAGE.plc_to_edge.offsets[name]

    def read(original: Any, self: Any, *args: int) -> tuple[int, ...]:
        words = list(original(*args))
        words[at] = make(words[at])
        return tuple(words)

    return become(read=read)


def hears(change: Callable[[Any, list[int]], None]) -> Spoil:
    """The edge's image as this PLC takes it."""

    def write(original: Any, self: Any, words: Sequence[int]) -> None:
        heard = list(words)
        change(self, heard)
        original(heard)

    return become(write=write)


def swaps_words(*, reads: bool, writes: bool) -> Spoil:
    """The low word of 32-bit numbers first: in what it shows, in what it takes."""
    order = WordOrder(IMAGE, word_order="little")

    def read(original: Any, self: Any, *args: int) -> tuple[int, ...]:
        return order.from_plc(original(*args)) if reads else original(*args)

    def write(original: Any, self: Any, words: Sequence[int]) -> None:
        original(order.from_edge(words) if writes else words)

    return become(read=read, write=write)


EDGE = IMAGE.edge_to_plc
AT = EDGE.offsets


def any_layout(_: Any, words: list[int]) -> None:
    words[0] = IMAGE.layout_version


def any_boot(program: Any, words: list[int]) -> None:
    words[AT["plc_boot_echo"]] = program.boot_id


def _slots(words: list[int]) -> range:
    return range(EDGE.header_words, len(words), EDGE.slot_words)


def any_copy(_: Any, words: list[int]) -> None:
    for at in _slots(words):
        words[at + EDGE.slot_offsets["seq_copy"]] = words[at]


def all_issued(_: Any, words: list[int]) -> None:
    newest = max((words[at] for at in _slots(words)), default=0)
    words[AT["last_issued_seq"]] = max(newest, words[AT["last_issued_seq"]])


def mixes_slots(original: Any, self: Any, *args: int) -> tuple[int, ...]:
    words = list(original(*args))
    self.reads = getattr(self, "reads", 0) + 1
    if self.reads % 97 == 0:
        side = IMAGE.plc_to_edge
        one = side.header_words + side.slot_offsets["handle"] + 1
        words[one] ^= 1
    return tuple(words)


def mixes_at_both_reads(original: Any, self: Any, *args: Any, **kwargs: Any) -> int:
    seq = int(original(*args, **kwargs))
    if len(self._fifo) > 1 and seq % 50 == 49:
        self._fifo[-1] = self._fifo[-1]._replace(handle=self._fifo[-2].handle)
    return seq


# --- events ---
def slow_clock(original: Any, self: Any, *args: Any, **kwargs: Any) -> int:
    seq = original(*args, **kwargs)
    if self._fifo:
        self._fifo[-1] = self._fifo[-1]._replace(plc_ms=self._fifo[-1].plc_ms // 10)
    return int(seq)


def overwrites(original: Any, self: Any, *args: Any, **kwargs: Any) -> int:
    if len(self._fifo) >= IMAGE.window:
        self._fifo.popleft()
    return int(original(*args, **kwargs))


def drops_oldest(original: Any, self: Any, *args: Any, **kwargs: Any) -> int:
    if len(self._fifo) >= IMAGE.fifo_min:
        self._fifo.popleft()
    return int(original(*args, **kwargs))


def no_event(kind: str) -> Spoil:
    def event(original: Any, self: Any, station: str, name: str, *args: Any, **kwargs: Any) -> int:
        return 0 if name == kind else original(station, name, *args, **kwargs)

    return become(event=event)


def told_as(station: str, other: str) -> Spoil:
    """An event of one station bears the name of another."""

    def event(original: Any, self: Any, told: str, *args: Any, **kwargs: Any) -> int:
        return int(original(other if told == station else told, *args, **kwargs))

    return become(event=event)


def nameless(stand: BenchStand) -> None:
    """A kind that the interface does not have."""
    code = IMAGE.events["inducted"].code

    def event(original: Any, self: Any, *args: Any, **kwargs: Any) -> int:
        seq = int(original(*args, **kwargs))
        last = self._fifo[-1]
        if last.station_kind & 255 == code:
            self._fifo.append(last._replace(seq=self._next(seq), station_kind=last.station_kind | 0xF0))
            self._issued = self._next(seq)
        return seq

    become(event=event)(stand)


def event_value(kind: str, value: int) -> Spoil:
    code = IMAGE.events[kind].code

    def event(original: Any, self: Any, *args: Any, **kwargs: Any) -> int:
        seq = int(original(*args, **kwargs))
        if self._fifo and self._fifo[-1].station_kind & 255 == code:
            self._fifo[-1] = self._fifo[-1]._replace(value=value)
        return seq

    return become(event=event)


def acknowledges_all(original: Any, self: Any, seq: int) -> None:
    if self._fifo and seq in [event.seq for event in list(self._fifo)[:8]]:
        self._fifo.clear()
        self._dirty = True


def acknowledges_any(original: Any, self: Any, seq: int) -> None:
    while self._fifo and any(event.seq == seq for event in self._fifo):
        self._fifo.popleft()
        self._dirty = True


def counts_twice(original: Any, self: Any, station: str, name: str, *args: Any, **kwargs: Any) -> int:
    if name in {"document_rejected", "item_rejected"}:
        self.counters["documents_rejected" if name == "document_rejected" else "items_rejected"] += 1
    return int(original(station, name, *args, **kwargs))


# --- commands ---
def _takes(order: Callable[[Any, dict[int, Any], int], list[Any]]) -> Spoil:
    def take(original: Any, self: Any, words: Sequence[int]) -> None:
        issued = words[AT["last_issued_seq"]]
        by_seq = {command.seq: command for command in self.codec.decode_edge(words).commands}
        for command in order(self, by_seq, issued):
            self._consumed = max(self._consumed, command.seq)
            self._stale = True
            self._execute(command)

    return become(_take_commands=take)


def _new(program: Any, by_seq: dict[int, Any], issued: int) -> list[Any]:
    return [by_seq[seq] for seq in sorted(by_seq) if program._consumed < seq <= issued]


backwards = _takes(lambda program, by_seq, issued: _new(program, by_seq, issued)[::-1])
over_gaps = _takes(_new)


def forgets_some(original: Any, self: Any, command: Any) -> None:
    if command.seq % 8 != 5 or command.seq < 9:
        original(command)


def again(original: Any, self: Any, words: Sequence[int]) -> None:
    original(words)
    by_seq = {command.seq: command for command in self.codec.decode_edge(words).commands}
    if self._consumed in by_seq and self.edge_boot == words[AT["boot_id"]]:
        self._execute(by_seq[self._consumed])


def slowly(original: Any, self: Any, words: Sequence[int]) -> None:
    if self.now_ms % 400 < 20:
        original(words)


def refuses_as(reason: str, instead: str) -> Spoil:
    def refuse(original: Any, self: Any, command: Any, why: str) -> None:
        original(command, instead if why == reason else why)

    return become(refuse=refuse)


def silent(chosen: Callable[[str], bool]) -> Spoil:
    def answer(original: Any, self: Any, name: str, command: Any) -> str:
        return "" if chosen(name) else original(name, command)

    return become(answer=answer)


def no_command(chosen: str) -> Spoil:
    def execute(original: Any, self: Any, command: Any) -> None:
        if self.image.opcode_names.get(command.opcode) != chosen:
            original(command)

    return become(_execute=execute)


def empty_at_once(original: Any, self: Any, command: Any) -> None:
    original(command)
    if self.image.opcode_names.get(command.opcode) == "run_out":
        self.empty()


# --- decisions ---
def default_accept(original: Any, self: Any, tracked: Any) -> str:
    if tracked.answer == NO_ANSWER and not self.clearing:
        tracked.answer, tracked.chute = PASSING[tracked.point], 1
    return str(original(tracked))


def rejects_pass(original: Any, self: Any, tracked: Any) -> str:
    if tracked.answer in {"reject_document", "eject_unsealed", "reject_item"}:
        tracked.answer, tracked.chute = PASSING[tracked.point], 1
    return str(original(tracked))


def never_flagged(original: Any, self: Any, tracked: Any) -> str:
    answer = str(original(tracked))
    tracked.flags &= ~FLAG
    return answer


def always_flagged(original: Any, self: Any, tracked: Any) -> str:
    answer = str(original(tracked))
    tracked.flags |= FLAG
    return answer


def passes_clearing(original: Any, self: Any, tracked: Any) -> str:
    clearing, self.clearing = self.clearing, False
    answer = str(original(tracked))
    self.clearing = clearing
    return answer


def late_to_the_next(stand: BenchStand) -> None:
    def take(original: Any, self: Any, tracked: Any, *, issued: bool, name: str, command: Any) -> str:
        reason = str(original(tracked, issued=issued, name=name, command=command))
        if reason == "late":
            self.left_over = (name, command.chute)
        return reason

    def decide(original: Any, self: Any, tracked: Any) -> str:
        left = getattr(self, "left_over", None)
        if left is not None and tracked.answer == NO_ANSWER and PASSING[tracked.point] == left[0]:
            tracked.answer, tracked.chute = left
            self.left_over = None
        return str(original(tracked))

    become(take_answer=take, decide=decide)(stand)


def second_counts(original: Any, self: Any, tracked: Any, *, issued: bool, name: str, command: Any) -> str:
    reason = str(original(tracked, issued=issued, name=name, command=command))
    if reason == "busy":
        tracked.answer, tracked.argument, tracked.chute = name, command.argument, command.chute
        return ""
    return reason


def any_question(original: Any, self: Any, tracked: Any, *, issued: bool, name: str, command: Any) -> str:
    return str(original(tracked, issued=issued, name=name, command=command._replace(reply_to=0)))


def keeps_nothing_open(original: Any, self: Any, document: int, travel_um: int) -> int:
    if document in self.documents:
        self.documents[document].answer = "insert_close"
    return int(original(document, travel_um))


def any_label(stand: BenchStand) -> None:
    def at_label(original: Any, self: Any, travel_um: int, *, label_on_pad: bool, **more: bool) -> tuple[str, int]:
        action, handle = original(travel_um, label_on_pad=label_on_pad, **more)
        return ("apply", handle) if label_on_pad and self.items[handle].answer == "apply" else (action, handle)

    become(at_label=at_label)(stand)


def purges_nothing(stand: BenchStand) -> None:
    become(blow_off=lambda original, self, *, label_on_pad, pad=0: False)(stand)


# --- sensors ---
def told_at_the_gate(original: Any, self: Any, travel_um: int) -> tuple[str, int]:
    action, handle = original(travel_um)
    if action == "tray":
        self.in_tray(travel_um + self._geometry.gate_to_tray_um)
    return action, handle


def any_chute(original: Any, self: Any, travel_um: int) -> int:
    for tracked in self.parcels.values():
        tracked.chute = 1 if tracked.chute > self._geometry.chutes else tracked.chute
    return int(original(travel_um))


def one_exposure_too_few(original: Any, self: Any, travel_um: int, **kwargs: Any) -> tuple[int, int]:
    if self.counters["documents_fed"] % 2:
        self.exposures[0] -= 1
    found: tuple[int, int] = original(travel_um, **kwargs)
    return found


# --- watchdog and boots ---
def feeds(
    permit_ms: int = rules.PERMIT_MS,
    stage_1_ms: int = rules.STAGE_1_MS,
    *,
    unpermitted: bool = False,
    half: int = 2,
    modes: Sequence[int] = (rules.PRODUCTION,),
) -> Spoil:
    """The conditions of the feed with other limits."""

    def permitted(self: Any) -> bool:
        young = self.now_ms - self._permit_ms < permit_ms and self.now_ms - self._beat_ms < stage_1_ms
        room = len(self._fifo) * half < self._fifo_max
        closed = self.clearing or self.run_out or not (self._permit or unpermitted) or self.mode not in modes
        return self.running and self.edge_state == rules.EXECUTE and young and room and not closed

    return become(feed_permitted=permitted)


def trips_late(original: Any, self: Any) -> None:
    if self.now_ms - self._beat_ms >= 2 * rules.STAGE_2_MS or self.tripped:
        original()


def stays_tripped(original: Any, self: Any, words: Sequence[int], scan_ms: int) -> None:
    tripped = self.tripped
    original(words, scan_ms)
    self._must_leave_execute |= tripped


def forgets_places(original: Any, self: Any) -> None:
    tripped = self.tripped
    original()
    if self.tripped and not tripped:
        for waiting in self.register.waiting.values():
            waiting.clear()


def resumes_always(original: Any, self: Any, words: Sequence[int], scan_ms: int) -> None:
    must = self._must_leave_execute
    original(words, scan_ms)
    self._must_leave_execute = must


def numbers_go_on(original: Any, self: Any, boot: int) -> None:
    consumed = self._consumed
    original(boot)
    self._consumed = consumed


def moves_at_once(original: Any, self: Any, boot: int) -> None:
    original(boot)
    self._must_leave_execute = False


def trusts(original: Any, self: Any, boot: int) -> None:
    trusted = {id(tracked): tracked.trusted for tracked in self.on_belt()}
    original(boot)
    for tracked in self.on_belt():
        tracked.trusted = trusted[id(tracked)]


def same_boot(original: Any, self: Any) -> None:
    original()
    self.boot_id -= 1


def forgets_counters(original: Any, self: Any) -> None:
    original()
    self.counters = dict.fromkeys(self.counters, 0)


def numbers_kept(original: Any, self: Any) -> None:
    issued = self._issued
    original()
    self._issued = issued


def clears_after_abort(original: Any, self: Any, state: int) -> None:
    clearing = self.clearing
    original(state)
    self.clearing |= clearing and state in (*rules.ABORTS, 2)


def follows_not(original: Any, self: Any, state: int) -> None:
    if state != 2:
        original(state)
