"""Where everything is on the belts, and how long devices take: at 2,700/h, and scaled above it.

Above 2,700/h all physical times and distances are multiplied by 2,700/rate; the belt's speed stays. The controller's
timeouts are not scaled, so a figure at a higher rate is a figure of this scaled plant.
"""

from functools import cached_property

NOMINAL_RATE_PER_H = 2700
UM = 1000


class Geometry:
    """Distances in µm of belt, times in ms."""

    def __init__(self, rate_per_h: int, chutes: int = 6) -> None:
        self.rate_per_h = rate_per_h
        self.chutes = chutes
        self.scale = min(1.0, NOMINAL_RATE_PER_H / rate_per_h)
        self.belt_um_per_ms = 300
        self.feeder_to_camera_um = self._um(400)
        self.camera_to_gate_um = self._um(1600)
        self.gate_to_tray_um = self._um(200)
        self.insert_to_seal_um = self._um(800)
        self.seal_to_eject_um = self._um(200)
        self.seal_to_sealed_um = self._um(400)
        self.sealed_to_weigh_um = self._um(400)
        self.weigh_to_label_um = self._um(1600)
        self.label_to_camera_um = self._um(400)
        self.camera_to_hand_over_um = self._um(800)
        self.hand_over_to_induction_um = self._um(400)
        self.induction_to_divert_um = self._um(1200)
        self.window_um = self._um(60)
        self.debounce_um = self._um(40)
        self.insert_ms = self.ms(300)
        self.take_label_ms = self.ms(100)
        self.stroke_ms = self.ms(500)
        self.print_min_ms = self.ms(600)
        self.print_max_ms = self.ms(900)

    def _um(self, mm: int) -> int:
        return round(mm * UM * self.scale)

    def ms(self, nominal_ms: int) -> int:
        """A physical duration, scaled."""
        return max(1, round(nominal_ms * self.scale))

    @cached_property
    def feed_interval_um(self) -> int:
        """Belt between two documents."""
        return round(3_600_000 / self.rate_per_h * self.belt_um_per_ms)

    def divert_to_chute_um(self, chute: int) -> int:
        """From D4 to a chute's sensor; 0 = the sealed reject at the end."""
        return self._um(300 * (chute or self.chutes + 1))
