"""`sealline camera …`: setting a camera up, on its own frames or on pictures of them."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BAD_INPUT, FAILED = 2, 1
app = typer.Typer(help="Cameras: sharpness, px per module and exposure while one is set up.", no_args_is_help=True)
out = Console()
err = Console(stderr=True)


@app.callback()
def _group() -> None:
    """Commands about one camera."""


@app.command()
def setup(
    source: Annotated[
        str, typer.Argument(help="A camera's address (gige://…, frames://…, video://…, folder://…) or a picture")
    ],
    frames: Annotated[int, typer.Option(min=1, help="How many frames to look at")] = 1,
    wait_s: Annotated[float, typer.Option(min=0.1, help="How long to wait for a frame")] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per frame.")] = False,
    picture: Annotated[Path | None, typer.Option("--draw", help="Write the last frame with all of it as a picture")] = None,
) -> None:
    """Show how sharp, how large and how well lit a camera sees, and what to do about it; exit 1 while something is wrong."""
    from vision.picture_file import UnwritablePicture, check_writable, save_picture
    from vision.set_up import look_at, overlay

    try:
        if picture is not None:
            check_writable(picture)
    except UnwritablePicture as error:
        err.print(str(error), highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from error
    seen = frame = None
    for frame in _frames(source, frames, wait_s):
        seen = look_at(frame)
        _tell(seen, as_json=as_json)
    if seen is None or frame is None:
        err.print(f"no frame came from {source} within {wait_s:g} s: is it triggered?", highlight=False, markup=False)
        raise typer.Exit(FAILED)
    if picture is not None:
        save_picture(overlay(frame, seen), picture)
    raise typer.Exit(FAILED if seen.hints else 0)


def _frames(source: str, count: int, wait_s: float) -> "Iterator[NDArray[np.uint8]]":
    from vision.cameras import open_camera
    from vision.errors import VisionError
    from vision.picture_file import UnreadableFile, load_picture

    try:
        if Path(source).is_file():
            yield load_picture(Path(source))
            return
        camera = open_camera(source, 1)
        camera.connect()
        until_s = time.monotonic() + wait_s
        while count and time.monotonic() < until_s:
            frame = camera.frame(0.2)
            if frame is not None:
                count, until_s = count - 1, time.monotonic() + wait_s
                yield frame.pixels
        camera.close()
    except (VisionError, UnreadableFile, ValueError) as error:
        err.print(f"{source}: {error}", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from error


def _tell(seen: Any, *, as_json: bool) -> None:
    figures = ("width_px", "height_px", "sharpness", "dark", "light", "saturated_permille", "module_px", "contrast", "margin")
    row = {name: getattr(seen, name) for name in figures}
    row["symbols"] = [{"symbology": s.symbology, "value": s.text, "quad": s.corners} for s in seen.symbols]
    row["hints"] = list(seen.hints)
    if as_json:
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        return
    out.print("  ".join(f"{name} {row[name]}" for name in figures), markup=False, soft_wrap=True)
    for symbol in seen.symbols:
        out.print(f"  read: {symbol.symbology} {symbol.text}", markup=False)
    for hint in seen.hints:
        out.print(f"  → {hint}", style="yellow", markup=False)
