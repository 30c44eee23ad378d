"""A number from a list instead of a picture: is it possible at all, and which tokens stand for it (I17)."""

import re
from typing import NamedTuple

from line_config.document_layout import DocumentLayout
from vision.id_number import birth_date, check_holds
from vision.tokens import skeleton_token, token


class ListedNumber(NamedTuple):
    """What may leave the source: two keyed tokens."""

    token: str
    skeleton: str


def fault_of(layout: DocumentLayout, number: str) -> str:
    """Why there is no such number, "" = it is possible. Never holds the number."""
    if not re.fullmatch(layout.pattern, number):
        return "has not the form of its kind"
    if layout.check == "mod11_2" and not check_holds(number):
        return "has a wrong check character"
    if layout.check == "mod11_2" and birth_date(number) is None:
        return "holds a date that does not exist"
    return ""


def tokens_of(site_key: bytes, layout: DocumentLayout, number: str) -> ListedNumber:
    """The tokens of a possible number."""
    return ListedNumber(token(site_key, layout.kind, number), skeleton_token(site_key, layout, number))
