"""One count of exposures from two: the PLC's goes on over restarts, a camera's own begins anew at each connection.

They are made to agree only on an empty camera zone, seen twice with nothing moved in between. From then on they must go on
together: where they do not, a pulse or an exposure was missed, and nothing of the camera counts until they agree again.
"""

from edge.core.controller import Controller
from edge.core.values import Camera, Plc

TRIGGER_MODULUS = 65536
_FIRST_ZONE, _SECOND_ZONE = 1, 2
"""bits of zones_empty: documents before the ID camera, items before the label camera"""


def exposures_at_rest(controller: Controller, camera: Camera) -> int | None:
    """The PLC's count for this camera while its zone is empty; None otherwise, or when the PLC is not heard."""
    status = controller.supervision.status.get(Plc.MACHINE)
    if status is None or not controller.supervision.links[Plc.MACHINE.value] or not status.caught_up:
        return None
    first = camera is Camera.ID
    empty = status.zones_empty & (_FIRST_ZONE if first else _SECOND_ZONE)
    return (status.exposures_1 if first else status.exposures_2) if empty else None


class ExposureCount:
    """How a camera's own count becomes the PLC's. Cameras that count as the PLC does, by their protocol, need none."""

    def __init__(self) -> None:
        self._offset: int | None = None
        self._seen: tuple[int, int] | None = None
        self.slips = 0

    @property
    def agreed(self) -> bool:
        """Whether frames may be joined."""
        return self._offset is not None

    def begin(self) -> None:
        """The camera was connected anew: its count has begun again."""
        self._offset = self._seen = None

    def compare(self, camera: int, plc: int | None) -> bool:
        """Look at both counts; `plc` None: its camera zone is not empty, or it is not heard. False when they slipped."""
        if plc is None:
            self._seen = None
            return True
        still, self._seen = self._seen == (camera, plc), (camera, plc)
        if not still:
            return True
        offset = (plc - camera) % TRIGGER_MODULUS
        slipped = self._offset is not None and offset != self._offset
        if slipped:
            self.slips += 1
            self.begin()
        else:
            self._offset = offset
        return not slipped

    def trigger(self, camera: int) -> int | None:
        """The PLC's count for a frame's; None while they do not agree."""
        return None if self._offset is None else (camera + self._offset) % TRIGGER_MODULUS
