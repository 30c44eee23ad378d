"""The central systems: they grant orders, store what the line tells, and keep the books that a run is judged by."""

import hashlib
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from simulators.people import Order, Population
from simulators.tokens import Classes, load_classes, skeleton, token

CHUNK_ORDERS = 500
SESSION_EXPIRY_S = 24 * 3600
Json = dict[str, Any]


def wire_order(order: Order, site_key: bytes, classes: Classes, files: Sequence[Json] = ()) -> Json:
    """An order as the contract has it: documents as keyed tokens, never as numbers."""
    addressee = order.addressee
    return {
        "order_id": order.order_id,
        "documents": [
            {
                "kind": document.kind,
                "token": token(site_key, document.kind, document.number),
                "skeleton": skeleton(site_key, document.kind, document.number, classes),
            }
            for document in order.documents
        ],
        "address": {
            "county": addressee.county,
            "text": addressee.address,
            "name": addressee.name,
            "phone": addressee.phone,
        },
        "tracking_number": order.tracking_number,
        "product": order.product,
        "client_unit": order.client_unit,
        "fee_code": order.fee_code,
        "priority": order.priority,
        **({"files": list(files)} if files else {}),
    }


def plain_list(orders: Iterable[Order]) -> str:
    """Orders as their owner has them, with the documents' numbers: one JSON object a line. Never sent anywhere."""
    lines = []
    for order in orders:
        documents = [{"kind": document.kind, "number": document.number} for document in order.documents]
        addressee = order.addressee
        lines.append({
            "order_id": order.order_id,
            "documents": documents,
            "address": {
                "county": addressee.county, "text": addressee.address, "name": addressee.name, "phone": addressee.phone,
            },
            "tracking_number": order.tracking_number,
            "product": order.product,
            "client_unit": order.client_unit,
            "fee_code": order.fee_code,
            "priority": order.priority,
        })  # fmt: skip
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def make_manifest(
    orders: list[Json], lot: str, version: int, chunk_orders: int = CHUNK_ORDERS, lease: tuple[int, int] | None = None
) -> list[bytes]:
    """The messages of one manifest. Its digest is SHA-256 over all orders' canonical JSON, one a line.

    `lease`: epoch and end.
    """
    chunks = [orders[begin : begin + chunk_orders] for begin in range(0, len(orders), chunk_orders)] or [[]]
    lines = (json.dumps(order, sort_keys=True, ensure_ascii=False, separators=(",", ":")) for order in orders)
    head = {
        "lot": lot,
        "version": version,
        "chunks": len(chunks),
        "digest": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        **({} if lease is None else {"epoch": lease[0], "lease_end_ms": lease[1]}),
    }
    return [
        json.dumps({**head, "message_id": f"{lot}-{version}-{n}", "chunk": n, "orders": chunk}, ensure_ascii=False).encode()
        for n, chunk in enumerate(chunks, 1)
    ]


def _plain_number(order: Json) -> Json:
    return {**order, "documents": [{**document, "token": "E12345678"} for document in order["documents"]]}


# What a careless central might send; each must be refused whole, and the line must go on.
BAD_MANIFESTS: dict[str, Callable[[list[Json]], list[bytes]]] = {
    "not_json": lambda _: [b'{"lot": "BAD", "version": 1, orders: ['],
    "not_utf8": lambda _: [b"\xff\xfe\x00"],
    "duplicate_order": lambda orders: make_manifest([*orders[:3], orders[0]], "BAD-duplicate", 1),
    "plain_numbers": lambda orders: make_manifest([_plain_number(orders[0])], "BAD-numbers", 1),
    "wrong_digest": lambda orders: [make_manifest(orders[:1], "BAD-digest", 1)[0].replace(b'"priority": 0', b'"priority": 1')],
}


