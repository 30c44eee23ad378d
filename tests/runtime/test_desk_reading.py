"""The desk's reader as a process of its own: whatever happens to it, somebody is told, and no picture stays behind."""

from pathlib import Path

import pytest
from PIL import Image

from edge.runtime.desk_reading import DeskReader
from simulators.documents import render_document
from tests.vision.synthetic import SITE_KEY, document

LAYOUT = str(Path(__file__).parents[2] / "line_config" / "documents" / "a4.toml")


def reader(folder: Path, **fields: float) -> DeskReader:
    key = folder / "site.key"
    key.write_bytes(SITE_KEY)
    (folder / "pictures").mkdir()
    return DeskReader(str(folder / "pictures"), [LAYOUT], str(key), **fields)


def lay_down(folder: Path, name: str, seed: int) -> Path:
    path = folder / "pictures" / name
    Image.fromarray(render_document(document("a4", seed), seed=1)[0]).save(path)
    return path


@pytest.mark.asyncio
async def test_the_newest_picture_is_read_and_none_stays(tmp_path: Path) -> None:
    desk = reader(tmp_path)
    assert (await desk.read())["reason"] == "no_picture"
    lay_down(tmp_path, "older.png", 6)
    lay_down(tmp_path, "newer.PNG", 5)
    (tmp_path / "pictures" / "notes.txt").write_text("not a picture")
    told = await desk.read()
    number = document("a4", 5).number
    assert (told["kind"], told["masked"][:4], told["masked"][-2:]) == ("a4", number[:4], number[-2:])
    assert number not in repr(told)
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["notes.txt"]


@pytest.mark.asyncio
async def test_a_picture_that_is_none_is_said_and_deleted(tmp_path: Path) -> None:
    desk = reader(tmp_path)
    broken = tmp_path / "pictures" / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff")
    told = await desk.read()
    assert told["kind"] is None
    assert told["reason"]
    assert not broken.exists()


@pytest.mark.asyncio
async def test_a_reader_that_fails_or_hangs_is_said(tmp_path: Path) -> None:
    desk = reader(tmp_path, limit_s=0.01)
    lay_down(tmp_path, "sheet.png", 5)
    assert (await desk.read())["reason"] == "reader_failed"
    keyless = DeskReader(str(tmp_path / "pictures"), [LAYOUT], str(tmp_path / "none.key"))
    assert (await keyless.read())["reason"] == "reader_failed"
