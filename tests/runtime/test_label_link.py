"""Each print id is sent at most once, one format at a time, and every print is told how it ended."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from drivers.ports import LinkLost
from edge.core.commands import PrintLabel, PrintTest, RollPassed, RunOut, TryLabel, WithdrawLabels
from edge.core.device_events import LabelImpossible, LabelInDoubt, LabelPrinted, LabelUnexpected, PrinterStatus, PrintFailed
from edge.core.event import Event
from edge.core.events import LinkDown, LinkUp
from edge.core.label_text import text_of_test
from edge.core.values import ItemId, LabelText, OrderId, Plc, PrintId, Signature
from edge.labels.fields import LabelError
from edge.runtime.clock import Clock
from edge.runtime.dispatch import Dispatch
from edge.runtime.label_link import PAD_CLEARS_US, LabelLink, label_fields
from simulators.virtual.loop import run_virtual
from tests.labels.sample import LAYOUT

PRINT_S = 0.75
TAKE_S = 0.1
POLL_MS = 40
DEADLINE_MS = 2500


def command(print_id: int) -> PrintLabel:
    number = "EA123456785CN"
    text = LabelText(number, f"{number};{print_id}", "样例一", "19900001234", "广东省广州市样例路8号", "440104", "EMS", 2)
    return PrintLabel(item=ItemId(f"I1-{print_id}"), print_id=PrintId(print_id), label=text)


async def render(text: LabelText) -> bytes:
    await asyncio.sleep(0.015)
    return text.payload_qr.encode("ascii")


@dataclass
class FakePrinter:
    """A printer with a peel bar; `fault` is what ~HS shows from now on, `swallow` a format that never becomes a label."""

    fault: str = ""
    swallow: bool = False
    takes: bool = True
    refuses: bool = False
    state: str = "ready"
    formats: list[bytes] = field(default_factory=list)
    max_in_printer: int = 0
    in_printer: int = 0
    closed: bool = False
    polls: int = 0

    async def status(self) -> str:
        self.polls += 1
        fault = self.fault
        await asyncio.sleep(0.12 if fault == "silent" else 0.001)
        return fault or self.state

    async def send(self, fmt: bytes) -> None:
        self.formats.append(fmt)
        if self.refuses:
            raise LinkLost("cut")
        self.in_printer += 1
        self.max_in_printer = max(self.max_in_printer, self.in_printer)
        if self.swallow:
            self.in_printer -= 1
            return
        self.state = "busy"
        asyncio.get_running_loop().call_later(PRINT_S, self._printed)

    def _printed(self) -> None:
        if self.fault:  # media ran out under this label
            self._empty()
            return
        self.state = "label_waiting"
        asyncio.get_running_loop().call_later(TAKE_S, self._take)

    def _take(self) -> None:
        if self.takes:
            self._empty()
        else:
            asyncio.get_running_loop().call_later(TAKE_S, self._take)

    def _empty(self) -> None:
        self.state = "ready"
        self.in_printer -= 1

    async def close(self) -> None:
        self.closed = True


class Bench:
    def __init__(
        self,
        printer: FakePrinter,
        draw: Callable[[LabelText], Awaitable[bytes]] = render,
        *,
        tests: bool = False,
        name: str = "printer",
    ) -> None:
        self.printer = printer
        self.events: list[Event] = []
        self.full = False
        self.clock = Clock(lambda: 0)
        times = {"poll_ms": POLL_MS, "print_deadline_ms": DEADLINE_MS}
        self.link = LabelLink(printer, self.offer, self.clock, draw, **times, tests=tests, name=name)

    def offer(self, event: Event, **_: object) -> bool:
        if not self.full:
            self.events.append(event)
        return not self.full

    def of(self, *kinds: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kinds)]

    def ends(self) -> list[tuple[int, str]]:
        """How each print ended, in order."""
        return [
            (
                event.print_id,
                "printed" if isinstance(event, LabelPrinted) else f"{event.reason}{'' if event.sent else ' unsent'}",
            )
            for event in self.events
            if isinstance(event, LabelPrinted | PrintFailed)
        ]

    def states(self) -> list[str]:
        return [event.state for event in self.events if isinstance(event, PrinterStatus)]


def on_a_bench(
    script: Callable[[Bench], Awaitable[None]],
    printer: FakePrinter | None = None,
    draw: Callable[[LabelText], Awaitable[bytes]] = render,
    *,
    tests: bool = False,
    name: str = "printer",
) -> Bench:
    """Run a script beside the link, in virtual time."""

    async def scene() -> Bench:
        bench = Bench(printer or FakePrinter(), draw, tests=tests, name=name)
        task = asyncio.ensure_future(bench.link.run())
        await asyncio.sleep(0.5)
        await script(bench)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert bench.printer.closed
        return bench

    return run_virtual(scene())


def test_the_desks_printer_is_told_apart_by_its_name():
    events: list[Event] = []

    def offer(event: Event, **_: object) -> bool:
        events.append(event)
        return True

    async def scene() -> None:
        link = LabelLink(
            FakePrinter(), offer, Clock(lambda: 0), render, poll_ms=POLL_MS, print_deadline_ms=DEADLINE_MS, name="desk_printer"
        )
        dispatch = Dispatch()
        dispatch.register(link)
        task = asyncio.ensure_future(link.run())
        await asyncio.sleep(0.5)
        dispatch.act(structs.replace(command(1), printer="desk_printer"))
        with pytest.raises(KeyError):
            dispatch.act(command(2))  # it is the applicator's, which is not there
        await asyncio.sleep(5)
        task.cancel()

    run_virtual(scene())
    assert [(event.link if isinstance(event, LinkUp) else event.printer) for event in events[:2]] == ["desk_printer"] * 2
    assert [event.print_id for event in events if isinstance(event, LabelPrinted)] == [1]


@pytest.mark.parametrize(("name", "told"), [("printer", ["ready"]), ("desk_printer", ["ready", "label_waiting", "ready"])])
def test_a_label_that_hangs_where_a_person_takes_it_is_told(name: str, told: list[str]) -> None:
    async def script(bench: "Bench") -> None:
        for state in ("ready", "label_waiting", "ready"):
            bench.printer.state = state
            await asyncio.sleep(5)

    bench = on_a_bench(script, FakePrinter(), name=name)
    assert [event.state for event in bench.events if isinstance(event, PrinterStatus)] == told


def test_it_tells_at_the_start_that_the_printer_is_there_and_ready():
    async def script(bench: Bench) -> None:
        pass

    bench = on_a_bench(script)
    assert [type(event) for event in bench.events] == [LinkUp, PrinterStatus]
    assert bench.states() == ["ready"]
    assert bench.link.name == "printer"


def test_labels_are_printed_in_order_one_format_at_a_time():
    async def script(bench: Bench) -> None:
        for print_id in range(1, 6):
            bench.link.send(command(print_id))
        await asyncio.sleep(6)

    bench = on_a_bench(script)
    assert bench.ends() == [(n, "printed") for n in range(1, 6)]
    assert bench.printer.formats == [f"EA123456785CN;{n}".encode() for n in range(1, 6)]
    assert bench.printer.max_in_printer == 1
    assert bench.states() == ["ready"]  # working is no change of state


def test_the_next_label_is_sent_soon_after_the_last_was_taken():
    async def script(bench: Bench) -> None:
        bench.link.send(command(1))
        bench.link.send(command(2))
        await asyncio.sleep(4)

    first, second = (event.at_us for event in on_a_bench(script).of(LabelPrinted))
    assert second - first <= (PRINT_S + TAKE_S) * 1e6 + 3 * POLL_MS * 1000


def test_an_idle_printer_is_asked_less_often_but_a_command_wakes_the_link():
    polls: list[int] = []

    async def script(bench: Bench) -> None:
        before = bench.printer.polls
        await asyncio.sleep(2)
        polls.append(bench.printer.polls - before)
        bench.link.send(command(1))
        await asyncio.sleep(0.03)
        assert bench.printer.formats

    on_a_bench(script)
    assert polls[0] <= 2000 / POLL_MS / 4


def test_a_print_id_is_never_sent_twice():
    async def script(bench: Bench) -> None:
        for print_id in (1, 1, 2):
            bench.link.send(command(print_id))
        await asyncio.sleep(3)
        bench.link.send(command(1))
        bench.link.send(command(2))
        await asyncio.sleep(2)

    bench = on_a_bench(script)
    assert len(bench.printer.formats) == 2
    assert bench.link.repeats == 3
    assert bench.ends() == [(1, "printed"), (2, "printed")]


@pytest.mark.parametrize("fault", ["silent", "media_out", "ribbon_out", "head_open", "paused", "unknown", "lost"])
def test_a_fault_under_a_label_is_told_at_once_and_the_next_labels_wait(fault):
    moments: list[int] = []

    async def script(bench: Bench) -> None:
        bench.link.send(command(1))
        await asyncio.sleep(0.3)
        moments.append(bench.clock.now_us())
        bench.printer.fault = fault
        bench.link.send(command(2))
        bench.link.send(command(3))
        await asyncio.sleep(20)
        assert bench.ends() == [(1, fault)]
        assert len(bench.printer.formats) == 1
        bench.printer.fault = ""
        await asyncio.sleep(9)

    bench = on_a_bench(script)
    assert bench.ends() == [(1, fault), (2, "printed"), (3, "printed")]
    assert bench.of(PrintFailed)[0].at_us - moments[0] <= 330_000
    assert bench.states() == ["ready", "silent" if fault == "lost" else fault, "purging", "ready"]


def test_what_nobody_saw_of_a_failed_print_is_purged_before_the_next_is_sent():
    async def script(bench: Bench) -> None:
        bench.link.send(command(1))
        await asyncio.sleep(0.3)
        bench.printer.fault = "silent"  # and meanwhile the label is printed, and taken onto the pad
        await asyncio.sleep(5)
        bench.printer.fault = ""
        bench.link.send(command(2))
        await asyncio.sleep(PAD_CLEARS_US / 1e6 - 0.1)
        assert len(bench.printer.formats) == 1
        await asyncio.sleep(2)

    bench = on_a_bench(script)
    assert bench.ends() == [(1, "silent"), (2, "printed")]
    assert [(type(event), event.print_id) for event in bench.of(LabelInDoubt, LabelPrinted)] == [
        (LabelInDoubt, 1),
        (LabelPrinted, 2),
    ]


def test_a_print_that_was_seen_leaves_no_doubt():
    async def script(bench: Bench) -> None:
        for print_id in (1, 2):
            bench.link.send(command(print_id))
        await asyncio.sleep(4)

    assert not on_a_bench(script).of(LabelInDoubt)


def test_one_lost_reply_is_no_fault():
    async def script(bench: Bench) -> None:
        bench.link.send(command(1))
        await asyncio.sleep(0.3)
        bench.printer.fault = "silent"
        await asyncio.sleep(0.1)
        bench.printer.fault = ""
        await asyncio.sleep(2)

    bench = on_a_bench(script)
    assert bench.ends() == [(1, "printed")]
    assert bench.states() == ["ready"]


def test_a_printer_that_was_given_up_and_prints_after_all_is_told_so_that_the_label_is_purged():
    async def script(bench: Bench) -> None:
        bench.link.send(command(1))
        await asyncio.sleep(0.1)
        bench.printer.fault = "silent"
        await asyncio.sleep(0.5)
        bench.printer.fault = ""
        bench.link.send(command(2))
        await asyncio.sleep(3)

    assert on_a_bench(script).ends() == [(1, "silent"), (1, "printed"), (2, "printed")]


def test_nothing_is_sent_while_a_label_waits_at_the_peel_bar():
    async def script(bench: Bench) -> None:
        bench.printer.takes = False
        bench.link.send(command(1))
        bench.link.send(command(2))
        await asyncio.sleep(60)  # the line is held: nobody takes the label, and that is no fault
        assert len(bench.printer.formats) == 1
        bench.printer.takes = True
        await asyncio.sleep(3)

    bench = on_a_bench(script)
    assert bench.ends() == [(1, "printed"), (2, "printed")]
    assert bench.states() == ["ready"]


def test_a_label_of_an_earlier_run_is_waited_out():
    async def script(bench: Bench) -> None:
        bench.link.send(command(7))
        await asyncio.sleep(5)
        assert not bench.printer.formats
        bench.printer.state = "ready"
        await asyncio.sleep(2)

    bench = on_a_bench(script, FakePrinter(state="label_waiting"))
    assert bench.ends() == [(7, "printed")]
    assert len(bench.of(LabelUnexpected)) == 1


def test_a_format_that_becomes_no_label_fails_at_the_deadline():
    async def script(bench: Bench) -> None:
        bench.printer.swallow = True
        bench.link.send(command(1))
        await asyncio.sleep(1)
        bench.printer.swallow = False
        bench.link.send(command(2))
        await asyncio.sleep(9)

    bench = on_a_bench(script)
    assert bench.ends() == [(1, "no_label"), (2, "printed")]
    assert [event.print_id for event in bench.of(LabelInDoubt)] == [1]
    assert bench.states() == ["ready", "purging", "ready"]


def test_after_a_new_roll_the_next_label_follows_as_soon_as_the_pad_is_clear():
    async def script(bench: Bench) -> None:
        bench.printer.swallow = True  # the roll ends in this label, and ^JZN forbids to print it again
        bench.link.send(command(1))
        bench.link.send(command(2))
        await asyncio.sleep(0.03)
        bench.printer.fault = "silent"
        await asyncio.sleep(1)
        bench.printer.swallow, bench.printer.fault = False, ""
        await asyncio.sleep(PAD_CLEARS_US / 1e6 + 1.2)

    assert on_a_bench(script).ends() == [(1, "silent"), (2, "printed")]


def test_busy_for_longer_than_a_label_takes_is_not_ready():
    async def script(bench: Bench) -> None:
        await asyncio.sleep(10)

    assert on_a_bench(script, FakePrinter(state="busy")).states() == ["ready", "unknown"]


def test_a_broken_connection_while_sending_leaves_the_outcome_unknown_and_is_not_tried_again():
    async def script(bench: Bench) -> None:
        bench.printer.refuses = True
        bench.link.send(command(1))
        await asyncio.sleep(5)
        bench.printer.refuses = False
        bench.link.send(command(2))
        await asyncio.sleep(7)

    bench = on_a_bench(script)
    assert bench.ends() == [(1, "lost"), (2, "printed")]
    assert len(bench.printer.formats) == 2


@pytest.mark.parametrize(("fault", "within_s"), [("head_open", 0.2), ("silent", DEADLINE_MS / 1000 + 0.6)])
def test_the_label_whose_turn_it_was_fails_unsent_and_only_that(fault, within_s):
    async def script(bench: Bench) -> None:
        bench.printer.takes = False
        for print_id in (1, 2, 3):
            bench.link.send(command(print_id))
        await asyncio.sleep(1)
        bench.printer.fault = fault
        await asyncio.sleep(within_s)
        assert bench.ends() == [(1, "printed"), (2, f"{fault} unsent")]
        await asyncio.sleep(10)
        bench.printer.fault, bench.printer.takes = "", True
        await asyncio.sleep(3)

    assert on_a_bench(script).ends()[2:] == [(3, "printed")]


def test_each_time_that_the_printer_goes_down_one_label_fails():
    async def script(bench: Bench) -> None:
        bench.printer.takes = False
        for print_id in (1, 2, 3, 4):
            bench.link.send(command(print_id))
        await asyncio.sleep(1)
        for _ in range(2):
            bench.printer.fault = "head_open"
            await asyncio.sleep(1)
            bench.printer.fault = ""
            await asyncio.sleep(0.2)
        bench.printer.takes = True
        await asyncio.sleep(3)

    assert on_a_bench(script).ends() == [(1, "printed"), (2, "head_open unsent"), (3, "head_open unsent"), (4, "printed")]


def test_what_comes_while_the_printer_is_down_waits_for_it():
    async def script(bench: Bench) -> None:
        bench.link.send(command(1))
        await asyncio.sleep(30)
        assert bench.ends() == []
        bench.printer.fault = ""
        await asyncio.sleep(2)

    bench = on_a_bench(script, FakePrinter(fault="silent"))
    assert bench.ends() == [(1, "first_after_fault"), (1, "printed")]


@pytest.mark.parametrize("fault", ["silent", "media_out", "head_open", "fault", "unknown", "lost"])
def test_the_first_label_after_a_fault_that_struck_none_is_suspect_and_only_that(fault):
    async def script(bench: Bench) -> None:
        bench.link.send(command(1))
        await asyncio.sleep(2)
        for _ in range(2):
            bench.printer.fault = fault
            await asyncio.sleep(1)
            bench.printer.fault = ""
            await asyncio.sleep(1)
        for print_id in (2, 3):
            bench.link.send(command(print_id))
        await asyncio.sleep(3)

    bench = on_a_bench(script)
    assert bench.ends() == [(1, "printed"), (2, "first_after_fault"), (2, "printed"), (3, "printed")]
    assert [event.sent for event in bench.of(PrintFailed)] == [True]


def test_a_suspect_label_that_never_comes_is_told_once():
    async def script(bench: Bench) -> None:
        bench.printer.fault = "head_open"
        await asyncio.sleep(1)
        bench.printer.fault, bench.printer.refuses = "", True
        bench.link.send(command(1))
        await asyncio.sleep(4)
        bench.printer.refuses = False
        bench.link.send(command(2))
        await asyncio.sleep(5)

    assert on_a_bench(script).ends() == [(1, "lost"), (2, "printed")]


def test_a_label_that_nobody_sent_is_told_once_while_it_stands_there():
    async def script(bench: Bench) -> None:
        bench.printer.state = "label_waiting"
        await asyncio.sleep(3)
        bench.printer.state = "ready"
        bench.link.send(command(1))
        await asyncio.sleep(3)
        bench.printer.state = "label_waiting"
        await asyncio.sleep(3)

    bench = on_a_bench(script)
    assert bench.ends() == [(1, "printed")]
    assert [type(event) for event in bench.of(LabelUnexpected, LabelPrinted)] == [
        LabelUnexpected,
        LabelPrinted,
        LabelUnexpected,
    ]


def test_a_printer_that_never_answers_is_told_as_silent():
    async def script(bench: Bench) -> None:
        await asyncio.sleep(1)

    bench = on_a_bench(script, FakePrinter(fault="silent"))
    assert bench.states() == ["silent"]
    assert not bench.of(LinkUp, LinkDown)


def test_the_wire_goes_and_comes_back():
    async def script(bench: Bench) -> None:
        bench.printer.fault = "lost"
        await asyncio.sleep(1)
        assert bench.link.health().up is False
        assert bench.link.health().age_ms >= 900
        bench.printer.fault = ""
        await asyncio.sleep(1)
        assert bench.link.health()[:3] == (True, bench.link.health().age_ms, "ready")

    bench = on_a_bench(script)
    assert [type(event) for event in bench.of(LinkUp, LinkDown)] == [LinkUp, LinkDown, LinkUp]
    assert "check its power" in bench.of(LinkDown)[0].detail


def test_a_label_that_cannot_be_made_fails_unsent_and_says_why():
    async def draw(text: LabelText) -> bytes:
        if text.payload_qr.endswith(";2"):
            raise LabelError("label: address has the character U+E000")
        return await render(text)

    async def script(bench: Bench) -> None:
        for print_id in (1, 2, 3):
            bench.link.send(command(print_id))
        await asyncio.sleep(4)

    bench = on_a_bench(script, draw=draw)
    assert sorted(bench.ends()) == [(1, "printed"), (2, "label: address has the character U+E000 unsent"), (3, "printed")]
    assert [event.impossible for event in bench.of(PrintFailed)] == [True]


def test_a_label_that_is_only_tried_is_told_where_it_cannot_be_made_and_never_sent():
    async def draw(text: LabelText) -> bytes:
        if text.name == "样例\ue000":
            raise LabelError("label: name has the character U+E000")
        return await render(text)

    async def script(bench: Bench) -> None:
        bench.printer.fault = "media_out"
        for name in ("样例\ue000", "样例一"):
            trial = TryLabel(order_id=OrderId(name), label=structs.replace(command(1).label, name=name))
            bench.link.send(trial)
        await asyncio.sleep(1)

    bench = on_a_bench(script, draw=draw)
    assert [(event.order_id, event.reason) for event in bench.of(LabelImpossible)] == [
        ("样例\ue000", "label: name has the character U+E000")
    ]
    assert not bench.printer.formats


def test_a_full_queue_loses_no_event_and_keeps_their_order():
    async def script(bench: Bench) -> None:
        bench.full = True
        bench.link.send(command(1))
        await asyncio.sleep(2)
        bench.full = False
        bench.link.send(command(2))
        await asyncio.sleep(2)

    assert on_a_bench(script).ends() == [(1, "printed"), (2, "printed")]


def test_other_commands_are_not_its_business():
    async def script(bench: Bench) -> None:
        bench.link.send(RunOut(plc=Plc.MACHINE))
        await asyncio.sleep(1)

    assert not on_a_bench(script).printer.formats


def test_name_and_phone_are_masked_on_the_way_to_the_label():
    fields = label_fields(command(9).label, LAYOUT.privacy)
    assert (fields.name, fields.phone) == ("样**", "199******34")
    assert fields.payload_qr == "EA123456785CN;9"
    assert fields.signature == "请本人凭有效证件签收"
    by_code = label_fields(structs.replace(command(9).label, signature=Signature.CODE), LAYOUT.privacy)
    assert by_code.signature == "请收件人亮码签收"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1.5), st.sampled_from(["", "", "silent", "media_out", "lost", "unknown"])), max_size=8))
def test_whatever_the_printer_does_nothing_is_sent_twice_and_every_print_ends(story):
    async def script(bench: Bench) -> None:
        for print_id, (wait_s, fault) in enumerate(story, start=1):
            bench.printer.fault = fault
            bench.link.send(command(print_id))
            await asyncio.sleep(wait_s)
        bench.printer.fault = ""
        await asyncio.sleep(20)

    bench = on_a_bench(script)
    assert len(set(bench.printer.formats)) == len(bench.printer.formats)
    assert bench.printer.max_in_printer <= 1
    ended = [print_id for print_id, _ in bench.ends()]
    assert set(ended) == set(range(1, len(story) + 1))
    printed = [print_id for print_id, how in bench.ends() if how == "printed"]
    assert printed == sorted(set(printed))


# --- two heads ---
def test_what_waits_for_a_head_that_is_out_of_order_is_given_back_and_what_is_in_it_is_not():
    async def script(bench: Bench) -> None:
        for print_id in (1, 2, 3):
            bench.link.send(command(print_id))
        await asyncio.sleep(0.4)  # the first is being printed
        bench.link.send(WithdrawLabels(head=1))
        bench.link.send(command(4))
        await asyncio.sleep(4)

    bench = on_a_bench(script)
    assert sorted(bench.ends()) == [(1, "printed"), (2, "withdrawn unsent"), (3, "withdrawn unsent"), (4, "printed")]
    assert bench.printer.formats == [b"EA123456785CN;1", b"EA123456785CN;4"]


def test_a_label_that_is_withdrawn_while_it_is_drawn_is_given_back_once():
    async def script(bench: Bench) -> None:
        await asyncio.sleep(1)
        bench.link.send(command(1))
        await asyncio.sleep(0.005)
        bench.link.send(WithdrawLabels(head=1))
        await asyncio.sleep(4)

    bench = on_a_bench(script)
    assert bench.ends() == [(1, "withdrawn unsent")]
    assert bench.printer.formats == []


def test_a_test_label_is_not_withdrawn():
    async def script(bench: Bench) -> None:
        bench.link.send(trial(1))
        bench.link.send(WithdrawLabels(head=1))
        await asyncio.sleep(8)

    assert on_a_bench(script, tests=True).ends() == [(1, "printed")]


def test_the_second_heads_printer_feeds_a_pad_as_the_first_does():
    events: list[Event] = []

    async def scene() -> None:
        printer = FakePrinter(state="label_waiting")
        bench = Bench(printer, name="printer_2")
        task = asyncio.create_task(bench.link.run())
        await asyncio.sleep(2)
        events.extend(bench.events)
        task.cancel()

    run_virtual(scene())
    assert any(isinstance(event, LabelUnexpected) for event in events), "as on the first head"
    assert {event.printer for event in events if isinstance(event, PrinterStatus)} == {"printer_2"}


@pytest.mark.parametrize("head", [1, 2])
def test_commands_go_to_the_printer_of_their_head(head: int):
    got: list[tuple[str, object]] = []

    class Taker:
        def __init__(self, name: str) -> None:
            self.name = name

        def send(self, sent: object) -> None:
            got.append((self.name, sent))

    dispatch = Dispatch()
    for name in ("printer", "printer_2"):
        dispatch.register(Taker(name))  # type: ignore[arg-type]
    prints = structs.replace(command(1), head=head), structs.replace(trial(2), head=head)
    sent = [*prints, RollPassed(head=head), WithdrawLabels(head=head)]
    for one in sent:
        dispatch.act(one)
    assert got == [("printer" if head == 1 else "printer_2", one) for one in sent]


# --- test labels ---
def trial(print_id: int) -> PrintTest:
    return PrintTest(print_id=PrintId(print_id), label=text_of_test(PrintId(print_id)))


@pytest.mark.parametrize("fault", ["media_out", "ribbon_out", "head_open", "silent"])
def test_a_printer_that_somebody_was_at_prints_a_test_label_before_anything_else(fault: str):
    async def script(bench: Bench) -> None:
        bench.printer.fault = fault
        await asyncio.sleep(3)
        bench.link.send(command(1))
        bench.link.send(command(2))
        bench.printer.fault = ""
        await asyncio.sleep(5)
        assert (bench.states()[-1], bench.printer.formats) == ("untested", [])
        bench.link.send(trial(3))
        await asyncio.sleep(PAD_CLEARS_US / 1e6 - 0.5)
        assert bench.printer.formats == []  # what lies on the pad is being purged
        await asyncio.sleep(5)
        assert (bench.printer.formats, bench.ends()) == ([b"TEST;3"], [(3, "printed")])
        assert bench.states()[-1] == "untested"
        bench.link.send(RollPassed())
        await asyncio.sleep(5)

    bench = on_a_bench(script, tests=True)
    assert bench.states()[-1] == "ready"
    assert bench.ends() == [(3, "printed"), (1, "printed"), (2, "printed")]


def test_a_printer_that_was_cut_off_or_talked_nonsense_needs_no_test_label():
    async def script(bench: Bench) -> None:
        for fault in ("lost", "unknown", "paused", ""):
            bench.printer.fault = fault
            await asyncio.sleep(3)

    assert on_a_bench(script, tests=True).states()[-1] == "ready"


def test_without_test_labels_nobody_waits_for_one():
    async def script(bench: Bench) -> None:
        for fault in ("media_out", ""):
            bench.printer.fault = fault
            await asyncio.sleep(3)

    assert "untested" not in on_a_bench(script).states()
