"""The codec of the PLC interface: against bytes on file, the simulators' own codec, and whatever Hypothesis finds."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ports import BadReply
from drivers.process_image import (
    CommandSlot,
    EdgeImage,
    EventSlot,
    ImageCodec,
    PlcImage,
    WrongLayout,
    next_seq,
    seq_distance,
)
from line_config.process_image import load_process_image
from simulators.image import Command, Event
from simulators.image import ImageCodec as PeerCodec

IMAGE = load_process_image()
CODEC = ImageCodec(IMAGE)
PEER = PeerCodec(IMAGE)
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "process_image_1.json").read_text("utf-8"))
WORD = st.integers(0, 0xFFFF)
LONG = st.integers(0, 0xFFFF_FFFF)
SEQ = st.integers(1, IMAGE.seq_max)


def words_of(text: str) -> tuple[int, ...]:
    data = bytes.fromhex(text)
    return tuple(data[at] << 8 | data[at + 1] for at in range(0, len(data), 2))


def headers(side: str) -> st.SearchStrategy[dict[str, int]]:
    fields = getattr(IMAGE, side).header
    return st.fixed_dictionaries({field.name: LONG if field.words == 2 else WORD for field in fields}).map(
        lambda header: {**header, "layout_version": IMAGE.layout_version}
    )


def window_from(seq: int, count: int) -> list[int]:
    seqs = [seq]
    while len(seqs) < count:
        seqs.append(next_seq(seqs[-1], IMAGE.seq_max))
    return seqs[:count]


@st.composite
def plc_images(draw: st.DrawFn) -> PlcImage:
    station, kind = st.sampled_from(sorted(IMAGE.stations)), st.sampled_from(sorted(IMAGE.events))
    events = tuple(
        EventSlot(seq, draw(station), draw(kind), draw(LONG), draw(LONG), draw(LONG), draw(WORD))
        for seq in window_from(draw(SEQ), draw(st.integers(0, IMAGE.window)))
    )
    return PlcImage(draw(headers("plc_to_edge")), events, 0)


@st.composite
def edge_images(draw: st.DrawFn) -> EdgeImage:
    commands = tuple(
        CommandSlot(seq, draw(WORD), draw(LONG), draw(WORD), draw(LONG), draw(WORD))
        for seq in window_from(draw(SEQ), draw(st.integers(0, IMAGE.window)))
    )
    return EdgeImage(draw(headers("edge_to_plc")), commands)


# --- on file ---
def test_plc_image_on_file_means_what_it_meant() -> None:
    image = CODEC.decode_plc(words_of(GOLDEN["plc_to_edge"]))
    assert image.header["boot_id"] == 3
    assert image.header["documents_fed"] == 0x0001_86A0
    assert image.header["items_diverted"] == 6
    assert set(image.events) == {
        EventSlot(65528, "feeder", "document_fed", 70000, 123456, 2, 1),
        EventSlot(1, "insert", "inserted", 70000, 123999, 41, 0),
    }
    assert image.torn == 1
    assert CODEC.encode_plc(image)[:28] == words_of(GOLDEN["plc_to_edge"])[:28]


def test_edge_image_on_file_is_what_is_written() -> None:
    header = {"heartbeat": 9, "boot_id": 2, "plc_boot_echo": 3, "state": 6, "permit": 65535, "echo": 7}
    header |= {"last_consumed_seq": 65528, "last_issued_seq": 2}
    commands = (
        CommandSlot(1, 65528, 70000, IMAGE.opcodes["insert_close"].code),
        CommandSlot(2, 12, 41, IMAGE.opcodes["apply"].code, 900_001),
    )
    assert CODEC.encode_edge(EdgeImage(header, commands)) == words_of(GOLDEN["edge_to_plc"])


# --- there and back, and over to the peer that shares only the data ---
@given(plc_images())
def test_plc_image_survives_both_codecs(image: PlcImage) -> None:
    words = CODEC.encode_plc(image)
    back = CODEC.decode_plc(words)
    assert (back.header, set(back.events), back.torn) == (image.header, set(image.events), 0)
    slots: list[Event | None] = [None] * IMAGE.window
    for event in image.events:
        station_kind = IMAGE.stations[event.station] * 256 + IMAGE.events[event.kind].code
        slots[(event.seq - 1) % IMAGE.window] = Event(
            event.seq, station_kind, event.handle, event.plc_ms, event.value, event.flags
        )
    assert PEER.encode_plc(image.header, slots) == words


@given(edge_images())
def test_edge_image_survives_both_codecs(image: EdgeImage) -> None:
    words = CODEC.encode_edge(image)
    back = CODEC.decode_edge(words)
    assert (back.header, set(back.commands)) == (image.header, set(image.commands))
    seen = PEER.decode_edge(words)
    assert dict(seen.header) == image.header
    assert set(seen.commands) == {Command(*command) for command in image.commands}


@given(plc_images().filter(lambda image: image.events), st.data())
def test_a_slot_torn_anywhere_is_left_out_and_counted(image: PlcImage, data: st.DataObject) -> None:
    words = list(CODEC.encode_plc(image))
    victim = data.draw(st.sampled_from(image.events))
    start = IMAGE.plc_to_edge.header_words + (victim.seq - 1) % IMAGE.window * IMAGE.plc_to_edge.slot_words
    at = start + data.draw(st.sampled_from([0, IMAGE.plc_to_edge.slot_words - 1]))
    words[at] ^= data.draw(st.integers(1, 0xFFFF))
    back = CODEC.decode_plc(words)
    assert set(back.events) == set(image.events) - {victim}
    assert back.torn == 1


@given(st.lists(WORD, min_size=IMAGE.words("plc_to_edge"), max_size=IMAGE.words("plc_to_edge")))
def test_any_words_are_an_image_or_a_bad_reply(words: list[int]) -> None:
    words[0] = IMAGE.layout_version
    image = CODEC.decode_plc(words)
    assert len(image.events) + image.torn <= IMAGE.window


@given(st.lists(WORD, max_size=200).filter(lambda words: len(words) != CODEC.plc_words))
def test_wrong_length_is_a_bad_reply(words: list[int]) -> None:
    with pytest.raises(BadReply, match=f"{len(words)} words, expected {CODEC.plc_words}"):
        CODEC.decode_plc(words)


def test_another_layout_is_refused_by_both_names() -> None:
    words = list(CODEC.encode_plc(PlcImage({}, (), 0)))
    words[0] = 99
    with pytest.raises(WrongLayout, match="layout version of the PLC program is 99, of this edge 1: load"):
        CODEC.decode_plc(words)


def test_codes_that_nobody_knows_have_no_name() -> None:
    words = list(CODEC.encode_plc(PlcImage({}, (EventSlot(1, "feeder", "document_fed", 5, 0, 0, 0),), 0)))
    words[IMAGE.plc_to_edge.header_words + 1] = 0xEEEE
    assert CODEC.decode_plc(words).events == (EventSlot(1, "", "", 5, 0, 0, 0),)


# --- numbers ---
@given(SEQ, st.integers(0, 1000))
def test_distance_counts_steps_over_the_wrap(seq: int, steps: int) -> None:
    at = seq
    for _ in range(steps):
        at = next_seq(at, IMAGE.seq_max)
    assert 1 <= at <= IMAGE.seq_max
    assert seq_distance(seq, at, IMAGE.seq_max) == steps


def test_nothing_yet_is_one_step_before_the_first() -> None:
    assert next_seq(0, IMAGE.seq_max) == next_seq(IMAGE.seq_max, IMAGE.seq_max) == 1
    assert seq_distance(0, 1, IMAGE.seq_max) == 1
