"""What a PLC says, field by field: value, when it changed, and whether it can be believed. Looks only, and writes nothing."""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from drivers.ports import DeviceError, DeviceRefused, PlcReader
from drivers.process_image import CommandSlot, EventSlot, ImageCodec
from edge.core.values import State

STILL_MS = 300
"""a heartbeat that stands so long makes everything beside it old"""
BUCKETS_MS = (1, 2, 5, 10, 20, 50, 120)
TRIPS_KEPT = 2_000
MODES = {1: "production", 2: "maintenance", 3: "manual"}
GOOD, OLD, UNKNOWN = "good", "old", "unknown"


class Field(NamedTuple):
    """One field as it stands."""

    value: int
    text: str
    since_ms: int
    """when it came"""
    changed: bool
    """False: it is the first value that was seen"""


class Watch:
    """One PLC, looked at again and again. `now_ms` of the methods is monotonic."""

    def __init__(self, reader: PlcReader, codec: ImageCodec) -> None:
        self._reader = reader
        self.codec = codec
        self.image = codec.image
        self.fields: dict[str, Field] = {}
        self.edge: dict[str, Field] = {}
        """the edge's header as the PLC holds it; empty where the PLC does not show it"""
        self.events: tuple[EventSlot, ...] = ()
        self.commands: tuple[CommandSlot, ...] = ()
        self.torn = 0
        self.shows_edge = True
        self.trouble = "not connected yet"
        self.trips_ms: deque[float] = deque(maxlen=TRIPS_KEPT)
        self.looks = 0
        self._connected = False
        self._good_ms: int | None = None

    async def look(self) -> None:
        """Read once; what goes wrong is kept in `trouble`, and the next look connects anew."""
        loop = asyncio.get_running_loop()
        try:
            if not self._connected:
                await self._reader.connect()
                self._connected = True
            began_s = loop.time()
            words = await self._reader.read()
            self.trips_ms.append((loop.time() - began_s) * 1000)
            now_ms = round(loop.time() * 1000)
            await self._take(words, now_ms)
        except DeviceError as error:
            await self.close()
            self.trouble = str(error)
            return
        self.trouble, self._good_ms = "", now_ms
        self.looks += 1

    async def close(self) -> None:
        """Drop the connection."""
        self._connected = False
        await self._reader.close()

    async def _take(self, words: tuple[int, ...], now_ms: int) -> None:
        image = self.codec.decode_plc(words)
        self._note(self.fields, image.header, now_ms)
        self.events, self.torn = tuple(sorted(image.events)), self.torn + image.torn
        if not self.shows_edge:
            return
        try:
            edge = self.codec.decode_edge(await self._reader.read_written())
        except DeviceRefused:
            # It does not let anybody read what was written; the refusal has dropped the connection.
            self.shows_edge, self._connected = False, False
            return
        self._note(self.edge, edge.header, now_ms)
        self.commands = tuple(sorted(edge.commands))

    def _note(self, fields: dict[str, Field], header: Mapping[str, int], now_ms: int) -> None:
        for name, value in header.items():
            known = fields.get(name)
            if known is None or known.value != value:
                fields[name] = Field(value, self._text(name, value), now_ms, known is not None)

    def _text(self, name: str, value: int) -> str:
        if name == "state":
            return next((state.name for state in State if state == value), "")
        if name == "mode":
            return MODES.get(value, "")
        bits: Mapping[str, int] = getattr(self.image, name, {}) if name in {"faults", "alarms", "buttons"} else {}
        return " ".join(bit for bit, at in bits.items() if value >> at & 1)

    # --- what it comes to ---
    def quality(self, now_ms: int) -> str:
        """good, old (the heartbeat stands, or nothing was read), unknown (nothing was ever read)."""
        if self._good_ms is None or self.looks < 2:
            return UNKNOWN
        still_ms = now_ms - self.fields["heartbeat"].since_ms
        return OLD if self.trouble or still_ms > STILL_MS or now_ms - self._good_ms > STILL_MS else GOOD

    def edge_alive(self, now_ms: int) -> bool:
        """Whether an edge's heartbeat is moving at the PLC."""
        echo = self.fields.get("echo")
        return echo is not None and echo.changed and now_ms - echo.since_ms <= STILL_MS

    def histogram(self) -> list[tuple[str, int]]:
        """(bucket, how many round trips) of the reads."""
        rows, low = [], 0.0
        for high in (*BUCKETS_MS, None):
            count = sum(low <= trip < (high or float("inf")) for trip in self.trips_ms)
            rows.append((f"< {high} ms" if high else f"≥ {BUCKETS_MS[-1]} ms", count))
            low = high or low
        return rows

    def as_json(self, now_ms: int) -> dict[str, Any]:
        """Everything, for scripts."""
        return {
            "quality": self.quality(now_ms),
            "trouble": self.trouble,
            "edge_alive": self.edge_alive(now_ms),
            "plc_to_edge": _plain(self.fields, now_ms),
            "edge_to_plc": _plain(self.edge, now_ms) if self.shows_edge else None,
            "window": [event._asdict() for event in self.events],
            "ring": [command._asdict() for command in self.commands],
            "torn": self.torn,
            "round_trips": dict(self.histogram()),
        }


def _plain(fields: Mapping[str, Field], now_ms: int) -> dict[str, Any]:
    return {
        name: {"value": field.value, "text": field.text, "age_ms": now_ms - field.since_ms} for name, field in fields.items()
    }
