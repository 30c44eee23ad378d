"""MQTT client behind BrokerPort; the one file that imports aiomqtt.

aiomqtt 2.5 acknowledges QoS 1 before the caller has seen the message, and has no window for publishing without a task for each
message; the paho client inside it has both, so this file alone reaches into `Client._client`.
"""

import asyncio
import contextlib
import itertools
import socket
import ssl
import struct
from typing import Any, NamedTuple

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from drivers.ports import Delivery, DeviceRefused, LinkLost, Question

TIMEOUT_S = 3
KEEPALIVE_S = 5
SESSION_EXPIRY_S = 7 * 24 * 3600
RECEIVE_MAX = 20
PACKET_MAX_BYTES = (1 << 20) + (1 << 16)
INTAKE_MAX, INTAKE_S = 50, 0.025
"""so many messages are taken in so long, whoever sends more: the loop has other things to do"""
INBOX_MAX = 2000
FIRST_REFUSAL = 128  # MQTT 5 §2.4: reason codes from 0x80 are failures
PROTOCOLS = {"5": aiomqtt.ProtocolVersion.V5, "3.1.1": aiomqtt.ProtocolVersion.V311}


class TlsFiles(NamedTuple):
    """Files in PEM: the authority that signed the broker's certificate, our own certificate, and its key."""

    ca: str
    cert: str
    key: str

    def context(self) -> "_Context":
        """TLS 1.2 or newer, the broker proved by name, ourselves by certificate. Raises DeviceRefused."""
        context = _Context(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_verify_locations(self.ca)
            context.load_cert_chain(self.cert, self.key)
        except OSError as error:  # ssl.SSLError is one
            raise DeviceRefused(
                f"TLS files {', '.join(self)} cannot be used ({error}): correct [central] tls_* in the line's file"
            ) from error
        return context


class _Context(ssl.SSLContext):
    """Remembers its sockets: paho forgets one whose handshake fails, and it would stay open."""

    last: ssl.SSLSocket | None = None

    def wrap_socket(self, *arguments: Any, **options: Any) -> ssl.SSLSocket:
        """As the base class."""
        self.last = super().wrap_socket(*arguments, **options)
        return self.last


class _Inbox(asyncio.Queue[aiomqtt.Message]):
    """Messages that wait to be taken. What came with QoS 1 is bounded by the broker's window; of the rest some may be lost."""

    def put_nowait(self, item: aiomqtt.Message) -> None:
        """As the base class."""
        if self.qsize() < INBOX_MAX or item.qos:
            super().put_nowait(item)


class _Connection:
    """One life of the connection: its aiomqtt client and how many publishes the broker has not acknowledged."""

    def __init__(self, client: aiomqtt.Client, serial: int, tls: _Context | None) -> None:
        self.client = client
        self._tls = tls
        self.serial = serial
        self.in_flight = 0
        self.room = asyncio.Event()
        self.refusal = ""
        self.heard_s = 0.0
        self.paho = client._client  # noqa: SLF001 - see the module's docstring
        self.paho.manual_ack_set(True)
        self.paho.connect_timeout = TIMEOUT_S
        self.paho.on_publish = self._published
        self._pass_on, self.paho.on_message = self.paho.on_message, self._take
        self._taken = 0
        self._paused: Any = None

    # --- what comes: at most INTAKE_MAX messages in INTAKE_S; the rest waits in the wire and at the broker ---
    def _take(self, client: Any, userdata: Any, message: Any) -> None:
        if not self._taken:
            asyncio.get_running_loop().call_later(INTAKE_S, self._go_on)
        self._taken += 1
        if self._taken == INTAKE_MAX:
            self._paused = wire = self.paho.socket()
            if wire is not None:
                asyncio.get_running_loop().remove_reader(wire.fileno())
        if self._pass_on is not None:
            self._pass_on(client, userdata, message)

    def _go_on(self) -> None:
        self._taken = 0
        wire: Any = self.paho.socket()
        paused, self._paused = self._paused, None
        if wire is not None and wire is paused:
            asyncio.get_running_loop().add_reader(wire, self._read)
            self._read()  # TLS may have decrypted more than was taken, of which the wire tells nothing

    def _read(self) -> None:
        """What aiomqtt does when the wire has something, whose own reader cannot be put back."""
        try:
            self.paho.loop_read()
        except (OSError, ValueError, struct.error) as error:
            end = self.client._disconnected  # noqa: SLF001
            if not end.done():
                end.set_exception(aiomqtt.MqttError(str(error)))
            return
        wire = self.paho.socket()
        if wire is not None and wire is not self._paused and getattr(wire, "pending", int)():
            asyncio.get_running_loop().call_soon(self._read_more, wire)

    def _read_more(self, wire: object) -> None:
        if wire is self.paho.socket() and wire is not self._paused:
            self._read()

    def _published(self, _client: Any, _userdata: Any, _mid: int, reason: Any, _properties: Any) -> None:
        if reason.value >= FIRST_REFUSAL:
            self.refusal = str(reason)
        self.in_flight -= 1
        self.hear()
        self.room.set()

    def hear(self) -> None:
        """Note a sign of life."""
        self.heard_s = asyncio.get_running_loop().time()

    def drop(self) -> None:
        """Let go of the socket; aiomqtt leaves it open when a connection attempt or a farewell times out."""
        self.paho.on_publish = self.paho.on_message = None
        misc = self.client._misc_task  # noqa: SLF001
        if misc is not None:
            misc.cancel()
        wire = self.paho.socket()
        if wire is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(wire.fileno())
            loop.remove_writer(wire.fileno())
            wire.close()
        elif self._tls is not None and self._tls.last is not None:
            self._tls.last.close()
        for end in (self.client._connected, self.client._disconnected):  # noqa: SLF001
            if end.done() and not end.cancelled():
                end.exception()  # an error that nobody fetches would be logged when it is collected


class MqttClient:
    """One client with a lasting session: fixed client id, manual acknowledgement, TCP_NODELAY, a bounded publish window."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        client_id: str,
        protocol: str = "5",
        will: tuple[str, bytes] | None = None,
        window: int = 20,
        tls: TlsFiles | None = None,
    ) -> None:
        """`tls`: None = in the clear, for a broker on this machine."""
        self._host = host
        self._port = port
        self._client_id = client_id
        self._protocol = PROTOCOLS[protocol]
        self._will = will
        self._window = window
        self._tls = tls
        self._serials = itertools.count(1)
        self._connection: _Connection | None = None
        self._heard_s = 0.0

    async def connect(self) -> None:
        """Connect with the will set and the old session taken up; in MQTT 5 only the expiry makes a session last."""
        await self.close()
        tls = None if self._tls is None else self._tls.context()
        connection = _Connection(self._client(tls), next(self._serials), tls)
        opening = asyncio.ensure_future(connection.client.__aenter__())
        try:
            await asyncio.shield(opening)
        except aiomqtt.exceptions.MqttConnectError as error:
            connection.drop()
            raise DeviceRefused(
                f"{self._where()} refused the connection: {error}. Check client id and rights there."
            ) from error
        except aiomqtt.MqttError as error:
            connection.drop()
            raise LinkLost(f"{self._where()} does not answer: {error}. Check network and broker; it is tried again.") from error
        except asyncio.CancelledError:
            # paho connects in a thread that cannot be cancelled: its socket would come to life after us.
            with contextlib.suppress(aiomqtt.MqttError):
                await opening
            connection.drop()
            raise
        if connection.paho.socket() is None:
            # Closed in the very turn of its answer: aiomqtt forgets that, and would wait for messages for ever.
            connection.drop()
            raise LinkLost(f"{self._where()} closed the connection at once. Check the broker; it is tried again.")
        connection.hear()
        self._connection = connection

    def _client(self, tls: _Context | None) -> aiomqtt.Client:
        lasting: dict[str, Any] = {"clean_session": False}
        if self._protocol is aiomqtt.ProtocolVersion.V5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
            properties.ReceiveMaximum = RECEIVE_MAX
            properties.MaximumPacketSize = PACKET_MAX_BYTES
            lasting = {"clean_start": False, "properties": properties}
        return aiomqtt.Client(
            self._host,
            self._port,
            identifier=self._client_id,
            protocol=self._protocol,
            will=aiomqtt.Will(self._will[0], self._will[1], qos=1, retain=True) if self._will else None,
            timeout=TIMEOUT_S,
            keepalive=KEEPALIVE_S,
            max_inflight_messages=self._window,
            queue_type=_Inbox,
            tls_context=tls,
            # Nagle against delayed ACK costs 40 ms an acknowledgement; the broker needs the same setting.
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            **lasting,
        )

    def _where(self) -> str:
        return f"MQTT broker {self._host}:{self._port}"

    def _live(self) -> _Connection:
        if self._connection is None:
            raise LinkLost(f"{self._where()}: not connected.")
        return self._connection

    async def subscribe(self, topic: str, qos: int) -> None:
        """Subscribe; asking again for a topic that the session already has is harmless."""
        connection = self._live()
        try:
            answers = await connection.client.subscribe(topic, qos)
        except aiomqtt.MqttError as error:
            raise await self._lost(connection, error) from error
        refusals = [str(answer) for answer in answers if getattr(answer, "value", answer) >= FIRST_REFUSAL]
        if refusals:
            await self._close(connection)
            raise DeviceRefused(f"{self._where()} refused topic {topic}: {refusals[0]}. Check the rights there.")

    def _properties(self, question: Question | None) -> Properties | None:
        if question is None or self._protocol is not aiomqtt.ProtocolVersion.V5:
            return None
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ResponseTopic = question.answer_to
        if question.expires_s:
            properties.MessageExpiryInterval = question.expires_s
        return properties

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, question: Question | None = None) -> None:
        """Publish at QoS 1; returns once it is on its way, so up to `window` of them overlap."""
        connection = self._live()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                while connection.in_flight >= self._window and connection is self._connection:
                    connection.room.clear()
                    await connection.room.wait()
        except TimeoutError as error:
            raise await self._lost(connection, f"no acknowledgement for {TIMEOUT_S} s") from error
        if connection is not self._connection:
            raise LinkLost(f"{self._where()}: connection lost while waiting to publish.")
        if connection.refusal:
            await self._close(connection)
            raise DeviceRefused(f"{self._where()} refused a message: {connection.refusal}. Check rights and quota there.")
        connection.in_flight += 1
        sent = connection.paho.publish(topic, payload, qos=1, retain=retain, properties=self._properties(question))
        if sent.rc != 0:
            raise await self._lost(connection, f"code {sent.rc}")

    async def receive(self) -> Delivery:
        """The next message; it stays the broker's until `ack`."""
        connection = self._live()
        try:
            message = await anext(connection.client.messages)
        except aiomqtt.MqttError as error:
            raise await self._lost(connection, error) from error
        connection.hear()
        payload = message.payload if isinstance(message.payload, bytes) else b""
        return Delivery(str(message.topic), payload, connection.serial, message.mid, message.qos, bool(message.retain))

    def ack(self, delivery: Delivery) -> None:
        """Acknowledge; message ids mean nothing on a later connection, where the broker delivers again."""
        connection = self._connection
        if connection is not None and connection.serial == delivery.connection:
            connection.paho.ack(delivery.mid, delivery.qos)

    def heard_s(self) -> float:
        """Loop time of the last acknowledgement or message."""
        if self._connection is not None:
            self._heard_s = self._connection.heard_s
        return self._heard_s

    async def close(self) -> None:
        """Say good-bye where possible (the will is then not sent) and let go of the socket."""
        if self._connection is not None:
            await self._close(self._connection)

    async def _close(self, connection: _Connection) -> None:
        self.heard_s()
        if connection is self._connection:
            self._connection = None
        connection.room.set()
        with contextlib.suppress(aiomqtt.MqttError, OSError):
            await connection.client.__aexit__(None, None, None)
        connection.drop()

    async def _lost(self, connection: _Connection, why: object) -> LinkLost:
        await self._close(connection)
        return LinkLost(f"{self._where()}: connection lost ({why}). Check network and broker; it is tried again.")
