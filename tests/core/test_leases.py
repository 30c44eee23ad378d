"""Leases (I4): what is fed, dispatched and refused before and after their end, a restart, and central's word."""

import pytest

from edge.core.commands import Divert, InsertClose, RejectDocument, RejectItem
from edge.core.events import (
    Booted,
    ClockRead,
    Diverted,
    DivertUnconfirmed,
    ItemRejected,
    LeaseTold,
    LotReceived,
    ManifestGranted,
    ManifestSealed,
)
from edge.core.invariants import InvariantError
from edge.core.leases import Lease, Leases
from edge.core.values import ItemId, LotId, OrderDocument, Plc, State
from tests.core.line import SETTINGS, Line, order
from tests.core.test_controller import code, published
from tests.core.test_corners import conditions

BEGIN_MS, HOUR_MS, MINUTE_MS = 1_790_000_000_000, 3_600_000, 60_000
END_MS = BEGIN_MS + HOUR_MS
L = LotId("L")


def leased(*, epoch: int = 3, end_ms: int = END_MS) -> Line:
    """A line in Execute whose one lot has a lease."""
    line = Line([])
    for plc in Plc:
        line.unit(plc, State.EXECUTE, caught_up=True)
    line.say(ManifestGranted, lot=L, version=2, chunk=1, orders=tuple(order(n) for n in range(1, 9)))
    line.say(ManifestSealed, lot=L, version=2, chunks=1, digest="", epoch=epoch, lease_end_ms=end_ms)
    return line


def clock(line: Line, wall_ms: int) -> None:
    """Time passes until the wall clock shows this."""
    after_ms = wall_ms - line.controller.floor.wall_ms()
    line.say(ClockRead, after_ms, wall_ms=wall_ms)


def tell(line: Line, epoch: int, end_ms: int, **more: object) -> str:
    line.say(LeaseTold, lot=L, epoch=epoch, end_ms=end_ms, **more)
    return str(published(line, "lease")[-1]["code"])


def answer(line: Line, epoch: int, end_ms: int, **more: object) -> str:
    """Central answers the present boot."""
    return tell(line, epoch, end_ms, **{"journal_id": "j", "boot": line.controller.floor.boot, **more})


def boot(line: Line) -> None:
    line.say(Booted, boot=line.controller.floor.boot + 1, journal_id="j", version="t")


def test_a_lot_without_a_lease_is_ours_for_ever() -> None:
    line = Line()
    clock(line, BEGIN_MS + 100 * 24 * HOUR_MS)
    assert not {"LEASES_ENDED", "LEASES_UNCONFIRMED"} & conditions(line)
    assert line.controller.floor.may_feed(order(1).order_id)
    boot(line)
    assert not {"LEASES_ENDED", "LEASES_UNCONFIRMED"} & conditions(line)
    assert tell(line, 1, END_MS) == "UNKNOWN_LOT"


def test_at_its_end_nothing_of_the_lot_is_begun_and_the_line_suspends() -> None:
    line = leased()
    clock(line, END_MS - 10)
    line.feed(1)
    line.read(1)
    assert "LEASES_ENDED" not in conditions(line)
    assert line.controller.supervision.permit
    line.feed(2)
    line.frame(2, 0)
    clock(line, END_MS - 1)
    line.frame(2, 1)
    assert line.said(RejectDocument)[-1].reason == "LEASE_ENDED"
    assert published(line, "content_check")[-1] == {
        "document": "D1-2", "verdict": "NO_ORDER", "reason": "LEASE_ENDED", "order_id": "O2",
    }  # fmt: skip
    clock(line, END_MS + 10_000)
    assert "LEASES_ENDED" in conditions(line)
    assert not line.controller.supervision.permit
    assert answer(line, 3, END_MS + HOUR_MS) == "OK"
    assert "LEASES_ENDED" not in conditions(line)
    assert len(line.said(InsertClose)) == 1


def test_another_lot_keeps_the_line_going() -> None:
    line = leased()
    line.say(ManifestGranted, lot=LotId("M"), version=1, chunk=1, orders=(order(20),))
    line.say(ManifestSealed, lot=LotId("M"), version=1, chunks=1, digest="", epoch=1, lease_end_ms=END_MS + HOUR_MS)
    clock(line, END_MS)
    assert "LEASES_ENDED" not in conditions(line)
    floor = line.controller.floor
    assert (floor.may_feed(order(1).order_id), floor.may_feed(order(20).order_id)) == (False, True)
    clock(line, END_MS + HOUR_MS)
    assert "LEASES_ENDED" in conditions(line)


@pytest.mark.parametrize(("late_ms", "dispatched"), [(5 * MINUTE_MS - 1, True), (5 * MINUTE_MS, False)])
def test_what_is_on_the_belts_goes_on_for_half_the_margin(late_ms: int, dispatched: bool) -> None:
    line = leased()
    line.to_handed_over(1)
    line.controller.floor.wall_offset_ms = END_MS + late_ms - (line.now_ms + 501)
    line.induct(1, line.qr(1))
    assert bool(line.said(Divert)) == dispatched
    assert [command.reason for command in line.said(RejectItem)] == [] if dispatched else ["LEASE_ENDED"]


