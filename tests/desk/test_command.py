"""`sealline desk` as a command in front of a real panel on a real socket, with the reader as its own process."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image

from edge.core.commands import Answer
from edge.core.device_events import LabelPrinted
from edge.core.events import ConfigLoaded, OperatorRequest
from edge.core.item import ItemState
from edge.core.values import OrderDocument, PrintId
from edge.desk.panel import HttpLine, PanelAway
from edge.hmi.app import create_app
from edge.hmi.feed import Feed
from edge.hmi.server import listen, serve
from edge.runtime.view import snapshot
from simulators import tokens as central
from simulators.documents import render_document
from tests.core.line import PLAN, SETTINGS, Line, order
from tests.vision.synthetic import SITE_KEY, document

ROOT = Path(__file__).parents[2]
FACTS = document("a4", 5)


class CoreDesk:
    """The panel's line: the core, whose desk printer prints at once."""

    def __init__(self) -> None:
        import msgspec

        token = central.token(SITE_KEY, "a4", FACTS.number)
        skeleton = central.skeleton(SITE_KEY, "a4", FACTS.number, central.load_classes())
        mine = msgspec.structs.replace(order(1), documents=(OrderDocument("a4", token, skeleton),))
        self.line = Line([mine])
        settings = msgspec.structs.replace(SETTINGS, desk_printer=True)
        self.line.say(ConfigLoaded, digest="d", settings=settings, sort_plan=PLAN)
        self.persons: set[str] = set()

    def snapshot(self) -> dict[str, Any]:
        return snapshot(self.line.controller, site="s", sim=True, rev=1, health={}, central={})

    def accounts(self) -> list[dict[str, Any]]:
        return []

    async def request(self, act: str, person: str, argument: dict[str, str], request_id: str) -> Answer:
        self.persons.add(person)
        out = self.line.say(OperatorRequest, request_id=request_id, person=person, act=act, argument=argument)
        if self.line.controller.manual.state == "printing":
            self.line.say(LabelPrinted, print_id=PrintId(1))
        await asyncio.sleep(0)
        return next(command for command in out if isinstance(command, Answer))


@pytest_asyncio.fixture
async def served() -> AsyncIterator[tuple[CoreDesk, int]]:
    core, listening = CoreDesk(), listen("127.0.0.1", 0)
    serving = asyncio.create_task(serve(create_app(core, feed=Feed(core)), listening))
    yield core, listening.getsockname()[1]
    serving.cancel()
    await asyncio.wait([serving])


def configure(folder: Path, port: int) -> Path:
    """The demo line's file with this panel, and the picture of the one document."""
    shutil.copytree(ROOT / "line_config", folder / "line_config", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = folder / "line_config" / "lines" / "demo.toml"
    text = (
        path.read_text(encoding="utf-8")
        .replace("port = 8080", f"port = {port}")
        .replace("var/demo/site.key", f"{folder}/site.key")
    )
    path.write_text(text, encoding="utf-8")
    (folder / "site.key").write_bytes(SITE_KEY)
    Image.fromarray(render_document(FACTS, seed=1)[0]).save(folder / "sheet.png")
    return path


async def run(*argv: str, entered: str = "") -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge.cli", "desk", *argv,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT,
    )  # fmt: skip
    out, err = await process.communicate(entered.encode())
    return process.returncode or 0, out.decode(), err.decode()


async def test_an_envelope_is_made_over_the_panel(served: tuple[CoreDesk, int], tmp_path: Path) -> None:
    core, port = served
    path = configure(tmp_path, port)
    sheet = f"p {tmp_path}/sheet.png"
    entered = [sheet, sheet, "20", "]C1EA000000001CN", "]Q1EA000000001CN;1", "", "q"]
    code, out, err = await run(str(path), "--person", "李样例", "--lang", "zh", entered="\n".join(entered))
    assert (code, err) == (0, "")
    assert core.line.controller.items.all["E1-1"].state is ItemState.CLOSED
    assert "已核对，收寄完成" in out
    assert core.persons == {"李样例"}
    assert FACTS.number not in out
    assert not [event for event in core.line.log if FACTS.number in repr(event)], "no number reaches the runtime (I17)"


async def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    listening.close()
    path = configure(tmp_path, port)
    code, _, err = await run(str(path))
    assert (code, "is `sealline run` running?" in err) == (1, True)
    assert (await run(str(path), "--lang", "de"))[0] == 2
    code, _, err = await run(str(tmp_path / "none.toml"))
    assert (code, "cannot be read" in err) == (2, True)


async def test_a_number_in_the_place_of_a_token_is_not_recorded(served: tuple[CoreDesk, int]) -> None:
    core, port = served
    line = HttpLine("0.0.0.0", port, "P1")
    right = {
        "document": "",
        "kind": "a4",
        "token": "0" * 32,
        "skeleton": "0" * 32,
        "second_field": "",
        "flags": "15",
        "masked": "A4**",
    }
    assert (await asyncio.to_thread(line.act, "desk_read", right)).code == "NO_ORDER"
    events = len(core.line.log)
    for name, number in (("token", FACTS.number), ("skeleton", FACTS.number), ("masked", FACTS.number), ("kind", FACTS.number)):
        with pytest.raises(PanelAway, match=f"422 .*{name} has not its form") as refused:
            await asyncio.to_thread(line.act, "desk_read", {**right, name: number})
        assert FACTS.number not in str(refused.value)
    assert len(core.line.log) == events
