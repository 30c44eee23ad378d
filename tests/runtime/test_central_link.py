import asyncio
import json

import msgspec
import pytest

from drivers.ports import Delivery, DeviceRefused, LinkLost
from edge.core.commands import AskCentral
from edge.core.events import (
    LinkDown,
    LinkUp,
    LotReceived,
    ManifestGranted,
    ManifestRefused,
    ManifestSealed,
    MessageRefused,
    OrderAmended,
    OrderCancelled,
)
from edge.core.values import Address, SortPlan
from edge.runtime import asking, central_link
from edge.runtime.asking import Needs
from edge.runtime.central_link import CentralLink
from edge.runtime.clock import Clock
from edge.runtime.contract.inward import MESSAGE_MAX_BYTES
from edge.runtime.contract.outward import CONTRACT
from edge.runtime.line_now import LineNow
from edge.runtime.messages import MESSAGES
from edge.runtime.outbox import WINDOW, Outbox
from edge.runtime.records import OutboxRow
from edge.runtime.signing import SignatureError, public_key
from edge.runtime.spawn import Crew
from simulators.signature import make_key, signed
from tests.contract import require_sent
from tests.runtime.test_manifest import messages, order

ROOT = "sealline/v1/demo/line-1/"


class MemoryStore:
    """Rows in memory; yields in every call as the real store does."""

    def __init__(self, rows=0):
        self.outbox_changed = asyncio.Event()
        self.journal_id = "J1"
        self.rows = {}
        self.last = 0
        self.add(rows)

    def add(self, n):
        for _ in range(n):
            self.last += 1
            self.rows[self.last] = OutboxRow(self.last, "fed", 1000 + self.last, b'{"n":%d}' % self.last)
        self.outbox_changed.set()

    async def outbox_after(self, seq, limit):
        await asyncio.sleep(0)
        return [row for row in self.rows.values() if row.seq > seq][:limit]

    async def outbox_confirm(self, seq):
        await asyncio.sleep(0)
        self.rows = {row.seq: row for row in self.rows.values() if row.seq > seq}
        return f"{seq:064x}"

    def outbox_last_seq(self):
        return self.last


class FakePort:
    """A broker that can refuse, fail in mid-publish and drop the connection."""

    def __init__(self):
        self.inbox = None
        self.connections = 0
        self.subscribed = []
        self.published = []
        self.acked = []
        self.fail_connects = []
        self.fail_publish_of = None
        self.fail_want = ""

    async def connect(self):
        await asyncio.sleep(0)
        if self.fail_connects:
            raise self.fail_connects.pop(0)
        self.connections += 1
        self.inbox = asyncio.Queue()

    async def subscribe(self, topic, qos):
        self.subscribed.append((topic.removeprefix(ROOT), qos))

    async def publish(self, topic, payload, *, retain=False, question=None):
        await asyncio.sleep(0)
        assert (question is not None) == topic.endswith("/request")
        assert question is None or question.answer_to.removeprefix(ROOT) in {"manifest", *MESSAGES}
        message = json.loads(payload)
        require_sent(topic.removeprefix(ROOT), payload)
        if self.inbox is None:
            raise LinkLost("not connected")
        if self.fail_publish_of is not None and message.get("seq") == self.fail_publish_of:
            self.fail_publish_of = None
            self.drop()
            raise LinkLost("wire cut")
        if self.fail_want and message.get("want") == self.fail_want:
            self.fail_want = ""
            self.drop()
            raise LinkLost("wire cut")
        self.published.append((topic.removeprefix(ROOT), message, retain))

    async def receive(self):
        if self.inbox is None:
            raise LinkLost("not connected")
        item = await self.inbox.get()
        if isinstance(item, Exception):
            self.inbox = None
            raise item
        return item

    def drop(self):
        self.inbox.put_nowait(LinkLost("gone"))

    def deliver(self, topic, payload, mid=1, retained=False):
        self.inbox.put_nowait(Delivery(ROOT + topic, payload, self.connections, mid, 1, retained))

    def confirm(self, seq, journal_id="J1"):
        self.deliver("confirm", json.dumps({"journal_id": journal_id, "seq": seq}).encode(), mid=900 + seq)

    def ack(self, delivery):
        self.acked.append(delivery.mid)

    def heard_s(self):
        return asyncio.get_running_loop().time()

    async def close(self):
        self.inbox = None

    def of(self, topic):
        return [message for name, message, _ in self.published if name == topic]

    def seqs(self):
        return [message["seq"] for message in self.of("events")]


