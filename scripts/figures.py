"""docs/figures.json: figures of long runs, each with its seed, commit, date and machine."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from simulators.report import commit

PAGE = Path(__file__).parents[1] / "docs" / "figures.json"


def keep(name: str, figures: dict[str, Any]) -> None:
    """Put the figures of one kind of run in place of its last ones."""
    page = json.loads(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    page[name] = {
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        **figures,
    }
    PAGE.write_text(json.dumps(page, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")
