"""The link to central with a real journal and mosquitto: how fast it tells, what it costs, and what a storm does to it.

Central is another process. Peer of the rate: plain paho-mqtt that publishes the same payloads, without journal and central.
"""

import asyncio
import multiprocessing
import statistics
import tempfile
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as paho
from bench_core import PLAN
from paho.mqtt.enums import CallbackAPIVersion

from drivers.mqtt import MqttClient
from edge.core.controller import Controller
from edge.core.invariants import Auditor
from edge.runtime.central_link import OFFLINE, CentralLink, topic_root
from edge.runtime.clock import Clock
from edge.runtime.journal import ThreadStore
from edge.runtime.lag import LoopLag
from edge.runtime.ledger import Ledger
from edge.runtime.line_now import LineNow
from edge.runtime.pump import Pump
from edge.runtime.records import Batch
from edge.runtime.spawn import Crew
from simulators.broker import Mosquitto, free_port, mosquitto_binary, running
from simulators.central import Wire, one_line
from simulators.people import make_population
from simulators.storm import flood
from simulators.virtual.soak import SETTINGS

ROOT = topic_root("demo", "line-1")
EVENTS, RUNS = 10_000, 3
BODY = msgspec.json.encode({"item": "I3-9", "order_id": "GD-2026-000123", "verdict": "MATCH", "reason": "", "print_id": 4711})
EVENTS_PER_ITEM = 7
PACE_PER_H = 36_000
PACED_S = 15.0
STORM_PER_S = 10_000


def _central(port: int, ended: Any) -> None:
    central = one_line(make_population(1, 3), b"k" * 32, Wire("127.0.0.1", port, "demo"), "line-1")
    central.start()
    ended.wait()
    central.stop()


class Bench:
    """mosquitto, central in its own process, and a line's link, pump and journal in this one."""

    def __init__(self, folder: Path, *, linked: bool = True) -> None:
        self._folder = folder
        self._linked = linked
        self.port = free_port("127.0.0.1")
        self.broker = Mosquitto(str(mosquitto_binary()), "127.0.0.1", self.port, folder / "broker")
        context = multiprocessing.get_context("spawn")
        self._ended = context.Event()
        self._central: BaseProcess = context.Process(target=_central, args=(self.port, self._ended), daemon=True)

    async def __aenter__(self) -> "Bench":
        await self.broker.start()
        self._central.start()
        ledger = Ledger(str(self._folder / "j.db"), b"k" * 32)
        ledger.open(lambda: "bench")
        self.store, self.crew = ThreadStore(ledger), Crew()
        self.controller = Controller(SETTINGS, PLAN)
        self.pump = Pump(self.controller, Auditor(self.controller), self.store, lambda _: None, Clock(), stall_ms=250)
        client = MqttClient("127.0.0.1", self.port, client_id="line-1", will=(ROOT + "state", OFFLINE))
        self.link = CentralLink(
            self.pump.offer, client, self.store, Clock(), self.crew,
            root=ROOT, sort_plan=PLAN, line_now=lambda: LineNow("EXECUTE"),
        )  # fmt: skip
        return self

    def run(self) -> None:
        """Start the line's side."""
        self.crew.spawn(self.pump.run(), "pump")
        if self._linked:
            self.crew.spawn(self.link.run(), "central")

    async def tell(self, count: int) -> None:
        """Commit so many events in one group."""
        await self.store.commit(Batch([], [("label_check", 1_795_000_012_345, BODY)] * count))

    async def told(self) -> None:
        """Until central has confirmed everything."""
        while self.link.counters()["waiting"] or not self.link.counters()["confirmed"]:  # noqa: ASYNC110 - measured from outside
            await asyncio.sleep(0.002)

    async def __aexit__(self, *_: object) -> None:
        await self.crew.stop()
        self.store.close()
        self._ended.set()
        self._central.join()
        await self.broker.stop()


