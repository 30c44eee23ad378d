import msgspec
import pytest

from edge.core.values import Camera, Plc
from edge.runtime.exposure_count import ExposureCount, exposures_at_rest
from tests.core.line import Line


def agreed(camera=0, plc=900):
    count = ExposureCount()
    for _ in range(2):
        assert count.compare(camera, plc)
    return count


def test_nothing_is_joined_before_both_stood_still_twice():
    count = ExposureCount()
    for camera, plc in ((0, None), (0, 900), (2, 902), (2, None), (2, 902)):
        assert count.compare(camera, plc)
        assert not count.agreed
        assert count.trigger(4) is None
    count.compare(2, 902)
    assert count.trigger(4) == 904


def test_they_go_on_together_and_over_the_end_of_a_word():
    count = agreed(65_530, 100)
    assert count.trigger(65_532) == 102
    assert count.trigger(4) == 110
    for _ in range(3):
        assert count.compare(6, 112)
    assert count.slips == 0


@pytest.mark.parametrize(("camera", "plc"), [(8, 910), (10, 908)])
def test_a_missed_pulse_or_exposure_is_noticed_on_the_next_empty_zone(camera, plc):
    count = agreed()
    assert count.compare(camera, None), "something is on its way"
    assert count.compare(camera, plc), "it may still be on its way to us"
    assert not count.compare(camera, plc)
    assert (count.agreed, count.slips) == (False, 1)
    for _ in range(2):
        assert count.compare(camera, plc)
    assert count.trigger(camera + 2) == plc + 2


def test_a_new_connection_begins_anew():
    count = agreed()
    count.begin()
    assert not count.agreed
    assert count.compare(0, 950)
    assert not count.agreed, "what was seen before the connection says nothing"


def test_the_plcs_count_is_taken_at_rest_only():
    line = Line()
    status = line.controller.supervision.status[Plc.MACHINE]
    rest = msgspec.structs.replace(status, exposures_1=40, exposures_2=50, zones_empty=0b01, caught_up=True)
    seen = lambda **changed: [  # noqa: E731
        exposures_at_rest(line.controller, camera)
        for line.controller.supervision.status[Plc.MACHINE] in [msgspec.structs.replace(rest, **changed)]
        for camera in (Camera.ID, Camera.LABEL)
    ]
    assert seen() == [40, None]
    assert seen(zones_empty=0b11) == [40, 50]
    assert seen(zones_empty=0b10) == [None, 50]
    assert seen(caught_up=False) == [None, None]
    line.controller.supervision.links["machine_plc"] = False
    assert seen(zones_empty=0b11) == [None, None]
    line.controller.supervision.status.clear()
    assert exposures_at_rest(line.controller, Camera.ID) is None