class Rig:
    def __init__(self, rows=0, public=b""):
        self.port, self.store = FakePort(), MemoryStore(rows)
        self.events, self.durable, self.refuse = [], [], 0
        self.instant = False
        self.state, self.conditions = "STOPPED", ()
        self.unconfirmed, self.bagged = False, []
        self.crew = Crew()
        self.link = CentralLink(
            self.offer, self.port, self.store, Clock(), self.crew,
            root=ROOT, sort_plan=SortPlan("t", {"44": 1}, 0), line_now=lambda: LineNow(self.state, self.conditions),
            boot=4, public=public, needs=Needs(unconfirmed=lambda: self.unconfirmed, bagged=lambda: self.bagged),
        )  # fmt: skip

    def offer(self, event, *, cursor=None, on_durable=None):
        if self.refuse:
            self.refuse -= 1
            return False
        self.events.append(event)
        if on_durable is not None and self.instant:
            on_durable()
        elif on_durable is not None:
            self.durable.append(on_durable)
        return True

    async def until(self, condition):
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0)

    async def __aenter__(self):
        self.crew.spawn(self.link.run(), "central")
        await self.until(lambda: self.port.of("state"))
        return self

    async def __aexit__(self, *_):
        await self.crew.stop()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(central_link, "RECONNECT_S", (0.0, 0.0))
    monkeypatch.setattr(central_link, "OFFER_AGAIN_S", 0.0)
    monkeypatch.setattr(central_link, "LOOK_S", 0.0)


NOTHING = {"conditions": [], "rate_per_h": 0, "dispatched": 0, "waiting": 0}


async def test_connects_subscribes_asks_and_tells_its_state():
    async with Rig() as rig:
        wanted = [("manifest", 1), ("lot", 1), ("lease", 1), ("amend", 1), ("cancel", 1), ("confirm", 0)]
        assert rig.port.subscribed == wanted
        (request,) = rig.port.of("request")
        assert request["want"] == "manifest"
        state = {"online": True, "state": "STOPPED", "journal_id": "J1", "contract": CONTRACT, **NOTHING}
        assert ("state", state, True) in rig.port.published
        assert [type(event) for event in rig.events] == [LinkUp]
        assert rig.link.health().up
    off = {"online": False, "state": "", "journal_id": "", "contract": CONTRACT, **NOTHING}
    assert rig.port.published[-1] == ("state", off, True)
    assert not rig.link.health().up


async def test_a_lot_and_a_cancellation_are_acknowledged_when_durable():
    tokens = {"kind": "passport", "token": "0" * 32, "skeleton": "1" * 32}
    lot = {"lot": "R1", "issuer": "样例公安局", "signed_ms": 5, "documents": [tokens], "green": True, "later_field": 1}
    async with Rig() as rig:
        rig.port.deliver("lot", json.dumps(lot).encode(), mid=1)
        rig.port.deliver("cancel", b'{"order_id": "O1", "version": 2}', mid=2)
        rig.port.deliver("cancel", b'{"order_id": "O1"}', mid=3)
        rig.port.deliver("cancel", b"\xff", mid=4)
        await rig.until(lambda: len(rig.events) == 5)
        assert rig.port.acked == []
        for durable in rig.durable:
            durable()
        assert sorted(rig.port.acked) == [1, 2, 3, 4]
    received, cancelled, *refused = sorted(rig.events[1:], key=lambda event: isinstance(event, MessageRefused))
    assert isinstance(received, LotReceived)
    assert (received.lot, received.signed_ms, received.green, len(received.documents)) == ("R1", 5, True, 1)
    assert cancelled == OrderCancelled(at_us=cancelled.at_us, order_id="O1", version=2)
    assert [type(event) for event in refused] == [MessageRefused, MessageRefused]
    assert "central: correct" in refused[0].fault


