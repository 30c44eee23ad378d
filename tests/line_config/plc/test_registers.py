"""The register table: every register once and as the driver's codec has it; every name with its code and its meaning."""

import csv
import io

import pytest

from drivers.process_image import CommandSlot, EdgeImage, EventSlot, PlcImage
from line_config.plc.document import markdown
from line_config.plc.registers import TABLES, codes, csv_text, meanings
from line_config.process_image import SIDES
from tests.simulators.edges import CODEC, IMAGE

ROWS = list(csv.DictReader(io.StringIO(csv_text(IMAGE))))
REGISTERS = [row for row in ROWS if row["table"] == "registers"]
FIRST = {"plc_to_edge": IMAGE.modbus.read_register, "edge_to_plc": IMAGE.modbus.write_register}


@pytest.mark.parametrize("side", SIDES)
def test_each_register_stands_there_exactly_once(side: str) -> None:
    covered = [
        int(row["register"]) + n for row in REGISTERS if row["direction"] == side for n in range(int(row["words"]))
    ]  # fmt: skip
    assert covered == list(range(FIRST[side], FIRST[side] + IMAGE.words(side)))
    assert all(int(row["byte"]) == 2 * int(row["word"]) for row in REGISTERS)


def looked_up(words: tuple[int, ...], side: str) -> dict[str, int]:
    """Name → value, by the table alone."""
    found = {}
    for row in REGISTERS:
        if row["direction"] == side:
            first = int(row["register"]) - FIRST[side]
            both = words[first : first + int(row["words"])]
            assert len(both) == {"UDINT": 2, "UINT": 1, "WORD": 1}[row["type"]]
            found[row["name"]] = both[0] if len(both) == 1 else both[0] * 65536 + both[1]
    return found


def test_what_the_codec_writes_for_a_plc_is_found_by_the_table() -> None:
    header = {f.name: 100 + n + 70_000 * (f.words == 2) for n, f in enumerate(IMAGE.plc_to_edge.header)}
    header["layout_version"] = IMAGE.layout_version
    events = tuple(
        EventSlot(n + 1, "weigh", "weighed", 70_000 + n, 80_000 + n, 90_000 + n, 1 + n) for n in range(IMAGE.window)
    )  # fmt: skip
    values = looked_up(CODEC.encode_plc(PlcImage(header, events, 0)), "plc_to_edge")
    for name, value in header.items():
        assert values[name] == value
    station_kind = IMAGE.stations["weigh"] * 256 + IMAGE.events["weighed"].code
    for n, event in enumerate(events):
        wanted = (event.seq, station_kind, event.handle, event.plc_ms, event.value, event.flags, event.seq)
        names = ("seq", "station_kind", "handle", "plc_ms", "value", "flags", "seq_copy")
        assert tuple(values[f"slots[{n}].{name}"] for name in names) == wanted


def test_what_the_codec_writes_for_the_edge_is_found_by_the_table() -> None:
    header = {f.name: 100 + n for n, f in enumerate(IMAGE.edge_to_plc.header)} | {"layout_version": IMAGE.layout_version}
    commands = tuple(CommandSlot(n + 1, 50 + n, 70_000 + n, 1 + n, 90_000 + n, 10 + n) for n in range(IMAGE.window))
    values = looked_up(CODEC.encode_edge(EdgeImage(header, commands)), "edge_to_plc")
    for name, value in header.items():
        assert values[name] == value
    for n, command in enumerate(commands):
        names = ("seq", "reply_to", "handle", "opcode", "argument", "chute", "seq_copy")
        assert tuple(values[f"slots[{n}].{name}"] for name in names) == (*command, command.seq)


@pytest.mark.parametrize("table", TABLES)
def test_each_code_stands_there_with_its_number(table: str) -> None:
    assert {row["name"]: int(row["code"]) for row in ROWS if row["table"] == table} == codes(IMAGE, table)


def test_each_name_of_the_interface_has_a_meaning_in_both_languages_and_nothing_else_has() -> None:
    wanted = {table: set(codes(IMAGE, table)) for table in TABLES}
    for side in SIDES:
        layout = getattr(IMAGE, side)
        wanted |= {side: {f.name for f in layout.header}, f"{side}_slot": {f.name for f in layout.slot}}
    assert {table: set(rows) for table, rows in meanings().items()} == wanted
    assert all(said.en and said.zh for rows in meanings().values() for said in rows.values())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_document_names_everything_in_its_language(language: str) -> None:
    page = markdown(IMAGE, language)  # type: ignore[arg-type]
    for table, rows in meanings().items():
        for name, said in rows.items():
            assert f"`{name}`" in page, (table, name)
            assert getattr(said, language) in page, (table, name)
    assert str(IMAGE.seq_max) in page
    widths = {line.count("|") for line in page.splitlines() if line.startswith("|")}
    assert widths <= {4, 7}, "every row has the cells of its head"
