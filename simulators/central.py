"""The central systems on the wire: they grant orders to the lines of a site, store what these tell, and confirm it."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import paho.mqtt.client as paho
from nacl.signing import SigningKey
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from simulators.books import Books
from simulators.granting import Granting, Message
from simulators.manifests import BAD_MANIFESTS, wire_order
from simulators.people import Population
from simulators.receipts import Receipt
from simulators.signature import signed
from simulators.tokens import Classes, load_classes
from simulators.words import Word, Words

SESSION_EXPIRY_S = 24 * 3600
IN_FLIGHT = 200
Json = dict[str, Any]
T = TypeVar("T")


class Wire(NamedTuple):
    """Where the broker is, and whose topics are ours. `tls`: authority, certificate and key in PEM; None = in the clear."""

    host: str
    port: int
    site: str
    protocol: str = "5"
    tls: tuple[Path, Path, Path] | None = None
    key: SigningKey | None = None
    """with which what has an effect is signed; None = it is not"""


def one_line(  # noqa: PLR0917 - a whole central system for one line
    population: Population,
    site_key: bytes,
    wire: Wire,
    line: str,
    classes: Classes | None = None,
    file: Path | None = None,
    lease_ms: int = 0,
) -> "Central":
    """Central for one line, to which it grants everything that this population ordered."""
    classes = load_classes() if classes is None else classes
    orders = [wire_order(order, site_key, classes) for order in population.orders]
    lot = f"L{population.seed:04d}"
    books = Books((order["order_id"] for order in orders), file)
    words = Words(population.orders, {order["order_id"]: lot for order in orders})
    return Central(Granting({lot: orders}, lease_ms=lease_ms), books, wire, (line,), words)


class Central:
    """A client with a lasting session and a network thread of its own."""

    def __init__(self, granting: Granting, books: Books, wire: Wire, lines: Sequence[str], words: Words | None = None) -> None:
        """`words`: what it says about single orders; None = nothing."""
        self.granting = granting
        self.books = books
        self._words = words
        if words is not None:
            books.on_event = words.hear
        self.lines = tuple(lines)
        self._lock = threading.Lock()
        self._root = f"sealline/v1/{wire.site}/"
        self._address = (wire.host, wire.port)
        self._key = wire.key
        self._v5 = wire.protocol == "5"
        self._answers: dict[str, Callable[[str, bytes], list[Message]]] = {
            "request": self._on_request,
            "events": self._on_event,
            "state": self._on_state,
        }
        name = f"central-{wire.site}" + (f"-{lines[0]}" if len(lines) == 1 else "")
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=name,
            protocol=paho.MQTTv5 if self._v5 else paho.MQTTv311,
            clean_session=None if self._v5 else False,
            manual_ack=True,
        )
        self._client.max_inflight_messages_set(IN_FLIGHT)
        if wire.tls is not None:
            ca, cert, key = map(str, wire.tls)
            self._client.tls_set(ca, cert, key, tls_version=ssl.PROTOCOL_TLS_CLIENT)
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
            return {**self.books.report(), "requests": self.granting.requests, "regranted": list(self.granting.regranted)}

    def with_granting(self, what: Callable[[Granting], T]) -> T:
        """Look at the granting side, or change it."""
        with self._lock:
            return what(self.granting)

    def ask(self, what: Callable[[Granting], list[Message]]) -> None:
        """Say what the granting side has to say unasked."""
        self._publish(self.with_granting(what))

    def say(self, what: Callable[[Words], Word]) -> None:
        """Say a word about an order to the first line."""
        if self._words is None:
            raise ValueError("this central says nothing about single orders")
        with self._lock:
            word = what(self._words)
        self._publish([Message(self.lines[0], word.topic, word.payload)])

    def answers(self) -> Json:
        """What the line has answered to its words, and what is wrong with that."""
        with self._lock:
            words = self._words
            return {} if words is None else {"codes": dict(words.codes), "findings": words.shortcomings()}

    def hand_over(self, receipts: Iterable[Receipt]) -> None:
        """Documents were handed over to the first line, each lot with its list."""
        self._publish([Message(self.lines[0], "lot", receipt.payload()) for receipt in receipts])

    def send_manifests(self) -> None:
        """Grant all orders of all lines unasked."""
        self.ask(lambda granting: [Message(lot.line or self.lines[0], "manifest", part)
                                   for lot in granting.lots.values() for part in granting.manifest(lot)])  # fmt: skip

    def end_leases(self) -> None:
        """End the lease of every lot unasked."""

        def ended(granting: Granting) -> list[Message]:
            held = [(lot, lot.line) for lot in granting.lots.values() if lot.line]
            for lot, _ in held:
                granting.take_back(lot)
            return [Message(line, "lease", granting.word(lot, line)) for lot, line in held]

        self.ask(ended)

    def send_bad_manifest(self, kind: str) -> None:
        """Send one of BAD_MANIFESTS to the first line."""
        orders = [order for lot in self.granting.lots.values() for order in lot.orders.values()]
        self._publish([Message(self.lines[0], "manifest", part) for part in BAD_MANIFESTS[kind](orders)])

    def _publish(self, messages: Sequence[Message]) -> None:
        for line, topic, payload in messages:
            whole = payload if self._key is None or topic == "confirm" else signed(payload, self._key)
            self._client.publish(f"{self._root}{line}/{topic}", whole, qos=1)

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not reason.is_failure:
            client.subscribe([(f"{self._root}{line}/{topic}", 1) for line in self.lines for topic in self._answers])

    def _on_message(self, client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        line, _, topic = message.topic.removeprefix(self._root).partition("/")
        answer = self._answers.get(topic)
        if answer is not None:
            with self._lock:
                answers = answer(line, bytes(message.payload))
            self._publish(answers)
        client.ack(message.mid, message.qos)

    def _on_request(self, line: str, payload: bytes) -> list[Message]:
        request = self.books.read(payload, want=str, journal_id=str, boot=int)
        return [] if request is None else self.granting.answer(line, request)

    def _on_event(self, line: str, payload: bytes) -> list[Message]:
        taken = self.books.take_event(payload, line)
        if taken is None:
            return []
        said = [] if taken.event is None else self.granting.told(line, taken.event)
        return [Message(line, "confirm", taken.confirmation), *said]

    def _on_state(self, line: str, payload: bytes) -> list[Message]:
        state = self.books.take_state(payload, line)
        if state is not None:
            self.granting.seen(line, online=state["online"])
        return []


def _without_nagle(_client: paho.Client, _data: Any, wire: Any) -> None:
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
