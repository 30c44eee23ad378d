"""A folder whose truth is known: what is right, what is wrong, what was not read, and a page that shows it."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from edge.cli import app
from simulators.commands import register
from simulators.specimen_folder import files, write_folder
from simulators.specimens import KINDS
from vision.evaluation import Truth, TruthError, evaluate, read_truth, summary
from vision.readers import ACCEPTED, Reading, unread


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.stdout + result.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("specimens")
    assert len(list(write_folder(folder, 1, 3, (0,)))) == files(1, len(KINDS), 1)
    return folder


def test_specimens_are_read_as_the_belt_sees_them(folder: Path, tmp_path: Path) -> None:
    code, said = run("vision", "eval", str(folder), "--belt", "--json", "--html", str(tmp_path / "page.html"))
    rows = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert code == 0
    assert rows[-1]["kind"] == "all"
    assert rows[-1]["pictures"] == files(1, len(KINDS), 1)
    assert (rows[-1]["read_rate"], rows[-1]["wrong"]) == (1.0, 0)
    assert "Failures 未读或误读 (0)" in (tmp_path / "page.html").read_text("utf-8")


def test_a_wrong_reading_is_counted_and_shown(folder: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (folder / "truth.jsonl").read_text("utf-8").splitlines()]
    row = next(row for row in rows if row["kind"] == "resident_id")
    picture = folder / row["file"]
    (tmp_path / row["file"]).write_bytes(picture.read_bytes())
    lie = {**row, "value": row["value"][:-1] + "0"}
    (tmp_path / "truth.jsonl").write_text(json.dumps(lie) + "\n", "utf-8")
    code, said = run("vision", "eval", str(tmp_path), "--belt", "--html", str(tmp_path / "page.html"))
    assert code == 1, said
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "class=wrong>Accepted" in page
    assert "data:image/jpeg;base64," in page


def test_what_is_right_wrong_and_unread() -> None:
    said = {
        "right": [Reading("a4", "1", "qr", ACCEPTED)],
        "wrong": [Reading("a4", "2", "qr", ACCEPTED)],
        "both": [Reading("a4", "1", "qr", ACCEPTED), Reading("a4", "2", "qr", ACCEPTED)],
        "doubtful": [Reading("a4", "2", "qr")],
        "nothing": [unread("no_symbol")],
    }
    truths = [Truth("missing.png", "a4", "1", "0")]
    assert [outcome.reason for outcome in evaluate(Path("/nowhere"), truths, lambda _: [])] == ["no_such_file"]
    expected = {"right": (True, False), "wrong": (False, True), "both": (False, True)}
    docs, sheet = Path(__file__).parents[2] / "docs", Truth("panel.png", "a4", "1", "0")
    for name, readings in said.items():
        (outcome,) = evaluate(docs, [sheet], lambda _, readings=readings: readings)
        assert (outcome.right, outcome.wrong) == expected.get(name, (False, False)), name
    (empty,) = evaluate(docs, [Truth("panel.png", "belt", None, "0")], lambda _: said["nothing"])
    assert empty.right
    assert summary([empty])[-1]["read_rate"] == 1.0


@pytest.mark.parametrize("line", ["{", "[]", '{"file": "a.png"}', "7"])
def test_a_truth_that_is_none_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "truth.jsonl").write_text('{"file": "a", "kind": "b", "value": null}\n' + line, "utf-8")
    with pytest.raises(TruthError, match="line 2"):
        read_truth(tmp_path)
    assert run("vision", "eval", str(tmp_path))[0] == 2


def test_a_folder_without_truth(tmp_path: Path) -> None:
    code, said = run("vision", "eval", str(tmp_path))
    assert code == 2
    assert "one JSON object per picture" in said.replace("\n", " ")


def test_specimens_by_hand(tmp_path: Path) -> None:
    made = typer.Typer()
    register(made)
    result = CliRunner().invoke(made, ["specimens", str(tmp_path / "s"), "--count", "1", "--severity", "0"])
    code, said = result.exit_code, " ".join((result.stdout + result.stderr).split())
    assert code == 0
    assert "sealline vision eval" in said
    assert len(read_truth(tmp_path / "s")) == files(1, len(KINDS), 1)
