"""The small Protocols that the links speak to, and the three kinds of error that a driver may raise."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from line_config.scale_format import ScaleReading


class DeviceError(Exception):
    """Base of the three kinds; the text says what happened, whose fault it is and what to do next."""


class LinkLost(DeviceError):
    """The wire: no connection, timeout, closed by the peer. The outcome of a write is unknown. Reconnect."""


class DeviceRefused(DeviceError):
    """The device answered, and said no (Modbus exception, S7 return code, printer error flag)."""


class BadReply(DeviceError):
    """The device answered, and the answer makes no sense (short, wrong layout, torn). The connection is dropped."""


class PlcPort(Protocol):
    """One PLC connection. Constructors never connect; after any DeviceError the connection has been dropped."""

    async def connect(self) -> None:
        """Open the connection. Raises LinkLost or DeviceRefused."""

    async def exchange(self, write: Sequence[int], seen: Sequence[int] | None, max_wait_ms: int) -> tuple[int, ...]:
        """One cycle: write the edge image (words), read the PLC image (words).

        `seen` is the last PLC image; a port that can (the virtual plant) returns only when the image differs from it
        or after `max_wait_ms`. A wire returns at once and the link paces itself.
        """

    async def close(self) -> None:
        """Drop the connection; never raises."""


class PlcReader(Protocol):
    """A PLC connection that only looks."""

    async def connect(self) -> None:
        """Open the connection. Raises LinkLost or DeviceRefused."""

    async def read(self) -> tuple[int, ...]:
        """The PLC's image (words); nothing is written. Raises DeviceError, after which the connection has been dropped."""

    async def read_written(self) -> tuple[int, ...]:
        """The edge's image (words) as the PLC holds it. Raises as above; DeviceRefused where a PLC does not show it."""

    async def close(self) -> None:
        """Drop the connection; never raises."""


@runtime_checkable
class WaitingPort(PlcPort, Protocol):
    """A PLC connection whose `exchange` waits for a change."""

    def wake(self) -> None:
        """End the waiting: there is something new to write."""


class LabelPrinterPort(Protocol):
    """One label printer. At most one format is in it at any time."""

    async def status(self) -> str:
        """Normalised state: ready, label_waiting, busy, media_out, ribbon_out, head_open, paused, fault, silent, lost, unknown.

        Never raises. `fault`: it says that something is wrong which has no word of its own; `silent`: connected, but no answer
        in time; `unknown`: an answer that makes no sense; `lost`: no connection.
        """

    async def send(self, fmt: bytes) -> None:
        """Send one format, once. LinkLost means that the outcome is unknown."""

    async def close(self) -> None:
        """Drop the connections; never raises."""


class PageJob(NamedTuple):
    """One job of a page printer. `state`: waiting, printing, stopped, canceled, aborted or completed."""

    state: str
    sides: int | None
    """printed sides so far, as the printer counts them; None where it does not"""
    reasons: tuple[str, ...] = ()


class PagePrinterPort(Protocol):
    """A printer of whole documents."""

    async def status(self, jobs: int = 0) -> str:
        """Why nothing would come out now, "" = it is ready. Raises DeviceError."""

    async def print_document(self, path: Path, name: str, *, duplex: bool = False) -> int:
        """Print a PDF once, as it is → the job's number. DeviceRefused: nothing is printed; otherwise nobody knows."""

    async def job(self, number: int) -> PageJob:
        """How a job stands. Raises DeviceError; DeviceRefused: the printer does not know it any more."""


class FilePort(Protocol):
    """Where files are fetched from."""

    async def fetch(self, url: str, to: Path) -> None:
        """Write what is there to a new file that only we may read. LinkLost: try again; DeviceRefused, BadReply: no use."""

    async def close(self) -> None:
        """Drop the connections; never raises."""


class ScannerPort(Protocol):
    """A code reader that sends lines of text."""

    async def connect(self) -> None:
        """Open the device. Raises LinkLost."""

    async def read(self) -> str:
        """The next text without its terminator. Raises LinkLost or BadReply."""

    async def close(self) -> None:
        """Drop the connection; never raises."""


class ScalePort(Protocol):
    """A scale that says by itself what it weighs."""

    async def connect(self) -> None:
        """Open the device. Raises LinkLost."""

    async def read(self) -> ScaleReading:
        """The next reading. Raises LinkLost or BadReply."""

    async def close(self) -> None:
        """Drop the connection; never raises."""


class Delivery(NamedTuple):
    """One message from a broker. `connection` and `mid` are the port's own: an acknowledgement is good only where it came."""

    topic: str
    payload: bytes
    connection: int = 0
    mid: int = 0
    qos: int = 0
    retained: bool = False
    """the broker had kept it, for whoever comes: it is not news"""


class Question(NamedTuple):
    """What a message that asks says of its answer, to a broker that can pass it on (MQTT 5 §3.3.2.3)."""

    answer_to: str
    """topic of the answer"""
    expires_s: int = 0
    """after that it is asked again anyway, and the broker need not keep it for whoever is away; 0 = it is asked once"""


class BrokerPort(Protocol):
    """One connection to a message broker, with a session that outlives it. Constructors never connect."""

    async def connect(self) -> None:
        """Open the connection and take the session up again. Raises LinkLost or DeviceRefused."""

    async def subscribe(self, topic: str, qos: int) -> None:
        """Ask for a topic. Raises LinkLost or DeviceRefused."""

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, question: Question | None = None) -> None:
        """Hand over one message at QoS 1, in order; waits while the window of unacknowledged ones is full. Raises as above."""

    async def receive(self) -> Delivery:
        """The next message. Raises LinkLost."""

    def ack(self, delivery: Delivery) -> None:
        """Tell the broker that the message's effect is durable (I7); does nothing once its connection is gone. Never raises."""

    def heard_s(self) -> float:
        """Loop time of the broker's last sign of life."""

    async def close(self) -> None:
        """Drop the connection; never raises."""
