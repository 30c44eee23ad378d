"""ONE table of reports: kind → what it is about and how it is drawn."""

from collections.abc import Callable
from typing import NamedTuple

from edge.reports.errors import ReportError
from edge.reports.sheet import Sheet, Text
from edge.runtime.reporting import acceptance, bags, labels, lots, promise, shift
from edge.runtime.reporting.facts import Facts
from edge.runtime.reporting.span import Span, shift_before


class OfSpan(NamedTuple):
    """A report of a shift, or of all that the journal holds."""

    title: Text
    draw: Callable[[Facts, Span, str], Sheet]


class OfThing(NamedTuple):
    """A report of one lot or bag; `option` names it on the command line."""

    title: Text
    option: str
    draw: Callable[[Facts, str, str], Sheet]


KINDS: dict[str, OfSpan | OfThing] = {
    "shift": OfSpan(shift.TITLE, shift.shift_report),
    "acceptance": OfSpan(acceptance.TITLE, acceptance.acceptance_list),
    "voids": OfSpan(labels.VOIDS, labels.void_list),
    "consumption": OfSpan(labels.CONSUMPTION, labels.consumption),
    "limits": OfSpan(promise.ATTAINED, promise.time_limits),
    "integrity": OfSpan(promise.INTEGRITY, promise.integrity),
    "handover": OfThing(lots.HANDED_OVER, "lot", lots.hand_over_list),
    "lot": OfThing(lots.RECONCILED, "lot", lots.reconciliation),
    "despatch": OfThing(bags.TITLE, "bag", bags.despatch_list),
}


def draw(facts: Facts, kind: str, *, thing: str, back: int | None, site: str) -> Sheet:
    """One report. `thing`: lot or bag; `back`: so many shifts before the last one, None = the whole journal.

    Raises ReportError for what is not there.
    """
    found = KINDS.get(kind)
    if found is None:
        raise ReportError(f"report: there is no kind {kind!r}; kinds: {', '.join(KINDS)}")
    if isinstance(found, OfThing):
        return found.draw(facts, thing, site)
    last_ms = facts.last_ms()
    if not last_ms:
        raise ReportError("report: nothing in this journal knows the time yet; let the line run first")
    if back is None:
        return found.draw(facts, Span(min(message.at_ms for message in facts.published if message.at_ms), last_ms + 1), site)
    settings = facts.settings
    return found.draw(facts, shift_before(last_ms, back, settings.shift_starts_min, settings.utc_offset_min), site)
