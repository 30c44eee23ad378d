"""`sealline lot`: every document and order of a lot once, signed so that a changed byte shows; closed by the line alone."""

import base64
import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner

from edge.cli import app
from edge.core.events import ManifestGranted, ManifestSealed
from edge.core.values import LotId
from edge.runtime.records import journal_key
from edge.runtime.signing import SignatureError, believed, load_or_make, read_public, sign
from line_config.loader import load_line
from tests.core.line import order
from tests.core.test_lots import receive, reject
from tests.runtime.test_replay import Recorder, journal

SITE_KEY = b"k" * 32
run = CliRunner().invoke


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two dispatched, one without an order, one still to come; eight orders granted as lot L, a receipt lot R1."""
    folder = tmp_path_factory.mktemp("line")
    line = Recorder()
    receive(line, "R1", "token1", "token2", "token3", "no order")
    for n in (1, 2):
        line.through(n)
    reject(line, 10, token="no order")
    reject(line, 11, token="stranger")
    line.act("close_bag", chute="2", bag="B2")
    (folder / "site.key").write_bytes(SITE_KEY)
    journal(folder / "journal.db", line.entries, journal_key(SITE_KEY))
    return folder


def shown(folder: Path, lot: str) -> dict[str, Any]:
    found = run(app, ["lot", "show", str(folder / "journal.db"), lot, "--json"])
    assert found.exit_code == 0, found.stderr
    content: dict[str, Any] = json.loads(found.stdout)
    return content


def test_a_receipt_lot_has_each_document_and_the_orders_of_these(told: Path) -> None:
    found = shown(told, "R1")
    assert [(row["token"], row["outcome"], row["order_id"]) for row in found["documents"]] == [
        ("token1", "dispatched", "O1"), ("token2", "dispatched", "O2"), ("token3", "open", "O3"),
        ("no order", "no order", None),
    ]  # fmt: skip
    assert [(row["order_id"], row["outcome"]) for row in found["orders"]] == [
        ("O1", "dispatched"), ("O2", "dispatched"), ("O3", "waiting"),
    ]  # fmt: skip
    assert found["counts"] == {
        "documents": {"dispatched": 2, "no order": 1, "open": 1}, "orders": {"dispatched": 2, "waiting": 1},
    }  # fmt: skip
    assert (found["lot"], found["closed"], len(found["surplus"]), found["version"]) == ("R1", False, 1, 0)


def test_a_manifest_has_each_order_with_what_was_told_of_it(told: Path) -> None:
    found = shown(told, "L")
    assert [row["order_id"] for row in found["orders"]] == [f"O{n}" for n in range(1, 9)]
    first, last = found["orders"][0], found["orders"][-1]
    assert (first["tracking_number"], first["weight_g"], first["bag"]) == ("EA000000001CN", 18, "B2")
    assert first["accepted_ms"] <= first["dispatched_ms"] <= found["at_ms"]
    assert {last[name] for name in ("accepted_ms", "dispatched_ms", "weight_g", "bag")} == {None}
    assert (found["documents"], found["surplus"], found["version"], found["journal_id"]) == ([], [], 1, "j")


def test_look_alikes_of_the_pool_are_listed(told: Path, tmp_path: Path) -> None:
    none = run(app, ["lot", "alike", str(told / "journal.db"), "--json"])
    assert (none.exit_code, none.stdout) == (0, "")
    line = Recorder()
    twins = (order(21, skeleton="same"), order(22, skeleton="same"))
    line.say(ManifestGranted, lot=LotId("M"), version=1, chunk=1, orders=twins)
    line.say(ManifestSealed, lot=LotId("M"), version=1, chunks=1, digest="")
    (tmp_path / "site.key").write_bytes(SITE_KEY)
    journal(tmp_path / "journal.db", line.entries, journal_key(SITE_KEY))
    found = run(app, ["lot", "alike", str(tmp_path / "journal.db"), "--json"])
    assert found.exit_code == 1
    row = json.loads(found.stdout)
    assert (row["kind"], row["orders"], row["separated_by"]) == ("resident_id", ["O21", "O22"], "")
    assert "bears no second field" in row["remedy"]
    assert "nothing" in run(app, ["lot", "alike", str(tmp_path / "journal.db")]).stdout


def test_a_table_for_people_and_a_lot_that_nobody_knows(told: Path) -> None:
    table = run(app, ["lot", "show", str(told / "journal.db"), "R1"])
    assert table.exit_code == 0
    unknown = run(app, ["lot", "show", str(told / "journal.db"), "R9"])
    assert unknown.exit_code == 2
    assert "lots: R1, L" in unknown.stderr
    assert run(app, ["lot", "show", str(told / "none.db"), "R1"]).exit_code == 2


def test_an_export_is_believed_with_its_key_and_with_no_other(told: Path, tmp_path: Path) -> None:
    for name in ("journal.db", "site.key"):
        shutil.copy(told / name, tmp_path / name)
    file = tmp_path / "R1.json"
    exported = run(app, ["lot", "export", str(tmp_path / "journal.db"), "R1", "-o", str(file)])
    assert exported.exit_code == 0, exported.stderr
    assert (tmp_path / "line.key").stat().st_mode & 0o777 == 0o600
    public = tmp_path / "line.pub"
    checked = run(app, ["lot", "check", str(file), "--public", str(public)])
    assert json.loads(checked.stdout) == shown(tmp_path, "R1")
    again = tmp_path / "again.json"
    run(app, ["lot", "export", str(tmp_path / "journal.db"), "R1", "-o", str(again)])
    assert again.read_bytes() == file.read_bytes(), "the same journal gives the same file"
    load_or_make(tmp_path / "other.key")
    stranger = run(app, ["lot", "check", str(file), "--public", str(tmp_path / "other.pub")])
    assert (stranger.exit_code, "somebody else" in stranger.stderr) == (1, True)
    changed = json.loads(file.read_text())
    payload = base64.b64decode(changed["payload"]).replace(b'"no order"', b'"dispatch"')
    file.write_text(json.dumps({**changed, "payload": base64.b64encode(payload).decode()}))
    forged = run(app, ["lot", "check", str(file), "--public", str(public)])
    assert (forged.exit_code, forged.stdout) == (1, "")
    assert "its signature is wrong" in forged.stderr


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"payload": "?", "key": "", "signature": ""}', b'{"payload": "", "key": "", "signature": "x"}']
)
def test_what_is_no_signed_file_is_not_believed(data: bytes) -> None:
    with pytest.raises(SignatureError, match="no signed file"):
        believed(data, b"k" * 32)


def test_a_key_is_made_whole_and_its_public_half_is_laid_beside_it_again(tmp_path: Path) -> None:
    path, public = tmp_path / "line.key", tmp_path / "line.pub"
    key = load_or_make(path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["line.key", "line.pub"]
    assert path.stat().st_mode & 0o777 == 0o600
    public.unlink()  # the power went between the two
    assert load_or_make(path) == key
    assert read_public(public.read_text()) == bytes(key.verify_key)


def test_a_signature_that_is_too_short_is_wrong(tmp_path: Path) -> None:
    key = load_or_make(tmp_path / "k.key")
    signed = json.loads(sign({"a": 1}, key))
    with pytest.raises(SignatureError, match="signature is wrong"):
        believed(json.dumps({**signed, "signature": "00"}).encode(), bytes(key.verify_key))


@pytest.mark.parametrize("text", ["no hex", "00"])
def test_what_is_no_public_key(text: str) -> None:
    with pytest.raises(SignatureError, match="public key"):
        read_public(text)


def test_keys_and_files_that_cannot_be_used_are_named(told: Path, tmp_path: Path) -> None:
    (tmp_path / "short.key").write_bytes(b"k")
    file = str(tmp_path / "x")
    export = ["export", str(told / "journal.db"), "R1", "-o"]
    for arguments, said in (
        ([*export, file, "--sign-key", str(tmp_path / "short.key")], "has 1 bytes"),
        ([*export, file, "--sign-key", str(tmp_path / "none" / "k")], "cannot be used"),
        ([*export, str(tmp_path / "no" / "x"), "--sign-key", str(tmp_path / "a.key")], "cannot be written"),
        (["check", str(tmp_path / "none"), "--public", str(tmp_path / "none")], "cannot be read"),
    ):
        refused = run(app, ["lot", *arguments])
        assert (refused.exit_code, said in refused.stderr.replace("\n", "")) == (2, True), refused.stderr


# --- closing ---
class Panel(BaseHTTPRequestHandler):
    """A line's panel that answers as it was told to."""

    answers: ClassVar[list[tuple[int, bytes]]] = []
    asked: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        self.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        code, body = self.answers.pop(0)
        self.send_response(code)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


