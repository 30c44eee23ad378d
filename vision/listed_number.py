"""A number from a list instead of a picture: is it possible at all, and which tokens stand for it (I17)."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from line_config.document_layout import DocumentLayout
from vision.id_number import birth_date, check_holds, real_date
from vision.tokens import second_token, skeleton_token, token


class ListedNumber(NamedTuple):
    """What may leave the source: keyed tokens."""

    token: str
    skeleton: str
    second_field: str


DATES = ("birth", "expiry")
"""what a list may say of a document beside its number, YYYY-MM-DD"""


def _compact(date: str) -> str:
    return date.replace("-", "")


def fault_of(layout: DocumentLayout, number: str, dates: Mapping[str, str]) -> str:
    """Why there is no such document, "" = it is possible. Never holds the number; `dates`: some of DATES, "" = not said."""
    for name, date in dates.items():
        if date and real_date(_compact(date)) is None:
            return f"has a date of {name} that does not exist, write YYYY-MM-DD"
    if not re.fullmatch(layout.pattern, number):
        return "has not the form of its kind"
    if layout.check == "mod11_2" and not check_holds(number):
        return "has a wrong check character"
    if layout.check == "mod11_2" and birth_date(number) is None:
        return "holds a date that does not exist"
    if layout.check == "mod11_2" and dates.get("birth") and number[6:14] != _compact(dates["birth"]):
        return "holds another birth than stands beside it"
    return ""


def tokens_of(site_key: bytes, layout: DocumentLayout, number: str, dates: Mapping[str, str]) -> ListedNumber:
    """The tokens of a possible document; of its dates, the one that its kind bears beside the number."""
    second = _compact(dates.get(layout.second_field, ""))[2:]
    return ListedNumber(
        token(site_key, layout.kind, number),
        skeleton_token(site_key, layout, number),
        second_token(site_key, layout, number, second),
    )
