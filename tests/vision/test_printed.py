import numpy as np
import pytest

from edge.labels.compose import compose
from edge.labels.fields import LabelFields
from line_config.label_layout import load_label_layout
from simulators.photo import Shot, ground, photograph
from tests.vision.test_worker import ROOT
from vision.barcode import SymbolFound
from vision.camera import Frame
from vision.desks import LabelDesk
from vision.label_check import read_label
from vision.printed import PrintedNumber

NUMBER = "EA473124829CN"


@pytest.fixture(scope="module")
def reader():
    return PrintedNumber()


def taken(angle, shot=None):
    fields = LabelFields(NUMBER, f"{NUMBER};2", "测*", "199******00", "广东省广州市样例区测试路***", "440106", "EMS", 2)
    dots = np.asarray(compose(load_label_layout(ROOT / "line_config/labels/ems_100x150_203.toml"), fields).convert("L"))
    rng = np.random.default_rng(angle)
    face = np.where(dots > 127, 30, 235).astype(np.uint8)
    return photograph(face, 4, shot or Shot(module_px=3, angle=angle), ground("plain", (1400, 1400), rng), rng)


def bars_of(frame):
    return next(symbol for symbol in read_label(frame).symbols if symbol.symbology == "code128")


@pytest.mark.parametrize("angle", [0, 90, 197])
def test_the_number_beside_the_bars_is_read_by_itself(reader, angle):
    frame = taken(angle)
    bars = bars_of(frame)
    assert reader.beside(frame, bars) == "same"
    assert reader.beside(frame, SymbolFound("code128", "EA473124828CN", bars.corners)) == "other"


def test_where_nothing_is_surely_read_it_says_nothing(reader):
    frame = taken(5)
    bars = bars_of(frame)
    for text in ("12345", "has blanks in it", "X" * 30):
        assert reader.beside(frame, SymbolFound("code128", text, bars.corners)) == ""
    assert reader.beside(np.full_like(frame, 200), bars) == ""


def test_it_is_asked_where_there_is_doubt_and_changes_no_symbol(reader):
    frame = taken(0)
    desk = LabelDesk(None, reader)
    first = desk(Frame(1, 2, 0, 300, frame))
    assert (first.printed, len(first.symbols), first.reason) == ("", 2, "")
    torn = frame.copy()
    torn[850:, 700:] = 230  # where the QR is
    doubtful, second = (desk(Frame(1, 2, k, 300, torn)) for k in (0, 1))
    assert (doubtful.reason, doubtful.printed, second.printed) == ("torn", "same", "")
    assert doubtful.symbols == second.symbols == first.symbols[:1]
    assert first.contrast_permille > 600
    assert first.modulation_permille > 300
    assert 250 < first.module_px_hundredths < 350
    assert LabelDesk(None)(Frame(1, 2, 0, 300, torn)).printed == ""


def test_an_exposure_without_a_picture_is_a_reading_without_symbols():
    message = LabelDesk(None).unread(6, 1, "too_large")
    assert (message.trigger, message.k, message.symbols, message.reason) == (6, 1, (), "too_large")