async def test_an_amendment_becomes_an_event_or_is_refused():
    address = {"county": "441900", "text": "样例路 9 号", "name": "测试乙", "phone": "19900000009"}
    amend = {"order_id": "O1", "version": 3, "address": address, "priority": 2, "later_field": 1}
    async with Rig() as rig:
        rig.port.deliver("amend", json.dumps(amend).encode(), mid=1)
        rig.port.deliver("amend", json.dumps({**amend, "address": "样例路 9 号"}).encode(), mid=2)
        await rig.until(lambda: len(rig.events) == 3)
        assert rig.port.acked == []
    amended, refused = sorted(rig.events[1:], key=lambda event: isinstance(event, MessageRefused))
    assert amended == OrderAmended(at_us=amended.at_us, order_id="O1", version=3, address=Address(**address), priority=2)
    assert isinstance(refused, MessageRefused)
    assert "样例" not in refused.fault


@pytest.mark.parametrize("topic", ["manifest", "lot", "amend", "cancel"])
async def test_a_retained_command_is_refused(topic):
    async with Rig() as rig:
        rig.port.deliver(topic, messages([order(0)])[0], mid=7, retained=True)
        await rig.until(lambda: len(rig.events) == 2)
        refused = rig.events[-1]
        assert isinstance(refused, MessageRefused)
        assert (refused.topic, refused.fault.split(";")[0]) == (topic, "retained")
        assert rig.port.acked == []
        rig.durable[-1]()
        assert rig.port.acked == [7]


async def test_leases_are_asked_for_until_they_are_confirmed(monkeypatch):
    monkeypatch.setattr(asking, "AGAIN_S", 0.02)
    async with Rig() as rig:
        rig.link._asking.got_orders()
        rig.unconfirmed = True
        await rig.until(lambda: [request["want"] for request in rig.port.of("request")][-2:] == ["leases"] * 2)
        request = rig.port.of("request")[-1]
        assert (request["journal_id"], request["boot"]) == ("J1", 4)
        word = {"lot": "L", "epoch": 2, "end_ms": 9, "central_ms": 7, "journal_id": "J1", "boot": 4}
        rig.port.deliver("lease", json.dumps({**word, "later": "added"}).encode(), mid=5)
        await rig.until(lambda: len(rig.events) == 2)
        told = rig.events[-1]
        assert {**word, "at_us": told.at_us, "type": "LeaseTold"} == msgspec.to_builtins(told)
        rig.unconfirmed = False
        asked = len(rig.port.of("request"))
        rig.port.deliver("lease", b'{"lot": "L", "epoch": 0, "end_ms": 9}', mid=6)
        await rig.until(lambda: len(rig.events) == 3)
        assert isinstance(rig.events[-1], MessageRefused)
        assert len(rig.port.of("request")) <= asked + 1


async def test_an_outage_between_two_looks_is_one_too(monkeypatch):
    monkeypatch.setattr(central_link, "LOOK_S", 0.05)
    monkeypatch.setattr(asking, "BAGS_AGAIN_S", 0.0)

    def questions():
        return [request["orders"] for request in rig.port.of("request") if request["want"] == "cancellations"]

    async with Rig() as rig:
        rig.bagged = ["O1"]
        rig.port.drop()
        await rig.until(lambda: rig.port.connections == 2)
        await rig.until(questions)
        await rig.until(lambda: len(rig.port.of("state")) == 2)
        assert questions() == [["O1"]]


async def test_a_question_about_open_bags_that_is_cut_off_is_asked_again_and_else_once():
    async with Rig() as rig:
        rig.bagged, rig.port.fail_want = ["O1"], "cancellations"
        rig.port.drop()
        await rig.until(lambda: rig.port.connections == 3)
        for _ in range(20):
            rig.port.drop()
            await rig.until(lambda now=rig.port.connections: rig.port.connections > now)
        await rig.until(lambda: [r for r in rig.port.of("request") if r["want"] == "cancellations"])
        assert len([r for r in rig.port.of("request") if r["want"] == "cancellations"]) == 1, "21 outages within 30 s"


