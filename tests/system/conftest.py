"""A whole line as processes, for the system tests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress

from simulators.demo import Demo

MakeDemo = Callable[..., Demo]
WITHIN_S = 300
"""A whole line starts, runs in real time and ends."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(WITHIN_S))


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
