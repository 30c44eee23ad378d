"""The reference PLC program in IEC 61131-3 Structured Text: hand-written parts from templates/, the interface from data."""

from collections.abc import Callable, Iterable, Iterator
from importlib import resources

from line_config.plc.registers import Field, codes, data_type, fields, meanings
from line_config.process_image import ProcessImage, Word

PREFIXES = {
    "stations": "STATION", "events": "EVENT", "opcodes": "OP", "refusals": "REFUSED",
    "event_flags": "FLAG", "faults": "FAULT", "alarms": "ALARM", "buttons": "BUTTON",
}  # fmt: skip
"""table of codes → how its constants begin"""
BIT_TABLES = frozenset({"event_flags", "faults", "alarms", "buttons"})
RULE = "// " + "-" * 117


def template(name: str) -> str:
    """A hand-written part."""
    return resources.files("line_config.plc").joinpath("templates", name).read_text(encoding="utf-8")


def constant_name(table: str, name: str) -> str:
    """The constant of a code: ("events", "sealed") → EVENT_SEALED."""
    return f"{PREFIXES[table]}_{name.upper()}"


def _commented(declaration: str, comment: str) -> str:
    return f"  {declaration:<46} // {comment}"


def _constants(image: ProcessImage) -> Iterator[str]:
    yield "VAR_GLOBAL CONSTANT"
    yield f"  LAYOUT_VERSION : UINT := {image.layout_version};"
    yield _commented(f"SEQ_MAX : UINT := {image.seq_max};", "numbers run 1..SEQ_MAX; 0 = none")
    yield _commented(f"WINDOW : UINT := {image.window};", "slots, in each direction")
    yield _commented(f"FIFO_MIN : INT := {image.fifo_min};", "events that wait here unacknowledged")
    yield f"  PLC_WORDS : INT := {image.words('plc_to_edge')};"
    yield f"  EDGE_WORDS : INT := {image.words('edge_to_plc')};"
    for table in PREFIXES:
        yield ""
        for name, code in codes(image, table).items():
            value = f"WORD := 16#{1 << code:04X}" if table in BIT_TABLES else f"UINT := {code}"
            yield _commented(f"{constant_name(table, name)} : {value};", meanings()[table][name].en)
    yield "END_VAR"


def _struct(name: str, members: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    yield "TYPE"
    yield f"  {name} : STRUCT"
    for member, kind, comment in members:
        yield "  " + (_commented(f"{member} : {kind};", comment) if comment else f"  {member} : {kind};")
    yield "  END_STRUCT;"
    yield "END_TYPE"
    yield ""


def _types(image: ProcessImage) -> Iterator[str]:
    sides = (("plc_to_edge", "PLC", image.plc_to_edge, "EVENT"), ("edge_to_plc", "EDGE", image.edge_to_plc, "COMMAND"))
    for side, name, layout, slot in sides:
        yield from _struct(f"T_{name}_HEADER", _members(side, layout.header))
        yield from _struct(f"T_{slot}_SLOT", _members(f"{side}_slot", layout.slot))
        members = [("header", f"T_{name}_HEADER", ""), ("slots", f"ARRAY [0..WINDOW - 1] OF T_{slot}_SLOT", "")]
        yield from _struct(f"T_{name}_IMAGE", members)


def _members(table: str, layout: Iterable[Word]) -> list[tuple[str, str, str]]:
    return [(field.name, data_type(field), meanings()[table][field.name].en) for field in layout]


def _member(field: Field) -> str:
    return f"image.header.{field.path}" if field.slot is None else f"image.{field.path}"


def _pack(field: Field) -> Iterator[str]:
    member, kind = _member(field), data_type(field)
    if kind == "UDINT":
        yield f"  words[{field.word}] := UDINT_TO_WORD({member} / 65536);"
        yield f"  words[{field.word + 1}] := UDINT_TO_WORD({member} MOD 65536);"
    else:
        yield f"  words[{field.word}] := {member if kind == 'WORD' else f'UINT_TO_WORD({member})'};"


def _unpack(field: Field) -> Iterator[str]:
    member, kind = _member(field), data_type(field)
    if kind == "UDINT":
        high, low = (f"WORD_TO_UDINT(words[{field.word + n}])" for n in (0, 1))
        yield f"  {member} := {high} * 65536 + {low};"
    else:
        word = f"words[{field.word}]"
        yield f"  {member} := {word if kind == 'WORD' else f'WORD_TO_UINT({word})'};"


def _copier(image: ProcessImage, name: str, side: str, lines_of: Callable[[Field], Iterator[str]]) -> Iterator[str]:
    label = "PLC" if side == "plc_to_edge" else "EDGE"
    yield f"FUNCTION {name} : BOOL"
    yield "VAR_IN_OUT"
    yield f"  image : T_{label}_IMAGE;"
    yield f"  words : ARRAY [0..{label}_WORDS - 1] OF WORD;"
    yield "END_VAR"
    for field in fields(image, side):
        yield from lines_of(field)
    yield f"  {name} := TRUE;"
    yield "END_FUNCTION"


def _titled(title: str, lines: Iterable[str]) -> str:
    return "\n".join([RULE, f"// {title}", RULE, *lines]) + "\n"


def program(image: ProcessImage) -> str:
    """The whole source: both programs and all that they share, to be read from top to bottom."""
    parts = [
        template("head.st"),
        _titled("The interface, as line_config/process_image.toml has it. Do not edit: export again.", _constants(image)),
        "\n".join(_types(image)) + "\n",
        template("types.st"),
        _titled(
            "Words and fields. 32-bit numbers have their high word first. Do not edit: export again.",
            [*_copier(image, "UNPACK_EDGE", "edge_to_plc", _unpack), "", *_copier(image, "PACK_PLC", "plc_to_edge", _pack)],
        ),
        *(template(f"{name}.st") for name in ("shared", "machine", "sorter", "configuration")),
    ]
    registers = {"read_register": image.modbus.read_register, "write_register": image.modbus.write_register}
    text = "\n".join(parts)
    for name, number in registers.items():
        text = text.replace("{{" + name + "}}", str(number))
    return text
