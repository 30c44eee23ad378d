"""A line's link to central with a real journal, and central itself, on whatever broker there is."""

import asyncio
import json
from contextlib import asynccontextmanager

from drivers.mqtt import MqttClient
from edge.core.controller import Controller
from edge.core.invariants import Auditor
from edge.core.values import SortPlan
from edge.runtime.asking import Needs
from edge.runtime.central_link import OFFLINE, CentralLink, topic_root
from edge.runtime.clock import Clock
from edge.runtime.journal import ThreadStore
from edge.runtime.ledger import Ledger
from edge.runtime.line_now import LineNow
from edge.runtime.pump import Pump
from edge.runtime.records import Batch
from edge.runtime.spawn import Crew
from simulators.central import Wire, one_line
from simulators.people import make_population
from simulators.virtual.soak import SETTINGS

KEY = b"k" * 32
PLAN = SortPlan("t", {"44": 1, "11": 2, "31": 3, "51": 4}, 0)
ROOT = topic_root("demo", "line-1")
CLASSES = {"resident_id": (), "passport": (), "a4": ()}


@asynccontextmanager
async def central_at(broker, items=10, file=None, lease_ms=0):
    wire = Wire(broker.host, broker.port, "demo", broker.protocol)
    central = one_line(make_population(1, items, (), CLASSES), KEY, wire, "line-1", CLASSES, file, lease_ms)
    central.start()
    try:
        yield central
    finally:
        central.stop()


class Line:
    """A link with a real journal, and a pump that keeps what it is offered."""

    def __init__(self, broker, path, durable=True, files=None, public=b""):
        self.ledger = Ledger(str(path), KEY)
        self.ledger.open(lambda: "J1")
        self.store = ThreadStore(self.ledger)
        self.events, self.durable, self.unconfirmed = [], durable, False
        self.crew = Crew()
        self.port = MqttClient(
            broker.host, broker.port, client_id="line-1", protocol=broker.protocol, will=(ROOT + "state", OFFLINE), tls=files
        )
        self.link = CentralLink(
            self.offer, self.port, self.store, Clock(), self.crew,
            root=ROOT, sort_plan=PLAN, line_now=lambda: LineNow("EXECUTE"), boot=7, public=public,
            needs=Needs(unconfirmed=lambda: self.unconfirmed),
        )  # fmt: skip

    def offer(self, event, *, cursor=None, on_durable=None):
        self.events.append(event)
        if on_durable is not None and self.durable:
            asyncio.get_running_loop().call_soon(on_durable)
        return True

    async def publish(self, first, last):
        for n in range(first, last + 1):
            body = json.dumps({"order_id": f"O{n:06d}"}).encode()
            await self.store.commit(Batch([], [("dispatched", n, body)]))

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    async def __aenter__(self):
        self.crew.spawn(self.link.run(), "central")
        return self

    async def __aexit__(self, *_):
        await self.crew.stop()
        self.store.close()


class CoreLine(Line):
    """A line with its core: what central says has its effect, and is answered."""

    def __init__(self, broker, path):
        super().__init__(broker, path)
        self.controller = Controller(SETTINGS, PLAN)
        self.pump = Pump(self.controller, Auditor(self.controller), self.store, lambda _: None, Clock(), stall_ms=250)

    def offer(self, event, *, cursor=None, on_durable=None):
        return self.pump.offer(event, cursor=cursor, on_durable=on_durable)

    async def __aenter__(self):
        self.crew.spawn(self.pump.run(), "pump")
        return await super().__aenter__()


async def until(condition):
    """No limit of its own, which a loaded machine would break: what never comes true ends with the test's time."""
    while not condition():  # noqa: ASYNC110 - central runs in a thread of its own
        await asyncio.sleep(0.005)


async def stored(central, line, n):
    await until(lambda: central.report()["stored"] >= n and line.link.counters()["waiting"] == 0)
    # Whatever broke in between: both accounts have the same digest over all events.
    await until(lambda: line.link.counters()["agreed"] == n)
    assert line.link.counters()["differs"] == 0
    return central.report()


def assert_whole(report, n):
    assert report["stored"] == n
    assert report["journals"] == {"J1": n}
    assert (report["gaps"], report["contradictions"], report["nonsense"]) == ([], [], [])
    assert report["dispatched_twice"] == []
