"""The client against a broker that is a few lines of bytes: what it must do when the other side misbehaves."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest

from drivers import mqtt
from drivers.mqtt import MqttClient
from drivers.ports import Delivery, DeviceRefused, LinkLost, Question

CONNACK = {"5": b"\x20\x03\x00\x00\x00", "3.1.1": b"\x20\x02\x00\x00"}


async def packet(reader):
    head = (await reader.readexactly(1))[0]
    size, shift = 0, 0
    while True:
        byte = (await reader.readexactly(1))[0]
        size |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return head, await reader.readexactly(size)


@asynccontextmanager
async def broker(serve):
    """Each connection is served by `serve(reader, writer)`, then closed; all have ended when the block is left."""
    handlers = []

    async def handle(reader, writer):
        handlers.append(asyncio.current_task())
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        async with asyncio.timeout(5):
            for handler in handlers:
                await handler


def client(port, **options):
    return MqttClient("127.0.0.1", port, client_id="c1", **options)


def publish_ack(body):
    topic_size = int.from_bytes(body[:2])
    return b"\x40\x02" + body[2 + topic_size : 4 + topic_size]


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(mqtt, "TIMEOUT_S", 0.1)


async def test_connects_with_lasting_session_will_and_receive_maximum():
    seen = []

    async def serve(reader, writer):
        seen.append(await packet(reader))
        writer.write(CONNACK["5"])
        await reader.read()

    async with broker(serve) as port:
        link = client(port, will=("t/state", b'{"online":false}'))
        await link.connect()
        wire = link._connection.paho.socket()
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        await link.close()
    ((head, body),) = seen
    assert head == 0x10
    assert body[:7] == b"\x00\x04MQTT\x05"
    flags = body[7]
    assert not flags & 0x02, "clean start"
    assert flags & 0x3C == 0x2C, "will at QoS 1, retained"
    assert b"\x11" + mqtt.SESSION_EXPIRY_S.to_bytes(4) in body
    assert b"\x21" + mqtt.RECEIVE_MAX.to_bytes(2) in body
    assert b"t/state" in body


async def test_speaks_3_1_1_as_well():
    seen = []

    async def serve(reader, writer):
        seen.append(await packet(reader))
        writer.write(CONNACK["3.1.1"])
        await reader.read()

    async with broker(serve) as port:
        link = client(port, protocol="3.1.1")
        await link.connect()
        await link.close()
    assert seen[0][1][:8] == b"\x00\x04MQTT\x04\x00"


async def test_an_unknown_protocol_is_a_mistake_of_the_caller():
    with pytest.raises(KeyError):
        client(1, protocol="4")


async def test_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(LinkLost, match="does not answer"):
            await client(taken.getsockname()[1]).connect()


@pytest.mark.usefixtures("impatient")
async def test_a_broker_that_never_answers_leaves_no_socket_behind():
    ended = asyncio.Event()

    async def serve(reader, writer):
        await reader.read()
        ended.set()

    async with broker(serve) as port:
        with pytest.raises(LinkLost):
            await client(port).connect()
        async with asyncio.timeout(5):
            await ended.wait()


@pytest.mark.parametrize(("protocol", "answer"), [("5", b"\x20\x03\x00\x87\x00"), ("3.1.1", b"\x20\x02\x00\x05")])
async def test_a_broker_that_refuses(protocol, answer):
    async def serve(reader, writer):
        await packet(reader)
        writer.write(answer)
        await reader.read()

    async with broker(serve) as port:
        with pytest.raises(DeviceRefused, match="refused the connection"):
            await client(port, protocol=protocol).connect()


async def test_a_refused_topic():
    async def serve(reader, writer):
        await packet(reader)
        writer.write(CONNACK["5"])
        _, body = await packet(reader)
        writer.write(b"\x90\x04" + body[:2] + b"\x00\x87")
        await reader.read()

    async with broker(serve) as port:
        link = client(port)
        await link.connect()
        with pytest.raises(DeviceRefused, match="refused topic"):
            await link.subscribe("secret", 1)


async def test_garbage_instead_of_an_answer_is_a_lost_link(monkeypatch):
    monkeypatch.setattr(mqtt, "TIMEOUT_S", 0.5)

    async def serve(reader, writer):
        await packet(reader)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with broker(serve) as port:
        with pytest.raises((LinkLost, DeviceRefused)):
            await client(port).connect()


@pytest.mark.parametrize(
    ("protocol", "expires_s", "properties"),
    [
        ("5", 60, b"\x09" + b"\x02\x00\x00\x00\x3c" + b"\x08\x00\x01a"),
        ("5", 0, b"\x04" + b"\x08\x00\x01a"),
        ("3.1.1", 60, b""),
    ],
)
async def test_a_question_says_where_its_answer_goes_and_when_it_is_stale(protocol, expires_s, properties):
    """MQTT 5 §3.3.2.3.3 and §3.3.2.3.5; a broker of 3.1.1 is told neither."""
    came = asyncio.get_running_loop().create_future()

    async def serve(reader, writer):
        await packet(reader)
        writer.write(CONNACK[protocol])
        came.set_result(await packet(reader))

    async with broker(serve) as port:
        link = client(port, protocol=protocol)
        await link.connect()
        await link.publish("q", b"?", question=Question("a", expires_s))
        head, body = await came
        await link.close()
    assert head == 0x32
    assert body == b"\x00\x01q" + body[3:5] + properties + b"?"


async def test_the_window_bounds_what_is_in_flight():
    bodies, more = [], asyncio.Event()

    async def serve(reader, writer):
        await packet(reader)
        writer.write(CONNACK["5"])
        while True:
            _, body = await packet(reader)
            bodies.append(body)
            more.set()
            if len(bodies) == 3:
                writer.write(publish_ack(bodies[0]))

    async with broker(serve) as port:
        link = client(port, window=3)
        await link.connect()
        for n in range(3):
            await link.publish("t", b"%d" % n)
        # The fourth can only go because the first is acknowledged after the third has come.
        async with asyncio.timeout(2):
            await link.publish("t", b"3")
            while len(bodies) < 4:
                more.clear()
                await more.wait()
        assert link._connection.in_flight == 3
        assert [body[-1:] for body in bodies] == [b"0", b"1", b"2", b"3"]
        await link.close()


@pytest.mark.usefixtures("impatient")
async def test_a_broker_that_stops_acknowledging_is_a_lost_link():
    async def serve(reader, writer):
        await packet(reader)
        writer.write(CONNACK["5"])
        await reader.read()

    async with broker(serve) as port:
        link = client(port, window=1)
        await link.connect()
        await link.publish("t", b"0")
        with pytest.raises(LinkLost, match="no acknowledgement"):
            await link.publish("t", b"1")
        with pytest.raises(LinkLost, match="not connected"):
            await link.publish("t", b"2")


async def test_a_refused_publish_is_told_at_the_next_one():
    answered = asyncio.Event()

    async def serve(reader, writer):
        await packet(reader)
        writer.write(CONNACK["5"])
        _, body = await packet(reader)
        writer.write(b"\x40\x03" + publish_ack(body)[2:] + b"\x97")
        await writer.drain()
        answered.set()
        await reader.read()

    async with broker(serve) as port:
        link = client(port, window=1)
        await link.connect()
        await link.publish("t", b"0")
        await answered.wait()
        with pytest.raises(DeviceRefused, match="refused a message"):
            await link.publish("t", b"1")


async def test_closed_by_the_broker_at_once():
    async def serve(reader, writer):
        await packet(reader)
        writer.write(CONNACK["5"])

    async with broker(serve) as port:
        link = client(port)
        try:
            await link.connect()
        except LinkLost:
            return  # both its answer and the end came in one turn of the loop
        with pytest.raises(LinkLost):
            await link.receive()


async def test_closed_by_the_broker_while_receiving():
    async def serve(reader, writer):
        await packet(reader)
        writer.write(CONNACK["5"])
        await packet(reader)

    async with broker(serve) as port:
        link = client(port)
        await link.connect()
        await link.publish("t", b"")
        with pytest.raises(LinkLost, match="connection lost"):
            await link.receive()


async def test_closing_wakes_a_publisher_that_waits_for_room():
    async def serve(reader, writer):
        await packet(reader)
        writer.write(CONNACK["5"])
        await reader.read()

    async with broker(serve) as port:
        link = client(port, window=1)
        await link.connect()
        await link.publish("t", b"0")
        waiting = asyncio.ensure_future(link.publish("t", b"1"))
        await asyncio.sleep(0)
        await link.close()
        with pytest.raises(LinkLost, match="while waiting"):
            await waiting


async def test_only_acknowledgements_of_this_connection_reach_the_wire():
    acks = []

    async def serve(reader, writer):
        await packet(reader)
        writer.write(CONNACK["5"])
        writer.write(b"\x32\x07\x00\x01t\x00\x09\x00x")
        while True:
            head, body = await packet(reader)
            if head == 0x40:
                acks.append(body)

    async with broker(serve) as port:
        link = client(port)
        await link.connect()
        delivery = await link.receive()
        assert (delivery.topic, delivery.payload, delivery.mid, delivery.qos) == ("t", b"x", 9, 1)
        link.ack(Delivery("t", b"x", delivery.connection + 1, 8, 1))
        link.ack(delivery)
        await link.close()
        link.ack(delivery)
    assert [body[:2] for body in acks] == [b"\x00\x09"]


async def test_cancelled_while_connecting_leaves_nothing_behind(monkeypatch):
    monkeypatch.setattr(mqtt, "TIMEOUT_S", 0.2)
    begun, ended = asyncio.Event(), asyncio.Event()

    async def serve(reader, writer):
        await packet(reader)
        begun.set()
        await reader.read()
        ended.set()

    async with broker(serve) as port:
        link = client(port)
        opening = asyncio.ensure_future(link.connect())
        await begun.wait()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        async with asyncio.timeout(5):
            await ended.wait()
        with pytest.raises(LinkLost, match="not connected"):
            await link.receive()
