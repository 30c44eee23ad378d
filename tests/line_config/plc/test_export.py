"""What PLC programmers get: tables that agree with the codec, SCL whose bytes are where the words are, a program."""

import csv
import io
import re

import pytest
from typer.testing import CliRunner

from drivers.process_image import ImageCodec
from edge.plc_commands import app
from line_config.plc.export import FORMATS, UnknownChoice, exported
from line_config.plc.registers import TABLES, codes, fields
from line_config.process_image import SIDES, load_process_image

IMAGE = load_process_image()
BYTES = {"uint": 2, "word": 2, "udint": 4}
RUN = CliRunner()


def table(name: str) -> list[dict[str, str]]:
    return [row for row in csv.DictReader(io.StringIO(exported(IMAGE, "csv", "en"))) if row["table"] == name]


@pytest.mark.parametrize("side", SIDES)
def test_the_table_has_each_register_once_and_names_the_words_of_the_codec(side: str) -> None:
    rows = [row for row in table("registers") if row["direction"] == side]
    covered = [int(row["word"]) + n for row in rows for n in range(int(row["words"]))]
    assert covered == list(range(IMAGE.words(side)))
    first = IMAGE.modbus.read_register if side == "plc_to_edge" else IMAGE.modbus.write_register
    assert all(int(row["register"]) == first + int(row["word"]) and int(row["byte"]) == 2 * int(row["word"]) for row in rows)
    assert all(row["meaning"] and row["含义"] for row in rows)


def test_a_value_put_at_a_row_s_word_is_read_under_its_name() -> None:
    codec, rows = ImageCodec(IMAGE), {row["name"]: row for row in table("registers") if row["direction"] == "plc_to_edge"}
    header = [row for name, row in rows.items() if "[" not in name]
    words = [0] * IMAGE.words("plc_to_edge")
    for n, row in enumerate(header, 1):
        words[int(row["word"]) + int(row["words"]) - 1] = n  # the low word, which stands behind
    words[int(rows["layout_version"]["word"])] = IMAGE.layout_version
    decoded = codec.decode_plc(tuple(words)).header
    assert {row["name"]: decoded[row["name"]] for row in header[1:]} == {row["name"]: n for n, row in enumerate(header[1:], 2)}


@pytest.mark.parametrize("name", TABLES)
def test_every_code_is_in_the_table_with_a_meaning_in_both_languages(name: str) -> None:
    rows = table(name)
    assert {row["name"]: int(row["code"]) for row in rows} == codes(IMAGE, name)
    assert all(row["meaning"] and row["含义"] for row in rows)


def structs(scl: str) -> dict[str, list[tuple[str, str, int]]]:
    """TYPE → (member, type, byte that its comment names)."""
    found = {}
    for name, body in re.findall(r'TYPE "(\w+)".*?STRUCT\n(.*?)END_STRUCT;', scl, re.DOTALL):
        members = re.findall(r"^\s+(\w+) : (.+?);\s+// byte (\d+)", body, re.MULTILINE)
        found[name] = [(member, kind, int(byte)) for member, kind, byte in members]
    return found


def size_of(kind: str, types: dict[str, list[tuple[str, str, int]]]) -> int:
    array = re.fullmatch(r"Array\[0\.\.(\d+)\] of (.+)", kind)
    if array:
        return (int(array[1]) + 1) * size_of(array[2], types)
    return BYTES[kind.lower()] if kind.lower() in BYTES else sum(size_of(k, types) for _, k, _ in types[kind.strip('"')])


def test_each_byte_of_the_scl_types_is_where_its_word_is() -> None:
    types = structs(exported(IMAGE, "scl", "en"))
    for members in types.values():
        at = 0
        for member, kind, byte in members:
            assert byte == at, member
            at += size_of(kind, types)
    assert size_of('"sealline_plc_image"', types) == 2 * IMAGE.words("plc_to_edge")
    assert size_of('"sealline_edge_image"', types) == 2 * IMAGE.words("edge_to_plc")
    for side, name in (("plc_to_edge", "sealline_plc_header"), ("edge_to_plc", "sealline_edge_header")):
        wanted = [(field.name, 2 * field.word) for field in fields(IMAGE, side) if field.slot is None]
        assert [(member, byte) for member, _, byte in types[name]] == wanted


def test_the_scl_blocks_are_closed_and_its_data_blocks_are_not_optimised() -> None:
    scl = exported(IMAGE, "scl", "en")
    for block in ("TYPE", "DATA_BLOCK", "FUNCTION_BLOCK", "STRUCT", "IF", "FOR"):
        opened = len(re.findall(rf"(?<!END_)\b{block}\b(?=[ \n])", re.sub(r"//.*", "", scl)))
        assert opened == scl.count(f"END_{block}"), block
    blocks = re.findall(r"DATA_BLOCK .*?END_DATA_BLOCK", scl, re.DOTALL)
    images = [block for block in blocks if "_image" in block]
    assert len(images) == 2
    assert all("S7_Optimized_Access := 'FALSE'" in block for block in images)


def test_the_reference_program_names_every_code_of_the_interface() -> None:
    program = exported(IMAGE, "st", "en").lower()
    for name in ("events", "opcodes", "refusals"):
        for code_name in codes(IMAGE, name):
            assert re.search(rf"\b\w*{code_name}\b", program), code_name
    for side in SIDES:
        for field in fields(IMAGE, side):
            assert re.search(rf"\b{field.name}\b", program), field.name


def test_the_document_speaks_both_languages() -> None:
    english, chinese = exported(IMAGE, "md", "en"), exported(IMAGE, "md", "zh")
    assert all(f.name in english and f.name in chinese for side in SIDES for f in fields(IMAGE, side))
    assert english != chinese


@pytest.mark.parametrize(("kind", "language"), [("pdf", "en"), ("md", "fr")])
def test_what_does_not_exist_lists_what_does(kind: str, language: str) -> None:
    with pytest.raises(UnknownChoice, match="choose one of"):
        exported(IMAGE, kind, language)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_command_writes_a_file_and_never_over_another(kind: str, tmp_path) -> None:
    target = tmp_path / "out"
    ask = ["export", "--format", kind, "-o", str(target)]
    assert RUN.invoke(app, ask).exit_code == 0
    assert target.read_text("utf-8") == exported(IMAGE, kind, "en")
    target.write_text("mine")
    assert RUN.invoke(app, ask).exit_code == 2
    assert target.read_text() == "mine"
    assert RUN.invoke(app, [*ask, "--force"]).exit_code == 0
    assert RUN.invoke(app, ["export", "--format", kind, "-o", str(tmp_path / "no" / "folder")]).exit_code == 2
    assert RUN.invoke(app, ["export", "--format", kind, "-o", "-"]).exit_code == 0
    assert RUN.invoke(app, ["export", "--format", "nothing", "-o", "-"]).exit_code == 2