DEMO = "line_config/lines/demo.toml"


@pytest.fixture
def panel(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    """The demo line's file, with a panel that listens on a free port."""
    server = HTTPServer(("127.0.0.1", 0), Panel)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    config = load_line(Path(DEMO))
    there = config.panel.model_copy(update={"port": server.server_port})
    monkeypatch.setattr("line_config.loader.load_line", lambda _: config.model_copy(update={"panel": there}))
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.usefixtures("panel")
def test_a_lot_is_closed_by_the_line_or_it_says_what_stands_against_it() -> None:
    Panel.answers[:] = [
        (200, b'{"accepted": true, "code": "OK"}'),
        (409, b'{"accepted": false, "code": "LEAD_NEEDED"}'),
        (503, b"x"),
    ]
    command = ["lot", "close", "R1", "--config", DEMO, "--person", "P1"]
    closed = run(app, [*command, "--lead", "L1"])
    assert (closed.exit_code, closed.stdout) == (0, "lot R1 is closed\n")
    assert {name: Panel.asked[-1][name] for name in ("act", "person", "argument")} == {
        "act": "close_lot", "person": "P1", "argument": {"lot": "R1", "lead": "L1"},
    }  # fmt: skip
    for said in ("LEAD_NEEDED", "the line answered 503"):
        refused = run(app, command)
        assert (refused.exit_code, said in refused.stderr) == (1, True)


def test_a_line_that_does_not_run_is_named(panel: HTTPServer, tmp_path: Path) -> None:
    panel.shutdown()
    panel.server_close()
    silent = run(app, ["lot", "close", "R1", "--config", DEMO, "--person", "P1"])
    assert (silent.exit_code, "is the line running?" in silent.stderr) == (2, True)


def test_a_line_that_is_not_there_is_named(tmp_path: Path) -> None:
    refused = run(app, ["lot", "close", "R1", "--config", str(tmp_path / "none.toml"), "--person", "P1"])
    assert refused.exit_code == 2
