"""The kit: all checks in their order, run one after another; what each found."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from drivers.ports import DeviceError
from edge.conformance import belt, contact, fifo, labels, points, ring, watchdog
from edge.conformance.bench import Bench
from edge.conformance.check import Broken, Check, Kind, Skipped

KIT_VERSION = "1"
CHECKS: tuple[Check, ...] = (
    *contact.CHECKS,
    *ring.CHECKS,
    *fifo.CHECKS,
    *points.CHECKS,
    *labels.CHECKS,
    *belt.CHECKS,
    *watchdog.CHECKS,
)
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


class Finding(NamedTuple):
    """How a check ended; `seen`: the measured value, what was broken, or why it was skipped."""

    check: Check
    verdict: str
    seen: str
    took_ms: int
    advice: str = ""
    """the next step, where the check was broken; an error of the wire bears its own"""


def checks_for(kind: Kind, only: Sequence[str] = ()) -> list[Check]:
    """The checks of a kind of PLC, or those of them whose names begin with one of `only`."""
    return [
        check
        for check in CHECKS
        if kind in check.kinds and (not only or any(check.name == name or check.name.startswith(name + "_") for name in only))
    ]


async def run(bench: Bench, checks: Sequence[Check], tell: Callable[[Finding], None]) -> list[Finding]:
    """Run the checks; each begins with another edge and an empty belt, so that none depends on the one before."""
    findings: list[Finding] = []
    no_contact = ""
    try:
        for check in checks:
            finding = Finding(check, SKIPPED, no_contact, 0) if no_contact else await run_one(bench, check)
            if finding.verdict == FAILED and not bench.spoke:
                no_contact = "not run: there was no contact"
            findings.append(finding)
            tell(finding)
    finally:
        await bench.leave()
    return findings


async def run_one(bench: Bench, check: Check) -> Finding:
    """Run one check on a fresh connection where the last one broke."""
    begin_ms = bench.now_ms()
    try:
        if not bench.connected:
            await bench.connect()
        if check.name != "layout_version":
            await bench.begin()
        seen = await check.run(bench)
    except Broken as broken:
        return Finding(check, FAILED, str(broken), bench.now_ms() - begin_ms, check.advice)
    except Skipped as skipped:
        return Finding(check, SKIPPED, str(skipped), bench.now_ms() - begin_ms)
    except DeviceError as error:
        await bench.disconnect()
        return Finding(check, FAILED, str(error), bench.now_ms() - begin_ms)
    return Finding(check, PASSED, seen, bench.now_ms() - begin_ms)
