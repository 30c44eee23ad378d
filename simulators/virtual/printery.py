"""All that documents which come as files need in the virtual world: room, printer, server, and the folder of the line."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from edge.runtime.app import Runtime
from edge.runtime.clock import Clock
from edge.runtime.page_link import PageLink
from edge.runtime.spawn import Crew
from simulators.faults import FaultBook
from simulators.operator import Panel
from simulators.paper import Feeder, PrintRoom
from simulators.scene import Scene
from simulators.virtual.pages import VirtualPages

POLL_MS = 500
PENDING = frozenset({"granted", "fetching", "fetched", "printing", "unknown"})
"""states of files with which there is still something to do"""


class Printery:
    """It outlives the runtime; a scene without files has no document printer."""

    def __init__(self, scene: Scene, book: FaultBook, now_ms: Callable[[], int]) -> None:
        self.room = PrintRoom(scene.documents, scene.files, seed=scene.seed)
        self.pages = VirtualPages(self.room, book, now_ms)
        self.there = bool(scene.files)
        self._folder = Path(tempfile.mkdtemp(prefix="sealline-world-")) if self.there else None

    def add_to(self, runtime: Runtime, clock: Clock, crew: Crew) -> None:
        """Give a runtime its link."""
        if self._folder is not None:
            pages, offer = self.pages, runtime.pump.offer
            runtime.add(PageLink(pages, pages, pages, offer, clock, crew=crew, folder=self._folder, poll_ms=POLL_MS))

    def waits(self, runtime: Runtime) -> bool:
        """Whether sheets are still to come, to be fed or to be destroyed."""
        if not self.there:
            return False
        books = runtime.controller.certificates
        pending = any(there for state, there in books.standing.items() if state.value in PENDING)
        return pending or len(books.all) < len(self.room.files) or bool(books.left()) or bool(self.room.in_tray)

    async def look(self, runtime: Runtime, panel: Panel, feeder: Feeder, cancel: Callable[[str], None]) -> None:
        """The person in the print room acts by the panel; central takes back the orders whose files were refused.

        Raises PanelAway.
        """
        if not self.there:
            return
        await self.room.look(panel, feeder)
        for state, there in runtime.controller.certificates.standing.items():
            for certificate in there.values() if state.value == "refused" else ():
                cancel(certificate.order_id)

    def kept(self) -> int:
        """Files that lie on the line."""
        return 0 if self._folder is None else len(list(self._folder.iterdir()))

    def close(self) -> None:
        """The folder goes."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