async def test_state_is_told_again_only_on_change():
    async with Rig() as rig:
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(rig.port.of("state")) == 1
        rig.state = "EXECUTE"
        await rig.until(lambda: len(rig.port.of("state")) == 2)
        assert [state["state"] for state in rig.port.of("state")] == ["STOPPED", "EXECUTE"]


async def test_how_the_line_is_now_does_not_queue_behind_a_backlog():
    async with Rig(rows=3 * WINDOW) as rig:
        await rig.until(lambda: len(rig.port.of("events")) == WINDOW)
        rig.conditions = ("CHUTE_FULL",)
        await rig.until(lambda: len(rig.port.of("state")) == 2)
        told = rig.port.of("state")[-1]
        assert (told["conditions"], told["waiting"]) == (["CHUTE_FULL"], 3 * WINDOW)
        assert len(rig.port.of("events")) == WINDOW, "more on its way than a broker may have room for"


async def test_rows_go_in_order_with_journal_seq_and_key():
    async with Rig(rows=3) as rig:
        await rig.until(lambda: len(rig.port.of("events")) == 3)
        assert rig.port.of("events")[1] == {
            "journal_id": "J1", "seq": 2, "key": "J1:2", "at_ms": 1002, "kind": "fed", "body": {"n": 2},
        }  # fmt: skip
        rig.store.add(1)
        await rig.until(lambda: rig.port.seqs() == [1, 2, 3, 4])
        assert rig.link.counters() == {
            "sent": 4, "repeated": 0, "confirmed": 0, "waiting": 4, "stray_confirms": 0, "refused": 0, "agreed": 0,
            "differs": 0,
        }  # fmt: skip
        for seq, digest, compared in ((1, f"{1:064x}", (1, 0)), (2, "f" * 64, (1, 2))):
            rig.port.deliver("confirm", json.dumps({"journal_id": "J1", "seq": seq, "digest": digest}).encode())
            await rig.until(lambda c=compared: (rig.link.outbox.agreed_seq, rig.link.outbox.differs_seq) == c)
        assert rig.link.counters()["confirmed"] == 2
        assert rig.link.health().detail == "2 waiting, central's account differs at event 2"


async def test_at_most_a_window_is_unconfirmed():
    async with Rig(rows=WINDOW + 10) as rig:
        await rig.until(lambda: len(rig.port.seqs()) == WINDOW)
        for _ in range(200):
            await asyncio.sleep(0)
        assert rig.port.seqs() == list(range(1, WINDOW + 1))
        rig.port.confirm(5)
        await rig.until(lambda: len(rig.port.seqs()) == WINDOW + 5)
        assert min(rig.store.rows) == 6
        assert rig.link.counters()["waiting"] == WINDOW + 5


async def test_unconfirmed_rows_are_sent_again_after_a_reconnect():
    async with Rig(rows=6) as rig:
        await rig.until(lambda: len(rig.port.seqs()) == 6)
        rig.port.confirm(4)
        await rig.until(lambda: rig.link.outbox.confirmed_seq == 4)
        rig.port.drop()
        await rig.until(lambda: len(rig.port.seqs()) == 8)
        assert rig.port.seqs() == [1, 2, 3, 4, 5, 6, 5, 6]
        assert [type(event) for event in rig.events] == [LinkUp, LinkDown, LinkUp]
        assert rig.link.counters()["repeated"] == 2


async def test_a_row_that_fails_in_mid_publish_is_not_skipped():
    rig = Rig(rows=5)
    rig.port.fail_publish_of = 3
    async with rig:
        await rig.until(lambda: rig.port.seqs()[-1:] == [5])
        assert rig.port.seqs() == [1, 2, 1, 2, 3, 4, 5]
        assert [event.detail for event in rig.events if isinstance(event, LinkDown)] == ["wire cut"]


async def test_a_row_that_came_while_the_link_was_down_is_the_first_sent_then():
    async with Rig(rows=1) as rig:
        await rig.until(lambda: rig.port.seqs() == [1])
        rig.port.confirm(1)
        await rig.until(lambda: rig.link.outbox.confirmed_seq == 1)
        rig.port.fail_connects = [LinkLost("broker away")] * 200
        rig.port.drop()
        await rig.until(lambda: not rig.link.health().up)
        rig.store.add(1)
        await rig.until(lambda: rig.link.outbox.sent == 2)
        rig.store.add(1)
        await rig.until(lambda: rig.port.seqs() == [1, 2, 3])


