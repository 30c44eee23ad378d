"""docs/figures.json: figures of long runs, each with its seed, commit, date and machine."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from simulators.report import commit

PAGE = Path(__file__).parents[1] / "docs" / "figures.json"


def _stamped(figures: dict[str, Any]) -> dict[str, Any]:
    return {
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        **figures,
    }


def keep(name: str, figures: dict[str, Any], *, part: str = "") -> None:
    """Put the figures of one kind of run, or of one part of it, in place of its last ones."""
    page = json.loads(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    if part:
        page.setdefault(name, {})[part] = _stamped(figures)
    else:
        page[name] = _stamped(figures)
    PAGE.write_text(json.dumps(page, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")
