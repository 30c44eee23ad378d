"""The links of scanners, reconnecting for ever: the induction scanner's texts are events, those from a hand go to the panel."""

import asyncio
import re
from dataclasses import dataclass

from drivers.ports import BadReply, DeviceError, ScannerPort
from drivers.scanner import without_identifier
from edge.core.commands import Command
from edge.core.device_events import ParcelScanned
from edge.core.events import LinkDown, LinkUp
from edge.runtime.clock import Clock
from edge.runtime.link import Health, Offer

RECONNECT_MIN_S, RECONNECT_MAX_S = 0.1, 1.0
DOCUMENT_NUMBER = re.compile(r"\d{17}[0-9X]|[A-Z]{1,2}\d{7,8}|[CHM]\d{10}|.*<<.*", re.IGNORECASE)
"""what stands on documents (GB 11643, ICAO 9303): numbers of persons have no place on a panel (I17)"""
HAND_TEXT_MAX = 64


@dataclass(frozen=True)
class HandScan:
    """What a person scanned last: `number` counts scans since the start; `text` is "" where it was refused with `code`."""

    number: int = 0
    text: str = ""
    code: str = ""


class ScannerLink:
    """Implements Link for the induction scanner. An empty text is a no-read; garbage is one too."""

    name = "scanner"

    def __init__(self, port: ScannerPort, offer: Offer, clock: Clock) -> None:
        self._port = port
        self._offer = offer
        self._clock = clock
        self._up = False
        self._up_told: bool | None = None
        self._detail = "not connected yet"
        self._last_us: int | None = None
        self.garbage = 0
        self.dropped = 0
        """texts that the full queue did not take; their parcels pass as never scanned and are rejected"""

    def send(self, command: Command) -> None:
        """No command goes to the scanner."""
        raise AssertionError(f"dispatch table sends {type(command).__name__} to the scanner")

    def health(self) -> Health:
        """Age since the last text; a quiet scanner is not a dead one."""
        age_ms = -1 if self._last_us is None else (self._clock.now_us() - self._last_us) // 1000
        return Health(self._up, age_ms, self._detail)

    async def run(self) -> None:
        """Read for ever; the next attempt comes at once, then every 0.1–1 s until a text has come."""
        pause_s = 0.0
        try:
            while True:
                try:
                    await self._port.connect()
                    self._tell_quality(up=True)
                    while True:
                        await self._read()
                        pause_s = 0.0
                except DeviceError as error:
                    await self._port.close()
                    self._tell_quality(up=False, detail=str(error))
                    await asyncio.sleep(pause_s)
                    pause_s = min(RECONNECT_MAX_S, max(RECONNECT_MIN_S, pause_s * 2))
        finally:
            await self._port.close()

    async def _read(self) -> None:
        try:
            text = await self._port.read()
        except BadReply:
            # Something passed and could not be read: the parcel must not wait for a text that will not come.
            self.garbage += 1
            text = ""
        self._last_us = self._clock.now_us()
        self._tell_quality(up=True)
        self._heard(text)

    def _heard(self, text: str) -> None:
        if not self._offer(ParcelScanned(at_us=self._clock.now_us(), text=text)):
            self.dropped += 1

    def _tell_quality(self, *, up: bool, detail: str = "") -> None:
        """Offer LinkUp or LinkDown when it differs from what was told; a full queue is asked again later."""
        self._up, self._detail = up, detail
        if up == self._up_told:
            return
        now_us = self._clock.now_us()
        down = LinkDown(at_us=now_us, link=self.name, reason="lost", detail=detail)
        if self._offer(LinkUp(at_us=now_us, link=self.name) if up else down):
            self._up_told = up


class HandScannerLink(ScannerLink):
    """A scanner in a hand: its texts go to the panel, into the field that waits for one. They are not events: the act is."""

    name = "hand_scanner"

    def __init__(self, port: ScannerPort, offer: Offer, clock: Clock) -> None:
        super().__init__(port, offer, clock)
        self.newest = HandScan()

    def _heard(self, text: str) -> None:
        text = without_identifier(text)
        code = refused(text)
        self.newest = HandScan(self.newest.number + 1, "" if code else text, code)


def refused(text: str) -> str:
    """What stands against a text from a hand, "" where nothing does."""
    if not text or len(text) > HAND_TEXT_MAX or not text.isascii():
        return "NOT_READ"
    return "DOCUMENT_NUMBER" if DOCUMENT_NUMBER.fullmatch(text) else ""