@pytest.mark.parametrize(("journal_id", "seq"), [("OTHER", 1), ("J1", 99), ("J1", -1)])
async def test_a_confirmation_that_cannot_be_ours_is_counted_and_changes_nothing(journal_id, seq):
    async with Rig(rows=2) as rig:
        await rig.until(lambda: len(rig.port.seqs()) == 2)
        rig.port.confirm(seq, journal_id)
        await rig.until(lambda: rig.link.stray_confirms == 1)
        assert len(rig.store.rows) == 2


@pytest.mark.parametrize("payload", [b"", b"\xff", b"[]", b'{"seq":"1","journal_id":"J1"}'])
async def test_a_confirmation_that_is_none_is_counted(payload):
    async with Rig(rows=1) as rig:
        rig.port.deliver("confirm", payload)
        await rig.until(lambda: rig.link.stray_confirms == 1)


async def test_a_manifest_is_acknowledged_only_when_its_last_event_is_durable():
    async with Rig() as rig:
        for mid, data in enumerate(messages([order(0)], [order(1)]), 7):
            rig.port.deliver("manifest", data, mid)
        await rig.until(lambda: isinstance(rig.events[-1], ManifestSealed))
        assert [type(event) for event in rig.events[1:]] == [ManifestGranted, ManifestGranted, ManifestSealed]
        assert rig.port.acked == []
        (durable,) = rig.durable
        durable()
        assert rig.port.acked == [7, 8]


async def test_a_refused_manifest_is_reported_and_acknowledged_when_durable():
    async with Rig() as rig:
        rig.port.deliver("manifest", b"no manifest", 7)
        await rig.until(lambda: isinstance(rig.events[-1], ManifestRefused))
        assert rig.port.acked == []
        rig.durable[0]()
        assert rig.port.acked == [7]


async def test_a_full_pump_is_offered_the_same_events_again():
    async with Rig() as rig:
        rig.refuse = 5
        rig.port.deliver("manifest", messages([order(0)])[0], 7)
        await rig.until(lambda: isinstance(rig.events[-1], ManifestSealed))
        assert [type(event) for event in rig.events[1:]] == [ManifestGranted, ManifestSealed]
        assert rig.refuse == 0


async def test_asks_again_until_a_manifest_is_settled(monkeypatch):
    monkeypatch.setattr(central_link, "AGAIN_S", 0.0)
    monkeypatch.setattr(asking, "AGAIN_S", 0.0)
    async with Rig() as rig:
        await rig.until(lambda: len(rig.port.of("request")) >= 3)
        rig.port.deliver("manifest", messages([])[0], 7)
        await rig.until(lambda: rig.durable)
        rig.durable[0]()
        asked, told = len(rig.port.of("request")), len(rig.port.of("state"))
        await rig.until(lambda: len(rig.port.of("state")) > told + 3)
        assert len(rig.port.of("request")) <= asked + 1
        assert len({request["request_id"] for request in rig.port.of("request")}) == len(rig.port.of("request"))
        rig.link.send(AskCentral(lot=""))
        await rig.until(lambda: len(rig.port.of("request")) > asked + 1)


async def test_a_long_manifest_is_whole_though_the_broker_waits_for_acknowledgements():
    async with Rig() as rig:
        parts = messages(*([] for _ in range(29)), [order(0)])
        for mid, data in enumerate(parts):
            rig.port.deliver("manifest", data, mid)
            await rig.until(rig.port.inbox.empty)
            assert mid - len(rig.port.acked) < 20
        await rig.until(lambda: rig.durable)
        rig.durable[0]()
        assert rig.port.acked == list(range(30))


async def test_parts_of_a_lost_connection_are_not_acknowledged_on_the_next():
    async with Rig() as rig:
        one, two = messages([order(0)], [order(1)])
        rig.port.deliver("manifest", one, 1)
        rig.port.drop()
        await rig.until(lambda: rig.port.connections == 2 and rig.link.health().up)
        rig.port.deliver("manifest", one, 11)
        rig.port.deliver("manifest", two, 12)
        await rig.until(lambda: rig.durable)
        rig.durable[0]()
        assert rig.port.acked == [11, 12]


