"""A printer by hand: what each of its answers means, and one test label."""

import asyncio
import time

from drivers.label_printer import LabelPrinter
from drivers.ports import LinkLost
from drivers.printer_status import NAMED_FAULTS, QUESTIONS
from edge.labels.compose import compose
from edge.labels.fields import LabelFields
from edge.labels.languages import LANGUAGES
from line_config.label_layout import LabelLayout

PORT = 9100
FIT = frozenset({"ready", "busy", "label_waiting"})
PRINT_MAX_S = 10.0
LOOK_S = 0.05
DOUBTS_THAT_COUNT = 2
# One word → what it means and what to do.
MEANING: dict[str, str] = {
    "ready": "ready to print",
    "busy": "a label is being printed",
    "label_waiting": "a label waits to be taken",
    "head_open": "the head is open; close it",
    "media_out": "no labels; change the roll",
    "ribbon_out": "no ribbon; change it",
    "paused": "paused; press its pause key",
    "fault": "a fault without a word of its own (cutter, temperature, memory, jam); see the printer's display",
    "silent": "connected, but no answer: no media, head open, or a firmware that does not know this question",
    "unknown": "an answer that makes no sense; check dialect, baud rate and status port",
    "lost": "no connection; check power, cable and address",
}
TEST_NUMBER = "SEALLINE-TEST"


class NotPrintedError(Exception):
    """The test label was not printed, or nobody knows; the text says which."""


async def examine(printer: LabelPrinter, dialect: str) -> dict[str, str]:
    """Question → word, for each of the dialect's questions."""
    try:
        return {question.name: await printer.ask(question) for question in QUESTIONS[dialect]}
    finally:
        await printer.close()


def verdict(answers: dict[str, str]) -> str:
    """The first question must be answered; the second may name a fault, and may be unknown to older printers."""
    first, second = answers.values()
    return second if second in NAMED_FAULTS and first not in NAMED_FAULTS else first


def test_label(layout: LabelLayout, dialect: str) -> bytes:
    """A label that belongs to no order: its number has no form of a tracking number, its print id is 0. Raises LabelError."""
    fields = LabelFields(
        tracking_number=TEST_NUMBER,
        payload_qr=f"{TEST_NUMBER};0",
        name="测*",
        phone="******",
        address="测试面单，请销毁 TEST LABEL, DESTROY IT",
        county="000000",
        product="TEST",
        chute=0,
    )
    return LANGUAGES[dialect](compose(layout, fields), layout)


async def print_one(printer: LabelPrinter, fmt: bytes) -> int:
    """Print once, and only on a printer that says that it is ready; returns ms until it was printed. Raises NotPrintedError."""
    try:
        state = await printer.status()
        if state != "ready":
            raise NotPrintedError(f"{MEANING[state]}. Nothing was printed.")
        begun = time.monotonic()
        try:
            await printer.send(fmt)
        except LinkLost as error:
            raise NotPrintedError(str(error)) from error
        return await _printed(printer, begun)
    finally:
        await printer.close()


async def _printed(printer: LabelPrinter, begun: float) -> int:
    worked = False
    doubts = 0
    while time.monotonic() - begun < PRINT_MAX_S:
        state = await printer.status()
        if state == "label_waiting" or (state == "ready" and worked):
            return round((time.monotonic() - begun) * 1000)
        worked |= state == "busy"
        doubts = 0 if state in FIT else doubts + 1
        if state in NAMED_FAULTS or doubts >= DOUBTS_THAT_COUNT:
            raise NotPrintedError(f"{MEANING[state]}. A label may have been printed: look, and destroy it.")
        await asyncio.sleep(LOOK_S)
    raise NotPrintedError("it took the label and shows no sign of having printed it. Look, and destroy what there is.")
