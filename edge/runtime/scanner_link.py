"""The induction scanner's link: one ParcelScanned event per line of text, reconnecting for ever."""

import asyncio

from drivers.ports import BadReply, DeviceError, ScannerPort
from edge.core.commands import Command
from edge.core.device_events import ParcelScanned
from edge.core.events import LinkDown, LinkUp
from edge.runtime.clock import Clock
from edge.runtime.link import Health, Offer

RECONNECT_MIN_S, RECONNECT_MAX_S = 0.1, 1.0


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
        if not self._offer(ParcelScanned(at_us=self._last_us, text=text)):
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
