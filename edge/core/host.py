"""The line PC: room for the journal, room for what central has not confirmed, and how long its certificate is good."""

from edge.core.events import HostRead
from edge.core.floor import Floor

FILLING_PERCENT = 80
"""so much of the outbox's share: a person has time to see to it that central comes back"""
CERTIFICATE_DAYS = 30


class Host:
    """Keeps the line from beginning what could not be written down, or told; and warns in time."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def read(self, event: HostRead) -> None:
        """The line PC was looked at."""
        floor, settings = self._floor, self._floor.settings
        floor.disk_free_mb = event.disk_free_mb
        # In percent of the outbox's share; 0 where nobody has said how large the disk is.
        share_mb = event.disk_mb * settings.outbox_share_percent / 100
        filled_percent = event.outbox_mb * 100 / share_mb if share_mb else 0.0
        days = event.certificate_days
        for code, stands in (
            ("DISK_FULL", event.disk_free_mb < settings.disk_stop_mb),
            ("OUTBOX_FULL", filled_percent >= 100),
            ("OUTBOX_FILLING", filled_percent >= FILLING_PERCENT),
            ("CERTIFICATE_EXPIRES", days is not None and days < CERTIFICATE_DAYS),
        ):
            if stands:
                floor.raise_condition(code)
            else:
                floor.end_condition(code)
