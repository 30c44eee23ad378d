"""The doctor finds what is wrong with a machine, and says what to do about it."""

import io
import shutil
import socket
from pathlib import Path

import pytest
from rich.console import Console

from edge import doctor
from line_config.loader import load_line
from line_config.model import LineConfig
from line_config.printers import DocumentPrinterSection

DATA = Path(__file__).parents[2] / "line_config"


@pytest.fixture
def config(tmp_path: Path) -> LineConfig:
    shutil.copytree(DATA, tmp_path / "line_config")
    path = tmp_path / "line_config" / "lines" / "demo.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("var/demo", str(tmp_path / "var")), encoding="utf-8")
    return load_line(path)


def test_each_pin_is_compared_with_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor._packages().how == doctor.GOOD
    pins = ["msgspec==0.0.1", "no-such-package==1.0", 'ruff==0.0.1; extra == "test"']
    monkeypatch.setattr(doctor, "requires", lambda _: pins)
    row = doctor._packages()
    assert row.how == doctor.FAIL
    assert "msgspec" in row.text
    assert "wanted 0.0.1" in row.text
    assert "no-such-package is missing" in row.text
    assert "ruff" not in row.text


def test_a_site_key_is_for_its_owner_only(tmp_path: Path) -> None:
    key = tmp_path / "site.key"
    assert doctor._site_key(key).how == doctor.WARN
    key.write_bytes(bytes(32))
    key.chmod(0o644)
    assert doctor._site_key(key).remedy == "chmod 600"
    key.chmod(0o600)
    assert doctor._site_key(key).how == doctor.GOOD


def test_a_panel_port_that_is_taken_fails() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert doctor._panel_port("127.0.0.1", port).how == doctor.FAIL
    assert doctor._panel_port("127.0.0.1", port).how == doctor.GOOD


def test_a_peer_answers_or_is_named_with_its_section() -> None:
    with socket.create_server(("127.0.0.1", 0)) as peer:
        port = peer.getsockname()[1]
        assert doctor._peer("printer", "127.0.0.1", port).how == doctor.GOOD
    row = doctor._peer("printer", "127.0.0.1", port)
    assert row.how == doctor.WARN
    assert "[printer]" in row.remedy


@pytest.mark.skipif(shutil.which("ipptool") is None, reason="apt-get install cups-ipp-utils")
def test_a_document_printer_that_is_away_warns(config: LineConfig) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    section = DocumentPrinterSection(uri=f"ipp://127.0.0.1:{port}/ipp/print", origins=["https://files.test"])
    row = list(doctor.rows(config.model_copy(update={"document_printer": section})))[-1]
    assert (row.what, row.how) == ("document_printer", doctor.WARN)
    assert "[document_printer]" in row.remedy


def test_a_data_directory_that_cannot_be_written_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert doctor._fsync(tmp_path / "file" / "data").how == doctor.FAIL
    assert "fsync median" in doctor._fsync(tmp_path / "data").text
    assert not list((tmp_path / "data").iterdir())


def test_one_failure_is_told_in_the_table_and_by_the_answer(config: LineConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    def table() -> tuple[bool, str]:
        out = io.StringIO()
        return doctor.examine(Console(file=out, width=500), config), out.getvalue()

    monkeypatch.setattr(doctor, "MACHINE", (doctor._python,))
    monkeypatch.setattr(doctor, "_peer", lambda name, *_: doctor.Row(name, doctor.WARN, "away", f"look at [{name}]"))
    monkeypatch.setattr(doctor, "_panel_port", lambda *_: doctor.Row("panel port", doctor.GOOD, "free"))
    failed, text = table()
    assert not failed
    assert "[machine_plc]" in text
    monkeypatch.setattr(doctor, "_panel_port", lambda *_: doctor.Row("panel port", doctor.FAIL, "taken", "stop it"))
    failed, text = table()
    assert failed
    assert "stop it" in text


def test_a_gige_camera_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.ctypes.util, "find_library", lambda name: None)
    row = doctor._aravis("label_camera")
    assert (row.how, row.remedy) == (doctor.FAIL, "apt-get install libaravis-0.8-0")
    monkeypatch.setattr(doctor.ctypes.util, "find_library", lambda name: "libaravis-0.8.so.0")
    assert doctor._aravis("label_camera").how == doctor.GOOD
