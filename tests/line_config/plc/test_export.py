"""`sealline plc export`: what it writes, and what it says when it cannot."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.cli import app
from line_config.plc.export import FORMATS

RUN = CliRunner()
BEGINNINGS = {
    "md": "# PLC interface",
    "csv": "table,name,register",
    "scl": "// sealline: PLC interface",
    "st": "// sealline: ref",
}


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_goes_to_a_file_and_to_standard_output(kind: str, tmp_path: Path) -> None:
    file = tmp_path / f"interface.{kind}"
    ran = RUN.invoke(app, ["plc", "export", "--format", kind, "-o", str(file)])
    assert ran.exit_code == 0, ran.output
    printed = RUN.invoke(app, ["plc", "export", "--format", kind, "-o", "-"])
    assert printed.stdout == file.read_text(encoding="utf-8")
    assert printed.stdout.startswith(BEGINNINGS[kind])


def test_the_document_is_in_chinese_when_asked() -> None:
    ran = RUN.invoke(app, ["plc", "export", "--format", "md", "--language", "zh", "-o", "-"])
    assert ran.stdout.startswith("# PLC 接口")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "pdf", "-o", "-"], "choose one of md, csv, scl, st"),
        (["--format", "md", "-o", "-", "--language", "fr"], "choose one of en, zh"),
        (["--format", "md", "-o", "{folder}/none/x.md"], "choose a folder that exists"),
        (["--format", "md", "-o", "{folder}"], "overwrite it with --force"),
        (["--format", "md", "-o", "{folder}", "--force"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_says_what_to_do(arguments: list[str], said: str, tmp_path: Path) -> None:
    ran = RUN.invoke(app, ["plc", "export", *(one.format(folder=tmp_path) for one in arguments)])
    assert ran.exit_code == 2
    assert said in ran.stderr


def test_a_file_is_overwritten_only_with_force(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("mine")
    command = ["plc", "export", "--format", "csv", "-o", str(file)]
    ran = RUN.invoke(app, command)
    assert (ran.exit_code, file.read_text()) == (2, "mine")
    assert "--force" in ran.stderr
    assert RUN.invoke(app, [*command, "--force"]).exit_code == 0
    assert file.read_text(encoding="utf-8").startswith("table,")
