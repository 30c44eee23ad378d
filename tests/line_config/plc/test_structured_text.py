"""The exported source as text: it parses, keeps to the standard subset, and uses every name of the interface at its place."""

import re

import pytest

from line_config.plc.registers import TABLES, codes, data_type, fields
from line_config.plc.structured_text import BIT_TABLES, constant_name, program
from line_config.process_image import SIDES
from tests.line_config.plc.rig import reference
from tests.line_config.plc.st_run import Running
from tests.line_config.plc.st_tree import StError, faults, load, name_of, text, tree_of, walk
from tests.simulators.edges import CODEC, IMAGE

SOURCE = program(IMAGE)
KEYWORDS = set(
    """
    action array at begin bool by byte case configuration constant date delete dint do dword else elsif end_case end_for
    end_if end_while exit false find for from function function_block if insert int interval left len limit lint lreal lword
    max mid min mod move mux not of on or priority program read_only read_write real ref_to repeat replace resource retain
    return right rs sel shl shr single sint sr step string struct task then time to ton tof tp true type uint until var
    while with word xor
    """.split()  # noqa: SIM905
)
OUTSIDE = (
    "method",
    "property",
    "interface",
    "pointer",
    "reference",
    "dereference",
    "adr",
    "this",
    "super",
    "pragma",
    "namespace",
)
"""parts of tree-sitter's names for what the standard subset does not have"""


def test_it_parses_without_an_error_and_is_plain_ascii() -> None:
    assert faults(tree_of(SOURCE)) == []
    assert SOURCE.isascii(), "some tools read sources in the code page of their machine"
    assert max(map(len, SOURCE.splitlines())) <= 128
    assert "{{" not in SOURCE


def test_the_parser_finds_what_is_no_structured_text() -> None:
    assert faults(tree_of(SOURCE.replace("END_WHILE;", "END_WHYLE;", 1)))


def test_it_keeps_to_the_standard_subset() -> None:
    nodes = {node.type for node in walk(tree_of(SOURCE))}
    assert {n for n in nodes for word in OUTSIDE if word in n.split("_")} == set()
    for pou in reference().source.pous.values():
        assert not set(pou.variables) & KEYWORDS, pou.name
    assert not set(reference().source.constants) & KEYWORDS


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("running_since_start := TRUE;", "running_since_start := 1;"),
        ("u.waiting := u.waiting + 1;", "u.waiting := u.waiting + u.issued;"),
        ("seq MOD SEQ_MAX + 1", "seq MOD SEQ_MAXIMUM + 1"),
        ("u.now_ms := now_ms;", "u.now_us := now_ms;"),
        ("kind := EVENT_BELT_EMPTY, handle := 0", "kind := EVENT_BELT_EMPTY"),
        ("  seq : UINT;\n", "  first : UINT;\n  FIRST : UINT;\n"),
    ],
)
def test_the_interpreter_refuses_what_a_compiler_would(good: str, bad: str) -> None:
    assert good in SOURCE
    with pytest.raises((StError, KeyError)):
        Running(SOURCE.replace(good, bad, 1))


def test_every_code_has_its_constant_and_every_constant_is_used() -> None:
    source = reference().source
    used = [name_of(node) for node in walk(source.root) if node.type == "identifier"]
    for table in TABLES:
        for name, code in codes(IMAGE, table).items():
            constant = constant_name(table, name)
            wanted = (1 << code, "word") if table in BIT_TABLES else (code, "uint")
            assert source.constants[constant.lower()] == wanted, constant
            assert used.count(constant.lower()) > 1, f"{constant} is declared, but nothing uses it"
    for name in source.constants:
        assert used.count(name) > 1, f"{name} is declared, but nothing uses it"


def test_every_field_is_declared_with_its_type_and_used() -> None:
    source = reference().source
    members = [name_of(n.child_by_field_name("member")) for n in walk(source.root) if n.type == "member_access_expression"]
    for side, owner, slot in (("plc_to_edge", "plc", "event"), ("edge_to_plc", "edge", "command")):
        for field in fields(IMAGE, side):
            struct = f"t_{owner}_header" if field.slot is None else f"t_{slot}_slot"
            assert source.structs[struct][field.name] == data_type(field).lower()
            # Once in the copier of each slot, and at least once in a program.
            assert members.count(field.name) > (1 if field.slot is None else IMAGE.window), field.name
    for struct, members_of in source.structs.items():
        assert members_of, struct


@pytest.mark.parametrize("side", SIDES)
def test_the_copiers_have_every_word_at_its_address(side: str) -> None:
    """Run the copier on an image of distinct values that the driver's codec made, or has to read."""
    running = reference()
    names = running._names
    label = "plc" if side == "plc_to_edge" else "edge"
    image = names[f"t_{label}_image"]()
    words = [0] * IMAGE.words(side)
    values = {f.path: 1000 + f.word + (f.words == 2) * 7_000_000 for f in fields(IMAGE, side)}
    flat = [part for f in fields(IMAGE, side) for part in divmod(values[f.path], 65536)[2 - f.words :]]
    if side == "edge_to_plc":
        names["f_unpack_edge"](v_image=image, v_words=flat)
    for field in fields(IMAGE, side):
        record = image.header if field.slot is None else image.slots[field.slot]
        if side == "edge_to_plc":
            assert getattr(record, field.name) == values[field.path], field.path
        setattr(record, field.name, values[field.path])
    if side == "plc_to_edge":
        names["f_pack_plc"](v_image=image, v_words=words)
        assert words == flat


def test_the_start_of_both_programs_is_an_image_that_the_driver_can_read() -> None:
    for name in ("MACHINE_PLC", "SORTER_PLC"):
        program_ = reference().start(name)
        program_.now_ms = 10
        program_.run()
        header = CODEC.decode_plc(program_.plc_registers).header
        assert (header["boot_id"], header["heartbeat"], header["state"]) == (1, 1, 2)


def test_the_registers_are_located_and_touched_once_in_each_direction() -> None:
    for name in ("MACHINE_PLC", "SORTER_PLC"):
        variables = reference().variables(name)
        assert variables["plc_registers"].address == f"%MW{IMAGE.modbus.read_register}"
        assert variables["edge_registers"].address == f"%MW{IMAGE.modbus.write_register}"
        body = reference().source.pous[name.lower()].body
        statements = [text(node) for node in body]
        assert statements[0] == "edge_copy := edge_registers;"
        assert statements[-1] == "plc_registers := plc_copy;"
        touched = sum(len(re.findall(r"\b(?:plc|edge)_registers\b", s)) for s in statements)
        assert touched == 3, "the third is the start, which empties what was written before it"


def test_boot_id_counters_and_exposures_are_retained_and_nothing_else() -> None:
    retained = {v.name for v in reference().variables("MACHINE_PLC").values() if v.retain}
    assert retained == {
        "boot_id", "documents_fed", "documents_rejected", "items_opened", "items_rejected", "items_handed_over", "exposures_1",
        "exposures_2",
    }  # fmt: skip
    sorter = {v.name for v in reference().variables("SORTER_PLC").values() if v.retain}
    assert sorter == {"boot_id", "items_rejected", "items_inducted", "items_diverted"}


def test_the_boot_id_is_never_0() -> None:
    program_ = reference().start("SORTER_PLC")
    program_.boot_id = 65535
    program_.run()
    assert program_.boot_id == 1


def test_another_interface_makes_another_program() -> None:
    other = IMAGE.model_copy(update={"fifo_min": 600})
    assert load(program(other)).constants["fifo_min"] == (600, "int")
