"""What the mutation run plants: each kind of change once, and none where nobody could notice it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = '''
"""Prose of the module."""

def half(n):
    return n // 2

LIMIT: int = half(10)


class Box:
    """Prose of the class."""

    full = False

    def holds(self, n: "int", what: str = "code") -> bool:
        """Prose of the function."""
        if self.full and n < LIMIT:
            self.full = n - 1
            return n
        name = "a prose text"
        del name
        return f"{what}" in [self]
'''


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[Any]]:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    (tmp_path / "box.py").write_text(SOURCE)
    import mutants

    yield list(mutants.mutants(tmp_path, "box.py"))
    del sys.modules["mutants"]


def test_each_kind_of_change_once(planted: list[Any]) -> None:
    assert [(mutant.line, mutant.scope, mutant.change.rpartition(": ")[2]) for mutant in planted] == [
        (5, "", "return n // 2 → return None"),
        (5, "", "FloorDiv → Mult"),
        (5, "", "2 → 3"),
        (7, "", "10 → 11"),
        (13, "", "False → True"),
        (15, "", "'code' → 'code~'"),
        (17, "Box.holds", "self.full and n < LIMIT → not (self.full and n < LIMIT)"),
        (17, "Box.holds", "self.full and n < LIMIT → self.full or n < LIMIT"),
        (17, "Box.holds", "Lt → LtE"),
        (18, "Box.holds", "self.full = n - 1 → pass"),
        (18, "Box.holds", "Sub → Add"),
        (18, "Box.holds", "1 → 2"),
        (19, "Box.holds", "return n → return None"),
        (21, "Box.holds", "del name → pass"),
        (22, "Box.holds", "return f'{what}' in [self] → return None"),
        (22, "Box.holds", "f'{what}' → '~'"),
        (22, "Box.holds", "In → NotIn"),
    ]


def use(code: Any) -> tuple[object, ...]:
    module: dict[str, Any] = {}
    exec(code, module)
    box = module["Box"]()
    at_first = (module["LIMIT"], box.full, type(box).holds.__defaults__, box.holds(3))
    box.full = True
    return (*at_first, box.holds(3), box.full, box.holds(5))


def test_a_mutant_is_the_module_with_this_one_change(planted: list[Any]) -> None:
    planted = [mutant for mutant in planted if mutant.scope]
    unchanged = use(compile(SOURCE, "box.py", "exec"))
    alike = [mutant.change.rpartition(": ")[2] for mutant in planted if use(mutant.code) == unchanged]
    assert alike == ["del name → pass", "f'{what}' → '~'"], "this use of it does not show these two"
