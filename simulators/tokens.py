"""Central's own token code: written apart from the line's, so that an error in either shows as a document without order."""

import hashlib
import hmac
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files

TOKEN_BYTES = 16
MRZ_KINDS = frozenset({"passport"})
Classes = Mapping[str, Sequence[str]]


def load_classes() -> dict[str, tuple[str, ...]]:
    """Look-alike classes per document kind, as the layout data in line_config/documents gives them."""
    layouts = [path for path in files("line_config").joinpath("documents").iterdir() if path.name.endswith(".toml")]
    return {
        path.name.removesuffix(".toml"): tuple(tomllib.loads(path.read_text("utf-8")).get("skeleton_classes", ()))
        for path in layouts
    }


def token(site_key: bytes, kind: str, number: str) -> str:
    """Keyed token of a number: 32 hex digits of HMAC-SHA-256 cut to 128 bits."""
    return _keyed(site_key, f"number:{kind}:{number}")


def skeleton(site_key: bytes, kind: str, number: str, classes: Classes) -> str:
    """Keyed token of the number with its look-alikes folded."""
    return _keyed(site_key, f"skeleton:{kind}:{fold(kind, number, classes)}")


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