def test_the_auditor_forbids_a_divert_behind_it() -> None:
    line = leased()
    line.to_handed_over(1)
    parcel = line.induct(1, line.qr(1))
    command = line.said(Divert)[-1]
    line.controller.floor.leases.all[L].end_ms = 0
    with pytest.raises(InvariantError, match="I4: I1-1: the lease of its order has ended"):
        line.auditor.check([command])
    assert command.parcel == parcel


def test_a_recount_behind_it_takes_the_item_out_again() -> None:
    line = leased()
    line.to_handed_over(1)
    parcel = line.induct(1, line.qr(1))
    line.say(DivertUnconfirmed, parcel=parcel, chute=2)
    line.controller.floor.leases.all[L].end_ms = 0
    assert code(line.act("recount_bag", chute="2", labels=line.qr(1))) == "BAG_DIFFERS"
    assert line.controller.items.all[ItemId("I1-1")].reason == "LEASE_ENDED"
    assert code(line.act("take_out", chute="2", label=line.qr(1))) == "OK"
    assert published(line, "dispatched") == []


def test_an_envelope_is_not_put_back_on_the_sorter_behind_it() -> None:
    line = leased()
    line.to_handed_over(1)
    line.controller.items.condemn(line.controller.items.all[ItemId("I1-1")], "SCAN_MISMATCH")
    line.say(ItemRejected, parcel=line.induct(1, line.qr(1)))
    end_ms, line.controller.floor.leases.all[L].end_ms = END_MS, 0
    assert code(line.act("reinduct", label=line.qr(1))) == "LEASE_ENDED"
    line.controller.floor.leases.all[L].end_ms = end_ms
    assert code(line.act("reinduct", label=line.qr(1))) == "OK"


def test_an_order_that_was_begun_is_finished() -> None:
    line = leased()
    line.feed(1)
    line.read(1)
    line.controller.floor.leases.all[L].end_ms = 0
    line.feed(2)
    line.frame(2, 0, token="token1")
    line.frame(2, 1, token="token1")
    assert line.said(RejectDocument)[-1].reason != "LEASE_ENDED"


# --- central's word ---
@pytest.mark.parametrize(
    ("epoch", "end_ms", "central_ms", "said"),
    [
        (3, END_MS, 0, "OK"),
        (3, END_MS + 1, 0, "OK"),
        (3, END_MS - 1, 0, "OLD_EPOCH"),
        (2, END_MS + HOUR_MS, 0, "OLD_EPOCH"),
        (4, END_MS - 1, 0, "OK"),
        (4, 0, 0, "OK"),
        (3, END_MS, BEGIN_MS - 5 * MINUTE_MS, "OK"),
        (3, END_MS, BEGIN_MS + 5 * MINUTE_MS + 1, "CLOCKS_DIFFER"),
        (3, END_MS, BEGIN_MS - 5 * MINUTE_MS - 1, "CLOCKS_DIFFER"),
        (3, END_MS, BEGIN_MS + 5 * MINUTE_MS, "OK"),
    ],
)
def test_which_word_counts(epoch: int, end_ms: int, central_ms: int, said: str) -> None:
    leases = Leases()
    leases.granted(ManifestSealed(at_us=0, lot=L, version=1, chunks=1, digest="", epoch=3, lease_end_ms=END_MS))
    event = LeaseTold(at_us=0, lot=L, epoch=epoch, end_ms=end_ms, central_ms=central_ms)
    assert (leases.told(event, BEGIN_MS, answers=False, settings=SETTINGS) or "OK") == said
    lease = leases.all[L]
    assert (lease.epoch, lease.end_ms) == ((epoch, end_ms) if said == "OK" else (3, END_MS))


def test_clocks_are_compared_only_when_both_are_known() -> None:
    leases = Leases()
    leases.all[L] = Lease(1, END_MS)
    event = LeaseTold(at_us=0, lot=L, epoch=1, end_ms=END_MS, central_ms=1)
    assert leases.told(event, 0, answers=True, settings=SETTINGS) == ""


def test_a_lease_is_ended_under_a_new_epoch_at_once() -> None:
    line = leased()
    assert tell(line, 4, 0) == "OK"
    assert "LEASES_ENDED" in conditions(line)
    assert tell(line, 3, END_MS) == "OLD_EPOCH"
    assert "LEASES_ENDED" in conditions(line)


def test_a_manifest_under_an_old_epoch_is_refused_and_leaves_no_trace() -> None:
    line = leased()
    line.say(ManifestGranted, lot=L, version=3, chunk=1, orders=(order(30),))
    line.say(ManifestSealed, lot=L, version=3, chunks=1, digest="", epoch=2, lease_end_ms=END_MS + HOUR_MS)
    assert published(line, "manifest_refused")[-1] == {"lot": "L", "version": 3, "faults": "OLD_EPOCH"}
    assert line.controller.floor.pool.lots[L] == 2
    line.say(ManifestSealed, lot=L, version=3, chunks=1, digest="", epoch=3, lease_end_ms=END_MS)
    assert published(line, "manifest_refused")[-1]["faults"] == "chunks missing"
    assert order(30).order_id not in line.controller.floor.pool._register.orders


