"""The running line as the panel sees it."""

from dataclasses import asdict
from typing import Any

from edge.core.commands import Answer
from edge.runtime.app import Runtime
from edge.runtime.camera_link import CameraLink
from edge.runtime.central_link import CentralLink
from edge.runtime.desk_reading import DeskReader, Told
from edge.runtime.lag import LoopLag
from edge.runtime.lot_files import LotFiles
from edge.runtime.papers import Papers
from edge.runtime.scanner_link import HandScan, HandScannerLink
from edge.runtime.view import accounts


class Desk:
    """The line as the panel sees it."""

    def __init__(
        self,
        runtime: Runtime,
        central: CentralLink,
        lag: LoopLag,
        papers: Papers,
        cameras: dict[str, CameraLink],
        *,
        lot_files: LotFiles,
        hand: HandScannerLink | None,
        reader: DeskReader,
        site: str,
        sim: bool,
    ) -> None:
        self._runtime = runtime
        self.papers = papers
        self.lot_files = lot_files
        self._central = central
        self._lag = lag
        self._cameras = cameras
        self._hand = hand
        self._reader = reader
        self._site = site
        self._sim = sim

    def snapshot(self) -> dict[str, Any]:
        """What the page shows."""
        shown = self._runtime.snapshot(site=self._site, sim=self._sim, central=self._central.counters)
        scan = self._hand.newest if self._hand is not None else HandScan()
        desk = {**shown["desk"], "reader": self._reader.there}
        return {**shown, "desk": desk, "loop_lag_ms": self._lag.figures(), "hand_scan": asdict(scan)}

    async def request(self, act: str, person: str, argument: dict[str, str], request_id: str) -> Answer:
        """Ask for an act; see Runtime.request."""
        return await self._runtime.request(act, person, argument, request_id)

    async def read_document(self) -> Told:
        """What the desk's reader makes of the document that lies under it."""
        return await self._reader.read()

    def preview(self, camera: str) -> bytes:
        """What this camera saw last, masked, as JPEG; empty before its first frame. Raises KeyError for no camera."""
        return self._cameras[camera].preview

    def accounts(self) -> list[dict[str, Any]]:
        """Where every document is."""
        return accounts(self._runtime.controller)
