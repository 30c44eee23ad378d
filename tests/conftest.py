"""How tests are dealt out to several workers."""

from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.scheduler.protocol import Scheduling

WHOLE_LINES = Path(__file__).with_name("system").relative_to(Path(__file__).parents[1]).as_posix()


class OneWholeLineAtATime(LoadScopeScheduling):
    """Tests of whole lines go to one worker, all others one by one to whoever is free.

    Whole lines look for the same ports first, and each wants the processors for itself.
    """

    def _split_scope(self, nodeid: str) -> str:
        return WHOLE_LINES if nodeid.startswith(WHOLE_LINES) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return OneWholeLineAtATime(config, log)
