"""The PLC link in virtual time: nothing is lost, nothing is taken twice, nothing is acknowledged before it is durable."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drivers.ports import BadReply, DeviceError, DeviceRefused, LinkLost
from edge.core.commands import ClearBelt, InsertClose, Seal, SetState
from edge.core.events import CommandRefused, DocumentFed, Inserted, LinkDown, LinkUp, PlcRestarted, PlcStatus
from edge.core.values import Counters, DocumentKey, ItemId, Mode, Plc, State
from edge.runtime.link import Cursor
from edge.runtime.plc_link import RECONNECT_MAX_S
from tests.runtime.plc_peer import IMAGE, FakePlc, FakePump, Scene, play

SEQ_MAX = IMAGE.seq_max


def handles(pump: FakePump) -> list[str]:
    return [event.document for event in pump.of(DocumentFed)]


def keys(first: int, last: int, boot: int = 3) -> list[str]:
    return [f"D{boot}-{handle}" for handle in range(first, last + 1)]


def close(handle: int, boot: int = 3) -> InsertClose:
    return InsertClose(document=DocumentKey(f"D{boot}-{handle}"))


# --- events ---
def test_more_events_than_the_window_come_in_order_with_their_cursor() -> None:
    plc = FakePlc()
    for handle in range(1, 31):
        plc.happen("document_fed", handle, value=handle)

    async def story(scene: Scene) -> None:
        await scene.sleep(500)

    scene = play(story, plc=plc)
    assert handles(scene.pump) == keys(1, 30)
    assert [event.trigger for event in scene.pump.of(DocumentFed)] == list(range(1, 31))
    assert scene.pump.cursors == [Cursor("machine_plc", 3, seq) for seq in range(1, 31)]
    assert plc.fifo == []


def test_nothing_is_acknowledged_before_it_is_durable() -> None:
    plc, pump = FakePlc(), FakePump(eager=False)
    for handle in range(1, 11):
        plc.happen("document_fed", handle)

    async def story(scene: Scene) -> None:
        await scene.sleep(1000)
        assert handles(pump) == keys(1, 8)
        assert plc.acknowledged == 0
        pump.commit()
        await scene.sleep(100)
        assert plc.acknowledged == 8
        assert handles(pump) == keys(1, 10)

    play(story, plc=plc, pump=pump)


def test_a_durable_event_is_acknowledged_at_once_not_at_the_next_poll() -> None:
    plc, pump = FakePlc(), FakePump(eager=False)
    plc.happen("document_fed", 1)

    async def story(scene: Scene) -> None:
        await scene.sleep(10)
        assert handles(pump) == keys(1, 1)
        pump.commit()
        await scene.sleep(3)
        assert plc.acknowledged == 1

    play(story, plc=plc, pump=pump, poll_ms=10_000)


def test_numbers_go_on_over_the_wrap() -> None:
    plc = FakePlc(issued=SEQ_MAX - 3)

    async def story(scene: Scene) -> None:
        for handle in range(1, 13):
            plc.happen("document_fed", handle)
            await scene.sleep(20)

    scene = play(story, plc=plc, cursor=Cursor("machine_plc", 3, SEQ_MAX - 3))
    assert handles(scene.pump) == keys(1, 12)
    assert [cursor.seq for cursor in scene.pump.cursors] == [SEQ_MAX - 2, SEQ_MAX - 1, SEQ_MAX, *range(1, 10)]
    assert plc.fifo == []


def test_a_torn_slot_holds_back_itself_and_what_comes_after() -> None:
    plc = FakePlc()
    for handle in range(1, 5):
        plc.happen("document_fed", handle)
    plc.torn = {3}

    async def story(scene: Scene) -> None:
        await scene.sleep(100)
        assert handles(scene.pump) == keys(1, 2)
        plc.torn = set()
        await scene.sleep(50)
        assert handles(scene.pump) == keys(1, 4)

    scene = play(story, plc=plc, cursor=Cursor("machine_plc", 3, 0))
    assert scene.link.torn > 1
    assert [type(event) for event in scene.pump.of(LinkUp, LinkDown)] == [LinkUp]


def test_an_event_that_stays_away_takes_the_link_down_until_it_comes() -> None:
    plc = FakePlc()
    for handle in range(1, 5):
        plc.happen("document_fed", handle)
    plc.torn = {3}

    async def story(scene: Scene) -> None:
        await scene.sleep(1000)
        plc.torn = set()
        await scene.sleep(50)

    scene = play(story, plc=plc, cursor=Cursor("machine_plc", 3, 0))
    down = scene.pump.of(LinkDown)
    assert [(event.reason, "event 3 of 4 issued" in event.detail) for event in down] == [("bad_reply", True)]
    assert len(scene.pump.of(LinkUp)) == 2
    assert handles(scene.pump) == keys(1, 4)


def test_a_full_queue_stops_taking_but_not_exchanging() -> None:
    plc, pump = FakePlc(), FakePump()

    async def story(scene: Scene) -> None:
        await scene.sleep(50)
        pump.full = True
        for handle in range(1, 21):
            plc.happen("document_fed", handle)
        before = plc.exchanges
        await scene.sleep(1000)
        assert plc.exchanges - before > 50
        assert handles(pump) == []
        assert plc.acknowledged == 0
        pump.full = False
        await scene.sleep(200)
        assert handles(pump) == keys(1, 20)

    play(story, plc=plc, pump=pump)


def test_an_event_of_an_unknown_kind_takes_the_link_down_and_is_never_skipped() -> None:
    plc = FakePlc()
    plc.happen("document_fed", 1)

    async def story(scene: Scene) -> None:
        await scene.sleep(50)
        plc.happen("document_fed", 2)
        plc.fifo[-1] = plc.fifo[-1]._replace(station="")
        await scene.sleep(3000)

    class Unknown(FakePlc):
        def image(self) -> tuple[int, ...]:
            hidden, self.fifo = self.fifo, [slot._replace(station="feeder") for slot in self.fifo]
            words = list(super().image())
            self.fifo = hidden
            for slot in hidden:
                if not slot.station:
                    at = IMAGE.plc_to_edge.header_words + (slot.seq - 1) % IMAGE.window * IMAGE.plc_to_edge.slot_words
                    words[at + 1] = 0xEEEE
            return tuple(words)

    plc = Unknown(fifo=plc.fifo, issued=plc.issued)
    scene = play(story, plc=plc)
    assert handles(scene.pump) == keys(1, 1)
    told = scene.pump.of(LinkUp, LinkDown)
    assert [getattr(event, "reason", "up") for event in told] == ["up", "bad_reply"]
    assert "event 2" in told[-1].detail


def test_a_refusal_bears_the_key_of_the_command_that_was_refused() -> None:
    plc = FakePlc()

    async def story(scene: Scene) -> None:
        await scene.sleep(50)
        scene.link.send(close(17))
        await scene.sleep(50)
        plc.happen("command_refused", 17, value=1 * 256 + IMAGE.refusals["late"], station="plc")
        plc.happen("command_refused", 18, value=9 * 256 + IMAGE.refusals["busy"], station="plc")
        await scene.sleep(50)

    scene = play(story, plc=plc)
    refused = scene.pump.of(CommandRefused)
    assert [(event.key, event.command_seq, event.code) for event in refused] == [("D3-17", 1, "late"), ("", 9, "busy")]


# --- commands ---
def test_a_command_goes_out_at_once_and_names_the_event_that_it_answers() -> None:
    plc = FakePlc()
    plc.happen("belt_empty", station="plc")
    plc.happen("document_fed", 17, value=2)

    async def story(scene: Scene) -> None:
        await scene.sleep(10)
        scene.link.send(close(17))
        await scene.sleep(3)
        assert [(slot.seq, slot.reply_to, slot.handle, slot.opcode) for slot in plc.commands] == [
            (1, 2, 17, IMAGE.opcodes["insert_close"].code)
        ]

    play(story, plc=plc, poll_ms=10_000)


def test_between_wake_ups_the_link_keeps_its_pace() -> None:
    async def story(scene: Scene) -> None:
        await scene.sleep(50)
        scene.link.send(SetState(state=State.IDLE))
        before = scene.plc.exchanges
        await scene.sleep(1600)
        assert 95 <= scene.plc.exchanges - before <= 105

    play(story, poll_ms=15)


def test_the_answer_to_an_item_names_its_insertion() -> None:
    plc = FakePlc()
    plc.happen("inserted", 17, value=41, station="insert")

    async def story(scene: Scene) -> None:
        await scene.sleep(50)
        scene.link.send(Seal(item=ItemId("I3-41")))
        await scene.sleep(50)

    scene = play(story, plc=plc)
    assert scene.pump.of(Inserted)[0].item == "I3-41"
    assert [(slot.reply_to, slot.handle) for slot in plc.commands] == [(1, 41)]


def test_no_slot_is_overwritten_before_it_is_consumed() -> None:
    plc = FakePlc(consuming=False)

    async def story(scene: Scene) -> None:
        await scene.sleep(50)
        for handle in range(1, 21):
            scene.link.send(close(handle))
        await scene.sleep(500)
        assert plc.edge["last_issued_seq"] == 8
        plc.consuming = True
        await scene.sleep(500)
        assert [slot.handle for slot in plc.commands] == list(range(1, 21))

    play(story, plc=plc)


def test_a_command_about_another_boot_is_never_sent() -> None:
    plc = FakePlc()

    async def story(scene: Scene) -> None:
        await scene.sleep(50)
        scene.link.send(close(1, boot=2))
        scene.link.send(close(2))
        scene.link.send(ClearBelt(plc=Plc.MACHINE))
        await scene.sleep(50)

    scene = play(story, plc=plc)
    assert [slot.handle for slot in plc.commands] == [2, 0]
    assert scene.link.dropped_commands == 1


def test_a_plc_that_consumed_what_was_never_issued_is_not_believed() -> None:
    async def story(scene: Scene) -> None:
        await scene.sleep(50)
        scene.plc.header["last_consumed_seq"] = 7
        await scene.sleep(500)

    scene = play(story)
    assert [event.reason for event in scene.pump.of(LinkDown)] == ["bad_reply"]


def test_state_permit_and_heartbeat_words() -> None:
    async def story(scene: Scene) -> None:
        await scene.sleep(50)
        assert (scene.plc.edge["state"], scene.plc.edge["permit"]) == (State.STOPPED, 1)
        scene.link.send(SetState(state=State.EXECUTE))
        scene.lease.permit = 77
        beat = scene.plc.edge["heartbeat"]
        await scene.sleep(50)
        assert (scene.plc.edge["state"], scene.plc.edge["permit"]) == (State.EXECUTE, 77)
        assert scene.plc.edge["heartbeat"] > beat
        scene.lease.alive = False
        await scene.sleep(20)
        beat = scene.plc.edge["heartbeat"]
        await scene.sleep(100)
        assert scene.plc.edge["heartbeat"] == beat
        assert scene.plc.commands == []

    play(story)


# --- restarts of either side ---
def test_a_restarted_plc_begins_anew_on_both_sides() -> None:
    plc, pump = FakePlc(consuming=False), FakePump(eager=False)

    async def story(scene: Scene) -> None:
        plc.happen("document_fed", 1)
        await scene.sleep(50)
        scene.link.send(close(1))
        await scene.sleep(50)
        plc.restart()
        plc.consuming = True
        plc.happen("document_fed", 1)
        plc.happen("document_fed", 2)
        await scene.sleep(50)
        assert pump.of(PlcRestarted)[0].boot == 4
        # The old boot's event becomes durable only now: it must not acknowledge anything of the new one.
        pump.commit(1)
        await scene.sleep(50)
        assert plc.acknowledged == 0
        pump.commit()
        await scene.sleep(50)
        assert plc.acknowledged == 2
        scene.link.send(close(2, boot=4))
        await scene.sleep(50)

    scene = play(story, plc=plc, pump=pump)
    assert handles(scene.pump) == ["D3-1", "D4-1", "D4-2"]
    assert [(slot.seq, slot.reply_to, slot.handle) for slot in plc.commands] == [(1, 2, 2)]
    assert scene.link.dropped_commands == 1


def test_a_restart_is_told_before_its_first_event_even_when_the_queue_was_full() -> None:
    plc, pump = FakePlc(), FakePump()

    async def story(scene: Scene) -> None:
        await scene.sleep(50)
        pump.full = True
        plc.restart()
        plc.happen("document_fed", 1)
        await scene.sleep(200)
        pump.full = False
        await scene.sleep(100)

    scene = play(story, plc=plc, pump=pump)
    kinds = [type(event) for event in scene.pump.of(PlcRestarted, DocumentFed)]
    assert kinds == [PlcRestarted, DocumentFed]


def test_after_our_restart_the_cursor_says_where_to_go_on() -> None:
    plc = FakePlc()
    for handle in range(1, 7):
        plc.happen("document_fed", handle)

    async def story(scene: Scene) -> None:
        await scene.sleep(100)

    # 1 to 4 were durable, but only 1 and 2 had been acknowledged when we died.
    del plc.fifo[:2]
    scene = play(story, plc=plc, cursor=Cursor("machine_plc", 3, 4))
    assert handles(scene.pump) == keys(5, 6)
    assert scene.pump.of(PlcRestarted) == []
    assert plc.fifo == []


def test_what_the_plc_consumed_of_our_last_life_is_not_about_this_one() -> None:
    plc = FakePlc(edge={"boot_id": 4}, consumed=57)

    async def story(scene: Scene) -> None:
        scene.link.send(close(1))
        await scene.sleep(100)

    scene = play(story, plc=plc, edge_boot=5, cursor=Cursor("machine_plc", 3, 0))
    assert [(slot.seq, slot.handle) for slot in plc.commands] == [(1, 1)]
    assert scene.pump.of(LinkDown) == []


def test_a_plc_restarted_while_we_were_away_is_told() -> None:
    plc = FakePlc(boot=9)
    plc.happen("document_fed", 1)

    async def story(scene: Scene) -> None:
        await scene.sleep(100)

    scene = play(story, plc=plc, cursor=Cursor("machine_plc", 3, 400))
    assert [event.boot for event in scene.pump.of(PlcRestarted)] == [9]
    assert handles(scene.pump) == ["D9-1"]


@pytest.mark.parametrize("kept", [0, 1, 12])
def test_a_new_journal_begins_at_what_the_plc_still_keeps(kept: int) -> None:
    plc = FakePlc(issued=SEQ_MAX - 5)
    for handle in range(1, kept + 1):
        plc.happen("document_fed", handle)

    async def story(scene: Scene) -> None:
        await scene.sleep(200)
        plc.happen("document_fed", kept + 1)
        await scene.sleep(50)

    scene = play(story, plc=plc)
    assert handles(scene.pump) == keys(1, kept + 1)
    assert scene.pump.of(PlcRestarted, LinkDown) == []


def test_a_new_journal_does_not_begin_at_a_torn_slot() -> None:
    plc = FakePlc(issued=400)
    plc.happen("document_fed", 1)
    plc.happen("document_fed", 2)
    plc.torn = {401}

    async def story(scene: Scene) -> None:
        await scene.sleep(100)
        assert handles(scene.pump) == []
        plc.torn = set()
        await scene.sleep(50)

    scene = play(story, plc=plc)
    assert handles(scene.pump) == keys(1, 2)
    assert [getattr(event, "reason", "up") for event in scene.pump.of(LinkUp, LinkDown)] == ["bad_reply", "up"]


def test_a_journal_older_than_the_plc_is_told_and_takes_nothing() -> None:
    plc = FakePlc(issued=100)
    plc.happen("document_fed", 1)

    async def story(scene: Scene) -> None:
        await scene.sleep(1000)

    scene = play(story, plc=plc, cursor=Cursor("machine_plc", 3, 40))
    assert [event.reason for event in scene.pump.of(LinkDown)] == ["bad_reply"]
    assert "restored" in scene.pump.of(LinkDown)[0].detail
    assert handles(scene.pump) == []


# --- quality ---
def test_unreachable_is_told_once_and_tried_for_ever() -> None:
    plc = FakePlc(reachable=False)

    async def story(scene: Scene) -> None:
        await scene.sleep(10_000)
        assert [event.reason for event in scene.pump.of(LinkUp, LinkDown)] == ["lost"]
        assert not scene.link.health().up
        plc.reachable = True
        await scene.sleep(int(RECONNECT_MAX_S * 1000) + 50)
        assert isinstance(scene.pump.of(LinkUp, LinkDown)[-1], LinkUp)
        assert scene.link.health().up
        assert 0 <= scene.link.health().age_ms < 50

    play(story, plc=plc)
    pauses = [later - earlier for earlier, later in zip(plc.connects, plc.connects[1:], strict=False)]
    assert pauses[0] < 0.01
    assert max(pauses) < RECONNECT_MAX_S + 0.01
    assert len(pauses) > 10


@pytest.mark.parametrize(
    ("error", "reason"), [(LinkLost("x"), "lost"), (DeviceRefused("x"), "refused"), (BadReply("x"), "bad_reply")]
)
@pytest.mark.parametrize("arrived", [False, True])
def test_each_kind_of_error_drops_the_connection_and_the_next_try_is_at_once(
    error: DeviceError, reason: str, arrived: bool
) -> None:
    async def story(scene: Scene) -> None:
        await scene.sleep(50)
        scene.plc.faults = [(error, arrived)]
        await scene.sleep(30)

    scene = play(story)
    told = scene.pump.of(LinkUp, LinkDown)
    assert [getattr(event, "reason", "up") for event in told] == ["up", reason, "up"]
    assert len(scene.plc.connects) == 2


def test_another_layout_is_told_with_both_versions_and_heals_when_the_right_program_is_loaded() -> None:
    plc = FakePlc(reachable=False, layout_version=2)

    async def story(scene: Scene) -> None:
        await scene.sleep(500)
        plc.reachable = True
        await scene.sleep(3000)
        plc.layout_version = 1
        await scene.sleep(1100)

    scene = play(story, plc=plc)
    told = scene.pump.of(LinkUp, LinkDown)
    assert [getattr(event, "reason", "up") for event in told] == ["lost", "layout", "up"]
    assert "PLC program is 2, of this edge 1" in told[1].detail


def test_a_heartbeat_that_stands_still_makes_the_image_worthless() -> None:
    plc = FakePlc()

    async def story(scene: Scene) -> None:
        await scene.sleep(50)
        plc.frozen = True
        await scene.sleep(400)
        plc.happen("document_fed", 1)
        await scene.sleep(100)
        assert [event.reason for event in scene.pump.of(LinkDown)] == ["stale"]
        assert handles(scene.pump) == []
        assert scene.link.health().age_ms >= 190
        plc.frozen = False
        await scene.sleep(50)

    scene = play(story, plc=plc)
    assert handles(scene.pump) == keys(1, 1)
    assert isinstance(scene.pump.of(LinkUp, LinkDown)[-1], LinkUp)


def test_the_header_is_told_when_it_changes_and_what_nobody_knows_is_the_careful_value() -> None:
    async def story(scene: Scene) -> None:
        await scene.sleep(500)
        assert len(scene.pump.of(PlcStatus)) == 1
        scene.plc.header = {"state": 99, "mode": 0, "documents_fed": 70_000, "exposures_2": 5, "faults": 1}
        await scene.sleep(500)

    scene = play(story)
    first, second = scene.pump.of(PlcStatus)
    assert (first.state, first.mode, first.boot, first.caught_up) == (State.EXECUTE, Mode.PRODUCTION, 3, True)
    assert (second.state, second.mode) == (State.STOPPED, Mode.MANUAL)
    assert second.counters == Counters(documents_fed=70_000)
    assert (second.exposures_2, second.faults) == (5, 1)


def test_counters_are_comparable_only_when_all_events_were_taken() -> None:
    plc, pump = FakePlc(), FakePump(eager=False)
    for handle in range(1, 11):
        plc.happen("document_fed", handle)

    async def story(scene: Scene) -> None:
        await scene.sleep(50)
        assert [event.caught_up for event in pump.of(PlcStatus)] == [False]
        pump.commit()
        await scene.sleep(50)
        assert [event.caught_up for event in pump.of(PlcStatus)] == [False, True]

    play(story, plc=plc, pump=pump)


def test_cancelled_the_link_closes_its_port() -> None:
    async def story(scene: Scene) -> None:
        await scene.sleep(50)
        assert scene.plc.closes == 0

    assert play(story).plc.closes == 1


# --- a port that waits by itself ---
class Waiting(FakePlc):
    """Answers when woken, or after the longest wait."""

    async def exchange(self, write: Sequence[int], seen: Sequence[int] | None, max_wait_ms: int) -> tuple[int, ...]:
        self.woken = asyncio.Event()
        words = await super().exchange(write, None, 0)
        if seen is None:
            return words
        try:
            async with asyncio.timeout(max_wait_ms / 1000):
                await self.woken.wait()
        except TimeoutError:
            pass
        return self.image()

    def wake(self) -> None:
        self.woken.set()


def test_a_waiting_port_is_woken_by_commands_and_by_durable_events() -> None:
    plc, pump = Waiting(), FakePump(eager=False)
    plc.happen("document_fed", 1)

    async def story(scene: Scene) -> None:
        await scene.sleep(10)
        pump.commit()
        await scene.sleep(5)
        assert plc.acknowledged == 1
        scene.link.send(close(1))
        await scene.sleep(5)
        assert [slot.handle for slot in plc.commands] == [1]
        assert plc.exchanges <= 4

    play(story, plc=plc, pump=pump, wait_ms=10_000)


# --- whatever the wire does ---
TROUBLE = st.sampled_from(["", "", "lost before", "lost after", "refused", "bad reply", "torn", "freeze", "full"])


@settings(max_examples=60, deadline=None)
@given(st.lists(TROUBLE, min_size=5, max_size=40), st.integers(0, SEQ_MAX - 1))
@example(["", "", "", "torn", "full"], 0)  # what was not taken because the queue was full is not old news
def test_whatever_the_wire_does_everything_arrives_once_and_in_order(troubles: list[str], start: int) -> None:
    plc, pump = FakePlc(issued=start), FakePump()

    async def story(scene: Scene) -> None:
        await scene.sleep(50)
        for handle, trouble in enumerate(troubles, 1):
            seq = plc.happen("document_fed", handle)
            scene.link.send(close(handle))
            pump.full = trouble == "full"
            plc.torn = {seq} if trouble == "torn" else set()
            plc.frozen = trouble == "freeze"
            plc.faults = {
                "lost before": [(LinkLost("x"), False)] * 2,
                "lost after": [(LinkLost("x"), True)],
                "refused": [(DeviceRefused("x"), False)],
                "bad reply": [(BadReply("x"), True)] * 3,
            }.get(trouble, [])
            await scene.sleep(7 * handle % 40)
        pump.full, plc.torn, plc.frozen, plc.faults = False, set(), False, []
        await scene.sleep(3000)

    play(story, plc=plc, pump=pump, cursor=Cursor("machine_plc", 3, start))
    everything = list(range(1, len(troubles) + 1))
    assert handles(pump) == keys(1, len(troubles))
    assert [slot.handle for slot in plc.commands] == everything
    assert plc.fifo == []


# --- the truth of values ---
def reasons(scene: Scene) -> list[str]:
    return [getattr(event, "reason", "up") for event in scene.pump.of(LinkUp, LinkDown)]


def last_detail(scene: Scene) -> str:
    return str(scene.pump.of(LinkDown)[-1].detail)


class Lying(FakePlc):
    """A PLC whose image is made worse by `lie`, from when it is set."""

    lie: Callable[[list[int]], None] | None = None

    def image(self) -> tuple[int, ...]:
        words = list(super().image())
        if self.lie is not None:
            self.lie(words)
        return tuple(words)


AT = IMAGE.plc_to_edge.offsets


def test_an_image_that_stands_behind_a_running_heartbeat_is_not_believed() -> None:
    plc = Lying()

    async def story(scene: Scene) -> None:
        await scene.sleep(500)
        kept = plc.image()
        plc.lie = lambda words: words.__setitem__(slice(2, None), kept[2:])
        await scene.sleep(1_000)
        plc.happen("document_fed", 1)
        await scene.sleep(500)
        assert reasons(scene) == ["up", "frozen"]
        assert handles(scene.pump) == []
        plc.lie = None
        await scene.sleep(2_500)

    scene = play(story, plc=plc)
    assert reasons(scene) == ["up", "frozen", "up"]
    assert "block copies" in last_detail(scene)
    assert handles(scene.pump) == keys(1, 1)


@pytest.mark.parametrize(("beats_late", "reason"), [(10, []), (40, ["echo", "up"])])
def test_an_echo_that_lags_is_told_with_its_age(beats_late: int, reason: list[str]) -> None:
    plc = Lying()

    async def story(scene: Scene) -> None:
        await scene.sleep(1_000)
        plc.lie = lambda words: words.__setitem__(AT["echo"], max(0, words[AT["echo"]] - beats_late))
        await scene.sleep(1_000)
        plc.lie = None
        await scene.sleep(2_500)

    scene = play(story, plc=plc)
    assert reasons(scene) == ["up", *reason]
    assert not reason or "ms late" in last_detail(scene)


@pytest.mark.parametrize(("pause_ms", "settled_ms"), [(12_000, range(300, 400)), (2_000, range(2_000, 2_100))])
def test_an_echo_that_stood_still_once_is_believed_at_once_and_again_only_later(pause_ms: int, settled_ms: range) -> None:
    plc = FakePlc()

    async def story(scene: Scene) -> None:
        for length_ms in (2_000, 1_000):
            await scene.sleep(pause_ms)
            plc.deaf = True
            await scene.sleep(length_ms)
            plc.deaf = False
            begun_us = scene.link._clock.now_us()
            await scene.sleep(2_500)
        assert (scene.pump.of(LinkUp)[-1].at_us - begun_us) // 1_000 in settled_ms

    scene = play(story, plc=plc)
    assert [reason for reason in reasons(scene) if reason != "echo"] == ["up", "frozen", "up", "frozen", "up"]


def test_our_own_pause_is_no_lag() -> None:
    async def story(scene: Scene) -> None:
        await scene.sleep(100)
        for pause_ms in (400, 1_000):
            scene.plc.pause_s = pause_ms / 1000
            await scene.sleep(2 * pause_ms)
            scene.plc.pause_s = 0.0
            await scene.sleep(100)

    assert reasons(play(story)) == ["up"]


def test_a_plc_that_does_not_hear_us_but_goes_on_is_told() -> None:
    plc = FakePlc()

    async def story(scene: Scene) -> None:
        await scene.sleep(200)
        plc.deaf = True
        for handle in range(1, 9):
            plc.happen("document_fed", handle)
            await scene.sleep(100)

    scene = play(story, plc=plc)
    assert reasons(scene) == ["up", "echo"]
    assert "write register" in last_detail(scene)


@pytest.mark.parametrize("same_boot", [False, True])
def test_another_master_is_named_and_nothing_is_taken_beside_it(same_boot: bool) -> None:
    plc = FakePlc()

    async def story(scene: Scene) -> None:
        await scene.sleep(500)
        for beat in range(30_000, 30_100):
            plc.edge = {**plc.edge, "boot_id": 5 if same_boot else 77, "heartbeat": beat}
            await scene.sleep(20)
        plc.happen("document_fed", 1)
        await scene.sleep(50)
        assert handles(scene.pump) == []
        await scene.sleep(2_500)

    scene = play(story, plc=plc)
    assert reasons(scene) == ["up", "foreign", "up"], "told once, although it comes and goes"
    assert "stop the other line PC" in last_detail(scene)
    assert ("echoes heartbeat" if same_boot else "edge boot 77") in last_detail(scene)
    assert handles(scene.pump) == keys(1, 1)


def test_a_plc_that_never_answers_us_but_another_edge_is_named() -> None:
    plc = Lying()

    def other(words: list[int]) -> None:
        words[AT["edge_boot_echo"]] = 77
        words[AT["echo"]] = 30_000 + words[1] % 1_000

    plc.lie = other

    async def story(scene: Scene) -> None:
        await scene.sleep(1_000)

    assert reasons(play(story, plc=plc)) == ["up", "foreign"]


def test_our_own_restart_is_no_other_master() -> None:
    async def story(scene: Scene) -> None:
        await scene.sleep(500)

    assert reasons(play(story, plc=FakePlc(edge={"boot_id": 4, "heartbeat": 40_000}))) == ["up"]


def test_a_restart_of_the_plc_is_no_other_master() -> None:
    async def story(scene: Scene) -> None:
        await scene.sleep(500)
        scene.plc.restart()
        await scene.sleep(500)

    assert reasons(play(story)) == ["up"]


def test_swapped_bytes_are_named_as_word_order() -> None:
    plc = Lying()
    plc.lie = lambda words: words.__setitem__(slice(None), [word >> 8 | (word & 255) << 8 for word in words])

    async def story(scene: Scene) -> None:
        await scene.sleep(500)

    scene = play(story, plc=plc)
    assert reasons(scene) == ["word_order"]
    assert 'byte_order = "little"' in last_detail(scene)


def test_swapped_words_of_a_counter_are_named_before_its_event_is_taken() -> None:
    plc = FakePlc()

    async def story(scene: Scene) -> None:
        await scene.sleep(200)
        plc.header["documents_fed"] = 1 << 16
        plc.happen("document_fed", 1 << 16)
        await scene.sleep(5_000)

    scene = play(story, plc=plc)
    assert reasons(scene) == ["up", "word_order"]
    assert 'word_order = "little"' in last_detail(scene)
    assert handles(scene.pump) == []
