"""Forcing end to end: a PLC on a socket, a line's file, its journal; and the journal stays whole for the line."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from edge.plc_commands import app
from edge.runtime.ledger import Ledger
from edge.runtime.records import FORCED, journal_key
from edge.runtime.verify import verify
from simulators.bench_stand import BenchStand
from vision.tokens import load_site_key

DATA = Path(__file__).parents[2] / "line_config"
RUN = CliRunner()


class LineHere:
    """A line's file whose machine PLC is a simulated one in this process."""

    def __init__(self, folder: Path, stand: BenchStand, port: int) -> None:
        self.stand = stand
        for part in ("lines", "labels", "documents"):
            shutil.copytree(DATA / part, folder / part)
        shutil.copy(DATA / "sort_plan.toml", folder)
        self.file = folder / "lines" / "demo.toml"
        text = self.file.read_text(encoding="utf-8")
        text = text.replace("port = 15020", f"port = {port}").replace('"var/demo', f'"{folder}/var')
        self.file.write_text(text, encoding="utf-8")
        self.journal = folder / "var" / "journal.db"
        self.journal.parent.mkdir()
        key = self.journal.parent / "site.key"
        key.write_bytes(b"k" * 32)
        key.chmod(0o600)
        self.key = journal_key(load_site_key(key))

    def force(self, *asked: str) -> tuple[int, str]:
        ran = RUN.invoke(app, ["force", f"{self.file}:machine_plc", "--person", "Li Na", "--yes", *asked])
        return ran.exit_code, " ".join(ran.output.split())

    def notes(self) -> list[dict[str, str]]:
        ledger = Ledger(str(self.journal), self.key)
        ledger.open(lambda: "j")
        found = [msgspec.json.decode(record.body) for record in ledger.records() if record.kind == FORCED]
        ledger.close()
        return found


@pytest.fixture
def line(tmp_path: Path) -> Iterator[LineHere]:
    ready, end, ports = threading.Event(), threading.Event(), []
    stand = BenchStand("machine")

    async def serve() -> None:
        async with stand.serve("modbus") as target:
            ports.append(int(target.split(":")[2].split("/")[0]))
            ready.set()
            await asyncio.get_running_loop().run_in_executor(None, end.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10)
    yield LineHere(tmp_path, stand, ports[0])
    end.set()
    thread.join(10)


def test_in_maintenance_a_command_is_given_and_journalled_and_in_production_it_is_not(line: LineHere) -> None:
    code, said = line.force("--command", "clear_belt")
    assert (code, "turn its key switch to Maintenance" in said) == (1, True)
    assert not line.journal.exists()
    assert line.stand.plant.machine.clearings == 0
    line.stand.plant.machine.wire("mode", 2)
    code, said = line.force("--command", "clear_belt")
    assert (code, "consumed" in said) == (0, True), said
    assert line.stand.plant.machine.clearings == 1
    code, said = line.force("--command", "seal", "--handle", "4711")
    assert (code, "refused: unknown_handle" in said) == (0, True), said
    notes = line.notes()
    assert [note["outcome"] for note in notes] == ["begun", "consumed", "begun", "refused: unknown_handle"]
    assert {note["person"] for note in notes} == {"Li Na"}
    assert verify(line.journal, line.key, []).fault == ""


def test_while_the_line_runs_its_journal_is_not_ours(line: LineHere) -> None:
    line.stand.plant.machine.wire("mode", 2)
    running = Ledger(str(line.journal), line.key)
    running.open(lambda: "j")
    code, said = line.force("--command", "clear_belt")
    running.close()
    assert (code, "in use by another runtime" in said) == (1, True)
    assert line.stand.plant.machine.clearings == 0
