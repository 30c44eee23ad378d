"""The ring of command slots towards one PLC: what waits, what lies in the ring, what the PLC has consumed."""

from collections import deque
from typing import TypeVar

from drivers.ports import BadReply
from drivers.process_image import CommandSlot, next_seq, seq_distance
from edge.core.commands import Command
from edge.runtime.plc_words import slot_of
from line_config.process_image import ProcessImage

KEYS_KEPT = 256
K = TypeVar("K")
V = TypeVar("V")


class CommandRing:
    """A slot is overwritten only after the PLC has consumed it, so a write that is repeated or lost does no harm."""

    def __init__(self, image: ProcessImage) -> None:
        self._image = image
        self._unsent: deque[Command] = deque()
        self._slots: dict[int, CommandSlot] = {}
        self._carried: tuple[CommandSlot, ...] = ()
        self._questions: dict[str, int] = {}
        self._keys: dict[int, str] = {}
        self._consumed_seq = 0
        self.issued_seq = 0
        self.dropped = 0
        """commands about something of another PLC boot, which this one cannot know"""

    @property
    def slots(self) -> tuple[CommandSlot, ...]:
        """What the image carries; consumed ones stay until their place is needed."""
        return self._carried

    @property
    def ready(self) -> bool:
        """Whether a command waits for which there is a place."""
        return (
            bool(self._unsent) and seq_distance(self._consumed_seq, self.issued_seq, self._image.seq_max) < self._image.window
        )

    def queue(self, command: Command) -> None:
        """Take a command; it goes into the ring as soon as there is a place."""
        self._unsent.append(command)

    def asked(self, key: str, seq: int) -> None:
        """The PLC's event `seq` opened a question about `key`: its answer will refer to it."""
        _keep(self._questions, key, seq)

    def key_of(self, seq: int) -> str:
        """What the command `seq` was about; "" when it is not ours or too old."""
        return self._keys.get(seq, "")

    def fill(self, plc_boot: int) -> None:
        """Move what waits into the free places of the ring."""
        while self.ready:
            slot = slot_of(self._unsent.popleft(), self._image, plc_boot)
            if slot is None:
                self.dropped += 1
                continue
            seq = self.issued_seq = next_seq(self.issued_seq, self._image.seq_max)
            reply_to = self._questions.get(slot.key, 0)
            self._slots[seq % self._image.window] = CommandSlot(
                seq, reply_to, slot.handle, slot.opcode, slot.argument, slot.chute
            )
            _keep(self._keys, seq, slot.key)
            self._carried = tuple(self._slots.values())

    def consumed(self, seq: int) -> None:
        """The PLC has consumed all up to `seq`. Raises BadReply when that many were never issued."""
        seq_max = self._image.seq_max
        if seq_distance(self._consumed_seq, seq, seq_max) > seq_distance(self._consumed_seq, self.issued_seq, seq_max):
            raise BadReply(
                f"the PLC says that it has consumed command {seq}, but only {self.issued_seq} were issued: check its program"
            )
        self._consumed_seq = seq

    def restart(self) -> None:
        """Another boot of the PLC: numbers begin anew, and what lies in the ring is about things it does not know."""
        self.dropped += seq_distance(self._consumed_seq, self.issued_seq, self._image.seq_max)
        self._slots.clear()
        self._carried = ()
        self._questions.clear()
        self._keys.clear()
        self._consumed_seq = self.issued_seq = 0


def _keep(kept: dict[K, V], key: K, value: V) -> None:
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > KEYS_KEPT:
        del kept[next(iter(kept))]