def test_a_lot_that_is_granted_again_is_ours_under_its_new_epoch() -> None:
    line = leased()
    clock(line, END_MS)
    assert "LEASES_ENDED" in conditions(line)
    orders = tuple(order(n) for n in range(1, 9))
    for epoch, end_ms in ((3, END_MS + 2 * HOUR_MS), (4, END_MS + HOUR_MS)):
        line.say(ManifestGranted, lot=L, version=2, chunk=1, orders=orders)
        line.say(ManifestSealed, lot=L, version=2, chunks=1, digest="", epoch=epoch, lease_end_ms=end_ms)
        assert ("LEASES_ENDED" in conditions(line)) == (epoch == 3), "the same epoch again is a repetition"
    lease = line.controller.floor.leases.all[L]
    assert (lease.epoch, lease.end_ms) == (4, END_MS + HOUR_MS)
    # A manifest that has an order more may bring a lease for the first time, or go without one.
    line.say(ManifestGranted, lot=LotId("M"), version=1, chunk=1, orders=(order(40),))
    line.say(ManifestSealed, lot=LotId("M"), version=1, chunks=1, digest="")
    assert LotId("M") not in line.controller.floor.leases.all


def test_an_incomplete_manifest_brings_no_lease() -> None:
    line = Line([])
    line.say(ManifestSealed, lot=LotId("N"), version=1, chunks=2, digest="", epoch=1, lease_end_ms=END_MS)
    assert line.controller.floor.leases.all == {}


# --- a restart ---
def test_after_a_restart_it_stays_held_until_central_answers_this_boot() -> None:
    line = leased()
    boot(line)
    assert "LEASES_UNCONFIRMED" in conditions(line)
    assert line.controller.floor.machine.state is State.HELD
    assert not line.controller.floor.may_feed(order(1).order_id)
    # What waited at the broker answers nobody, or the boot before; another journal's answer is none of ours.
    assert tell(line, 3, END_MS) == "OK"
    assert answer(line, 3, END_MS, boot=1) == "OK"
    assert answer(line, 3, END_MS, journal_id="other") == "OK"
    assert answer(line, 3, END_MS, central_ms=BEGIN_MS - HOUR_MS) == "CLOCKS_DIFFER"
    line.say(ManifestSealed, lot=L, version=2, chunks=0, digest="", epoch=9, lease_end_ms=END_MS)
    assert "LEASES_UNCONFIRMED" in conditions(line)
    assert code(line.act("unhold")) != "OK"
    assert answer(line, 9, END_MS, central_ms=BEGIN_MS + MINUTE_MS) == "OK"
    assert "LEASES_UNCONFIRMED" not in conditions(line)
    assert line.controller.floor.may_feed(order(1).order_id)
    assert tell(line, 9, END_MS + 1) == "OK"
    assert "LEASES_UNCONFIRMED" not in conditions(line), "it stays confirmed"


def test_after_a_restart_two_persons_may_answer_for_it() -> None:
    line = leased()
    boot(line)
    for second in ("", "P1"):
        assert code(line.act("confirm_leases", second=second)) == "SECOND_PERSON"
    assert "LEASES_UNCONFIRMED" in conditions(line)
    assert code(line.act("confirm_leases", second="P2")) == "OK"
    assert "LEASES_UNCONFIRMED" not in conditions(line)
    assert published(line, "lease") == [{"lot": "L", "epoch": 3, "end_ms": END_MS, "code": "BY_PERSONS"}]
    assert code(line.act("confirm_leases", second="P2")) == "OK"
    assert len(published(line, "lease")) == 1


def test_a_lease_that_ended_meanwhile_holds_nothing_but_suspends() -> None:
    line = leased()
    boot(line)
    clock(line, END_MS)
    assert "LEASES_UNCONFIRMED" not in conditions(line)
    assert "LEASES_ENDED" in conditions(line)
    assert answer(line, 4, END_MS + HOUR_MS) == "OK"
    assert not {"LEASES_ENDED", "LEASES_UNCONFIRMED"} & conditions(line)


def test_a_lease_reaches_the_documents_of_its_lot_only() -> None:
    line = leased()
    line.say(
        LotReceived, lot=LotId("R"), issuer="P", signed_ms=1, documents=(OrderDocument("resident_id", "token1", "skeleton1"),)
    )
    clock(line, END_MS)
    line.feed(1)
    line.read(1)
    assert line.controller.lots.all[LotId("R")].counts["open"] == 1, "it is neither done nor without an order"


def test_a_dispatched_item_is_dispatched_however_late_its_sensor_tells() -> None:
    line = leased()
    line.to_handed_over(1)
    parcel = line.induct(1, line.qr(1))
    line.controller.floor.leases.all[L].end_ms = 0
    line.say(Diverted, parcel=parcel, chute=2)
    assert len(published(line, "dispatched")) == 1