async def test_a_chunk_that_never_comes_ends_in_a_refusal(monkeypatch):
    monkeypatch.setattr("edge.runtime.manifest.PART_DEADLINE_MS", -1)
    async with Rig() as rig:
        rig.port.deliver("manifest", messages([order(0)], [order(1)])[0], 7)
        await rig.until(lambda: isinstance(rig.events[-1], ManifestRefused))
        assert rig.events[-1].faults[0].startswith("MISSING_CHUNK")
        rig.durable[0]()
        assert rig.port.acked == [7]


async def test_tries_for_ever_and_shows_why_it_is_down():
    rig = Rig(rows=1)
    rig.port.fail_connects = [LinkLost("broker away"), DeviceRefused("not authorised"), LinkLost("broker away")]
    seen = []
    plain = rig.link._down

    async def watched(error):
        await plain(error)
        seen.append(rig.link.health().detail)

    rig.link._down = watched
    async with rig:
        await rig.until(lambda: rig.port.seqs() == [1])
    assert seen == ["broker away", "not authorised", "broker away"]
    assert [type(event) for event in rig.events] == [LinkUp]


async def test_rows_confirmed_in_an_earlier_run_leave_no_hole():
    store = MemoryStore(rows=50)
    await store.outbox_confirm(40)
    outbox = Outbox(store)
    assert [(await outbox.next()).seq for _ in range(10)] == list(range(41, 51))
    assert outbox.waiting() == 10


async def test_an_outbox_confirmed_to_the_end_waits_for_nothing():
    store = MemoryStore(rows=50)
    await store.outbox_confirm(50)
    outbox = Outbox(store)
    reading = asyncio.ensure_future(outbox.next())
    for _ in range(5):
        await asyncio.sleep(0)
    assert outbox.waiting() == 0
    store.add(1)
    assert (await reading).seq == 51


async def test_central_may_confirm_more_than_this_run_has_sent():
    store = MemoryStore(rows=10)
    outbox = Outbox(store)
    assert (await outbox.next()).seq == 1
    assert outbox.confirm("J1", 8)
    assert (await outbox.next()).seq == 9


async def test_a_row_that_is_confirmed_before_its_commit_has_come_back_is_not_sent_again():
    """The writer's thread is ahead of this loop: the row can be read, and the count does not know it yet."""
    store = MemoryStore(rows=2)
    store.last = 1
    outbox = Outbox(store)
    assert [(await outbox.next()).seq for _ in range(2)] == [1, 2]
    reading = asyncio.ensure_future(outbox.next())
    await asyncio.sleep(0)
    assert outbox.confirm("J1", 2)
    assert outbox.waiting() == 0
    for _ in range(5):
        await asyncio.sleep(0)
    store.last = 2
    store.add(1)
    assert (await reading).seq == 3
    assert outbox.repeated == 0


async def test_the_first_look_is_no_reason_to_send_again():
    store = MemoryStore(rows=1)
    outbox = Outbox(store)
    await outbox.next()
    outbox.review(1000.0)
    assert (outbox.waiting(), outbox._sent_seq) == (1, 1)


async def test_a_rewind_while_the_store_answers_discards_the_answer():
    store = MemoryStore(rows=3)
    outbox = Outbox(store, window=2)
    assert [(await outbox.next()).seq for _ in range(2)] == [1, 2]
    outbox.confirm("J1", 1)
    reading = asyncio.ensure_future(outbox.next())
    await asyncio.sleep(0)
    outbox.rewind()
    assert (await reading).seq == 2


async def test_what_is_not_confirmed_for_long_is_sent_again_with_growing_patience():
    store = MemoryStore(rows=2)
    outbox = Outbox(store)
    assert [(await outbox.next()).seq for _ in range(2)] == [1, 2]
    resent_s = []
    for now_s in range(200):
        outbox.review(now_s)
        if not outbox._sent_seq:
            resent_s.append(now_s)
            assert [(await outbox.next()).seq for _ in range(2)] == [1, 2]
    assert resent_s == [5, 15, 35, 75, 135, 195]


