import re

import numpy as np
import pytest

from edge.labels.tspl import tspl
from tests.labels.sample import LAYOUT
from tests.labels.test_zpl import pattern, with_printer


@pytest.mark.parametrize("width", [40, 41, 47])
def test_the_job_holds_every_dot_and_nothing_burns_beside_the_label(width):
    bitmap = pattern(width, 16)
    job = tspl(bitmap, LAYOUT)
    head, found, rest = job.partition(b"BITMAP 0,0,")
    row_bytes = (width + 7) // 8
    size = f"{row_bytes},16,0,".encode()
    assert found
    assert rest.startswith(size)
    assert rest[len(size) + row_bytes * 16 :] == b"\r\nPRINT 1,1\r\n"
    dots = np.frombuffer(rest[len(size) : len(size) + row_bytes * 16], dtype=np.uint8).reshape(16, row_bytes)
    burnt = ~np.unpackbits(dots, axis=1).astype(bool)
    assert (burnt[:, :width] == np.asarray(bitmap, dtype=bool)).all()
    assert not burnt[:, width:].any()
    assert head.endswith(b"CLS\r\n")


def test_the_settings_are_said_before_the_dots():
    head = tspl(pattern(40, 16), with_printer(mode="cut", darkness=31 // 2 * 2, speed_in_s=4, gap_mm=2.5)).partition(b"BITMAP")[
        0
    ]
    assert head.decode().split("\r\n")[:-1] == [
        "SIZE 100 mm,150 mm", "GAP 2.5 mm,0 mm", "DENSITY 15", "SPEED 4", "SET TEAR OFF", "SET PEEL OFF", "SET CUTTER 1",
        "SET REPRINT OFF", "DIRECTION 0,0", "REFERENCE 0,0", "CLS",
    ]  # fmt: skip


@pytest.mark.parametrize("mode", ["tear", "peel", "cut", "applicator"])
def test_every_mode_sets_all_three_ways_and_never_two_of_them(mode):
    head = tspl(pattern(40, 16), with_printer(mode=mode)).decode("latin-1")
    assert re.findall(r"SET (TEAR|PEEL|CUTTER)", head) == ["TEAR", "PEEL", "CUTTER"]
    assert len(re.findall(r"SET (?:TEAR ON|PEEL ON|CUTTER 1)", head)) == 1
