"""A carrier sheet: a page of its own that bears the control code, so that a sealed document need not be altered to be known."""

from functools import cache

from edge.labels.codes import code128_modules, qr_modules
from edge.reports.press import CARRIER, Press

ERROR_LEVEL = "M"


@cache
def _press() -> Press:
    return Press(CARRIER)


def carrier_pdf(code: str) -> bytes:
    """One A4 page with this code as text, Code 128 and QR. Raises LabelError or ReportError."""
    bars = "".join("01"[dark] for dark in code128_modules(code))
    rows = ["".join("01"[dark] for dark in row) for row in qr_modules(code, ERROR_LEVEL)]
    return _press().carrier({"code": code, "bars": bars, "qr": rows})