class Books:
    """Central's books: pure, one message in, the answer out. Gap-free per journal; what comes twice counts once."""

    def __init__(  # noqa: PLR0917 - all that central goes by
        self,
        population: Population,
        site_key: bytes,
        classes: Classes | None = None,
        file: Path | None = None,
        lease_ms: int = 0,
        now_ms: Callable[[], int] = lambda: round(time.time() * 1000),
    ) -> None:
        """`lease_ms`: how long a grant lasts; 0 = for ever."""
        self._lease_ms, self._now_ms = lease_ms, now_ms
        self.epoch = 0
        self.lease_end_ms = 0
        classes = load_classes() if classes is None else classes
        self.orders = [wire_order(order, site_key, classes) for order in population.orders]
        self.lot = f"L{population.seed:04d}"
        self.stored: dict[str, dict[int, Json]] = {}
        self.duplicates = 0
        self.contradictions: list[str] = []
        self.nonsense: list[str] = []
        self.requests = 0
        self.line_state: Json = {}
        self._gap_free: Counter[str] = Counter()
        self._digest: dict[str, bytes] = {}
        """journal → hash over all its events without a gap"""
        self._file = file
        if file is not None and file.exists():
            self._read_back(file.read_text("utf-8").splitlines())

    def _read_back(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._store(json.loads(line))

    def manifest(self) -> list[bytes]:
        """All orders granted to the line; again under the same epoch when it asks again."""
        if self._lease_ms and not self.epoch:
            self.epoch, self.lease_end_ms = 1, self._now_ms() + self._lease_ms
        return make_manifest(self.orders, self.lot, 1, lease=(self.epoch, self.lease_end_ms) if self.epoch else None)

    def lease(self, journal_id: str = "", boot: int = 0, *, ended: bool = False) -> bytes:
        """What central says of its lot: renewed for the line that asks, or ended under the next epoch."""
        now_ms = self._now_ms()
        if ended:
            self.epoch, self.lease_end_ms = self.epoch + 1, 0
        else:
            self.lease_end_ms = max(self.lease_end_ms, now_ms + self._lease_ms)
        word = {"lot": self.lot, "epoch": self.epoch, "end_ms": self.lease_end_ms, "central_ms": now_ms}
        return json.dumps({**word, "journal_id": journal_id, "boot": boot}).encode()

    def take_event(self, payload: bytes) -> bytes | None:
        """Store one event → the confirmation to publish; None for nonsense."""
        event = self._decode(payload, journal_id=str, seq=int, key=str, at_ms=int, kind=str, body=dict)
        if event is None:
            return None
        journal_id, seq = event["journal_id"], event["seq"]
        if event["key"] != f"{journal_id}:{seq}" or seq < 1:
            self.nonsense.append(f"key {event['key']} does not name row {journal_id}:{seq}")
            return None
        earlier = self.stored.get(journal_id, {}).get(seq)
        if earlier is None:
            if self._file is not None:
                with self._file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(event, ensure_ascii=False) + "\n")
            self._store(event)
        elif earlier == event:
            self.duplicates += 1
        else:
            self.contradictions.append(event["key"])
        return self.confirmation(journal_id)

    def confirmation(self, journal_id: str) -> bytes:
        """How far the account of this journal has no gap, and the hash over it."""
        digest = self._digest.get(journal_id, b"").hex()
        return json.dumps({"journal_id": journal_id, "seq": self._gap_free[journal_id], "digest": digest}).encode()

    def answer(self, payload: bytes) -> list[tuple[str, bytes]]:
        """What the line gets that asks for its orders, or after a restart for its leases."""
        request = self._decode(payload, want=str, journal_id=str, boot=int)
        want = "" if request is None else request["want"]
        self.requests += bool(want)
        if want == "manifest":
            return [("manifest", message) for message in self.manifest()]
        if request is not None and want == "leases" and self.epoch:
            return [("lease", self.lease(request["journal_id"], request["boot"]))]
        return []

    def take_state(self, payload: bytes) -> None:
        """Note the line's state."""
        state = self._decode(payload, online=bool)
        if state is not None:
            self.line_state = state

    def _decode(self, payload: bytes, **types: type) -> Json | None:
        try:
            message = json.loads(payload)
        except ValueError:
            message = None
        if isinstance(message, dict) and all(isinstance(message.get(name), kind) for name, kind in types.items()):
            return message
        self.nonsense.append(f"message of {len(payload)} bytes has not the fields {', '.join(types)}")
        return None

    def _store(self, event: Json) -> None:
        journal_id = event["journal_id"]
        rows = self.stored.setdefault(journal_id, {})
        rows[event["seq"]] = event
        while self._gap_free[journal_id] + 1 in rows:
            self._gap_free[journal_id] += 1
            line = json.dumps(rows[self._gap_free[journal_id]], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
            before = self._digest.get(journal_id, b"\0" * 32)
            self._digest[journal_id] = hashlib.sha256(before + line.encode()).digest()

    def events(self) -> Iterable[Json]:
        """All stored events, by journal and seq."""
        return (rows[seq] for _, rows in sorted(self.stored.items()) for seq in sorted(rows))

    def report(self) -> Json:
        """Orders with their outcome, what is missing, and whether the stream was whole."""
        outcome: dict[str, str] = {order["order_id"]: "waiting" for order in self.orders}
        dispatches: Counter[str] = Counter()
        unknown: list[str] = []
        for event in self.events():
            order_id, kind = event["body"].get("order_id"), event["kind"]
            if order_id is None or kind not in ("dispatched", "rejected"):
                continue
            if order_id not in outcome:
                unknown.append(order_id)
                continue
            dispatches[order_id] += kind == "dispatched"
            if kind == "dispatched" or outcome.get(order_id) != "dispatched":
                outcome[order_id] = "dispatched" if kind == "dispatched" else f"rejected {event['body'].get('reason')}"
        gaps = [
            f"{journal_id}:{seq}"
            for journal_id, rows in sorted(self.stored.items())
            for seq in range(1, max(rows) + 1)
            if seq not in rows
        ]
        return {
            "orders": outcome,
            "outcomes": dict(Counter(outcome.values())),
            "missing": [order_id for order_id, end in outcome.items() if end == "waiting"],
            "dispatched_twice": [order_id for order_id, times in dispatches.items() if times > 1],
            "unknown_orders": unknown,
            "events": dict(Counter(event["kind"] for event in self.events())),
            "stored": sum(len(rows) for rows in self.stored.values()),
            "journals": {journal_id: self._gap_free[journal_id] for journal_id in sorted(self.stored)},
            "duplicates": self.duplicates,
            "contradictions": self.contradictions,
            "gaps": gaps,
            "nonsense": self.nonsense,
            "requests": self.requests,
            "line_state": self.line_state,
        }


class Central:
    """The books on the wire: a client with a lasting session and a network thread of its own."""

    def __init__(
        self,
        population: Population,
        site_key: bytes,
        *,
        host: str,
        port: int,
        site: str,
        line: str,
        protocol: str = "5",
        classes: Classes | None = None,
        file: Path | None = None,
        lease_ms: int = 0,
    ) -> None:
        self.books = Books(population, site_key, classes, file, lease_ms)
        self._lock = threading.Lock()
        self._root = f"sealline/v1/{site}/{line}/"
        self._address = (host, port)
        self._v5 = protocol == "5"
        self._answers: dict[str, Callable[[bytes], list[tuple[str, bytes]]]] = {
            "request": self._on_request,
            "events": self._on_event,
            "state": self._on_state,
        }
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"central-{site}-{line}",
            protocol=paho.MQTTv5 if self._v5 else paho.MQTTv311,
            clean_session=None if self._v5 else False,
            manual_ack=True,
        )
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.on_socket_open = _without_nagle
        self._client.reconnect_delay_set(1, 1)

    def start(self) -> None:
        """Connect, and again whenever the connection is lost."""
        if self._v5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
            self._client.connect_async(*self._address, keepalive=5, clean_start=False, properties=properties)
        else:
            self._client.connect_async(*self._address, keepalive=5)
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect and end the thread; what comes now waits in the broker's session."""
        self._client.disconnect()
        self._client.loop_stop()

    def report(self) -> Json:
        """The books' report at this moment."""
        with self._lock:
            return self.books.report()

    def send_manifest(self) -> None:
        """Grant all orders unasked."""
        self._publish([("manifest", message) for message in self.books.manifest()])

    def send_lease(self, *, ended: bool = False) -> None:
        """Speak of the lot's lease unasked: renewed, or ended."""
        with self._lock:
            word = self.books.lease(ended=ended)
        self._publish([("lease", word)])

    def send_bad_manifest(self, kind: str) -> None:
        """Send one of BAD_MANIFESTS."""
        self._publish([("manifest", message) for message in BAD_MANIFESTS[kind](self.books.orders)])

    def _publish(self, messages: list[tuple[str, bytes]]) -> None:
        for topic, payload in messages:
            self._client.publish(self._root + topic, payload, qos=1)

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not reason.is_failure:
            client.subscribe([(self._root + topic, 1) for topic in self._answers])

    def _on_message(self, client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        answer = self._answers.get(message.topic.removeprefix(self._root))
        if answer is not None:
            with self._lock:
                answers = answer(bytes(message.payload))
            self._publish(answers)
        client.ack(message.mid, message.qos)

    def _on_request(self, payload: bytes) -> list[tuple[str, bytes]]:
        return self.books.answer(payload)

    def _on_event(self, payload: bytes) -> list[tuple[str, bytes]]:
        confirmation = self.books.take_event(payload)
        return [] if confirmation is None else [("confirm", confirmation)]

    def _on_state(self, payload: bytes) -> list[tuple[str, bytes]]:
        self.books.take_state(payload)
        return []


def _without_nagle(_client: paho.Client, _data: Any, wire: Any) -> None:
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
