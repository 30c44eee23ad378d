"""`sealline printer` on virtual printers: what each of them is said to be, and that only a ready one is sent a label."""

import pytest

from edge import printer_trial
from edge.printer_trial import NotPrintedError, examine, print_one, verdict
from edge.printer_trial import test_label as label_for_trial
from tests.labels.sample import LAYOUT
from tests.simulators.test_label_printer import BOTH, driver_on, printer_on_a_wire


@BOTH
@pytest.mark.parametrize(
    ("knobs", "unfit", "state"),
    [
        ({}, "", "ready"),
        ({"never_answers": True}, "", "silent"),
        ({"silent_when_unfit": True}, "head_open", "silent"),
        ({"silent_when_unfit": False}, "head_open", "head_open"),
        ({}, "garbage", "unknown"),
    ],
)
async def test_what_is_said_of_a_printer(dialect, knobs, unfit, state):
    async with printer_on_a_wire(dialect=dialect, **knobs) as (body, printer, port), driver_on(port, dialect) as driver:
        if unfit == "head_open":
            body.head_open = True
        printer.garbage = unfit == "garbage"
        answers = await examine(driver, dialect)
        if (dialect, state) == ("tspl", "unknown"):
            assert verdict(answers) not in printer_trial.FIT  # any byte is an answer to <ESC>!?
        else:
            assert verdict(answers) == state
        assert set(answers.values()) <= set(printer_trial.MEANING)


def test_the_second_answer_counts_only_where_it_names_a_fault():
    assert verdict({"~HS": "ready", "~HQES": "silent"}) == "ready"
    assert verdict({"~HS": "ready", "~HQES": "fault"}) == "fault"
    assert verdict({"~HS": "silent", "~HQES": "ready"}) == "silent"
    assert verdict({"~HS": "silent", "~HQES": "media_out"}) == "media_out"
    assert verdict({"~HS": "head_open", "~HQES": "media_out"}) == "head_open"


@BOTH
async def test_a_test_label_is_printed_once_and_can_be_no_line_s(dialect, monkeypatch):
    monkeypatch.setattr(printer_trial, "LOOK_S", 0)
    async with printer_on_a_wire(dialect=dialect) as (body, printer, port), driver_on(port, dialect) as driver:
        body.takes_s = 0.05
        assert await print_one(driver, label_for_trial(LAYOUT, dialect)) >= 0
        (label,) = body.begun
        assert (label.code128, label.qr) == ("SEALLINE-TEST", "SEALLINE-TEST;0")
        assert printer.formats_received == 1


@BOTH
@pytest.mark.parametrize("state", ["head_open", "busy", "garbage"])
async def test_a_printer_that_is_not_ready_is_sent_nothing(dialect, state):
    async with printer_on_a_wire(dialect=dialect) as (body, printer, port), driver_on(port, dialect) as driver:
        if state == "garbage":
            printer.garbage = True
        else:
            setattr(body, state, True)
        with pytest.raises(NotPrintedError, match="Nothing was printed"):
            await print_one(driver, label_for_trial(LAYOUT, dialect))
        assert printer.formats_received == 0


@pytest.mark.parametrize(("after", "says"), [("head_open", "destroy it"), ("stuck", "shows no sign")])
async def test_after_it_was_sent_nobody_is_sure(after, says, monkeypatch):
    monkeypatch.setattr(printer_trial, "LOOK_S", 0)
    monkeypatch.setattr(printer_trial, "PRINT_MAX_S", 0.1)
    async with printer_on_a_wire(silent_when_unfit=False) as (body, printer, port), driver_on(port) as driver:
        body.after = lambda: setattr(body, after, True)
        with pytest.raises(NotPrintedError, match=says):
            await print_one(driver, label_for_trial(LAYOUT, "zpl"))
        assert printer.formats_received == 1
