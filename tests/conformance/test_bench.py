"""The kit's own end: it goes on exchanging while hands are slow, reaches a PLC again that was away, and leaves it Stopped."""

import asyncio
from collections.abc import Callable, Sequence

from drivers.ports import LinkLost
from drivers.process_image import ImageCodec
from edge.conformance.bench import FIRST_BOOT, STOPPED, Bench
from edge.conformance.kit import FAILED, PASSED, SKIPPED, Finding, checks_for, run
from simulators.bench_stand import BenchStand, MemoryPort
from simulators.virtual.loop import run_virtual
from tests.conformance.stand import BELT_MS, IMAGE


class Away(MemoryPort):
    """A wire that can be away."""

    away = False
    lost = 0

    async def connect(self) -> None:
        await super().connect()
        if self.away:
            raise LinkLost("nobody there")

    async def exchange(self, write: Sequence[int], seen: Sequence[int] | None, max_wait_ms: int) -> tuple[int, ...]:
        if self.away:
            self.lost += 1
            raise LinkLost("cut")
        return await super().exchange(write, seen, max_wait_ms)


class SlowHands:
    """Hands that take their time; `meanwhile` happens in the middle of it."""

    def __init__(self, stand: BenchStand, took_s: float, meanwhile: Callable[[bool], None] = lambda _: None) -> None:
        self._stand, self._took_s, self._meanwhile = stand, took_s, meanwhile

    async def do(self, act: str, number: int = 0) -> bool:
        self._meanwhile(True)
        await asyncio.sleep(self._took_s)
        self._meanwhile(False)
        return await self._stand.do(act, number)


def play(only: list[str], took_s: float = 0.0, *, cut: bool = False) -> tuple[list[Finding], BenchStand, Away, Bench]:
    stand = BenchStand("machine", IMAGE)
    port = Away(stand.plant.under_test)
    hands = SlowHands(stand, took_s, lambda away: setattr(port, "away", away and cut))
    bench = Bench(port, ImageCodec(IMAGE), hands, "machine", poll_ms=8, belt_ms=BELT_MS)

    async def story() -> list[Finding]:
        scanning = asyncio.ensure_future(stand.run())
        found = await run(bench, checks_for("machine", only), lambda _: None)
        await asyncio.sleep(0.1)
        scanning.cancel()
        await asyncio.wait({scanning})
        return found

    return run_virtual(story()), stand, port, bench


def test_while_a_person_takes_their_time_the_watchdog_does_not_bite() -> None:
    found, stand, _, _ = play(["estop"], took_s=30.0)
    assert [finding.verdict for finding in found] == [PASSED]
    assert stand.plant.machine.stage_2_trips == 0


def test_a_plc_that_is_switched_off_is_reached_again() -> None:
    found, _, port, _ = play(["plc_restart"], took_s=5.0, cut=True)
    assert [(finding.verdict, finding.seen[:8]) for finding in found] == [(PASSED, "boot 1 →")]
    assert port.lost >= 1


def test_a_wire_that_breaks_fails_this_check_and_not_the_next() -> None:
    stand = BenchStand("machine", IMAGE)
    port = Away(stand.plant.under_test)
    bench = Bench(port, ImageCodec(IMAGE), stand, "machine", poll_ms=8, belt_ms=BELT_MS)

    def tell(finding: Finding) -> None:
        port.away = finding.check.name == "echo"

    async def story() -> list[Finding]:
        scanning = asyncio.ensure_future(stand.run())
        asyncio.get_running_loop().call_later(2.0, setattr, port, "away", False)
        found = await run(bench, checks_for("machine", ["heartbeat", "echo", "state_follows", "ring_order"]), tell)
        scanning.cancel()
        await asyncio.wait({scanning})
        return found

    found = run_virtual(story())
    assert [(finding.check.name, finding.verdict) for finding in found] == [
        ("heartbeat", PASSED),
        ("echo", PASSED),
        ("state_follows", FAILED),
        ("ring_order", PASSED),
    ]
    assert found[2].seen == "cut"


def test_what_nobody_can_do_is_skipped_with_the_reason() -> None:
    stand = BenchStand("machine", IMAGE)
    del stand._acts["guard_open"]
    bench = Bench(MemoryPort(stand.plant.under_test), ImageCodec(IMAGE), stand, "machine", poll_ms=8, belt_ms=BELT_MS)

    async def story() -> list[Finding]:
        scanning = asyncio.ensure_future(stand.run())
        found = await run(bench, checks_for("machine", ["guard"]), lambda _: None)
        scanning.cancel()
        await asyncio.wait({scanning})
        return found

    (found,) = run_virtual(story())
    assert (found.verdict, found.seen) == (SKIPPED, "nobody could do it: guard_open")


def test_it_leaves_the_plc_stopped_and_never_comes_as_a_line() -> None:
    _, stand, _, bench = play(["echo"])
    assert stand.plant.machine.edge_state == STOPPED
    assert not stand.plant.machine.feed_permitted
    assert bench.says.boot >= FIRST_BOOT
    assert stand.plant.machine.edge_boot == bench.says.boot


def test_boot_ids_of_the_kit_stay_above_those_of_lines_when_they_wrap() -> None:
    stand = BenchStand("machine", IMAGE)
    bench = Bench(MemoryPort(stand.plant.under_test), ImageCodec(IMAGE), stand, "machine")

    async def story() -> None:
        scanning = asyncio.ensure_future(stand.run())
        await bench.connect()
        bench.says.boot = 65_535
        await bench.new_edge()
        scanning.cancel()
        await asyncio.wait({scanning})

    run_virtual(story())
    assert bench.says.boot == FIRST_BOOT


def test_interrupted_it_leaves_the_plc_stopped() -> None:
    stand = BenchStand("machine", IMAGE)
    bench = Bench(MemoryPort(stand.plant.under_test), ImageCodec(IMAGE), stand, "machine", poll_ms=8, belt_ms=BELT_MS)

    async def story() -> None:
        scanning = asyncio.ensure_future(stand.run())
        running = asyncio.ensure_future(run(bench, checks_for("machine", ["whole"]), lambda _: None))
        await asyncio.sleep(3)
        running.cancel()
        await asyncio.wait({running})
        await asyncio.sleep(0.1)
        assert running.cancelled()
        scanning.cancel()
        await asyncio.wait({scanning})

    run_virtual(story())
    assert stand.plant.machine.edge_state == STOPPED
    assert not bench.connected
