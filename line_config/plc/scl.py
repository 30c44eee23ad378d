"""Siemens SCL sources for TIA Portal: types, the two data blocks at their byte offsets, the block that copies in and out."""

from collections.abc import Iterable, Iterator

from line_config.plc.registers import data_type, meanings
from line_config.plc.structured_text import template
from line_config.process_image import ProcessImage, Side

NAMES = {"UINT": "UInt", "UDINT": "UDInt", "WORD": "Word"}
STANDARD_ACCESS = "{ S7_Optimized_Access := 'FALSE' }"
"""the wire reads bytes at their offsets: a block that TIA arranges as it likes has none"""
SIDES = (("plc_to_edge", "plc", "event"), ("edge_to_plc", "edge", "command"))
"""direction, whose image it is, what its slots hold"""


def _udt(name: str, members: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    yield f'TYPE "{name}"'
    yield "VERSION : 0.1"
    yield "   STRUCT"
    for member, kind, comment in members:
        yield f"      {member} : {kind};   // {comment}"
    yield "   END_STRUCT;"
    yield "END_TYPE"
    yield ""


def _types(image: ProcessImage) -> Iterator[str]:
    for side, owner, slot in SIDES:
        layout: Side = getattr(image, side)
        parts = (
            (f"sealline_{owner}_header", side, layout.header, layout.offsets),
            (f"sealline_{slot}_slot", f"{side}_slot", layout.slot, layout.slot_offsets),
        )
        for name, table, words, offsets in parts:
            members = (
                (field.name, NAMES[data_type(field)], f"byte {2 * offsets[field.name]}: {meanings()[table][field.name].en}")
                for field in words
            )
            yield from _udt(name, members)
        yield from _udt(
            f"sealline_{owner}_image",
            [
                ("header", f'"sealline_{owner}_header"', "byte 0"),
                (
                    "slots",
                    f'Array[0..{image.window - 1}] of "sealline_{slot}_slot"',
                    f"byte {2 * layout.header_words}, each {2 * layout.slot_words} bytes",
                ),
            ],
        )


def _blocks(image: ProcessImage) -> Iterator[str]:
    blocks = (("sealline_send", "plc", image.s7.read_db, "reads"), ("sealline_receive", "edge", image.s7.write_db, "writes"))
    for name, owner, number, does in blocks:
        yield f"// The edge {does} this block by its number: set it to {number} in the block's properties (numbering: manual)."
        yield f'DATA_BLOCK "{name}"'
        yield STANDARD_ACCESS
        yield "VERSION : 0.1"
        yield "NON_RETAIN"
        yield "   STRUCT"
        yield f'      image : "sealline_{owner}_image";   // byte 0'
        yield "   END_STRUCT;"
        yield "BEGIN"
        yield "END_DATA_BLOCK"
        yield ""


def sources(image: ProcessImage) -> str:
    """One external source file: types, data blocks, the connection block and its two instances."""
    connection = template("connection.scl")
    numbers = {
        "layout_version": image.layout_version,
        "seq_max": image.seq_max,
        "window": image.window,
    }
    for name, number in numbers.items():
        connection = connection.replace("{{" + name + "}}", str(number))
    head = [
        f"// sealline: PLC interface, layout version {image.layout_version}, for TIA Portal (S7-1200/1500): external source.",
        "// Made by `sealline plc export`; export again instead of editing. Permit PUT/GET in the CPU's protection settings.",
        "",
    ]
    return "\n".join([*head, *_types(image), *_blocks(image), connection])
