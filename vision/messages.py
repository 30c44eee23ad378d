"""What crosses the local socket between a vision worker and the runtime: readings as tokens, never a number (I17).

A message is its length as four bytes, big-endian, then msgpack. A worker sends Hello once, CameraState at each change and
again every second when idle, one reading per frame, and a masked preview now and then; the runtime sends nothing, and closing
the socket ends the worker.
"""

from enum import IntFlag

import msgspec

MESSAGE_MAX_BYTES = 64 * 1024


class Flag(IntFlag):
    """What was proved of one reading; a missing flag means not proved."""

    SYNTAX = 1
    CHECK_DIGIT = 2
    DATES = 4
    CONFIDENT = 8


ACCEPTED = Flag.SYNTAX | Flag.CHECK_DIGIT | Flag.DATES
"""The flags that one frame's reading needs to count at all."""


class Message(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Base of all messages."""


class Hello(Message, frozen=True):
    """A worker has started and serves this camera; `pyzbar` says whether the second decoder is there."""

    camera: str
    pid: int
    pyzbar: bool


class CameraState(Message, frozen=True):
    """The worker's connection to its camera came up or went down; `detail` says whose fault it is."""

    up: bool
    detail: str
    exposures: int = -1
    """what the camera has counted by itself since it was connected, mod 65536; -1: its frames bear the PLC's count"""
    new: bool = False
    """the camera has just been connected"""


class DocumentReading(Message, frozen=True):
    """One frame of the ID camera. `kind` None: no document was made out, `reason` says why."""

    camera_boot: int
    trigger: int
    k: int
    kind: str | None
    flags: int
    token: str
    skeleton: str
    confidence_permille: int
    masked: str
    evidence: str
    reason: str
    cpu_us: int
    second_field: str = ""
    """token of the birth or expiry beside the number (vision/tokens.py); "" = none was read"""


class LabelSymbol(msgspec.Struct, frozen=True):
    """One symbol: symbology ("code128", "qr"), text, centre in px, and whether the second decoder read the same."""

    symbology: str
    text: str
    x_px: int
    y_px: int
    confirmed: bool


class LabelReading(Message, frozen=True):
    """One frame of the label camera with all its symbols; `reason`: what is wrong, see vision/label_check.py, "" = nothing."""

    camera_boot: int
    trigger: int
    k: int
    symbols: tuple[LabelSymbol, ...]
    evidence: str
    reason: str
    cpu_us: int
    printed: str = ""
    """the number in clear text beside the Code 128, where there is doubt: "same", "other", or ""; never replaces a symbol"""
    contrast_permille: int = 0
    modulation_permille: int = 0
    margin_permille: int = 0
    sharpness_permille: int = 0
    module_px_hundredths: int = 0
    """the Code 128's grade, see vision/grade.py; all 0 = not measured"""


class Preview(Message, frozen=True):
    """What the camera saw last, masked: a JPEG of at most 20 kB in which nothing can be read. At most one a second."""

    trigger: int
    k: int
    jpeg: bytes


AnyMessage = Hello | CameraState | DocumentReading | LabelReading | Preview

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[AnyMessage] = msgspec.msgpack.Decoder(AnyMessage)


def encode(message: Message) -> bytes:
    """One message with its length in front."""
    body = _encoder.encode(message)
    return len(body).to_bytes(4, "big") + body


def decode(body: bytes) -> AnyMessage:
    """One message's body. Raises msgspec.DecodeError (ValidationError) for anything else."""
    return _decoder.decode(body)


def masked(value: str) -> str:
    """`value` as it may be shown: the first four and the last two characters; a short one not at all."""
    return value[:4] + "*" * (len(value) - 6) + value[-2:] if len(value) >= 9 else "*" * len(value)
