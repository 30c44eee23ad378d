"""The links of scanners: the induction scanner's texts are events, those from a hand go to the panel."""

import re
from dataclasses import dataclass

from drivers.ports import ScannerPort
from drivers.scanner import without_identifier
from edge.core.device_events import ParcelScanned
from edge.runtime.clock import Clock
from edge.runtime.link import Offer
from edge.runtime.reading_link import ReadingLink

DOCUMENT_NUMBER = re.compile(r"\d{17}[0-9X]|[A-Z]{1,2}\d{7,8}|[CHM]\d{10}|.*<<.*", re.IGNORECASE)
"""what stands on documents (GB 11643, ICAO 9303): numbers of persons have no place on a panel (I17)"""
HAND_TEXT_MAX = 64


@dataclass(frozen=True)
class HandScan:
    """What a person scanned last: `number` counts scans since the start; `text` is "" where it was refused with `code`."""

    number: int = 0
    text: str = ""
    code: str = ""


class ScannerLink(ReadingLink[str]):
    """Implements Link for the induction scanner. An empty text is a no-read; garbage is one too."""

    name = "scanner"

    def heard(self, reading: str) -> None:
        """A parcel passed."""
        self.offer(ParcelScanned(at_us=self.now_us(), text=reading))

    def garbled(self) -> None:
        """Something passed and could not be read: the parcel must not wait for a text that will not come."""
        self.heard("")


class HandScannerLink(ScannerLink):
    """A scanner in a hand: its texts go to the panel, into the field that waits for one. They are not events: the act is."""

    name = "hand_scanner"

    def __init__(self, port: ScannerPort, offer: Offer, clock: Clock) -> None:
        super().__init__(port, offer, clock)
        self.newest = HandScan()

    def heard(self, reading: str) -> None:
        """Somebody scanned something."""
        self.now_us()
        text = without_identifier(reading)
        code = refused(text)
        self.newest = HandScan(self.newest.number + 1, "" if code else text, code)


def refused(text: str) -> str:
    """What stands against a text from a hand, "" where nothing does."""
    if not text or len(text) > HAND_TEXT_MAX or not text.isascii():
        return "NOT_READ"
    return "DOCUMENT_NUMBER" if DOCUMENT_NUMBER.fullmatch(text) else ""
