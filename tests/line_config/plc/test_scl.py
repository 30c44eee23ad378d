"""The SCL sources: every byte where the wire reads it, blocks that are not optimised, and nothing left open."""

import re

import pytest

from line_config.plc.registers import fields
from line_config.plc.scl import sources
from line_config.process_image import SIDES
from tests.simulators.edges import IMAGE

SOURCE = sources(IMAGE)
BYTES = {"UInt": 2, "Word": 2, "UDInt": 4}
IMAGES = {"plc_to_edge": "sealline_plc_image", "edge_to_plc": "sealline_edge_image"}


def bare(source: str) -> str:
    return re.sub(r"//[^\n]*", "", source)


def types() -> dict[str, list[tuple[str, str]]]:
    return {
        name: re.findall(r"(\w+) : ([^;]+);", body)
        for name, body in re.findall(
            r'TYPE "(\w+)"\s+VERSION : 0\.1\s+STRUCT(.*?)END_STRUCT;\s+END_TYPE', bare(SOURCE), re.DOTALL
        )
    }


def leaves(kind: str, prefix: str, first: int) -> list[tuple[str, int]]:
    """(path, byte) of every elementary member, laid out as a block with standard access is: even bytes, in order."""
    if kind in BYTES:
        return [(prefix, first)]
    array = re.fullmatch(r"Array\[0\.\.(\d+)\] of (.+)", kind)
    parts = (
        [(f"{prefix}[{n}]", array[2]) for n in range(int(array[1]) + 1)]
        if array
        else [(f"{prefix}.{member}".lstrip("."), of) for member, of in types()[kind.strip('"')]]
    )
    out: list[tuple[str, int]] = []
    for path, of in parts:
        out += leaves(of, path, first)
        first += size(of)
    return out


def size(kind: str) -> int:
    if kind in BYTES:
        return BYTES[kind]
    array = re.fullmatch(r"Array\[0\.\.(\d+)\] of (.+)", kind)
    return (int(array[1]) + 1) * size(array[2]) if array else sum(size(of) for _, of in types()[kind.strip('"')])


@pytest.mark.parametrize("side", SIDES)
def test_each_member_lies_at_twice_its_word(side: str) -> None:
    found = [(path.removeprefix("header."), byte) for path, byte in leaves(f'"{IMAGES[side]}"', "", 0)]
    assert found == [(field.path, 2 * field.word) for field in fields(IMAGE, side)]
    assert size(f'"{IMAGES[side]}"') == 2 * IMAGE.words(side)


def test_the_comments_name_the_same_bytes() -> None:
    for name, body in re.findall(r'TYPE "(\w+)"(.*?)END_TYPE', SOURCE, re.DOTALL):
        said = [int(byte) for byte in re.findall(r";   // byte (\d+)", body)]
        sizes = [size(of) for _, of in types()[name]]
        assert said == [sum(sizes[:n]) for n in range(len(sizes))], name


@pytest.mark.parametrize(("block", "number"), [("sealline_send", IMAGE.s7.read_db), ("sealline_receive", IMAGE.s7.write_db)])
def test_the_wires_blocks_are_not_optimised_and_say_their_numbers(block: str, number: int) -> None:
    text = SOURCE[SOURCE.index(f'DATA_BLOCK "{block}"') :]
    assert text.splitlines()[1] == "{ S7_Optimized_Access := 'FALSE' }"
    assert f"set it to {number} " in SOURCE[: SOURCE.index(f'DATA_BLOCK "{block}"')].splitlines()[-1]


def test_blocks_are_balanced_and_there_are_two_instances() -> None:
    words = re.findall(r"[A-Z_]{2,}", bare(SOURCE))
    for word in ("TYPE", "STRUCT", "DATA_BLOCK", "FUNCTION_BLOCK", "IF"):
        opened = words.count(word)
        assert opened == words.count(f"END_{word}") > 0, word
    sections = sum(words.count(word) for word in ("VAR", "VAR_INPUT", "VAR_OUTPUT", "VAR_IN_OUT", "VAR_TEMP"))
    assert sections == words.count("END_VAR")
    assert bare(SOURCE).count("(") == bare(SOURCE).count(")")
    assert re.findall(r'DATA_BLOCK "(\w+)"[^"]*NON_RETAIN\s+"sealline_connection"', bare(SOURCE)) == [
        "sealline_machine",
        "sealline_sorter",
    ]
    assert "{{" not in SOURCE


def test_every_name_with_a_hash_is_declared_in_the_block() -> None:
    block = bare(SOURCE[SOURCE.index("FUNCTION_BLOCK") : SOURCE.index("END_FUNCTION_BLOCK")])
    head, body = block.split("BEGIN")
    declared = set(re.findall(r"(\w+) :", head))
    assert set(re.findall(r"#(\w+)", body)) <= declared
    header = {name for name, _ in types()["sealline_plc_header"]}
    assert set(re.findall(r"#plc\.header\.(\w+)", body)) <= header


def test_the_images_are_copied_once_each() -> None:
    block = bare(SOURCE[SOURCE.index("FUNCTION_BLOCK") : SOURCE.index("END_FUNCTION_BLOCK")])
    assert re.findall(r"UBLKMOV\(SRCBLK := (#\w+), DSTBLK => (#\w+)\)", block) == [("#receive", "#edge"), ("#plc", "#send")]
    assert len(re.findall(r"#receive|#send", block)) == 2
