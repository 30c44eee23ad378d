"""Several whole lines, one broker with TLS, one central: a line dies, and its lot goes on at another (I4 across lines)."""

import shutil
from pathlib import Path

import pytest
from rich.progress import Progress

from simulators.broker import mosquitto_binary
from simulators.demo import DemoError
from simulators.site_demo import SiteDemo

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(
        mosquitto_binary() is None or shutil.which("openssl") is None, reason="needs: apt-get install mosquitto openssl"
    ),
]


@pytest.mark.timeout(300)
def test_a_dead_lines_lot_goes_to_another_and_nothing_is_dispatched_twice(tmp_path: Path, quiet: Progress) -> None:
    run = SiteDemo(tmp_path, lines=2, items=12, rate=2700, seed=1, faults=0.0, kills=1)
    try:
        result = run.to_the_end(quiet, lambda _: None)
    finally:
        run.end()
    assert result["findings"] == []
    assert (result["wrong_dispatches"], result["unaccounted"], result["on_belt"]) == (0, 0, 0)
    assert result["central"]["regranted"] == [["LOT-2", "line-1", 3]]
    assert result["lines"]["line-2"]["boots"] == 2
    own = len(run.members[1]._scene.parts(2)[0])
    assert result["lines"]["line-1"]["documents_fed"] > own, "documents of the dead line were carried over"
    assert result["dispatched"] > 0
    assert result["central"]["gaps"] == []


@pytest.mark.parametrize(("lines", "kills"), [(4, 0), (2, 2)])
def test_what_cannot_be_is_said(tmp_path: Path, lines: int, kills: int) -> None:
    with pytest.raises(DemoError, match="LINES must be"):
        SiteDemo(tmp_path, lines=lines, items=6, rate=3600, seed=1, faults=0.0, kills=kills)
