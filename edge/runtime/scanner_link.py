"""The induction scanner's link: one ParcelScanned event per line of text, reconnecting for ever."""

import asyncio

from drivers.ports import BadReply, DeviceError, ScannerPort
from edge.core.commands import Command
from edge.core.events import Event, LinkDown, LinkUp, ParcelScanned
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
        self._up: bool | None = None
        self._detail = "not connected yet"
        self._last_us: int | None = None
        self.garbage = 0
        self.dropped = 0

    def send(self, command: Command) -> None:
        """No command goes to the scanner."""
        raise AssertionError(f"dispatch table sends {type(command).__name__} to the scanner")

    def health(self) -> Health:
        """Age since the last text; a quiet scanner is not a dead one."""
        age_ms = -1 if self._last_us is None else (self._clock.now_us() - self._last_us) // 1000
        return Health(bool(self._up), age_ms, self._detail)

    async def run(self) -> None:
        """Read for ever."""
        pause_s = 0.0
        try:
            while True:
                try:
                    await self._port.connect()
                    self._set_up(up=True, detail="")
                    pause_s = 0.0
                    await self._read()
                except DeviceError as error:
                    await self._port.close()
                    self._set_up(up=False, detail=str(error))
                    await asyncio.sleep(pause_s)
                    pause_s = min(RECONNECT_MAX_S, max(RECONNECT_MIN_S, pause_s * 2))
        finally:
            await self._port.close()

    async def _read(self) -> None:
        while True:
            try:
                text = await self._port.read()
            except BadReply:
                # Something passed and could not be read: the parcel must not wait for a text that will not come.
                self.garbage += 1
                text = ""
            self._last_us = self._clock.now_us()
            self._tell(ParcelScanned(at_us=self._last_us, text=text))

    def _set_up(self, *, up: bool, detail: str) -> None:
        if up == self._up:
            return
        self._up, self._detail = up, detail
        now_us = self._clock.now_us()
        self._tell(
            LinkUp(at_us=now_us, link=self.name) if up else LinkDown(at_us=now_us, link=self.name, reason="lost", detail=detail)
        )

    def _tell(self, event: Event) -> None:
        if not self._offer(event):
            self.dropped += 1
