"""One document for the manual desk, an executable: a picture, or a number entered twice; tokens and a masked form come out.

The number is asked for on the terminal by this process itself, unseen, so that nobody else ever holds it (I17). One JSON object
goes to standard output: kind, flags, token, skeleton, second_field, masked, reason. What a scanner sends begins with the
identifier of its symbology (ISO/IEC 15424, for instance "]Q1"). What is keyed in does not: a number without a check digit then
proves nothing.
"""

import argparse
import getpass
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from line_config.document_layout import DocumentLayout, load_document_layout
from vision.errors import VisionError
from vision.forms import FORMS
from vision.locate import Outline
from vision.messages import Flag, masked
from vision.ocr import Line
from vision.picture_file import UnreadableFile, load_picture
from vision.pictures import PictureReader
from vision.readers import NOTHING, Reading, judge_line, unread
from vision.tokens import SiteKeyError, load_site_key, second_token, skeleton_token, token

NOWHERE = Outline(np.zeros((4, 2)), whole=True)
"""what is entered has no place in a picture"""
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp"})
SCANNED = re.compile(r"\][A-Za-z][0-9A-Za-z]")
PROMPTS = {
    "zh": ("证件号码(扫描或输入，不显示): ", "再一次: "),
    "en": ("number (scan or key in, not shown): ", "once more: "),
}


def entered(entries: Sequence[str], layouts: Sequence[DocumentLayout]) -> Reading:
    """What several entries of one number prove together; nothing where they differ."""
    texts = {text.strip().upper() for text in entries}
    if len(texts) > 1:
        return unread("entries_differ")
    text = texts.pop()
    identifier = SCANNED.match(text)
    readings = [
        reading
        for layout in layouts
        if (reading := _judged(text[identifier.end() :] if identifier else text, layout, scanned=identifier is not None))
    ]
    readings = [reading for reading in readings if reading.accepted] or readings
    return readings[0] if len(readings) == 1 else unread("no_number" if not readings else "several_kinds")


def _judged(text: str, layout: DocumentLayout, *, scanned: bool) -> Reading | None:
    """The text as a number of this layout. A resident number carries its check digit and date, a TD3 line all of them."""
    if layout.reader in FORMS:
        reading = judge_line(Line(text, 1.0), NOWHERE, layout)
        return replace(reading, symbology="entered", corners=()) if reading.kind else None
    # The symbol's own error detection stands for the check digit: without a symbol there is none.
    fits = re.fullmatch(layout.pattern, text, re.ASCII) is not None
    flags = Flag.SYNTAX | Flag.DATES | Flag.CONFIDENT | (Flag.CHECK_DIGIT if scanned else NOTHING)
    return Reading(layout.kind, text, "entered", flags) if fits else None


def pictured(path: Path, layouts: Sequence[DocumentLayout]) -> Reading:
    """The one document on this picture. Raises RecogniserFailed."""
    try:
        readings = PictureReader(layouts).read(load_picture(path))
    except UnreadableFile as fault:
        return unread(str(fault))
    documents = {(one.kind, one.value): one for one in readings if one.kind in {layout.kind for layout in layouts}}
    if len(documents) == 1:
        return next(iter(documents.values()))
    return unread("several_documents" if documents else next((one.reason for one in readings if one.reason), "nothing_found"))


def taken(folder: Path, layouts: Sequence[DocumentLayout]) -> Reading:
    """The newest picture in a folder, and none of them lies there afterwards: each shows a whole document (I18)."""
    there = [path for path in folder.iterdir() if path.suffix.lower() in PICTURES and path.is_file()]
    if not there:
        return unread("no_picture")
    try:
        return pictured(max(there, key=lambda path: path.stat().st_mtime_ns), layouts)
    finally:
        for path in there:
            path.unlink(missing_ok=True)


def told(reading: Reading, layouts: Sequence[DocumentLayout], site_key: bytes) -> dict[str, str | int | None]:
    """What may be known of a reading outside."""
    layout = next((layout for layout in layouts if layout.kind == reading.kind), None)
    if layout is None:
        return {
            "kind": None, "flags": 0, "token": "", "skeleton": "", "second_field": "", "masked": "", "reason": reading.reason,
        }  # fmt: skip
    return {
        "kind": layout.kind,
        "flags": int(reading.flags),
        "token": token(site_key, layout.kind, reading.value),
        "skeleton": skeleton_token(site_key, layout, reading.value),
        "second_field": second_token(site_key, layout, reading.value, reading.second),
        "masked": masked(reading.value),
        "reason": reading.reason,
    }


def main(argv: Sequence[str] | None = None, ask: Callable[[str], str] = getpass.getpass) -> int:
    """Read one document; 0 = told, 2 = it cannot start as told."""
    asked = _arguments().parse_args(argv)
    try:
        layouts = [load_document_layout(path) for path in asked.layouts]
        site_key = load_site_key(asked.site_key)
        if asked.folder:
            reading = taken(asked.folder, layouts)
        elif asked.picture:
            reading = pictured(asked.picture, layouts)
        else:
            reading = entered([ask(prompt) for prompt in PROMPTS[asked.lang]], layouts)
    except (SiteKeyError, VisionError, ValueError, OSError) as error:
        sys.stderr.write(f"desk reader: {error}\n")
        return 2
    except EOFError:
        reading = unread("no_number")
    sys.stdout.write(json.dumps(told(reading, layouts, site_key)) + "\n")
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vision.desk_reader", description="reads one document for the manual desk")
    parser.add_argument("--layouts", nargs="+", type=Path, required=True, help="document layouts of the line")
    parser.add_argument("--site-key", type=Path, required=True, help="key of the tokens, at least 32 bytes")
    parser.add_argument("--picture", type=Path, help="picture of the document; without it its number is asked for")
    parser.add_argument("--folder", type=Path, help="folder whose newest picture is read; all pictures in it are then deleted")
    parser.add_argument("--lang", choices=sorted(PROMPTS), default="zh")
    return parser


if __name__ == "__main__":
    sys.exit(main())
