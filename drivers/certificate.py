"""Until when a certificate is good: the one field of X.509 that somebody must watch (RFC 5280 §4.1.2.5)."""

import binascii
import ssl
from datetime import UTC, datetime
from pathlib import Path

from drivers.ports import DeviceRefused

SEQUENCE, VERSION, UTC_TIME, GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18
FORMATS = {UTC_TIME: "%y%m%d%H%M%SZ", GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}


def not_after(path: Path) -> datetime:
    """The end of the first certificate in a PEM file, UTC. Raises DeviceRefused."""
    try:
        text = path.read_text("ascii")
        der = ssl.PEM_cert_to_DER_cert(text[text.index(ssl.PEM_HEADER) :].split(ssl.PEM_FOOTER)[0] + ssl.PEM_FOOTER)
        return _end(der)
    except (OSError, ValueError, IndexError, KeyError, binascii.Error) as error:
        raise DeviceRefused(
            f"certificate {path} cannot be read ({error}): take the PEM file as your authority made it"
        ) from error


def _end(der: bytes) -> datetime:
    certificate = _inside(der)[0][1]
    tbs = _inside(_inside(certificate)[0][1])
    # version (only where it is not 1), serial number, algorithm, issuer, validity
    validity = tbs[4 if tbs[0][0] == VERSION else 3]
    tag, value = _inside(validity[1])[1]
    return datetime.strptime(value.decode("ascii"), FORMATS[tag]).replace(tzinfo=UTC)


def _inside(der: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of each element, X.690 §8.1."""
    elements, at = [], 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(der[at : at + size], "big"), at + size
        if at + length > len(der):
            raise ValueError("cut short")
        elements.append((tag, der[at : at + length]))
        at += length
    return elements
