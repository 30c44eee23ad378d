"""The desk's terminal in front of the core itself: what a person enters, what the line makes of it, what is shown."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from edge.core.commands import Answer
from edge.core.device_events import LabelPrinted
from edge.core.events import OperatorRequest
from edge.core.item import ItemState
from edge.core.values import PrintId
from edge.desk.panel import PanelAway, Said
from edge.desk.session import Session, scanned
from edge.desk.words import SAYS
from edge.hmi.words import catalogue
from edge.runtime.view import snapshot
from tests.core.line import Line
from tests.core.test_manual import desk

QR, CODE = "]Q1EA000000001CN;1", "]C1EA000000001CN"


class CoreLine:
    """The line, in this process; its desk printer shows the label as soon as somebody looks a second time."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.away = 0
        """so often it does not answer"""

    def snapshot(self) -> dict[str, Any]:
        if self.away:
            self.away -= 1
            raise PanelAway("no answer")
        shown = snapshot(self.line.controller, site="s", sim=True, rev=1, health={}, central={})
        if shown["desk"]["state"] == "printing":
            self.line.say(LabelPrinted, print_id=PrintId(self.line.controller.labels.next_print_id - 1))
        return shown

    def words(self) -> dict[str, Any]:
        return msgspec.json.decode(msgspec.json.encode(catalogue()))

    def act(self, act: str, argument: dict[str, str]) -> Said:
        out = self.line.say(OperatorRequest, request_id="r", person="P1", act=act, argument=argument)
        answer = next(command for command in out if isinstance(command, Answer))
        return Said(answer.accepted, answer.code)


def reader(picture: Path | None) -> dict[str, Any]:
    """The picture's name says which document it is."""
    name = "" if picture is None else picture.name
    if name == "blank":
        return {
            "kind": None,
            "flags": 0,
            "token": "",
            "skeleton": "",
            "second_field": "",
            "masked": "",
            "reason": "nothing_found",
        }
    n = name or "1"
    return {
        "kind": "resident_id",
        "flags": 15,
        "token": f"token{n}",
        "skeleton": f"skeleton{n}",
        "second_field": "",
        "masked": "44**",
        "reason": "",
    }


def sit(line: CoreLine, *entered: str, language: str = "en") -> tuple[bool, str, list[str]]:
    """A whole evening: what run() returned, what was shown, what was asked."""
    out, asked = io.StringIO(), []
    left: Iterator[str] = iter(entered)

    def ask(prompt: str) -> str:
        asked.append(prompt)
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    done = Session(line, reader, ask, Console(file=out, width=200), language, wait_s=0).run()
    return done, out.getvalue(), asked


@pytest.mark.parametrize("language", ["zh", "en"])
def test_from_the_document_to_the_induction(language: str) -> None:
    line = CoreLine(desk())
    done, shown, asked = sit(line, "", "", "18", CODE, QR, "", "i", QR, "q", language=language)
    assert done
    assert line.line.controller.items.all["E1-1"].state is ItemState.REINDUCTING
    at = ("zh", "en").index(language)
    for step in ("free", "printing", "closed", "bye"):
        assert SAYS[step][at] in shown
    assert SAYS["waiting"][at].format(items="E1-1") in shown
    assert SAYS["filling"][at].format(again=0, wanted=1) in shown
    assert "44**" in shown
    assert SAYS["destroy"][at].partition("{")[0] not in shown, "a proved label waits for the sorter, not for its end"
    assert "token" not in shown
    assert [prompt for prompt in asked if prompt == SAYS["weight"][at]]


def test_what_is_refused_is_said_in_words() -> None:
    line = CoreLine(desk())
    _, shown, _ = sit(line, "p 9", "p blank", "d D1-7", "nonsense", "c", "q")
    assert "document without order (NO_ORDER)" in shown
    assert "not read: nothing_found" in shown
    assert "(NOT_IN_HAND)" in shown
    assert "no such command" in shown
    assert "not possible in this state (NOT_IN_THIS_STATE)" in shown


def test_a_wrong_label_is_opened_by_two_and_destroyed() -> None:
    line = CoreLine(desk())
    entered = ("", "", "18", "EA000000002CN;1", "EA000000002CN", "", "o", "E1-1", QR, "", "P2", "v", "1", "P2", "q")
    _, shown, _ = sit(line, *entered)
    assert "label does not match the order (LABEL_MISMATCH)" in shown
    assert "labels to destroy (v): 1" in shown
    assert shown.count("labels to destroy (v): 1") == 1, "it was destroyed with its envelope"
    assert line.line.controller.items.all["E1-1"].state is ItemState.OPENED


def test_one_may_give_up_at_the_scales_and_think_it_over() -> None:
    line = CoreLine(desk())
    _, shown, _ = sit(line, "", "", "", "c", "q")
    assert line.line.controller.manual.state == "free"
    assert "(OK)" in shown


def test_the_end_of_input_is_the_end() -> None:
    done, shown, _ = sit(CoreLine(desk()))
    assert done
    assert SAYS["bye"][1] in shown


def test_a_line_without_a_desk_says_so() -> None:
    done, shown, asked = sit(CoreLine(Line()))
    assert (done, asked) == (False, [])
    assert SAYS["no_desk"][1] in shown


def test_a_line_that_is_away_for_a_moment_is_asked_again() -> None:
    line = CoreLine(desk())

    class Dozes(CoreLine):
        def act(self, act: str, argument: dict[str, str]) -> Said:
            self.away = 2
            return super().act(act, argument)

    done, shown, _ = sit(Dozes(line.line), "c", "q")
    assert done
    assert shown.count("no answer") == 2


def test_a_code_without_words_is_shown_as_it_is() -> None:
    class Strange(CoreLine):
        def act(self, act: str, argument: dict[str, str]) -> Said:
            return Said(accepted=False, code="NEW_CODE")

    assert "NEW_CODE" in sit(Strange(desk()), "c", "q")[1]


def test_every_answer_of_the_desk_has_words() -> None:
    words = catalogue()
    known = {*words["answer"], *words["reason"]}
    assert {"NO_DESK_PRINTER", "DESK_BUSY", "OTHER_ORDER", "NO_WEIGHT", "NOT_IN_HAND", "GIVEN_UP", "CONTENT_MISMATCH"} <= known


def test_a_scanners_identifier_is_not_part_of_the_text() -> None:
    assert [scanned(text) for text in ("]C1EA1", " ]Q1EA1;2\n", "EA1", "a,b", "]]x")] == ["EA1", "EA1;2", "EA1", "ab", "]]x"]
