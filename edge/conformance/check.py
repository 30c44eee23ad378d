"""What a check is, and the three ways in which it ends: a measured value, broken, skipped."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from edge.conformance.bench import Bench

Kind = Literal["machine", "sorter"]
BOTH: tuple[Kind, ...] = ("machine", "sorter")
MACHINE: tuple[Kind, ...] = ("machine",)
SORTER: tuple[Kind, ...] = ("sorter",)


class Broken(Exception):
    """The PLC does not keep a clause; the text says what was seen."""


class Skipped(Exception):
    """The check could not be carried out; the text says why."""


class Check(NamedTuple):
    """One check of one clause (docs/integrator.md, P1–P20)."""

    name: str
    kinds: tuple[Kind, ...]
    clause: str
    zh: str
    en: str
    advice: str
    """the next step of whoever wrote the PLC program"""
    run: "Callable[[Bench], Awaitable[str]]"
    """returns the measured value as text; raises Broken or Skipped"""
    acts: tuple[str, ...] = ()
    """what has to be provoked at the machine: names of the table ACTS"""


def require(kept: object, seen: str) -> None:
    """Raise Broken with what was seen, unless the clause is kept."""
    if not kept:
        raise Broken(seen)
