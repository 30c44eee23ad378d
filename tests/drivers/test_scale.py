"""Scales on a real pty in each format, and the formats against whatever a line can carry."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers.ports import BadReply, LinkLost
from drivers.scale import SerialScale
from line_config.scale_format import ScaleFormat, ScaleReading, load_scale_format
from simulators.scale import FORMATS, Scale

FILES = sorted((Path(__file__).parents[2] / "line_config" / "scales").glob("*.toml"))
KNOWN = {fmt.name: fmt for fmt in map(load_scale_format, FILES)}
STATES = ("stable", "moving", "overload", "underload", "error")
each_format = pytest.mark.parametrize("name", KNOWN)


def test_the_simulator_speaks_every_format_that_there_is() -> None:
    assert set(FORMATS) == set(KNOWN) == {path.stem for path in FILES}
    assert len(KNOWN) >= 3


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("mt_sics", "S S     0.0125 kg", ScaleReading("stable", 125)),
        ("mt_sics", "S S      12.50 g", ScaleReading("stable", 125)),
        ("mt_sics", "S S    -0.0125 kg", ScaleReading("stable", -125)),
        ("mt_sics", "S D     0.0125 kg", ScaleReading("moving")),
        ("mt_sics", "S I", ScaleReading("error")),
        ("mt_sics", "S +", ScaleReading("overload")),
        ("mt_sics", "S -", ScaleReading("underload")),
        ("mt_sics", "S S", None),
        ("mt_sics", "S S     0.0125 lb", None),
        ("mt_sics", "ES", None),
        ("st_gs", "ST,GS,+00012.5g", ScaleReading("stable", 125)),
        ("st_gs", "ST,NT,-    0.5 g", ScaleReading("stable", -5)),
        ("st_gs", "ST,GS,+ 0.0125kg", ScaleReading("stable", 125)),
        ("st_gs", "US,GS,+00012.5g", ScaleReading("moving")),
        ("st_gs", "OL,GS,+99999.9g", ScaleReading("overload")),
        ("st_gs", "OL,GS,", ScaleReading("overload")),
        ("st_gs", "ST,GS,", None),
        ("st_gs", "ST,GS,+00012.5", None),
        ("stx_stream", "\x02   12.5GG", ScaleReading("stable", 125)),
        ("stx_stream", "\x02- 0.013KG", ScaleReading("stable", -130)),
        ("stx_stream", "\x02   12.5GGM", ScaleReading("moving")),
        ("stx_stream", "\x02   12.5GGO", ScaleReading("overload")),
        ("stx_stream", "   12.5GG", None),
        ("stx_stream", "\x02       GG", None),
    ],
)
def test_telegrams(name: str, text: str, expected: ScaleReading | None) -> None:
    assert KNOWN[name].parse(text) == expected


@each_format
@given(weight_100mg=st.integers(-9_999, 99_999), state=st.sampled_from(STATES))
def test_what_a_scale_says_is_what_it_weighs(name: str, weight_100mg: int, state: str) -> None:
    reading = KNOWN[name].parse(FORMATS[name](weight_100mg * 100, state).strip(" \r\n"))
    assert reading is not None
    if state == "stable":
        assert reading == ScaleReading("stable", weight_100mg)
    else:
        assert reading.state != "stable"
        assert reading.weight_100mg == 0


@each_format
@given(text=st.text(st.characters(max_codepoint=127), max_size=60))
def test_anything_else_is_no_reading(name: str, text: str) -> None:
    reading = KNOWN[name].parse(text)
    assert reading is None or re.match(KNOWN[name].pattern, text)


@each_format
@given(weight_100mg=st.integers(1, 99_999), data=st.data())
def test_a_telegram_cut_short_is_never_another_weight(name: str, weight_100mg: int, data: st.DataObject) -> None:
    whole = FORMATS[name](weight_100mg * 100, "stable").strip(" \r\n")
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    reading = KNOWN[name].parse(cut)
    assert reading is None or reading == ScaleReading("stable", weight_100mg) or reading.state != "stable"


@pytest.mark.parametrize(
    "change", [{"pattern": "("}, {"pattern": "^(?P<value>x)$"}, {"states": {}}, {"units": {"g": 0}}, {"name": ""}]
)
def test_a_format_that_cannot_work_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ScaleFormat.model_validate(KNOWN["mt_sics"].model_dump() | change)


# --- on a pty ---
@each_format
async def test_readings_come_one_by_one_and_survive_unplugging(name: str, tmp_path: Path) -> None:
    scale = Scale(tmp_path / "tty", name)
    port = SerialScale(str(tmp_path / "tty"), 9600, KNOWN[name])
    with pytest.raises(LinkLost, match="check the cable"):
        await port.connect()
    for round_ in range(3):
        scale.plug_in()
        await port.connect()
        scale.weigh(12_500, "moving")
        scale.weigh(12_500 + 100 * round_)
        assert (await port.read()).state == "moving"
        assert await port.read() == ScaleReading("stable", 125 + round_)
        scale.send(b"nonsense\r\n")
        with pytest.raises(BadReply, match="check the scale's settings"):
            await port.read()
        scale.unplug()
        with pytest.raises(LinkLost, match="plug it in"):
            await port.read()
    await port.close()
    with pytest.raises(LinkLost, match="not connected"):
        await port.read()
