# ruff: noqa: E501 - tables of what may happen read better wide
"""Whatever happens, in whatever order, with whatever keys: nothing breaks, and nothing that is not proved is diverted."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from edge.core import device_events as d
from edge.core import events as e
from edge.core import page_events as p
from edge.core.commands import Divert, InsertClose, Outcome
from edge.core.event import Event
from edge.core.values import Camera, Counters, Mode, OrderDocument, OrderFile, Plc, State, Symbol, Verdict
from tests.core.line import ALL_FLAGS, PLAN, SETTINGS, Line, order

FILE = OrderFile("https://files.test/x.pdf", "0" * 64, 1)

N = st.integers(1, 4)
KEYS: dict[str, st.SearchStrategy[Any]] = {
    "document": N.map(lambda n: f"D1-{n}"),
    "item": N.map(lambda n: f"I1-{n}"),
    "parcel": N.map(lambda n: f"S1-{n}"),
    "key": st.sampled_from(["D1-1", "I1-1", "S1-1", "D1-9", "I1-9", "S1-9"]),
    "print_id": N,
    "trigger": N.map(lambda n: 2 * n),
    "flags": st.sampled_from([0, 0, 0, 1, 2]),
    "chute": st.integers(0, 3),
    "weight_100mg": st.sampled_from([0, 180, 99999]),
    "plc": st.sampled_from(list(Plc)),
    "station": st.sampled_from(["insert", "seal", "divert"]),
    "link": st.sampled_from(["machine_plc", "sorter_plc", "id_camera", "printer", "central", "document_printer"]),
    "reason": st.just("lost"),
    "sent": st.booleans(),
    "state": st.sampled_from(["ready", "silent", "unknown"]),
    "command_seq": N,
    "code": st.just("late"),
    "boot": N,
    "order_id": st.sampled_from(["O6", "O7", "O8", "O99"]),
    "index": st.just(0),
    "fault": st.sampled_from(["", "", "WRONG_DIGEST"]),
    "sheets": st.sampled_from([1, 1, 2]),
}
SIMPLE = (
    e.DocumentFed, e.Inserted, e.DocumentRejected, e.Sealed, e.ItemEjected, e.Weighed, e.LabelApplied, e.LabelPurged, e.LabelExposed,
    e.HandedOver, e.Inducted, e.Diverted, e.ItemRejected, e.DivertUnconfirmed, e.Lost, e.Extra, e.RejectUnconfirmed, e.CommandRefused,
    e.BeltEmpty, e.PlcRestarted, d.LabelPrinted, d.PrintFailed, d.PrinterStatus, d.WeightRead, d.LabelImpossible, e.LinkUp, e.LinkDown, e.DeadlinePassed,
    p.FileChecked, p.FileChecked, p.SheetsPrinted, p.SheetsFailed, p.FileDeleted,
)  # fmt: skip
TEXTS = st.sampled_from(["", "x", "EA000000001CN;1", "EA000000002CN;2", "EA000000001CN;2", ";", "EA000000001CN;99"])
ACTS = st.sampled_from([
    ("start", {}), ("stop", {}), ("reset", {}), ("unhold", {}), ("pause_feed", {}), ("resume_feed", {}), ("clear_belt", {}),
    ("rejects_cleared", {}), ("bind_bag", {"chute": "1", "bag": "B9"}), ("recount_bag", {"chute": "2", "labels": "EA000000001CN;1"}),
    ("take_out", {"chute": "2", "label": "EA000000001CN;1"}), ("clear", {}), ("nonsense", {"chute": "x"}), ("recount_bag", {}),
    ("run_out", {}), ("abort", {}), ("complete", {}), ("close_bag", {"chute": "2", "bag": "B2"}), ("close_bag", {}),
    ("bind_bag", {"chute": "2", "bag": "B8"}), ("feed_again", {"documents": "D1-3"}), ("feed_again", {"documents": "D1-1"}),
    ("open_envelope", {"item": "I1-1", "labels": "EA000000001CN;1", "second": "Q"}), ("open_envelope", {"item": "I1-2", "labels": "", "second": "Q"}),
    ("reinduct", {"label": "EA000000001CN;1"}), ("reinduct", {}), ("void_label", {"print_id": "1", "second": "Q"}),
    ("void_label", {"print_id": "2", "second": "Q"}), ("found", {"key": "I1-1"}), ("found", {"key": "D1-3"}),
    ("damaged", {"documents": "D1-1"}), ("return_to_issuer", {"documents": "D1-3,D1-1"}), ("close_lot", {"lot": "R", "lead": "L"}),
    ("confirm_check", {"check": "TEST_LABEL"}), ("desk_cancel", {}), ("desk_read", {}), ("desk_label", {}), ("desk_insert", {}),
    *(
        (act, {"document": key, "kind": "resident_id", "token": f"token{n}", "skeleton": f"skeleton{n}", "flags": "15", "masked": ""})
        for n in (1, 2, 3) for act, key in (("desk_read", ""), ("desk_read", "D1-3"), ("desk_read", "M1-1"), ("desk_insert", ""))
    ),
    *(("desk_label", {"texts": f"EA000000001CN,EA000000001CN;{n}", "weight_g": "18"}) for n in (1, 2, 3)),
    ("destroy_sheets", {"order": "O6", "file": "0", "sheets": "1", "second": "Q"}),
])  # fmt: skip


def plain(kind: type[Event]) -> st.SearchStrategy[tuple[type[Event], dict[str, Any]]]:
    own = [name for name in kind.__struct_fields__ if name in KEYS]
    return st.tuples(st.just(kind), st.fixed_dictionaries({name: KEYS[name] for name in own}))


FRAME = st.fixed_dictionaries(
    {
        "camera": st.just(Camera.ID), "camera_boot": st.just(1), "trigger": KEYS["trigger"], "k": st.integers(0, 2),
        "kind": st.sampled_from(["resident_id", "passport", None]), "flags": st.sampled_from([0, 7, ALL_FLAGS]),
        "token": st.sampled_from(["token1", "token2", "other", ""]), "skeleton": st.sampled_from(["skeleton1", "s"]),
        "confidence_permille": st.just(9), "masked": st.just(""), "evidence": st.just(""),
    }
)  # fmt: skip
LABEL = st.fixed_dictionaries(
    {
        "camera": st.just(Camera.LABEL), "camera_boot": st.just(1), "trigger": KEYS["trigger"], "k": st.integers(0, 2),
        "symbols": st.lists(st.builds(Symbol, st.sampled_from(["code128", "qr"]), TEXTS), max_size=3).map(tuple),
        "evidence": st.just(""),
    }
)  # fmt: skip
STATUS = st.fixed_dictionaries(
    {
        "plc": KEYS["plc"], "boot": st.just(1), "state": st.sampled_from([State.EXECUTE, State.HELD, State.HOLDING, State.STARTING]),
        "mode": st.sampled_from([Mode.PRODUCTION, Mode.MANUAL]), "faults": st.sampled_from([0, 0, 1, 16]), "alarms": st.just(0),
        "buttons": st.just(0), "guard_zones": st.sampled_from([0, 0, 0, 2]), "zones_empty": st.just(3), "exposures_1": st.just(0),
        "exposures_2": st.just(0), "caught_up": st.booleans(), "counters": st.builds(Counters, documents_fed=st.integers(0, 3)),
    }
)  # fmt: skip
ANYTHING = st.one_of(
    *[plain(kind) for kind in SIMPLE],
    st.tuples(st.just(d.FrameRead), FRAME),
    st.tuples(st.just(d.LabelRead), LABEL),
    st.tuples(st.just(e.PlcStatus), STATUS),
    st.tuples(st.just(d.ParcelScanned), st.fixed_dictionaries({"text": TEXTS})),
    st.tuples(
        st.just(e.OperatorRequest), ACTS.map(lambda a: {"request_id": "r", "person": "P", "act": a[0], "argument": a[1]})
    ),
    st.tuples(st.just(e.HostRead), st.fixed_dictionaries({"disk_free_mb": st.sampled_from([1, 9000])})),
    st.tuples(
        st.just(e.OrderCancelled),
        st.fixed_dictionaries({"order_id": st.sampled_from(["O1", "O2", "O3", "O6", "O99"]), "version": N}),
    ),
    st.tuples(
        st.just(e.LotFiled),
        st.fixed_dictionaries({"lot": st.sampled_from(["R", "R2"]), "file": st.just("f"), "fault": st.sampled_from(["", "x"])}),
    ),
    st.tuples(
        st.just(e.LotReceived),
        st.fixed_dictionaries(
            {
                "lot": st.sampled_from(["R", "R2"]),
                "issuer": st.just("x"),
                "signed_ms": N,
                "green": st.booleans(),
                "documents": st.lists(st.sampled_from(["token1", "token2", "token3"]), max_size=3).map(
                    lambda tokens: tuple(OrderDocument("resident_id", token, "s") for token in tokens)
                ),
            }
        ),
    ),
    st.tuples(st.just(e.ClockRead), st.fixed_dictionaries({"wall_ms": st.integers(1, 1 << 41)})),
    st.tuples(
        st.just(e.Booted), st.fixed_dictionaries({"boot": st.just(2), "journal_id": st.just("j"), "version": st.just("t")})
    ),
)


def require_proved(line: Line, commands: list[Any]) -> None:
    for command in commands:
        if isinstance(command, InsertClose):
            document = line.controller.documents.all[command.document]
            assert document.order_id is not None
            assert not document.quarantined
        elif isinstance(command, Divert):
            item = line.controller.sorting.item_of[command.parcel]
            assert item.label_check is Verdict.MATCH
            assert not item.reason
            assert item.proved


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(ANYTHING, st.sampled_from([1, 50, 500, 2000, 30_000])), max_size=40))
def test_garbage_after_a_good_start(steps: list[tuple[tuple[type[Event], dict[str, Any]], int]]) -> None:
    line = Line([order(n) if n < 6 else structs.replace(order(n), files=(FILE,)) for n in range(1, 9)])
    line.say(e.ConfigLoaded, digest="d", settings=structs.replace(SETTINGS, desk_printer=True), sort_plan=PLAN)
    line.to_handed_over(1)
    line.to_weighed(2)
    line.feed(3)
    dispatched: list[str] = []
    for (kind, fields), after_ms in steps:
        commands = line.say(kind, after_ms, **fields)
        require_proved(line, commands)
        dispatched += [c.key for c in commands if isinstance(c, Outcome) and c.table == "dispatched"]
        due_us = line.controller.next_deadline_us()
        assert due_us is None or isinstance(due_us, int)
    assert len(dispatched) == len(set(dispatched))
    line.auditor.full_pass()
