"""The one broker and the one central system of a site of several lines, as a process that answers questions.

It grants each line its lot, renews leases, and frees the lots of a line that is away: a margin after their lease, or when a
person says that the line stands.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import Any

from simulators.books import Books
from simulators.broker import SiteMosquitto, mosquitto_binary, running
from simulators.central import Central, Wire
from simulators.granting import Granting, Message
from simulators.manifests import wire_order
from simulators.scene import Scene
from simulators.signature import make_key
from simulators.tokens import load_classes

SITE = "demo"
LOOK_S = 0.2
RENEWALS = 3
"""so often is a lease renewed before it would end"""
MINUTE_MS = 60_000
Json = dict[str, Any]


def lot_of(number: int) -> str:
    """The lot whose documents lie in the feeder of the so manieth line."""
    return f"LOT-{number}"


def lots_of(scene: Scene, lines: int, site_key: bytes) -> dict[str, list[Json]]:
    """Lot → its orders on the wire."""
    classes = load_classes()
    lots: dict[str, list[Json]] = {}
    for number, documents in enumerate(scene.parts(lines), 1):
        here = {document.order_id for document in documents}
        orders = [order for order in scene.population.orders if order.order_id in here]
        lots[lot_of(number)] = [wire_order(order, site_key, classes) for order in orders]
    return lots


class Office:
    """Central, and what people ask of it."""

    def __init__(self, central: Central, lease_ms: int) -> None:
        self._central = central
        self._renew_s = lease_ms / RENEWALS / 1000
        self._free: dict[str, None] = {}
        """lots that are nobody's, and wait for a decision"""

    async def run(self) -> None:
        """Renew leases and look for those that have ended, for ever."""
        renewed_s = 0.0
        while True:
            now_s = asyncio.get_running_loop().time()
            if now_s - renewed_s >= self._renew_s:
                renewed_s = now_s
                self._central.ask(lambda granting: granting.renew())
            self._free |= {lot.lot: None for lot in self._central.with_granting(lambda granting: granting.overdue())}
            await asyncio.sleep(LOOK_S)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One JSON object a line: {"do": "status" | "report" | "stands", "line": … | "grant", "lot": …, "line": …}."""
        try:
            while text := await reader.readline():
                writer.write(json.dumps(self._answer(json.loads(text))).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    def _answer(self, asked: Json) -> Json:
        if asked["do"] == "report":
            return self._central.report()
        if asked["do"] == "stands":
            self._free |= {
                lot.lot: None for lot in self._central.with_granting(lambda granting: granting.stands(asked["line"]))
            }
        elif asked["do"] == "grant":
            self._free.pop(asked["lot"], None)
            self._central.ask(lambda granting: _granted(granting, asked["lot"], asked["line"]))
        return {"free": list(self._free), "states": self._central.books.states}


def _granted(granting: Granting, lot: str, line: str) -> list[Message]:
    granted = granting.grant(granting.lots[lot], line)
    return [Message(line, "manifest", part) for part in granting.manifest(granted)]


async def serve(options: argparse.Namespace) -> None:
    """Serve until SIGTERM."""
    folder: Path = options.folder
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    scene = Scene(options.seed, options.items, options.faults)
    lots = lots_of(scene, options.lines, (folder / "site.key").read_bytes())
    certificates = folder / "certificates"
    broker = SiteMosquitto(str(mosquitto_binary()), "127.0.0.1", options.port, folder / "broker", certificates)
    files = (certificates / "ca.crt", certificates / "central.crt", certificates / "central.key")
    lines = [f"line-{number}" for number in range(1, options.lines + 1)]
    lease_ms = round(options.lease_s * 1000)
    key = make_key(folder / "central.pub")
    granting = Granting(
        lots,
        planned={lot_of(number): line for number, line in enumerate(lines, 1)},
        lease_ms=lease_ms,
        margin_ms=options.margin_min * MINUTE_MS,
    )
    books = Books([order["order_id"] for orders in lots.values() for order in orders], folder / "central.jsonl")
    central = Central(granting, books, Wire("127.0.0.1", options.port, SITE, tls=files, key=key), lines)
    async with running(broker):
        central.start()
        office = Office(central, lease_ms)
        server = await asyncio.start_unix_server(office.serve, str(folder / "office.sock"), limit=64 * 1024 * 1024)
        task = asyncio.get_running_loop().create_task(office.run())
        task.add_done_callback(lambda _: ended.set())
        sys.stdout.write(json.dumps({"ready": True, "note": broker.note}) + "\n")
        sys.stdout.flush()
        await ended.wait()
        server.close()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        central.stop()


def main() -> None:
    """Entry point of the process."""
    parser = argparse.ArgumentParser(prog="simulators.site_office")
    parser.add_argument("folder", type=Path)
    for name, kind, usual in (
        ("port", int, 8883),
        ("items", int, 30),
        ("seed", int, 1),
        ("faults", float, 0.0),
        ("lines", int, 3),
        ("lease-s", float, 60.0),
        ("margin-min", int, 1),
    ):
        parser.add_argument(f"--{name}", type=kind, default=usual)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
