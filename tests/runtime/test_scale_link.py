"""The scale's link: one weighing for each time that the scale was loaded, on real ptys and by table."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from drivers.scale import SerialScale
from edge.core.commands import SetState
from edge.core.device_events import WeightRead
from edge.core.event import Event
from edge.core.events import LinkDown, LinkUp
from edge.core.values import State
from edge.runtime import reading_link
from edge.runtime.clock import Clock
from edge.runtime.link import Cursor
from edge.runtime.scale_link import ScaleLink, Weighings
from line_config.scale_format import ScaleReading, load_scale_format
from simulators.scale import Scale
from tests.runtime.plc_peer import FakePump

SCALES = Path(__file__).parents[2] / "line_config" / "scales"
EMPTY, MOVING, OVER = ScaleReading("stable", 3), ScaleReading("moving"), ScaleReading("overload")


def stable(weight_100mg: int) -> ScaleReading:
    return ScaleReading("stable", weight_100mg)


@pytest.mark.parametrize(
    ("continuous", "readings", "weighings"),
    [
        (True, [EMPTY, MOVING, stable(125), stable(125), stable(126)], [125]),
        (True, [stable(125), stable(125)], []),
        (True, [stable(125), EMPTY, stable(125), EMPTY, MOVING, stable(130)], [125, 130]),
        (True, [EMPTY, stable(125), MOVING, stable(140)], [125]),
        (True, [EMPTY, OVER, ScaleReading("error"), ScaleReading("underload"), stable(125)], [125]),
        (True, [stable(-40), stable(125)], [125]),
        (False, [stable(125), stable(125), EMPTY, MOVING, stable(9)], [125, 125]),
    ],
)
def test_one_weighing_for_each_time_it_was_loaded(continuous: bool, readings: list[ScaleReading], weighings: list[int]) -> None:
    taken = Weighings(continuous=continuous)
    assert [weight for reading in readings if (weight := taken.take(reading)) is not None] == weighings


class Scene:
    def __init__(self, device: Path) -> None:
        self.scale = Scale(device, "st_gs")
        self.pump = FakePump()
        self._moved = asyncio.Event()
        fmt = load_scale_format(SCALES / "st_gs.toml")
        self.link = ScaleLink(SerialScale(str(device), 9600, fmt), self._offer, Clock(), continuous=fmt.continuous)

    def _offer(self, event: Event, *, cursor: Cursor | None = None, on_durable: Callable[[], None] | None = None) -> bool:
        self._moved.set()
        return self.pump.offer(event, cursor=cursor, on_durable=on_durable)

    def told(self) -> list[str]:
        return [getattr(event, "reason", "up") for event in self.pump.of(LinkUp, LinkDown)]

    def weights(self) -> list[int]:
        return [event.weight_100mg for event in self.pump.of(WeightRead)]

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self._moved.clear()
                await self._moved.wait()


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr(reading_link, "RECONNECT_MAX_S", 0.02)
    made = Scene(tmp_path / "tty")
    made.scale.plug_in()
    running = asyncio.ensure_future(made.link.run())
    await made.until(made.told)
    yield made
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()
    made.scale.unplug()


async def test_weighings_go_on_after_it_was_unplugged(scene: Scene) -> None:
    for round_ in range(3):
        scene.scale.weigh(0)
        scene.scale.weigh(12_500, "moving")
        for _ in range(3):
            scene.scale.weigh(12_500 + 100 * round_)
        await scene.until(lambda n=round_: len(scene.weights()) == n + 1)
        assert scene.link.health().up
        scene.scale.unplug()
        await scene.until(lambda: scene.told()[-1] == "lost")
        assert "check the cable" in scene.link.health().detail or "plug it in" in scene.link.health().detail
        scene.scale.plug_in()
        await scene.until(lambda: scene.told()[-1] == "up")
        # What lies on it by now may be what was weighed before.
        scene.scale.weigh(12_500)
    assert scene.weights() == [125, 126, 127]
    assert scene.told() == ["up", "lost", "up", "lost", "up", "lost", "up"]


async def test_garbage_is_counted_and_is_no_weighing(scene: Scene) -> None:
    scene.scale.weigh(0)
    scene.scale.send(b"\xff\xfe\r\n" + b"x" * 300 + b"\r\nST,GS,+0\r\n")
    scene.scale.weigh(12_500)
    await scene.until(scene.weights)
    assert scene.weights() == [125]
    assert scene.link.garbage >= 3
    assert scene.told() == ["up"]


async def test_a_full_queue_loses_the_weighing_but_not_the_link(scene: Scene) -> None:
    scene.pump.full = True
    scene.scale.weigh(0)
    scene.scale.weigh(12_500)
    await scene.until(lambda: scene.link.dropped)
    scene.pump.full = False
    scene.scale.weigh(0)
    scene.scale.weigh(13_000)
    await scene.until(scene.weights)
    assert scene.weights() == [130]


def test_a_command_for_the_scale_is_a_bug(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="SetState"):
        Scene(tmp_path / "tty").link.send(SetState(state=State.IDLE))
