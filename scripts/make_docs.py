"""Write docs/tables.md from the code's own tables: life cycles as pictures, conditions, PLC interface, fault catalogue.

Run `python scripts/make_docs.py`; a test fails while the page differs from what this prints.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from edge.conformance.kit import CHECKS
from edge.core import document, item
from edge.core.conditions import CONDITIONS
from edge.core.document import DOCUMENT_TABLE
from edge.core.item import ITEM_TABLE
from edge.core.lots import LISTED_TABLE
from edge.core.machine import ACTING, COMMANDS, RUNNING, Machine
from edge.core.manual import MANUAL_TABLE
from edge.core.roll_test import ROLL_TEST_TABLE
from edge.core.sheets import FILE_TABLE
from edge.core.supervision import ACTING_MAX_US
from edge.core.values import State
from simulators.catalogue import CATALOGUE

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "tables.md"
IMAGE = ROOT / "line_config" / "process_image.toml"


# What a passed deadline leads to; by the field of Settings that it is measured by.
PASSED = {
    "read_deadline_ms": "judged by the frames that are there; with none it is refused: `READ_LATE`",
    "transit_deadline_ms": "`lost`, and the line holds: `ITEM_LOST`",
    "induction_deadline_ms": "`lost`, and the line holds: `ITEM_LOST`",
}

ACTING_DONE = """\
An acting state is done when both PLCs' units have followed; one that does not lead to running belts is done after
{limit_s} s even without them, because each PLC's own watchdog has stopped its belt by then."""
OTHER_DEADLINES = """\
Transport deadlines run only while the belts do. Beside its place, an exposed item owes its label check within
`label_read_deadline_ms`, and an open envelope the rest of its order within `collation_deadline_ms`."""

FILE_KEPT = """\
Of documents that are printed on demand. The file itself is deleted, with a receipt, as soon as its sheets are out, or it is
refused or withdrawn."""


def _picture(begin: str, pairs: Sequence[tuple[str, str, str]], notes: Mapping[str, str]) -> str:
    """A state diagram from the state `begin`; `notes`: state → its deadline."""
    sources = {a for a, _, _ in pairs}
    lines = [f"    [*] --> {_id(begin)}"]
    lines += [f"    {_id(a)} --> {_id(b)}: {label}" for a, label, b in pairs]
    lines += [f"    {_id(b)} --> [*]" for b in dict.fromkeys(b for _, _, b in pairs) if b not in sources]
    lines += [f"    note right of {_id(state)}: {note}" for state, note in notes.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def _id(state: str) -> str:
    return state.replace(" ", "_").replace("-", "_")


def _life(table: Mapping[tuple[str, str], str], deadlines: Mapping[str, str]) -> str:
    pairs = [(str(a), happened, str(b)) for (a, happened), b in table.items()]
    picture = _picture(pairs[0][0], pairs, deadlines)
    rows = [f"| {state} | `{field}` | {PASSED[field]} |" for state, field in deadlines.items()]
    return "\n".join(
        [picture, "", *(["| state | deadline | when it passes |", "|---|---|---|", *rows] if rows else [])]
    ).rstrip()


def _packml() -> str:
    # Stop and Abort lead away from nearly every state: drawn, they would hide the rest.
    drawn = [(a.name, command, b.name) for (a, command), b in COMMANDS.items() if command not in ("stop", "abort")]
    drawn += [(a.name, "done", b.name) for a, b in ACTING.items()]
    limit_s = ACTING_MAX_US // 1_000_000
    notes = {a.name: f"{limit_s} s" for a, b in ACTING.items() if b not in RUNNING}
    stops = ", ".join(a.name for (a, command) in COMMANDS if command == "stop")
    return "\n\n".join([
        _picture(Machine().state.name, drawn, notes),
        f"`stop` is taken in {stops}; `abort` in all but {State.ABORTING.name} and {State.ABORTED.name}.",
        ACTING_DONE.format(limit_s=limit_s),
    ])  # fmt: skip


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


def _checks() -> str:
    head = "| check | clause | PLC | what is checked | 检查 | provoked |\n|---|---|---|---|---|---|\n"
    return head + "\n".join(
        f"| `{row.name}` | {row.clause} | {', '.join(row.kinds)} | {row.en} | {row.zh} | {', '.join(row.acts)} |"
        for row in CHECKS
    )


def page() -> str:
    """The whole page."""
    return "\n\n".join([
        "# Tables\n\nMade from the code by `scripts/make_docs.py`; do not edit.",
        "## PackML states of the line\n\n" + _packml(),
        "## Life of a document\n\n" + _life(DOCUMENT_TABLE, document.DEADLINES),
        "## Life of an item\n\n" + _life(ITEM_TABLE, item.DEADLINES),
        OTHER_DEADLINES,
        "## A sitting at the manual desk\n\n" + _life(MANUAL_TABLE, {}),
        "## Life of a listed document\n\n" + _life(LISTED_TABLE, {}),
        "Its time limit is that of its order (`time_limit_min`, by product), from the signed receipt to the closed bag.",
        "## Life of a file's sheets\n\n" + _life(FILE_TABLE, {}),
        FILE_KEPT,
        "## A test label after a change of roll\n\n" + _life(ROLL_TEST_TABLE, {}),
        "## Conditions\n\n" + _conditions(),
        "## PLC interface\n\n" + _image(),
        "## Conformance checks\n\nWhat `sealline plc conform` proves; the clauses: [integrator.md](integrator.md#plc).\n\n"
        + _checks(),
        "## Fault catalogue\n\n`sealline soak` fires those of the tier `soak` in virtual time, and names what it never met. "
        "The other tiers name the test below `tests/`.\n\n" + _faults(),
    ]) + "\n"  # fmt: skip


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
