"""Keyed tokens that stand for a number outside the worker (I17): HMAC-SHA-256, cut to 128 bits, in hex."""

import hmac
from collections.abc import Sequence
from pathlib import Path

from line_config.document_layout import DocumentLayout
from vision.mrz import mrz_value

KEY_MIN_BYTES = 32


class SiteKeyError(ValueError):
    """The site key file cannot be used; the text says why."""


def load_site_key(path: Path) -> bytes:
    """The file's bytes. Raises SiteKeyError."""
    try:
        key = path.read_bytes()
    except OSError as error:
        raise SiteKeyError(
            f"site key {path} cannot be read ({error.strerror}): create it or correct paths.site_key_file"
        ) from error
    if len(key) < KEY_MIN_BYTES:
        raise SiteKeyError(f"site key {path} has {len(key)} bytes, at least {KEY_MIN_BYTES} are needed: make a new one")
    return key


def token(site_key: bytes, kind: str, number: str) -> str:
    """Stands for this number of this kind; 32 hex characters."""
    return _keyed(site_key, f"number:{kind}:{number}")


def skeleton_token(site_key: bytes, layout: DocumentLayout, number: str) -> str:
    """Stands for all numbers that differ from this one only in look-alike characters."""
    return _keyed(site_key, f"skeleton:{layout.kind}:{fold(layout, number)}")


def second_token(site_key: bytes, layout: DocumentLayout, number: str, date: str) -> str:
    """Stands for the layout's second field, YYMMDD, of a document with this number or a look-alike; "" = there is none.

    Only look-alikes are ever compared: the folded number in it keeps it from telling who else was born that day.
    """
    return _keyed(site_key, f"{layout.second_field}:{layout.kind}:{fold(layout, number)}:{date}") if date else ""


def fold(layout: DocumentLayout, number: str) -> str:
    """`number` with look-alikes made equal.

    In an MRZ these are the characters that the check digit cannot tell apart, equal modulo 10; elsewhere the layout's classes.
    """
    if layout.check == "mrz":
        return "".join(str(mrz_value(character) % 10) for character in number)
    return number.translate(_first_of_class(layout.skeleton_classes))


def _first_of_class(classes: Sequence[str]) -> dict[int, str]:
    return {ord(character): group[0] for group in classes for character in group}


def _keyed(site_key: bytes, text: str) -> str:
    return hmac.digest(site_key, text.encode("ascii"), "sha256")[:16].hex()
