"""The fault catalogue is complete, and what it names exists."""

import ast
from pathlib import Path

import pytest

from simulators.catalogue import CATALOGUE, Row, Tier, soak_names
from simulators.faults import ALL_KINDS
from simulators.virtual import disturbances, power_cuts

TESTS = Path(__file__).parents[1]


def test_all_66_are_there_once_and_in_order() -> None:
    assert [row.number for row in CATALOGUE] == list(range(1, 67))
    assert len({row.text for row in CATALOGUE}) == 66


def test_the_soak_fires_what_the_catalogue_names_and_names_what_it_fires() -> None:
    assert set(soak_names()) == {*ALL_KINDS, *disturbances.NAMES, *power_cuts.NAMES}


@pytest.mark.parametrize("row", [row for row in CATALOGUE if row.tier is not Tier.SOAK], ids=lambda row: str(row.number))
def test_every_other_row_names_a_test_or_says_why_not(row: Row) -> None:
    assert bool(row.why) == (row.tier is Tier.LATER)
    assert bool(row.proofs) == (row.tier is not Tier.LATER)
    for proof in row.proofs:
        file, _, name = proof.partition("::")
        tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


def test_few_are_left_for_later() -> None:
    assert sum(row.tier is Tier.LATER for row in CATALOGUE) <= 9
    assert sum(row.tier is Tier.SOAK for row in CATALOGUE) >= 45
