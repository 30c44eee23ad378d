"""What eyes, printer, scanner and scale have to say."""

from edge.core.event import Event
from edge.core.values import Camera, OrderId, PrintId, Symbol


class FrameRead(Event, frozen=True):
    """What the ID camera's worker read in frame `k` of burst `trigger`; tokens only, never a number (I17)."""

    camera: Camera
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
    reason: str = ""
    """why nothing was read, in the eyes' words: see edge/core/sight.py"""
    second_field: str = ""
    """token of the birth or expiry beside the number, proved by its own check digit; "" = none was read"""


class LabelRead(Event, frozen=True):
    """All symbols that the label camera's worker read in frame `k` of burst `trigger`."""

    camera: Camera
    camera_boot: int
    trigger: int
    k: int
    symbols: tuple[Symbol, ...]
    evidence: str
    reason: str = ""
    """what the eyes find wrong with the picture or the label, in their words: see edge/core/sight.py"""
    printed: str = ""
    """the number in clear text beside the Code 128, where there is doubt: "same", "other" or ""; advice, never a reason"""
    contrast_permille: int = 0
    modulation_permille: int = 0
    margin_permille: int = 0
    """how well the Code 128 is printed and seen (ISO/IEC 15416); all 0 = not measured"""


class ParcelScanned(Event, frozen=True):
    """The induction scanner's text; empty = no read."""

    text: str


class WeightRead(Event, frozen=True):
    """A scale on the line PC weighed something, in units of 100 mg; it does not know what."""

    weight_100mg: int


class LabelPrinted(Event, frozen=True):
    """The printer shows the label `print_id` at its peel bar."""

    print_id: PrintId


class PrintFailed(Event, frozen=True):
    """`sent` False: nothing was sent, the print id is unburnt on paper. True: outcome unknown, never printed again (I5).

    `impossible`: no printer can print it (a character that no font has, an address too long); `reason` names what.
    """

    print_id: PrintId
    sent: bool
    reason: str
    impossible: bool = False


class LabelImpossible(Event, frozen=True):
    """The answer to TryLabel: no label of this order can be made; `reason` names the character or the text."""

    order_id: OrderId
    reason: str


class LabelInDoubt(Event, frozen=True):
    """The printer is empty again, and nobody saw what became of this failed print: its label may lie on the pad."""

    print_id: PrintId


class LabelUnexpected(Event, frozen=True):
    """A label stands at the printer's peel bar that was not sent now: of an earlier run, late, or printed again by itself."""


class PrinterStatus(Event, frozen=True):
    """Normalised printer state: ready, media_out, ribbon_out, head_open, paused, fault, silent, unknown, purging, untested.

    `printer`: see PrintLabel.
    """

    state: str
    printer: str = ""
