"""The link of a scale that hangs on the line PC: one WeightRead event per weighing, reconnecting for ever."""

import asyncio

from drivers.ports import BadReply, DeviceError, ScalePort
from edge.core.commands import Command
from edge.core.device_events import WeightRead
from edge.core.events import LinkDown, LinkUp
from edge.runtime.clock import Clock
from edge.runtime.link import Health, Offer
from line_config.scale_format import ScaleReading

RECONNECT_MIN_S, RECONNECT_MAX_S = 0.1, 1.0
EMPTY_MAX_100MG = 10
"""so little is an empty scale"""


class Weighings:
    """Makes weighings of readings: one for each time that the scale was loaded.

    A scale that sends all the time says the same weight again and again: the next weighing begins when it has been empty.
    """

    def __init__(self, *, continuous: bool) -> None:
        self._continuous = continuous
        self._armed = not continuous

    def take(self, reading: ScaleReading) -> int | None:
        """The weight (100 mg) where this reading is a weighing."""
        if reading.state != "stable":
            return None
        if reading.weight_100mg <= EMPTY_MAX_100MG:
            self._armed = True
            return None
        if not self._armed:
            return None
        self._armed = not self._continuous
        return reading.weight_100mg


class ScaleLink:
    """Implements Link for the scale. What is not of its format, unstable or out of its range is no weighing."""

    name = "scale"

    def __init__(self, port: ScalePort, offer: Offer, clock: Clock, *, continuous: bool) -> None:
        self._port = port
        self._offer = offer
        self._clock = clock
        self._continuous = continuous
        self._up = False
        self._up_told: bool | None = None
        self._detail = "not connected yet"
        self._last_us: int | None = None
        self.garbage = 0
        self.dropped = 0
        """weighings that the full queue did not take; their items pass as never weighed"""

    def send(self, command: Command) -> None:
        """No command goes to the scale."""
        raise AssertionError(f"dispatch table sends {type(command).__name__} to the scale")

    def health(self) -> Health:
        """Age since the last reading; a scale that sends only when something is on it may be quiet."""
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
                    # What lies on it by now may have been weighed before.
                    weighings = Weighings(continuous=self._continuous)
                    while True:
                        await self._read(weighings)
                        pause_s = 0.0
                except DeviceError as error:
                    await self._port.close()
                    self._tell_quality(up=False, detail=str(error))
                    await asyncio.sleep(pause_s)
                    pause_s = min(RECONNECT_MAX_S, max(RECONNECT_MIN_S, pause_s * 2))
        finally:
            await self._port.close()

    async def _read(self, weighings: Weighings) -> None:
        try:
            weight = weighings.take(await self._port.read())
        except BadReply as error:
            self.garbage += 1
            self._detail = str(error)
            return
        self._last_us = self._clock.now_us()
        self._tell_quality(up=True)
        if weight is not None and not self._offer(WeightRead(at_us=self._last_us, weight_100mg=weight)):
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
