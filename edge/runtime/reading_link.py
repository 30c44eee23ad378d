"""The link of a device that only talks, reconnecting for ever: its subclass says what becomes of a reading, and of garbage."""

import asyncio
from abc import ABC, abstractmethod
from typing import Generic, Protocol, TypeVar

from drivers.ports import BadReply, DeviceError
from edge.core.commands import Command
from edge.core.event import Event
from edge.core.events import LinkDown, LinkUp
from edge.runtime.clock import Clock
from edge.runtime.link import Health, Offer

RECONNECT_MIN_S, RECONNECT_MAX_S = 0.1, 1.0
ReadingT = TypeVar("ReadingT")
ReadingT_co = TypeVar("ReadingT_co", covariant=True)


class ReadingPort(Protocol[ReadingT_co]):
    """A driver: connect and read raise DeviceError, of which BadReply leaves the connection as it is."""

    async def connect(self) -> None:
        """Open the device."""

    async def read(self) -> ReadingT_co:
        """The next reading."""

    async def close(self) -> None:
        """Close the device; never raises."""


class ReadingLink(ABC, Generic[ReadingT]):
    """Implements Link but for its name."""

    name = ""

    def __init__(self, port: ReadingPort[ReadingT], offer: Offer, clock: Clock) -> None:
        self._port = port
        self._offer = offer
        self._clock = clock
        self._up = False
        self._up_told: bool | None = None
        self._detail = "not connected yet"
        self._last_us: int | None = None
        self.garbage = 0
        self.dropped = 0
        """readings that the full queue did not take; what they were of passes as never read"""

    def send(self, command: Command) -> None:
        """No command goes to a device that only talks."""
        raise AssertionError(f"dispatch table sends {type(command).__name__} to the {self.name}")

    def health(self) -> Health:
        """Age since the last reading; a quiet device is not a dead one."""
        age_ms = -1 if self._last_us is None else (self._clock.now_us() - self._last_us) // 1000
        return Health(self._up, age_ms, self._detail)

    async def run(self) -> None:
        """Read for ever; the next attempt comes at once, then every 0.1–1 s until a reading has come."""
        pause_s = 0.0
        try:
            while True:
                try:
                    await self._port.connect()
                    self._tell_quality(up=True)
                    self.connected()
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
            reading = await self._port.read()
        except BadReply as error:
            self.garbage += 1
            self._detail = str(error)
            self.garbled()
            return
        self._tell_quality(up=True)
        self.heard(reading)

    def connected(self) -> None:
        """The device was opened (again)."""

    @abstractmethod
    def heard(self, reading: ReadingT) -> None:
        """A reading has come."""

    def garbled(self) -> None:
        """Something has come that is none."""

    def now_us(self) -> int:
        """The time of a reading that has just come; the device's age counts from it."""
        self._last_us = self._clock.now_us()
        return self._last_us

    def offer(self, event: Event) -> None:
        """Into the pump's queue, or counted as dropped."""
        if not self._offer(event):
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
