"""Whatever comes instead of an answer: the link tells what it was, no write goes out twice, and the next connection goes on."""

import pytest

from tests.wire.bad_wire import Act, Row, Slow
from tests.wire.scene import KINDS, Wire, keys, linked

PATIENT_MS = 3000
"""for rows that no time limit has a part in"""


def modbus(frame: bytes, pdu: bytes, *, transaction: int = 0, protocol: int = 0, unit: int = 0) -> bytes:
    """The answer with another PDU, and with its header's fields changed by so much."""
    head = int.from_bytes(frame[:2], "big")
    return b"".join(
        (
            ((head + transaction) % 65536).to_bytes(2, "big"),
            protocol.to_bytes(2, "big"),
            (len(pdu) + 1).to_bytes(2, "big"),
            bytes([frame[6] + unit]),
            pdu,
        )
    )


def s7(frame: bytes, data: bytes, *, error: int = 0, reference: int = 0, function: int = 4) -> bytes:
    """The answer with another data section, and with its header's fields changed."""
    number = int.from_bytes(frame[11:13], "big")
    body = b"".join(
        (
            frame[4:11],
            ((number + reference) % 65536).to_bytes(2, "big"),
            (2).to_bytes(2, "big"),
            len(data).to_bytes(2, "big"),
            error.to_bytes(2, "big"),
            bytes([function, 1]),
            data,
        )
    )
    return b"\x03\x00" + (len(body) + 4).to_bytes(2, "big") + body


def exception(code: int) -> Row:
    return lambda frame, _: [modbus(frame, bytes([frame[7] | 0x80, code]))]


def item_code(code: int) -> Row:
    return lambda frame, _: [s7(frame, bytes([code, 0, 0, 0]))]


def header_code(code: int) -> Row:
    return lambda frame, _: [s7(frame, b"", error=code)]


# What is the same on both wires → (what comes, the reason that is told; () = nothing).
WIRES: dict[str, tuple[Row, tuple[str, ...]]] = {
    "half-open": (lambda frame, _: [Act.MUTE], ("lost",)),
    "half of it, then silence": (lambda frame, _: [frame[:60], Act.MUTE], ("lost",)),
    "reset in mid-frame": (lambda frame, _: [frame[:60], Act.RST], ("lost",)),
    "closed in mid-frame": (lambda frame, _: [frame[:60], Act.FIN], ("lost",)),
    "reset instead of an answer": (lambda frame, _: [Act.RST], ("lost",)),
    "one byte after the other": (lambda frame, _: [Slow(frame)], ("lost",)),
    "another protocol": (lambda frame, _: [b"HTTP/1.1 400 Bad Request\r\n\r\n", Act.MUTE], ("lost",)),
    "in pieces": (lambda frame, _: [frame[:3], frame[3:10], frame[10:]], ()),
}
MODBUS: dict[str, tuple[Row, tuple[str, ...]]] = {
    # pymodbus gives up what comes with an answer that nobody waits for: a cycle is lost, the data never mixed up.
    "twice": (lambda frame, _: [frame, frame], ("lost",)),
    "after the late one before": (lambda frame, before: [before, frame], ("lost",)),
    **{f"exception {code}": (exception(code), ("refused",)) for code in (1, 2, 3, 4, 5, 6, 8, 10, 11, 99)},
    "foreign transaction": (lambda frame, _: [modbus(frame, frame[7:], transaction=1000)], ("lost",)),
    "foreign protocol": (lambda frame, _: [modbus(frame, frame[7:], protocol=7)], ("lost",)),
    "foreign unit": (lambda frame, _: [modbus(frame, frame[7:], unit=5)], ("lost",)),
    "foreign function": (lambda frame, _: [modbus(frame, bytes([4]) + frame[8:])], ("bad_reply",)),
    "function and nothing": (lambda frame, _: [modbus(frame, frame[7:8])], ("lost",)),
    "no registers": (lambda frame, _: [modbus(frame, bytes([frame[7], 0]))], ("bad_reply",)),
    "one register less": (lambda frame, _: [modbus(frame, bytes([frame[7], frame[8] - 2]) + frame[9:-2])], ("bad_reply",)),
    "a count that promises more": (lambda frame, _: [modbus(frame, frame[7:-6])], ("lost", "bad_reply")),
    "more registers": (lambda frame, _: [modbus(frame, bytes([frame[7], 250]) + bytes(250))], ("bad_reply",)),
    "oversize": (lambda frame, _: [modbus(frame, bytes([frame[7], 254]) + bytes(40_000))], ("lost", "bad_reply")),
}
S7: dict[str, tuple[Row, tuple[str, ...]]] = {
    "twice": (lambda frame, _: [frame, frame], ()),
    "after the late one before": (lambda frame, before: [before, frame], ()),
    **{f"item code {code:#x}": (item_code(code), ("refused",)) for code in (0x01, 0x03, 0x05, 0x06, 0x07, 0x0A, 0x7F)},
    **{f"header code {code:#x}": (header_code(code), ("refused",)) for code in (0x8104, 0x8500, 0xD602)},
    "foreign reference": (lambda frame, _: [s7(frame, frame[21:], reference=1000)], ("bad_reply",)),
    "foreign function": (lambda frame, _: [s7(frame, frame[21:], function=5)], ("refused",)),
    "no data": (lambda frame, _: [s7(frame, b"")], ("refused",)),
    "one word less": (
        lambda frame, _: [
            s7(frame, frame[21:23] + (int.from_bytes(frame[23:25], "big") - 16).to_bytes(2, "big") + frame[25:-2])
        ],
        ("refused",),
    ),
    "cut short": (lambda frame, _: [s7(frame, frame[21:-6])], ("refused",)),
    "oversize": (lambda frame, _: [b"\x03\x00\xff\xff" + frame[4:] + bytes(65_535 - len(frame))], ("refused",)),
    "no room for a header": (lambda frame, _: [b"\x03\x00\x00\x04", Act.MUTE], ("lost",)),
    "a disconnect request": (lambda frame, _: [b"\x03\x00\x00\x0b\x06\x80\x00\x01\x00\x01\x00"], ("lost",)),
}
CASES = [
    pytest.param(kind, row, reasons, id=f"{kind}: {name}")
    for kind in KINDS
    for name, (row, reasons) in {**WIRES, **(S7 if kind == "s7" else MODBUS)}.items()
]


@pytest.mark.parametrize(("kind", "row", "reasons"), CASES)
async def test_one_bad_answer(kind: str, row: Row, reasons: tuple[str, ...]) -> None:
    timeout_ms = 120 if "lost" in reasons else PATIENT_MS
    async with linked(Wire(kind, timeout_ms=timeout_ms), through_bad_wire=True) as wire:
        wire.plc.happen("document_fed", 1)
        await wire.until(wire.documents)
        wire.bad.rows.append(row)
        for handle in range(2, 12):
            wire.plc.happen("document_fed", handle)
        if reasons:
            await wire.until(lambda: len(wire.told()) >= 3)
            assert wire.told()[0] == wire.told()[2] == "up"
            assert wire.told()[1] in reasons
        await wire.until(lambda: not wire.plc.fifo)
        assert not wire.bad.rows
        if not reasons:
            assert wire.told() == ["up"]
        assert wire.documents() == keys(1, 11)
        assert wire.bad.connections >= 1 + bool(reasons)
        assert wire.link.health().up
        wire.assert_no_write_was_repeated()
