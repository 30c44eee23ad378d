"""Twenty thousand mutated answers on each PLC wire: whatever comes, only the three kinds of error do."""

import pytest

from tests.wire.fuzz import FUZZERS

FRAMES = 20_000
GROWN_MAX_KIB = 32 * 1024


@pytest.mark.parametrize("name", FUZZERS)
def test_only_the_three_kinds_of_error_come_out_and_memory_is_bounded(name: str) -> None:
    found = FUZZERS[name](FRAMES, 1)
    assert found.escaped == []
    assert found.frames >= FRAMES
    assert found.grown_kib < GROWN_MAX_KIB
    # The mutations reach every depth: some answers are still an image, some are refusals, some are nonsense.
    assert all(found.outcomes[kind] > 100 for kind in ("image", "LinkLost", "DeviceRefused", "BadReply"))
