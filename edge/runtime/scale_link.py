"""The link of a scale that hangs on the line PC: one WeightRead event per weighing."""

from drivers.ports import ScalePort
from edge.core.device_events import WeightRead
from edge.runtime.clock import Clock
from edge.runtime.link import Offer
from edge.runtime.reading_link import ReadingLink
from line_config.scale_format import ScaleReading

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


class ScaleLink(ReadingLink[ScaleReading]):
    """Implements Link for the scale. What is not of its format, unstable or out of its range is no weighing."""

    name = "scale"

    def __init__(self, port: ScalePort, offer: Offer, clock: Clock, *, continuous: bool) -> None:
        super().__init__(port, offer, clock)
        self._continuous = continuous
        self._weighings = Weighings(continuous=continuous)

    def connected(self) -> None:
        """What lies on it by now may have been weighed before."""
        self._weighings = Weighings(continuous=self._continuous)

    def heard(self, reading: ScaleReading) -> None:
        """A weighing, or not yet."""
        now_us, weight = self.now_us(), self._weighings.take(reading)
        if weight is not None:
            self.offer(WeightRead(at_us=now_us, weight_100mg=weight))
