"""Files that a power cut leaves whole: what was there before, or what comes in its place."""

import os
from pathlib import Path


def write_durably(path: Path, data: bytes) -> None:
    """Whole and on the disk, in place of the one before, or not at all. Raises OSError."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
