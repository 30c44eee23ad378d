"""A sheet for machines: JSON with everything, CSV with its tables."""

import csv
import io

import msgspec

from edge.reports.sheet import Language, Sheet


def as_json(sheet: Sheet) -> str:
    """One object."""
    return msgspec.json.format(msgspec.json.encode(sheet), indent=1).decode() + "\n"


def as_csv(sheet: Sheet, language: Language) -> str:
    """Each table with its title in the first column, RFC 4180; spreadsheet formulas are made harmless."""
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\r\n")
    for table in sheet.tables:
        title = table.title.said(language)
        write.writerow(["table", *(column.name.said(language) for column in table.columns)])
        write.writerows([title, *map(_harmless, row)] for row in table.rows)
    return text.getvalue()


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet would run gets a quote in front (CWE-1236)."""
    return "'" + cell if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
