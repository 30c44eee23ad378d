"""A power cut takes what was not synced, and nothing else."""

from collections.abc import Callable

import pytest

from edge.runtime.ledger import Ledger
from edge.runtime.records import Batch, Entry
from simulators.virtual.disk import FLUSH_MS, FULL, VirtualDisk

NORMAL = 1


class Machine:
    """A ledger on a virtual disk, and a clock."""

    def __init__(self, name: str, level: int) -> None:
        self.now_ms = 0
        self.level = level
        self._name = f"file:{name}?mode=memory&cache=shared"
        self.disk = VirtualDisk(self._name, lambda: self.now_ms)

    def written(self, records: int, every_ms: int) -> None:
        ledger = self._opened()
        for n in range(records):
            self.now_ms += every_ms
            ledger.write(Batch([Entry(n, "Test", 1, b"{}")]))
            self.disk.written(self.level)
        ledger.close()

    def left(self) -> int:
        self.disk.cut()
        ledger = self._opened()
        seq = ledger.head()[0]
        ledger.close()
        return seq

    def _opened(self) -> Ledger:
        ledger = Ledger(self._name, b"k" * 32)
        ledger.open(lambda: "j")
        assert ledger.sync_level() == FULL
        return ledger


@pytest.fixture
def machine(request: pytest.FixtureRequest):
    made: list[Machine] = []

    def make(level: int) -> Machine:
        made.append(Machine(request.node.name, level))
        return made[-1]

    yield make
    for one in made:
        one.disk.close()


def test_what_was_synced_is_there(machine: Callable[[int], Machine]) -> None:
    one = machine(FULL)
    one.written(10, FLUSH_MS // 3)
    assert one.left() == 10


def test_what_was_not_synced_is_gone_up_to_the_last_flush(machine: Callable[[int], Machine]) -> None:
    one = machine(NORMAL)
    one.written(10, FLUSH_MS // 3 + 1)
    assert one.left() == 10, "the tenth was just flushed"
    one.written(2, 10)
    assert one.left() == 10
    assert one.left() == 10
