"""What the panel needs of the line, and what a person may send: the border between HTTP and the runtime."""

import re
from typing import Any, Protocol

import msgspec

from edge.core.acts import ACTS
from edge.core.commands import Answer

ANSWERS_KEPT = 256
# What these arguments must look like, whatever the act: a number that somebody puts in their place must not be recorded (I17).
FORMS: dict[str, re.Pattern[str]] = {
    "token": re.compile(r"[0-9a-f]{32}"),
    "skeleton": re.compile(r"[0-9a-f]{32}"),
    "second_field": re.compile(r"(?:[0-9a-f]{32})?"),
    "masked": re.compile(r"[^*]{0,4}\*{1,58}[^*]{0,2}"),
    "kind": re.compile(r"[a-z][a-z0-9_]{0,31}"),
    "flags": re.compile(r"[0-9]{1,3}"),
}


class Papers(Protocol):
    """Reports: drawn and archived on demand, handed out by name."""

    async def make(self, kind: str, thing: str, back: int, language: str) -> str:
        """Draw and archive one; returns its name. Raises edge.reports.errors.ReportError."""

    def file(self, name: str) -> bytes | None:
        """An archived page (PDF); None where there is none."""


class LotFiles(Protocol):
    """The signed accounts of closed lots, handed out by name."""

    def file(self, name: str) -> bytes | None:
        """One as it lies on the disk (JSON); None where there is none."""


class LineDesk(Protocol):
    """The line as the panel sees it."""

    @property
    def papers(self) -> Papers:
        """Its reports."""

    @property
    def lot_files(self) -> LotFiles:
        """The accounts of its closed lots."""

    def snapshot(self) -> dict[str, Any]:
        """Everything that the page shows, JSON-able, with a `rev` that changes with the content; cheap."""

    async def request(self, act: str, person: str, argument: dict[str, str], request_id: str) -> Answer:
        """Ask for an act and wait until its answer is durable. Raises edge.runtime.app.Busy when the queue is full."""

    async def read_document(self) -> dict[str, Any]:
        """What the manual desk's reader makes of the document under it: kind (None = unread), tokens, masked form, reason."""

    def preview(self, camera: str) -> bytes:
        """What this camera saw last, masked, as JPEG; empty before its first frame. Raises KeyError for no camera."""

    def accounts(self) -> list[dict[str, Any]]:
        """Where every document is: {document, item, place, order_id, reason, quarantined}."""


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/acts. The same `request_id` is done once and answered alike, however often it is sent."""

    act: str
    person: str
    request_id: str
    argument: dict[str, str] = {}


class WantedPaper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/reports: `of` is a lot or a bag, `back` so many shifts before the last one."""

    kind: str
    of: str = ""
    back: int = 0
    language: str = "zh"


class Unclear(ValueError):
    """A body that is no act; the text tells the sender what to correct."""


def parse(body: bytes) -> Wanted:
    """A request body as a known act with its arguments. Raises Unclear."""
    try:
        wanted = msgspec.json.decode(body, type=Wanted)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unclear(f"body refused: {error}. Send JSON {{act, person, request_id, argument}}.") from error
    if wanted.act not in ACTS:
        raise Unclear(f"body refused: no act {wanted.act[:40]!r}. Acts: {', '.join(sorted(ACTS))}.")
    if not 0 < len(wanted.person) <= 40 or not 0 < len(wanted.request_id) <= 64:
        raise Unclear("body refused: person needs 1 to 40 characters, request_id 1 to 64.")
    expected, optional = ACTS[wanted.act].arguments, ACTS[wanted.act].optional
    if not set(expected) <= set(wanted.argument) <= {*expected, *optional}:
        raise Unclear(f"body refused: {wanted.act} takes the arguments {list(expected)}, not {sorted(wanted.argument)[:8]}.")
    for name, form in FORMS.items():
        if name in wanted.argument and not form.fullmatch(wanted.argument[name]):
            raise Unclear(f"body refused: {name} has not its form. Documents are told by what the desk's reader makes of them.")
    return wanted


def parse_paper(body: bytes) -> WantedPaper:
    """A request body as a wish for a report. Raises Unclear."""
    try:
        return msgspec.json.decode(body, type=WantedPaper)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unclear(f"body refused: {error}. Send JSON {{kind, of, back, language}}.") from error


class Answers:
    """The last answers by request id, so that a repeated request (a lost reply, a double tap) acts once."""

    def __init__(self) -> None:
        self._given: dict[str, tuple[Wanted, Answer]] = {}
        self._pending: set[str] = set()

    def known(self, wanted: Wanted) -> Answer | None:
        """The answer that was given already. Raises Unclear where the id stands for another act."""
        given = self._given.get(wanted.request_id)
        if given is None:
            return None
        if given[0] != wanted:
            raise Unclear(f"body refused: request_id {wanted.request_id} was used for another act. Make a new one per act.")
        return given[1]

    def begin(self, wanted: Wanted) -> bool:
        """Note that this request is on its way; False when it already is."""
        if wanted.request_id in self._pending:
            return False
        self._pending.add(wanted.request_id)
        return True

    def end(self, wanted: Wanted, answer: Answer | None) -> None:
        """It is answered, or (None) it failed and may be sent again."""
        self._pending.discard(wanted.request_id)
        if answer is None:
            return
        self._given[wanted.request_id] = (wanted, answer)
        if len(self._given) > ANSWERS_KEPT:
            del self._given[next(iter(self._given))]
