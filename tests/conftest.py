"""How tests are dealt out to several workers."""

from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.scheduler.protocol import Scheduling

WHOLE_LINES = Path(__file__).with_name("system").relative_to(Path(__file__).parents[1]).as_posix()


class OneWholeLineAtATime(LoadFileScheduling):
    """The tests of a file go to one worker, where its peers run, and all tests of whole lines to one.

    Whole lines look for the same ports first, and each wants the processors for itself.
    """

    def _split_scope(self, nodeid: str) -> str:
        return WHOLE_LINES if nodeid.startswith(WHOLE_LINES) else super()._split_scope(nodeid)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first."""
    items.sort(key=lambda item: not item.nodeid.startswith(WHOLE_LINES))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    config.option.loadscopereorder = False
    return OneWholeLineAtATime(config, log)
