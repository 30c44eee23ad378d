"""Documents that come as files: what they are, the paper that a printer makes of them, and who takes it from the tray.

A person feeds what the panel lists as printed, after counting it; destroys what it lists for that, before recording it; and now
and then feeds a stack without looking. The line must refuse that one.
"""

import hashlib
import random
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from simulators.bodies import PhysicalDocument
from simulators.operator import Panel
from simulators.people import Document, Order

URL = "https://files.example/{}.pdf"
PAGES_MAX = 4
IN_REACH = ("to print", "print tray", "feeder", "to destroy")
"""places at which sheets can be destroyed; elsewhere they are on their way, and come back"""
SECOND_PERSON = "second-sim"
UNLOOKED_SHARE = 0.2
"""of the stacks, so many are fed without a look at the panel"""


SKETCH = re.compile(rb"^%PDF sketch of (?P<order>\S+), (?P<pages>\d+) pages$")


class PaperFile(NamedTuple):
    """One file as central grants it."""

    order_id: str
    pages: int
    duplex: bool

    @property
    def url(self) -> str:
        """Where the line fetches it."""
        return URL.format(self.order_id)

    @property
    def sheets(self) -> int:
        """Sheets of paper of one whole print."""
        return (self.pages + 1) // 2 if self.duplex else self.pages

    def wire(self, contents: bytes) -> dict[str, Any]:
        """As central grants it."""
        digest = hashlib.sha256(contents).hexdigest()
        return {"url": self.url, "sha256": digest, "pages": self.pages, "duplex": self.duplex}


def sketch(file: PaperFile, pages: int = 0) -> bytes:
    """What stands for a file's bytes where nothing is really printed; `pages`: another number of them."""
    return f"%PDF sketch of {file.order_id}, {pages or file.pages} pages".encode()


def files_of(seed: int, orders: Iterable[Order], share: float, forced: Collection[str]) -> dict[str, PaperFile]:
    """Order → its file, for a share of these orders and for those in `forced`."""
    rng = random.Random(f"files {seed}")
    files = {}
    for order in orders:
        drawn, pages, duplex = rng.random() < share, rng.randint(1, PAGES_MAX), rng.random() < 0.5
        if drawn or order.order_id in forced:
            files[order.order_id] = PaperFile(order.order_id, pages, duplex)
    return files


def is_single_a4(documents: tuple[Document, ...]) -> bool:
    """Whether this is the one A4 document of its order."""
    return [document.kind for document in documents] == ["a4"]


@dataclass
class Job:
    """One job at the printer, which prints a sheet after the other."""

    order_id: str
    sheets: int
    """that will come out"""
    sides: int
    """that it will have counted"""
    state: str
    """how it will end"""
    ends_ms: int


class Feeder(Protocol):
    """The line's feeder, as hands reach it."""

    def lay_in(self, documents: Iterable[PhysicalDocument]) -> None:
        """Put documents in."""

    def take_back(self, document: PhysicalDocument) -> None:
        """Take one out that was not fed yet."""


class PrintRoom:
    """The document printer's tray, and the person who looks after it."""

    def __init__(self, documents: Iterable[PhysicalDocument], files: Mapping[str, PaperFile], *, seed: int) -> None:
        self.files = dict(files)
        self.document_of = {d.order_id: d for d in documents if d.order_id in self.files and d.order_id is not None}
        for order_id, document in self.document_of.items():
            document.place, document.sheets, document.sheets_due = "to print", 0, self.files[order_id].sheets
        self._rng = random.Random(f"print room {seed}")
        self._counted: dict[str, tuple[int, str]] = {}
        """order → sheets that were destroyed and what they were called, as long as that is not recorded"""
        self.printing = ""
        """the order whose sheets are coming out now"""
        self.acts: Counter[str] = Counter()
        self.on_top: list[str] = []
        """orders that were printed while sheets of them existed"""
        self._unlooked: dict[str, None] = {}

    def comes_out(self, order_id: str, sheets: int) -> None:
        """A job has ended: its sheets lie in the tray, as one stack."""
        document = self.document_of[order_id]
        self.printing = ""
        if document.sheets:
            self.on_top.append(order_id)
        document.sheets = (document.sheets or 0) + sheets
        if document.place == "to print":
            document.place = "print tray"
        if sheets and self._rng.random() < UNLOOKED_SHARE:
            self._unlooked[order_id] = None

    @property
    def in_tray(self) -> list[PhysicalDocument]:
        """Stacks that nobody has taken yet."""
        return [document for document in self.document_of.values() if document.place == "print tray"]

    async def look(self, panel: Panel, feeder: Feeder) -> None:
        """Do what the panel lists. Raises PanelAway."""
        snapshot = await panel.snapshot()
        listed = {row["order"]: row["sheets"] for row in snapshot["sheets_to_feed"]}
        for document in [document for document in self.in_tray if document.order_id in self._unlooked]:
            del self._unlooked[str(document.order_id)]
            self.acts["fed without a look"] += document.order_id not in listed
            feeder.lay_in([document])
        for row in snapshot["sheets_to_destroy"]:
            await self._destroy(panel, feeder, str(row["order"]))
        waiting = {row["order"] for row in snapshot["sheets_to_destroy"]}
        self._counted = {order_id: done for order_id, done in self._counted.items() if order_id in waiting}
        for document in self.in_tray:
            if listed.get(document.order_id) == document.sheets:
                self.acts["fed"] += 1
                feeder.lay_in([document])

    async def _destroy(self, panel: Panel, feeder: Feeder, order_id: str) -> None:
        """By two persons, and counted; the record comes afterwards, as often as it takes."""
        document = self.document_of[order_id]
        if self.printing == order_id or (order_id not in self._counted and document.place not in IN_REACH):
            return  # still coming out, or somewhere on the line
        if order_id not in self._counted:
            if document.place == "feeder":
                feeder.take_back(document)
            key = document.key
            self._counted[order_id] = self.shred(document), key
        sheets, key = self._counted[order_id]
        asked = {"order": order_id, "file": "0", "sheets": str(sheets), "second": SECOND_PERSON, "documents": key}
        accepted, code = await panel.request("destroy_sheets", asked)
        self.acts["destroy_sheets" if accepted else f"destroy_sheets: {code}"] += 1

    def shred(self, document: PhysicalDocument) -> int:
        """These sheets exist no more; returns how many they were."""
        sheets, document.sheets = document.sheets or 0, 0
        document.forget_key()
        document.place = "to print"
        self._unlooked.pop(str(document.order_id), None)
        return sheets
