"""The eyes' words only name the cause of a reject."""

import pytest

from edge.core.conditions import CONDITIONS
from edge.core.device_events import FrameRead, LabelRead
from edge.core.sight import DOCUMENT, LABEL, document_reason, label_reason
from edge.core.values import Camera


def frame(reason: str) -> FrameRead:
    return FrameRead(
        at_us=0, camera=Camera.ID, camera_boot=1, trigger=2, k=0, kind=None, flags=0, token="", skeleton="",
        confidence_permille=0, masked="", evidence="", reason=reason,
    )  # fmt: skip


def label(reason: str) -> LabelRead:
    return LabelRead(at_us=0, camera=Camera.LABEL, camera_boot=1, trigger=2, k=0, symbols=(), evidence="", reason=reason)


def test_every_cause_is_a_reason_for_a_reject() -> None:
    codes = {*DOCUMENT.values(), *LABEL, *(code for table in LABEL.values() for code in table.values())}
    assert {CONDITIONS[code].effect for code in codes} == {"rejects"}


@pytest.mark.parametrize(("word", "code"), list(DOCUMENT.items()))
def test_a_document_that_was_not_readable(word: str, code: str) -> None:
    assert document_reason("UNREADABLE", [frame("no_number"), frame(word)]) == code


@pytest.mark.parametrize(
    ("words", "code"), [((), "UNREADABLE"), (("no_number",), "UNREADABLE"), (("glare", "too_dark"), "PICTURE_DARK")]
)
def test_unknown_words_change_nothing_and_the_likelier_cause_is_told(words: tuple[str, ...], code: str) -> None:
    assert document_reason("UNREADABLE", [frame(word) for word in words]) == code


@pytest.mark.parametrize("reason", ["FRAMES_DISAGREE", "DOUBTFUL", "CHECK_DIGIT_WRONG", ""])
def test_what_was_read_keeps_its_reason(reason: str) -> None:
    assert document_reason(reason, [frame("blurred")]) == reason


@pytest.mark.parametrize(
    ("reason", "word", "code"),
    [
        ("LABEL_MISSING", "no_label", "LABEL_MISSING"),
        ("LABEL_MISSING", "torn", "LABEL_TORN"),
        ("LABEL_MISSING", "unreadable", "LABEL_UNREADABLE"),
        ("LABEL_UNREADABLE", "torn", "LABEL_TORN"),
        ("LABEL_UNREADABLE", "blurred", "PICTURE_BLURRED"),
        ("LABEL_UNREADABLE", "two_labels", "LABEL_UNREADABLE"),
        ("LABEL_MISMATCH", "two_labels", "TWO_LABELS"),
        ("LABEL_MISMATCH", "torn_beside", "TWO_LABELS"),
        ("LABEL_MISMATCH", "stranger", "STRANGER_ON_LABEL"),
        ("LABEL_MISMATCH", "torn", "LABEL_MISMATCH"),
        ("", "two_labels", ""),
    ],
)
def test_a_label(reason: str, word: str, code: str) -> None:
    assert label_reason(reason, [label(""), label(word)]) == code
