"""Forcing at a PLC while its key switch says Maintenance: one command, or the line's state word for a while (I21).

The person and what was forced are in the journal before anything is written, and how it ended after it.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from drivers.ports import PlcReader
from edge.conformance.bench import STOPPED, Bench
from edge.conformance.check import Broken, Kind
from edge.core.values import State
from edge.runtime.records import FORCED, Batch, Entry
from line_config.process_image import ProcessImage

MAINTENANCE = 2
LOOK_MS = 400
RECORD_VERSION = 1
STATES = {state.name: int(state) for state in State}
Write = Callable[[Batch], None]


class Refused(Exception):
    """It is not forced; the text says why and what would have to be."""


class Order(NamedTuple):
    """What is to be forced: a command, or (opcode "") a state of the line that is held for `hold_ms`."""

    opcode: str = ""
    handle: int = 0
    argument: int = 0
    chute: int = 0
    state: int = STOPPED
    hold_ms: int = 1_000

    def words(self) -> str:
        """For the question to the person, and for the journal."""
        if self.opcode:
            return f"{self.opcode} handle {self.handle} argument {self.argument} chute {self.chute}"
        return f"state {State(self.state).name} for {self.hold_ms} ms"


def order_of(image: ProcessImage, kind: Kind, opcode: str, field: str, values: Mapping[str, int]) -> Order:
    """An order out of what a person typed; `field` is "state=HELD". Raises Refused for what the declared map does not have."""
    if bool(opcode) == bool(field):
        raise Refused("say either --command or --field")
    if opcode:
        row = image.opcodes.get(opcode)
        if row is None or row.plc not in {kind, "both"}:
            known = ", ".join(name for name, other in image.opcodes.items() if other.plc in {kind, "both"})
            raise Refused(f"{opcode} is no command of the {kind} PLC; there are {known}")
        return Order(opcode=opcode, **values)
    name, _, value = field.partition("=")
    if name != "state" or value not in STATES:
        raise Refused(f"{field}: only the state word can be forced, state=NAME with one of {', '.join(STATES)}")
    return Order(state=STATES[value], hold_ms=values["hold_ms"])


async def require_maintenance(bench: Bench, reader: PlcReader) -> None:
    """Look before anything is written. Raises Refused: another mode, or an edge that is at work; DeviceError."""
    await reader.connect()
    first = bench.codec.decode_plc(await reader.read()).header
    await bench.wait(LOOK_MS)
    second = bench.codec.decode_plc(await reader.read()).header
    await reader.close()
    if second["mode"] != MAINTENANCE:
        raise Refused(f"the PLC's mode is {second['mode']}, not {MAINTENANCE}: turn its key switch to Maintenance")
    if first["echo"] != second["echo"]:
        raise Refused("an edge is writing to this PLC: stop the line first")


async def force(bench: Bench, order: Order, person: str, write: Write) -> str:
    """Carry it out; returns how it ended. Raises Refused when the key is turned meanwhile; DeviceError."""
    write(_record(bench, order, person, "begun"))
    ended = "the connection was lost"
    try:
        await bench.connect()
        await bench.new_edge(STOPPED)
        ended = await _carry_out(bench, order)
    except Broken as broken:
        ended = str(broken)
    except Refused as refused:
        ended = str(refused)
        raise
    finally:
        await bench.leave()
        write(_record(bench, order, person, ended))
    return ended


async def _carry_out(bench: Bench, order: Order) -> str:
    if not order.opcode:
        bench.says.state = order.state
        await _while_in_maintenance(bench, lambda: False, order.hold_ms)
        return f"the unit's state was {bench.header['state']} at the end"
    seq = bench.say(order.opcode, order.handle, argument=order.argument, chute=order.chute)
    await _while_in_maintenance(bench, lambda: bench.drained, order.hold_ms)
    await _while_in_maintenance(bench, lambda: False, LOOK_MS)
    reasons = [reason for one, reason in bench.refusals() if one == seq]
    if reasons:
        return f"refused: {reasons[0]}"
    return "consumed" if bench.drained else "not consumed"


async def _while_in_maintenance(bench: Bench, done: Callable[[], bool], within_ms: int) -> None:
    end_ms = bench.now_ms() + within_ms
    while not done() and bench.now_ms() < end_ms:
        await bench.cycle()
        if bench.header["mode"] != MAINTENANCE:
            raise Refused("the key was turned away from Maintenance: withdrawn")


def _record(bench: Bench, order: Order, person: str, outcome: str) -> Batch:
    body = {"person": person, "plc": f"{bench.kind}_plc", "what": order.words(), "outcome": outcome}
    return Batch([Entry(bench.now_ms() * 1000, FORCED, RECORD_VERSION, msgspec.json.encode(body))])
