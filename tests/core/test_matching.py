"""The tables of the content check and the label check, row by row."""

import itertools

import msgspec
import pytest

from edge.core.device_events import FrameRead, LabelRead
from edge.core.matching import Expected, Likeness, accept_reading, check_label, see, tell_apart
from edge.core.values import Camera, Symbol, Verdict

NUMBER, QR = "EA000000001CN", "EA000000001CN;7"
GOOD = (Symbol("code128", NUMBER), Symbol("qr", QR))


def frame(k: int = 0, *, token: str = "t", flags: int = 15, kind: str | None = "passport") -> FrameRead:
    return FrameRead(
        at_us=0, camera=Camera.ID, camera_boot=1, trigger=2, k=k, kind=kind, flags=flags, token=token, skeleton="s",
        confidence_permille=900, masked="", evidence="",
    )  # fmt: skip


def label(*symbols: Symbol, k: int = 0, reason: str = "") -> LabelRead:
    return LabelRead(
        at_us=0, camera=Camera.LABEL, camera_boot=1, trigger=2, k=k, symbols=symbols, evidence="", reason=reason
    )  # fmt: skip


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([], "UNREADABLE"),
        ([frame(kind=None, token="", flags=0)], "UNREADABLE"),
        ([frame(token="")], "UNREADABLE"),
        ([frame(kind=None)], "UNREADABLE"),
        ([frame(), frame(1, token="u")], "FRAMES_DISAGREE"),
        ([frame(), frame(1, kind="a4")], "FRAMES_DISAGREE"),
        ([frame(flags=14), frame(1, flags=14)], "UNREADABLE"),
        ([frame(flags=13), frame(1)], "CHECK_DIGIT_WRONG"),
        ([frame(flags=11), frame(1)], "DATE_IMPOSSIBLE"),
        ([frame(flags=7)], "DOUBTFUL"),
        ([frame(flags=7), frame(1, kind=None, token="")], "DOUBTFUL"),
        ([frame(flags=7), frame(1, flags=7)], ""),
        ([frame(flags=15)], ""),
        ([frame(flags=15), frame(1, kind=None, token="")], ""),
    ],
)
def test_reading_rows(frames: list[FrameRead], reason: str) -> None:
    assert accept_reading(frames) == reason


@pytest.mark.parametrize(("first", "second"), list(itertools.product(range(16), repeat=2)))
def test_no_combination_of_flags_passes_without_all_three_proofs(first: int, second: int) -> None:
    proved = 7
    passed = accept_reading([frame(flags=first), frame(1, flags=second)]) == ""
    assert passed == (first & second & proved == proved)


@pytest.mark.parametrize(
    ("like", "verdict", "reason"),
    [
        # Nobody looks like it.
        (Likeness("", ""), Verdict.MATCH, ""),
        (Likeness("f", ""), Verdict.MATCH, ""),
        (Likeness("", "f"), Verdict.MATCH, ""),
        (Likeness("f", "f"), Verdict.MATCH, ""),
        (Likeness("g", "f"), Verdict.MISMATCH, "SECOND_FIELD_DIFFERS"),
        # Somebody does.
        (Likeness("f", "f", ("g",)), Verdict.MATCH, ""),
        (Likeness("f", "f", ("g", "h")), Verdict.MATCH, ""),
        (Likeness("f", "f", ("g", "f")), Verdict.AMBIGUOUS, "AMBIGUOUS"),
        (Likeness("f", "f", ("g", "")), Verdict.AMBIGUOUS, "AMBIGUOUS"),
        (Likeness("g", "f", ("g",)), Verdict.MISMATCH, "SECOND_FIELD_DIFFERS"),
        (Likeness("", "f", ("g",)), Verdict.AMBIGUOUS, "AMBIGUOUS"),
        (Likeness("f", "", ("g",)), Verdict.AMBIGUOUS, "AMBIGUOUS"),
        (Likeness("", "", ("g",)), Verdict.AMBIGUOUS, "AMBIGUOUS"),
        (Likeness("", "", ("",)), Verdict.AMBIGUOUS, "AMBIGUOUS"),
    ],
)
def test_likeness_rows(like: Likeness, verdict: Verdict, reason: str) -> None:
    assert tell_apart(like) == (verdict, reason, None)


def test_with_a_look_alike_only_its_own_second_field_passes() -> None:
    fields = ("", "f", "g", "h")
    for read, own, other in itertools.product(fields, repeat=3):
        passes = bool(read) and read == own and other not in {"", own}
        assert (tell_apart(Likeness(read, own, (other,))).verdict is Verdict.MATCH) == passes


@pytest.mark.parametrize(("fields", "seen"), [((), ""), (("f",), "f"), (("f", "f"), "f"), (("f", "g"), ""), (("f", ""), "")])
def test_frames_that_differ_in_the_second_field_have_none(fields: tuple[str, ...], seen: str) -> None:
    frames = [msgspec.structs.replace(frame(k), second_field=field) for k, field in enumerate(fields)]
    assert see([*frames, frame(9, kind=None, token="")]).second_field == seen


@pytest.mark.parametrize(
    ("frames", "verdict", "reason"),
    [
        ([], Verdict.UNREADABLE, "LABEL_UNREADABLE"),
        ([label(), label(k=1)], Verdict.UNREADABLE, "LABEL_MISSING"),
        ([label(GOOD[0])], Verdict.UNREADABLE, "LABEL_UNREADABLE"),
        ([label(GOOD[1])], Verdict.UNREADABLE, "LABEL_UNREADABLE"),
        ([label(*GOOD, Symbol("code128", "EA000000002CN"))], Verdict.MISMATCH, "LABEL_MISMATCH"),
        ([label(GOOD[0], Symbol("qr", NUMBER + ";8"))], Verdict.MISMATCH, "LABEL_MISMATCH"),
        ([label(*GOOD), label(Symbol("qr", "x"), k=1)], Verdict.MISMATCH, "LABEL_MISMATCH"),
        ([label(*GOOD, GOOD[0])], Verdict.MISMATCH, "LABEL_MISMATCH"),
        ([label(*GOOD), label(*GOOD, k=1, reason="torn_beside")], Verdict.MISMATCH, "LABEL_MISMATCH"),
        ([label(*GOOD), label(GOOD[0], k=1, reason="torn")], Verdict.MATCH, ""),
        ([label(GOOD[0]), label(GOOD[1], k=1)], Verdict.MATCH, ""),
        ([label(*GOOD)], Verdict.MATCH, ""),
        ([label(*GOOD), label(*GOOD, k=1)], Verdict.MATCH, ""),
    ],
)
def test_label_rows(frames: list[LabelRead], verdict: Verdict, reason: str) -> None:
    check = check_label(frames, Expected(NUMBER, QR))
    assert (check.verdict, check.reason) == (verdict, reason)