async def test_progress_renews_the_patience():
    store = MemoryStore(rows=3)
    outbox = Outbox(store)
    for seq in range(1, 4):
        await outbox.next()
        outbox.review(4.0 * seq)
        outbox.confirm("J1", seq)
    outbox.review(100.0)
    assert (outbox.repeated, outbox.confirmed_seq) == (0, 3)


# --- what must be refused ---
async def test_orders_are_believed_only_with_central_s_signature_over_them(tmp_path):
    ours, theirs = make_key(tmp_path / "central.pub"), make_key(tmp_path / "other.pub")
    (manifest,) = messages([order(1)])
    cancel = b'{"order_id": "O1", "version": 1}'
    async with Rig(rows=3, public=public_key(str(tmp_path / "central.pub"))) as rig:
        rig.instant = True
        await rig.until(lambda: rig.port.connections)
        bad = [manifest, cancel, signed(manifest, theirs), signed(cancel, ours).replace(b"signature", b"sig"), b"\xff"]
        bad.append(b"[" * 9999)
        bad.append(signed(cancel, ours).replace(b'"payload": "ey', b'"payload": "ez'))
        for n, payload in enumerate(bad, 1):
            rig.port.deliver("cancel" if n % 2 else "manifest", payload, mid=n)
            await rig.until(lambda n=n: n in rig.port.acked)
        refused = [event for event in rig.events if isinstance(event, MessageRefused)]
        assert len(refused) == rig.link.counters()["refused"] == len(bad)
        assert all("sign it with the key that this line knows" in event.fault for event in refused)
        rig.port.deliver("manifest", signed(manifest, ours), mid=51)
        rig.port.deliver("cancel", signed(cancel, ours), mid=52)
        await rig.until(lambda: {51, 52} <= set(rig.port.acked))
        assert [event.order_id for event in rig.events if isinstance(event, OrderCancelled)] == ["O1"]
        assert any(isinstance(event, ManifestSealed) for event in rig.events)
        rig.port.confirm(1)
        await rig.until(lambda: rig.link.counters()["confirmed"] == 1)


def test_a_key_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(SignatureError, match="public_key_file"):
        public_key(str(tmp_path / "none.pub"))
    assert public_key("") == b""


async def test_a_storm_of_nonsense_gets_a_bounded_number_of_records_and_a_sum(monkeypatch):
    monkeypatch.setattr(central_link, "LOOK_S", 0.01)
    async with Rig() as rig:
        rig.instant = True
        await rig.until(lambda: rig.port.connections)
        for n in range(300):
            rig.port.deliver(("manifest", "lot", "strange/topic")[n % 3], b"rubbish", mid=n)
        await rig.until(lambda: len(rig.port.acked) == 300)
        await rig.until(lambda: any(isinstance(event, MessageRefused) and not event.topic for event in rig.events))
        single = [event for event in rig.events if isinstance(event, ManifestRefused) or getattr(event, "topic", "")]
        (total,) = (event for event in rig.events if isinstance(event, MessageRefused) and not event.topic)
        assert rig.link.counters()["refused"] == 300
        assert f"{300 - len(single)} more messages refused" in total.fault
        assert len(single) < 60


async def test_a_message_that_is_too_large_is_refused_unread():
    async with Rig() as rig:
        rig.instant = True
        await rig.until(lambda: rig.port.connections)
        rig.port.deliver("lot", b"{" * (MESSAGE_MAX_BYTES + 1))
        await rig.until(lambda: rig.port.acked)
        assert "larger than" in rig.events[-1].fault


async def test_commands_in_thousands_wait_unacknowledged(monkeypatch):
    monkeypatch.setattr(central_link, "COMMANDS_BURST", 5.0)
    async with Rig() as rig:
        rig.instant = True
        await rig.until(lambda: rig.port.connections)
        for n in range(200):
            rig.port.deliver("cancel", b'{"order_id": "O1", "version": 1}', mid=n)
        await rig.until(lambda: len(rig.port.acked) >= 5)
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(rig.port.acked) < 100
