"""Bad input on a running system: a clear word, and nothing lost."""

import subprocess
import sys
from pathlib import Path

import pytest
from rich.progress import Progress

SEALLINE = Path(sys.executable).parent / "sealline"
pytestmark = pytest.mark.system


def run_line(config: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([SEALLINE, "run", config], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[line]", "[line", "is not TOML"),
        ("[panel]", "[panel]\nfoo = 1", "panel.foo: is no key that this file knows"),
        ("data_dir", "data_dri", "paths.data_dri: is no key"),
    ],
)
def test_a_broken_configuration_starts_nothing(make_demo, tmp_path: Path, old: str, new: str, says: str) -> None:
    run = make_demo()
    run._prepare()
    broken = tmp_path / "broken.toml"
    text = run.config_path.read_text()
    assert old in text
    broken.write_text(text.replace(old, new, 1))
    ran = subprocess.run([SEALLINE, "run", broken], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 2
    assert says in " ".join(ran.stderr.split())


def test_without_a_site_key_nothing_starts_and_it_says_how_to_make_one(make_demo) -> None:
    run = make_demo()
    run._prepare()
    (run.config_path.parent / "site.key").unlink()
    ran = subprocess.run([SEALLINE, "run", run.config_path], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert "site key" in ran.stderr


def test_a_second_runtime_on_the_same_journal_is_refused(make_demo, quiet: Progress, tmp_path: Path) -> None:
    run = make_demo(items=1)
    run.begin(quiet, lambda _: None)
    second = tmp_path / "second.toml"
    panel_port = run.panel_url.rstrip("/").rpartition(":")[2]
    second.write_text(run.config_path.read_text().replace(f"port = {panel_port}", f"port = {int(panel_port) + 1}"))
    ran = subprocess.run([SEALLINE, "run", second], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert "in use by another runtime" in " ".join(ran.stderr.split())


def test_peers_that_are_not_there_are_named_and_the_line_does_not_start(make_demo) -> None:
    run = make_demo()
    run._prepare()
    run.start_runtime()
    shown = run.snapshot()
    assert {link["id"]: link["up"] for link in shown["links"]}["machine_plc"] is False
    conditions = {row["code"] for row in shown["conditions"]}
    assert {"MACHINE_PLC_LOST", "SORTER_PLC_LOST"} <= conditions
    assert shown["permit"] is False
    assert shown["state"] == "STOPPED"
