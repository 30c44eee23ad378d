"""Whether a PLC's image may be believed: what a running heartbeat alone does not prove.

Seen are an image that stands behind a running heartbeat, an echo that lags, another master that writes our registers, and
32-bit numbers whose words are swapped. Each has a name and a text with the next step. A doubt stands for 2 s after it was seen
last; an echo that stood still once is an outage of one direction, and over as soon as it runs again.
"""

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

LATE_US = 300_000
"""as long as a heartbeat may stand still"""
UNANSWERED = 3
"""so many heartbeats in a row are not echoed: where we ourselves were late, it is one"""
STANDS_US, AGAIN_US = 2_000_000, 10_000_000
"""a doubt that comes and goes, again within 10 s, must not fill the journal"""
SETTLED_US = 300_000
"""so long the echo runs again before a single outage is over"""
LAGS = frozenset({"echo", "frozen"})
WORD = 1 << 16
OURS = 4_096
"""an echo that is so many beats old or younger is one of ours"""


class Doubt(NamedTuple):
    """Why an image is not believed; "" = it is."""

    reason: str
    detail: str = ""


BELIEVED = Doubt("")


class ImageTruth:
    """What one link knows of its PLC's answers to its own image. `counters`: names of the 32-bit counters in the header."""

    def __init__(self, edge_boot: int, counters: tuple[str, ...]) -> None:
        self._edge_boot = edge_boot
        self._counters = counters
        self._doubt, self._doubt_us = BELIEVED, 0
        self._ended_us, self._again = -AGAIN_US, False
        self.begin()

    def begin(self) -> None:
        """A connection or a boot of the PLC begins: nothing of ours was answered yet."""
        self._sent: deque[tuple[int, int]] = deque()
        """(heartbeat, when), of those that were not echoed yet"""
        self._beat = 0
        self._echo = self._boot = -1
        self._echo_us = self._news_us = 0
        self._answered = False
        self._before: dict[str, int] = {}

    def sent(self, beat: int, now_us: int) -> None:
        """This heartbeat goes out."""
        self._beat = beat
        self._sent.append((beat, now_us))

    def news(self, header: Mapping[str, int], now_us: int) -> None:
        """An image that differs in more than heartbeat and echo."""
        self._news_us = now_us
        boot = header["edge_boot_echo"]
        if boot == self._edge_boot:
            self._answered = True
        elif self._answered and boot:
            self._raise(_foreign(f"it answers edge boot {boot}, we are {self._edge_boot}"), now_us)
        self._boot = boot
        for name in self._counters:
            step = header[name] - self._before.get(name, header[name])
            if step and step % WORD == 0:
                self._raise(_swapped(name, step), now_us)
            self._before[name] = header[name]

    def doubt(self, echo: int, now_us: int) -> Doubt:
        """What speaks against this image, given its echo."""
        if echo != self._echo:
            if self._echo >= 0 and self._answered and (self._beat - echo) % WORD > OURS:
                self._raise(_foreign(f"it echoes heartbeat {echo}, ours is {self._beat}"), now_us)
            self._echo, self._echo_us = echo, now_us
        sent = self._sent
        while sent and (echo - sent[0][0]) % WORD <= OURS:
            sent.popleft()
        late_us = now_us - sent[0][1] if sent else 0
        if late_us > LATE_US and len(sent) >= UNANSWERED:
            self._raise(self._lag(late_us, now_us), now_us)
        if self._doubt.reason and now_us - self._doubt_us > self._stands_us() and self._doubt.reason != "word_order":
            self._doubt, self._ended_us = BELIEVED, now_us
        return self._doubt

    def _stands_us(self) -> int:
        return SETTLED_US if self._doubt.reason in LAGS and not self._again else STANDS_US

    def _raise(self, doubt: Doubt, now_us: int) -> None:
        # The first word stays: another master also makes the echo late.
        if not self._doubt.reason:
            self._again = now_us - self._ended_us < AGAIN_US
        if self._doubt.reason in ("", doubt.reason) or self._doubt.reason in LAGS:
            self._doubt = doubt
        self._doubt_us = now_us

    def _lag(self, late_us: int, now_us: int) -> Doubt:
        if now_us - max(self._echo_us, self._news_us) <= LATE_US:
            if self._boot not in (0, -1, self._edge_boot) and not self._answered:
                return _foreign(f"it answers edge boot {self._boot}, we are {self._edge_boot}")
            return Doubt(
                "echo",
                f"the PLC echoes our heartbeat {late_us // 1000} ms late: it takes our image too seldom, or not at all; check "
                "its cycle, the write register or data block in this line's file, and that the copy in begins each scan",
            )
        return Doubt(
            "frozen",
            "the PLC's heartbeat runs, but its echo and everything else stand still: the image is not copied out whole, or "
            "ours is not copied in; check the block copies of its program and that they are in the cyclic task",
        )


def _foreign(seen: str) -> Doubt:
    return Doubt(
        "foreign",
        f"another master writes to this PLC: {seen}; stop the other line PC or tool, and give each PLC to one edge only",
    )


def _swapped(name: str, step: int) -> Doubt:
    return Doubt(
        "word_order",
        f"word order: {name} went on by {step} = {step // WORD} × 65536, so the two words of 32-bit numbers are swapped; "
        'set word_order = "little" in this line\'s file, or put the high word first in the PLC program, and start again',
    )