async def _rate() -> float:
    """Events a second from a full outbox to central's confirmation."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        async with Bench(Path(folder)) as bench:
            for _ in range(EVENTS // 500):
                await bench.tell(500)
            bench.run()
            while not bench.link.counters()["confirmed"]:  # noqa: ASYNC110 - measured from outside
                await asyncio.sleep(0.002)
            first, begun_s = bench.link.counters()["confirmed"], time.perf_counter()
            await bench.told()
            return (bench.link.counters()["confirmed"] - first) / (time.perf_counter() - begun_s)


async def _peer() -> float:
    """Acknowledged publishes a second of plain paho-mqtt: the same payloads, QoS 1, 20 in flight, its own thread."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        port = free_port("127.0.0.1")
        async with running(Mosquitto(str(mosquitto_binary()), "127.0.0.1", port, Path(folder))):
            client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
            client.max_inflight_messages_set(20)
            client.connect("127.0.0.1", port)
            client.loop_start()
            begun_s = time.perf_counter()
            for seq in range(EVENTS):
                event = {"journal_id": "bench", "seq": seq, "key": f"bench:{seq}", "at_ms": 1_795_000_012_345}
                last = client.publish(ROOT + "events", msgspec.json.encode({**event, "body": msgspec.Raw(BODY)}), qos=1)
            await asyncio.get_running_loop().run_in_executor(None, last.wait_for_publish)
            took_s = time.perf_counter() - begun_s
            client.disconnect()
            client.loop_stop()
            return EVENTS / took_s


async def _paced(*, linked: bool, storm_per_s: int = 0) -> dict[str, float]:
    """One item's events at the pace of 36,000 items/h, in commits of its own; with a storm beside it, if wanted."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        async with Bench(Path(folder), linked=linked) as bench:
            bench.run()
            await asyncio.sleep(2.0)
            lag = LoopLag()
            bench.crew.spawn(lag.run(), "lag")
            loop, late_ms, count = asyncio.get_running_loop(), [], 0
            storm = flood(bench.port, ROOT, storm_per_s, PACED_S) if storm_per_s else None
            begun_s, cpu_s = loop.time(), time.process_time()
            while loop.time() - begun_s < PACED_S:
                due_s = begun_s + count * 3600 / PACE_PER_H
                await asyncio.sleep(max(0.0, due_s - loop.time()))
                committed_s = loop.time()
                await bench.tell(EVENTS_PER_ITEM)
                late_ms.append((loop.time() - committed_s) * 1000)
                count += 1
            cpu_s = time.process_time() - cpu_s
            figures = lag.figures()
            sent = storm.ended() if storm is not None else 0
            counters = bench.link.counters()
            return {
                "cpu_percent": round(cpu_s / PACED_S * 100, 1),
                "items_per_h": round(count / PACED_S * 3600),
                "commit_p50_ms": round(statistics.median(late_ms), 2),
                "commit_p99_ms": round(statistics.quantiles(late_ms, n=100)[98], 2),
                "loop_lag_p99_ms": figures["p99"],
                "loop_lag_max_ms": figures["max"],
                "storm_sent": sent,
                "refused": counters.get("refused", 0),
                "waiting": counters["waiting"],
            }


def central() -> dict[str, Any]:
    """Rate beside plain paho-mqtt; what the gateway costs at 36,000 items/h; a hostile storm of 10,000 messages/s."""
    rates = [asyncio.run(_rate()) for _ in range(RUNS)]
    peers = [asyncio.run(_peer()) for _ in range(RUNS)]
    without, with_link = asyncio.run(_paced(linked=False)), asyncio.run(_paced(linked=True))
    stormy = asyncio.run(_paced(linked=True, storm_per_s=STORM_PER_S))
    rate, peer = statistics.median(rates), statistics.median(peers)
    gateway = round(with_link["cpu_percent"] - without["cpu_percent"], 1)
    return {
        "events_per_s": round(rate),
        "peer": "paho-mqtt 2.2, same payloads, QoS 1, 20 in flight, without journal, central and confirmation",
        "peer_events_per_s": round(peer),
        "ratio": round(rate / peer, 2),
        "gateway_percent_of_a_core": gateway,
        "runs": [
            {"at": "36,000 items/h without a link", "figures": without},
            {"at": "36,000 items/h with its link", "figures": with_link},
            {"at": "the same in a storm of 10,000 hostile messages/s", "figures": stormy},
        ],
    }
