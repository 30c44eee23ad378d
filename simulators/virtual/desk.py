"""What belongs to the manual desk in the virtual world: its reader and its printer, and what the applicator's cannot print."""

from collections.abc import Callable, Sequence

import msgspec

from edge.labels.fields import LabelError
from edge.runtime.app import Runtime
from edge.runtime.clock import Clock
from edge.runtime.label_link import LabelLink
from simulators import tokens
from simulators.bodies import PhysicalDocument
from simulators.manual_desk import Reader
from simulators.plant import Plant
from simulators.virtual.eyes import ALL_FLAGS
from simulators.virtual.ports import VirtualPrinter, read_text, render_text
from simulators.virtual.wires import PrinterWire

HEAD_PRINTERS = ("printer", "printer_2")
DESK_PRINTER = "desk_printer"
POLL_MS = 120
"""at the nominal rate: a printer that is scaled to be faster is asked more often"""
PRINT_DEADLINE_MS = 2500


def desk_reader(site_key: bytes) -> Reader:
    """What the desk's reader tells of a document whose number was keyed in twice."""
    classes = tokens.load_classes()

    def read(document: PhysicalDocument) -> dict[str, str]:
        kind, number = document.kind, document.number
        return {
            "kind": kind,
            "token": tokens.token(site_key, kind, number),
            "skeleton": tokens.skeleton(site_key, kind, number, classes),
            "second_field": tokens.second_field(site_key, kind, number, document.beside, classes),
            "flags": str(ALL_FLAGS),
            "masked": number[:4] + "*" * (len(number) - 6) + number[-2:],
        }

    return read


def add_printers(  # noqa: PLR0917 - all that a printer touches
    runtime: Runtime,
    plant: Plant,
    clock: Clock,
    now_ms: Callable[[], int],
    written: Callable[[], None],
    sent: Callable[[], None],
    wires: Sequence[PrinterWire],
    *,
    tests: bool,
) -> list[VirtualPrinter]:
    """Those of the applicator's heads, and as the last one the desk's, whose font has every character; `wires` likewise."""

    async def render(label: msgspec.Struct) -> bytes:
        fmt = await render_text(label)
        if plant.faults.no_glyph(read_text(fmt)):
            raise LabelError("no font of this layout has a glyph for U+20BB7")
        return fmt

    poll_ms = plant.geometry.ms(POLL_MS)
    rooms = [*zip(HEAD_PRINTERS, plant.printers, strict=False), (DESK_PRINTER, plant.desk_printer)]
    printers = []
    for (name, body), wire in zip(rooms, wires, strict=True):
        printers.append(VirtualPrinter(body, plant.faults, now_ms, written, sent, wire))
        link = LabelLink(
            printers[-1],
            runtime.pump.offer,
            clock,
            render_text if name == DESK_PRINTER else render,
            poll_ms=poll_ms,
            print_deadline_ms=PRINT_DEADLINE_MS,
            name=name,
            tests=tests and name != DESK_PRINTER,
        )
        runtime.add(link)
    return printers
