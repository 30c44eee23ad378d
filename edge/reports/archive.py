"""Where sheets are kept: the PDF is on disk before anybody prints it, and a reprint is the same sheet, marked 补打 n."""

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from edge.reports.errors import ReportError
from edge.reports.sheet import Language, Sheet

Setting = Callable[[Sheet, Language, int], bytes]
"""(sheet, language, number of the reprint) → PDF"""
_UNSAFE = re.compile(r"[^0-9A-Za-z_.\-\u4e00-\u9fff]+")


class Kept(NamedTuple):
    """An archived PDF; `reprint` 0 is the first one."""

    path: Path
    reprint: int
    sha256: str


class ReportArchive:
    """A folder: `<kind>_<key>_<language>.json` is the sheet as it was first drawn, `… .pdf` and `…_r<n>.pdf` its prints."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, sheet: Sheet, language: Language, setting: Setting) -> Kept:
        """Archive the next print of a sheet. A sheet that was kept before is reprinted as it was, whatever it would say now.

        A sheet that says something else than the kept one needs another key. Raises ReportError.
        """
        stem = _UNSAFE.sub("-", f"{sheet.kind}_{sheet.key}_{language}")
        book = self._folder / f"{stem}.json"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            kept = msgspec.json.decode(book.read_bytes(), type=Sheet) if book.exists() else None
            reprint = 0 if kept is None else 1 + len(list(self._folder.glob(f"{stem}_r*.pdf")))
            pdf = setting(kept or sheet, language, reprint)
            path = self._folder / (f"{stem}_r{reprint}.pdf" if reprint else f"{stem}.pdf")
            _write(path, pdf)
            if kept is None:
                _write(book, msgspec.json.encode(sheet))
        except (OSError, msgspec.DecodeError) as error:
            raise ReportError(f"report: {self._folder} cannot keep it ({error}); nothing is printed, free it") from error
        return Kept(path, reprint, hashlib.sha256(pdf).hexdigest())


def _write(path: Path, data: bytes) -> None:
    """Whole and on the disk, or not at all."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
