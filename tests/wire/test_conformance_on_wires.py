"""A handful of the kit's checks on real sockets, both protocols and both PLCs; all of them run in virtual time elsewhere."""

import pytest

from drivers.process_image import ImageCodec
from edge.commissioning.target import parse_target
from edge.conformance.bench import Bench
from edge.conformance.check import Kind
from edge.conformance.kit import PASSED, checks_for, run
from line_config.process_image import load_process_image
from simulators.bench_stand import BenchStand

IMAGE = load_process_image()
ONLY = ["layout_version", "echo", "ring_order", "number_wrap", "window", "acknowledge_foreign_boot", "estop", "plc_restart"]
POINT: dict[str, str] = {"machine": "d1_reply_to", "sorter": "extra"}


@pytest.mark.parametrize("wire", ["modbus", "s7"])
@pytest.mark.parametrize("kind", ["machine", "sorter"])
async def test_the_simulated_plc_passes_over_a_socket(kind: Kind, wire: str) -> None:
    stand = BenchStand(kind, IMAGE)
    async with stand.serve(wire) as address:
        target = parse_target(address, kind)
        bench = Bench(target.port(IMAGE), ImageCodec(IMAGE), stand, kind, poll_ms=5, belt_ms=4_000)
        found = await run(bench, checks_for(kind, [*ONLY, POINT[kind]]), lambda _: None)
    assert len(found) == len(ONLY) + 1
    assert [(finding.check.name, finding.seen) for finding in found if finding.verdict != PASSED] == []
