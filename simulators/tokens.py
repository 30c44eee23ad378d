"""Central's own token code: written apart from the line's, so that an error in either shows as a document without order."""

import hashlib
import hmac
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.resources import files
from typing import Any, Protocol


class Dated(Protocol):
    """Somebody's document."""

    @property
    def kind(self) -> str:
        """Kind of document."""

    @property
    def birth(self) -> date:
        """Its holder's birth."""

    @property
    def expiry(self) -> date:
        """Its last day."""


TOKEN_BYTES = 16
MRZ_KINDS = frozenset({"passport"})
Classes = Mapping[str, Sequence[str]]


def _layouts() -> dict[str, dict[str, Any]]:
    paths = [path for path in files("line_config").joinpath("documents").iterdir() if path.name.endswith(".toml")]
    return {path.name.removesuffix(".toml"): tomllib.loads(path.read_text("utf-8")) for path in paths}


def load_classes() -> dict[str, tuple[str, ...]]:
    """Look-alike classes per document kind, as the layout data in line_config/documents gives them."""
    return {kind: tuple(layout.get("skeleton_classes", ())) for kind, layout in _layouts().items()}


def token(site_key: bytes, kind: str, number: str) -> str:
    """Keyed token of a number: 32 hex digits of HMAC-SHA-256 cut to 128 bits."""
    return _keyed(site_key, f"number:{kind}:{number}")


def skeleton(site_key: bytes, kind: str, number: str, classes: Classes) -> str:
    """Keyed token of the number with its look-alikes folded."""
    return _keyed(site_key, f"skeleton:{kind}:{fold(kind, number, classes)}")


_SECOND = {kind: str(layout["second_field"]) for kind, layout in _layouts().items() if layout.get("second_field")}
"""kind → "birth" or "expiry", the date beside its number; kinds without are not in it"""


def date_beside(document: Dated) -> str:
    """The date beside its number as YYMMDD, "" where its kind has none."""
    name = _SECOND.get(document.kind)
    return f"{document.birth if name == 'birth' else document.expiry:%y%m%d}" if name else ""


def second_field(site_key: bytes, kind: str, number: str, beside: str, classes: Classes) -> str:
    """Keyed token of the date beside the number, "" where there is none."""
    return _keyed(site_key, f"{_SECOND[kind]}:{kind}:{fold(kind, number, classes)}:{beside}") if beside else ""


def fold(kind: str, number: str, classes: Classes) -> str:
    """What is left of a number when look-alikes count as equal.

    MRZ kinds: each character's value mod 10, which is all that the 7-3-1 check digit of ICAO 9303-3 §4.9 can see.
    Others: the first character of its class. Raises KeyError for a kind without layout data.
    """
    if kind in MRZ_KINDS:
        return "".join(str(_mrz_value(char) % 10) for char in number)
    first_of = {char: group[0] for group in classes[kind] for char in group}
    return "".join(first_of.get(char, char) for char in number)


def _mrz_value(char: str) -> int:
    return 0 if char == "<" else int(char, 36)


def _keyed(site_key: bytes, text: str) -> str:
    return hmac.new(site_key, text.encode("ascii"), hashlib.sha256).digest()[:TOKEN_BYTES].hex()
