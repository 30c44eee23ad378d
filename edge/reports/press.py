"""A sheet as PDF. The only file that knows typst."""

from pathlib import Path
from typing import Literal

import msgspec
import typst

from edge.reports.errors import ReportError
from edge.reports.glyphs import FAMILY, FONT, named
from edge.reports.sheet import Language, Sheet

TEMPLATE = Path(__file__).parent / "templates" / "sheet.typ"
CARRIER = Path(__file__).parent / "templates" / "carrier.typ"
STANDARD: Literal["a-2b"] = "a-2b"
"""PDF/A-2b (ISO 19005-2): fonts embedded, readable for as long as the books are kept"""
EPOCH = 0
"""no time of making in the file: the same sheet gives the same bytes, and its times stand on it"""


class Press:
    """Sets sheets with one template; the compiler keeps fonts and template between sheets. Not for several threads at once."""

    def __init__(self, template: Path = TEMPLATE) -> None:
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONT.parent])
        self._template = template
        self._compiler = typst.Compiler(template, root=template.parent, font_paths=fonts)

    def pdf(self, sheet: Sheet, language: Language, *, reprint: int = 0) -> bytes:
        """The sheet as PDF/A; `reprint` n > 0 marks it 补打 n. Raises ReportError."""
        return self._set({
            "sheet": msgspec.json.encode(named(sheet)).decode(),
            "lang": language,
            "reprint": str(reprint),
            "font": FAMILY,
        })  # fmt: skip

    def carrier(self, symbols: dict[str, str | list[str]]) -> bytes:
        """A carrier sheet: `code`, the modules of its Code 128 as `bars`, those of its QR as the rows `qr`, "1" = dark."""
        return self._set({"sheet": msgspec.json.encode(symbols).decode(), "font": FAMILY})

    def _set(self, inputs: dict[str, str]) -> bytes:
        try:
            made = self._compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=STANDARD, timestamp=EPOCH)
        except typst.TypstError as error:
            raise ReportError(f"reports: the template {self._template.name} could not be set ({error}); restore it") from error
        if not isinstance(made, bytes):
            raise ReportError("reports: the typesetter gave no page; restore the template")
        return made
