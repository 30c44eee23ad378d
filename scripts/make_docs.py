"""Write docs/tables.md from the code's own tables: life cycles as pictures, conditions, PLC interface, fault catalogue.

Run `python scripts/make_docs.py`; a test fails while the page differs from what this prints.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from edge.core.conditions import CONDITIONS
from edge.core.document import DOCUMENT_TABLE
from edge.core.item import ITEM_TABLE
from edge.core.machine import ACTING, COMMANDS
from edge.core.values import State
from simulators.catalogue import CATALOGUE

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "tables.md"
IMAGE = ROOT / "line_config" / "process_image.toml"


def _picture(pairs: Iterable[tuple[str, str, str]]) -> str:
    lines = [f"    {_id(a)} --> {_id(b)}: {label}" for a, label, b in pairs]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def _id(state: str) -> str:
    return state.replace(" ", "_")


def _life(table: Mapping[tuple[str, str], str]) -> str:
    return _picture((str(a), happened, str(b)) for (a, happened), b in table.items())


def _packml() -> str:
    # Stop and Abort lead away from nearly every state: drawn, they would hide the rest.
    drawn = [(a.name, command, b.name) for (a, command), b in COMMANDS.items() if command not in ("stop", "abort")]
    drawn += [(a.name, "done", b.name) for a, b in ACTING.items()]
    stops = ", ".join(a.name for (a, command) in COMMANDS if command == "stop")
    return (
        f"{_picture(drawn)}\n\n`stop` is taken in {stops}; `abort` in all but {State.ABORTING.name} and {State.ABORTED.name}.\n"
    )


def _conditions() -> str:
    head = "| code | effect | heals itself | priority | text | what to do | 文字 | 处理 |\n|---|---|---|---|---|---|---|---|\n"
    return head + "\n".join(
        f"| `{code}` | {row.effect} | {'yes' if row.heals else 'no'} | {row.priority} | {row.en} | {row.remedy_en} "
        f"| {row.zh} | {row.remedy_zh} |"
        for code, row in CONDITIONS.items()
    )


def _image() -> str:
    image = tomllib.loads(IMAGE.read_text(encoding="utf-8"))
    parts = []
    for side, title in (("plc_to_edge", "PLC → edge"), ("edge_to_plc", "edge → PLC")):
        rows, word = [], 0
        for field in image[side]["header"]:
            rows.append(f"| {word} | {2 * word} | {field['name']} | {field['words']} |")
            word += field["words"]
        slot_words = sum(field["words"] for field in image[side]["slot"])
        slot = ", ".join(f"{field['name']}({field['words']})" for field in image[side]["slot"])
        rows.append(f"| {word} | {2 * word} | {image['window']} slots of {{{slot}}} | {image['window'] * slot_words} |")
        parts.append(f"### {title}\n\n| word | byte | field | words |\n|---|---|---|---|\n" + "\n".join(rows))
    for name in ("events", "opcodes"):
        rows = [f"| {row['code']} | {key} | {row['plc']} | {row['handle']} |" for key, row in image[name].items()]
        parts.append(f"### {name}\n\n| code | name | PLC | handle |\n|---|---|---|---|\n" + "\n".join(rows))
    return "\n\n".join(parts)


def _faults() -> str:
    head = "| no. | fault | tier | proved by |\n|---|---|---|---|\n"
    return head + "\n".join(
        f"| {row.number} | {row.text} | {row.tier} | {row.why or ', '.join(f'`{proof}`' for proof in row.proofs)} |"
        for row in CATALOGUE
    )


def page() -> str:
    """The whole page."""
    return "\n\n".join([
        "# Tables\n\nMade from the code by `scripts/make_docs.py`; do not edit.",
        "## PackML states of the line\n\n" + _packml(),
        "## Life of a document\n\n" + _life(DOCUMENT_TABLE),
        "## Life of an item\n\n" + _life(ITEM_TABLE),
        "## Conditions\n\n" + _conditions(),
        "## PLC interface\n\n" + _image(),
        "## Fault catalogue\n\n`sealline soak` fires those of the tier `soak` in virtual time, and names what it never met. "
        "The other tiers name the test below `tests/`.\n\n" + _faults(),
    ]) + "\n"  # fmt: skip


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
