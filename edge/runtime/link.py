"""What every link shares: how it hands events to the pump, takes commands, and tells how it is."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from edge.core.commands import Command
from edge.core.event import Event


class Cursor(NamedTuple):
    """How far an outside source has been taken over, written in the same transaction as the event (I7)."""

    source: str
    """"machine_plc", "sorter_plc", …"""
    boot: int
    """boot id of the source"""
    seq: int


class Health(NamedTuple):
    """State of a link for the panel."""

    up: bool
    age_ms: int
    """since the last good exchange"""
    detail: str = ""
    reason: str = ""
    """why it is down, as LinkDown says it, where there is more than one way"""


class Offer(Protocol):
    """The pump's mouth."""

    def __call__(self, event: Event, *, cursor: Cursor | None = None, on_durable: Callable[[], None] | None = None) -> bool:
        """Queue an event. False = the queue is full: the caller keeps it and offers it again later; nothing waits here.

        `on_durable` is called on the loop once the event is committed; only then may its source be acknowledged (I7).
        """


class Lease(Protocol):
    """What the PLC links put into the `permit` and `heartbeat` words."""

    def permit_word(self) -> int:
        """0 = withdrawn, otherwise a number 1..65535 that changes with each renewal."""

    def beating(self) -> bool:
        """Whether loop and pump make progress; while False the heartbeat word stands still."""


class Link(Protocol):
    """One wire's shell. Runs until cancelled; reconnects for ever; reports LinkUp and LinkDown as events."""

    name: str

    async def run(self) -> None:
        """Serve the wire; raises only on a bug."""

    def send(self, command: Command) -> None:
        """Take a command whose events are durable. Never blocks, never raises for the wire's sake."""

    def health(self) -> Health:
        """For the panel."""
