"""The desk's reader as a process of its own, so that a full number is never in this one (I17)."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def read_document(layouts: Sequence[Path], site_key: Path, language: str, picture: Path | None) -> dict[str, Any]:
    """Run the reader once; it asks on this terminal where there is no picture."""
    argv = [sys.executable, "-m", "vision.desk_reader", "--site-key", str(site_key), "--lang", language]
    argv += ["--layouts", *map(str, layouts), *(["--picture", str(picture)] if picture else [])]
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=False)  # noqa: S603 - our own program, no shell
    if done.returncode:
        return {"kind": None, "reason": "reader_failed"}
    told: dict[str, Any] = json.loads(done.stdout)
    return told
