"""A whole line as processes, for the system tests."""

import fcntl
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress

from simulators.demo import Demo

MakeDemo = Callable[..., Demo]
TURN = Path(tempfile.gettempdir()) / "sealline-system-tests.lock"
WITH_WAITING_S = 600
"""a test's own time and that of those before it"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(WITH_WAITING_S))


@pytest.fixture(autouse=True)
def turn() -> Iterator[None]:
    """One whole line at a time on this machine: all look for the same ports first, and each wants the processors for itself."""
    with TURN.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def make_demo(tmp_path: Path) -> Iterator[MakeDemo]:
    made: list[Demo] = []

    def make(**options: Any) -> Demo:
        run = Demo(
            tmp_path / f"run{len(made)}",
            **{"items": 40, "rate": 10800, "seed": 1, "faults": 0.0, "kills": 0, "broker": "mosquitto", **options},
        )
        made.append(run)
        return run

    yield make
    for run in made:
        run.end()


@pytest.fixture
def quiet() -> Progress:
    return Progress(console=Console(quiet=True))
