"""Why a picture could not be read, in the eyes' words, as a condition that tells a person what to do about it.

What the eyes say names the cause of a reject: no word of theirs lets anything pass, an unknown one changes nothing (I9).
"""

from collections.abc import Mapping, Sequence

from edge.core.device_events import FrameRead, LabelRead
from edge.core.events import OperatorRequest
from edge.core.matching import TORN_BESIDE
from edge.core.values import Camera, Symbol

PICTURE: dict[str, str] = {
    "too_dark": "PICTURE_DARK",
    "too_bright": "PICTURE_BRIGHT",
    "glare": "PICTURE_GLARE",
    "blurred": "PICTURE_BLURRED",
}
"""faults of the picture, the likelier cause first"""
DOCUMENT: dict[str, str] = {
    **PICTURE,
    "empty_belt": "NOTHING_SEEN",
    "unknown_outline": "WRONG_SIZE",
    "wrong_side": "WRONG_SIDE",
    "cut_off": "CUT_OFF",
}
LABEL: dict[str, dict[str, str]] = {
    "LABEL_MISSING": {**PICTURE, "torn": "LABEL_TORN", "unreadable": "LABEL_UNREADABLE"},
    "LABEL_UNREADABLE": {**PICTURE, "torn": "LABEL_TORN"},
    "LABEL_MISMATCH": {"two_labels": "TWO_LABELS", TORN_BESIDE: "TWO_LABELS", "stranger": "STRANGER_ON_LABEL"},
}
"""by the label check's own reason"""


def document_reason(reason: str, frames: Sequence[FrameRead]) -> str:
    """A content check's reason, made precise where the document was not readable."""
    return _named(reason, DOCUMENT, frames) if reason == "UNREADABLE" else reason


def label_reason(reason: str, frames: Sequence[LabelRead]) -> str:
    """A label check's reason, made precise."""
    return _named(reason, LABEL[reason], frames) if reason in LABEL else reason


def _named(reason: str, table: Mapping[str, str], frames: Sequence[FrameRead] | Sequence[LabelRead]) -> str:
    said = {frame.reason for frame in frames}
    return next((code for word, code in table.items() if word in said), reason)


def looks(event: OperatorRequest) -> list[LabelRead]:
    """The texts scanned from a label, each a look of its own: a code may well be scanned twice. Only a QR has a ";" in it."""
    texts = [text for text in event.argument.get("texts", "").split(",") if text]
    return [
        LabelRead(
            at_us=event.at_us, camera=Camera.LABEL, camera_boot=0, trigger=0, k=k, evidence="",
            symbols=(Symbol("qr" if ";" in text else "code128", text),),
        )
        for k, text in enumerate(texts)
    ]  # fmt: skip
