import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.messages import CameraState, Hello, LabelReading, LabelSymbol, decode, encode, masked

LABEL = LabelReading(
    camera_boot=1,
    trigger=2,
    k=0,
    symbols=(LabelSymbol("qr", "EA000000005CN;7", 10, 20, confirmed=True),),
    evidence="",
    reason="",
    cpu_us=3,
)


@pytest.mark.parametrize("message", [Hello(camera="id_camera", pid=1, pyzbar=True), CameraState(up=False, detail="x"), LABEL])
def test_there_and_back(message):
    wire = encode(message)
    assert int.from_bytes(wire[:4], "big") == len(wire) - 4
    assert decode(wire[4:]) == message


@given(st.binary(max_size=200))
def test_other_bytes_are_refused_as_such(data):
    try:
        decode(data)
    except msgspec.DecodeError:
        return
    pytest.fail("accepted")


@pytest.mark.parametrize(
    ("value", "shown"), [("440106199003071234", "4401************34"), ("E12345678", "E123***78"), ("short", "*****"), ("", "")]
)
def test_masked(value, shown):
    assert masked(value) == shown
