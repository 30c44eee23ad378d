"""The edges of a PLC's sensors: which of them are a body, and which are none."""


class SensorEdges:
    """Debounces by travel of the belt: two bodies are never as near to each other as two edges of one."""

    def __init__(self, debounce_um: int) -> None:
        self._debounce_um = debounce_um
        self._seen_um: dict[str, int] = {}
        self.bounces = 0
        """edges that came too soon after the last one to be another body"""
        self.blind = False
        """the sensor does not see what passes it now"""

    def is_none(self, sensor: str, travel_um: int) -> bool:
        """Whether nothing is to be made of what passes: the sensor misses it, or its last edge was only just now."""
        if self.blind:
            return True
        last_um = self._seen_um.get(sensor)
        self._seen_um[sensor] = travel_um
        bounced = last_um is not None and 0 <= travel_um - last_um < self._debounce_um
        self.bounces += bounced
        return bounced

    def latest(self, travel_um: int) -> list[str]:
        """The sensors whose last edge was at this travel."""
        return [sensor for sensor, seen_um in self._seen_um.items() if seen_um == travel_um]

    def forget(self) -> None:
        """The PLC was restarted."""
        self._seen_um.clear()
