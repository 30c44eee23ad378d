"""The cameras' workers in virtual time: readings from a confusion model instead of pixels.

The model is harsher than what the readers were measured at: it leaves frames unread, and it now and then reads a wrong
number whose check digits are right, with a confidence of its own.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any

from edge.core.device_events import FrameRead, LabelRead
from edge.core.events import LinkDown, LinkUp
from edge.core.values import Camera, Symbol
from edge.runtime.link import Health, Offer
from simulators import tokens
from simulators.bodies import Envelope, PhysicalDocument
from simulators.faults import FaultBook
from simulators.mishaps import first_index
from simulators.virtual.glimpses import BOTH, DOCUMENT_FAULTS, LABEL_FAULTS, Glimpse

FRAMES = 2
UNREAD = 0.002
WRONG_BUT_VALID = 0.0005
UNREADABLE_BUT_WRONG = 0.1
SMEARED_BUT_READ = 0.3
ALL_FLAGS, NOT_CONFIDENT = 15, 7
LATENCY_MS = (40, 140)
COUNT_MODULUS = 1 << 16


class Sight:
    """How one camera and its worker are. It outlives the runtime, and disturbances turn it."""

    def __init__(self) -> None:
        self.blind = False
        """no frame comes"""
        self.dead = False
        """the worker is gone, and the runtime knows it"""
        self.unread = UNREAD
        """share of frames in which nothing can be read"""
        self.behind = 0
        """exposures that the camera missed: its count is so much behind the PLC's"""
        self.hanging = False
        """the worker hangs: its frames come all together when it goes on"""


class VirtualEyes:
    """Implements Link for one camera."""

    def __init__(  # noqa: PLR0917 - one eye needs them all
        self, camera: Camera, offer: Offer, now_us: Callable[[], int], key: bytes, seed: int, sight: Sight, book: FaultBook
    ) -> None:
        self.name = camera.value
        self._camera = camera
        self._offer = offer
        self._now_us = now_us
        self._key = key
        self._rng = random.Random(f"{camera} {seed}")
        self._classes: Mapping[str, Any] = tokens.load_classes()
        self._last_us = 0
        self._sight = sight
        self._book = book
        self._faults = DOCUMENT_FAULTS if camera is Camera.ID else LABEL_FAULTS
        self._before: list[Glimpse] = []
        self._held: list[Glimpse] = []
        self._told_up: bool | None = None
        self.reads: dict[str, dict[str, int]] = {}

    async def run(self) -> None:
        """Say that the camera is there; readings come with exposures."""
        self.tell()
        await asyncio.Event().wait()

    def tell(self) -> None:
        """Tell of the worker what has changed: it is gone, it is there, it goes on."""
        up = not self._sight.dead
        if up != self._told_up:
            self._told_up = up
            now_us = self._now_us()
            self._offer(LinkUp(at_us=now_us, link=self.name) if up else LinkDown(at_us=now_us, link=self.name, reason="lost"))
        if not self._sight.hanging:
            held, self._held = self._held, []
            for glimpse in held:
                self._read(glimpse)

    def send(self, command: object) -> None:
        """No command goes to a camera."""
        raise AssertionError(f"dispatch table sends {type(command).__name__} to a camera")

    def health(self) -> Health:
        """Up while its worker lives."""
        return Health(up=not self._sight.dead, age_ms=(self._now_us() - self._last_us) // 1000)

    def exposed(self, trigger: int, subject: PhysicalDocument | Envelope) -> None:
        """The PLC triggered a burst: its readings come a little later."""
        loop = asyncio.get_running_loop()
        delay_ms = self._rng.randint(*LATENCY_MS)
        counted = (trigger - self._sight.behind) % COUNT_MODULUS
        shots = [Glimpse(delay_ms + 30 * k, counted, k, subject) for k in range(FRAMES)]
        planned = self._book.plan.get(first_index(subject), "")
        if planned in self._faults and self._strikes(planned, subject):
            shots, self._before = self._faults[planned](shots, self._before, self._rng), shots
        else:
            self._before = shots
        for glimpse in shots:
            loop.call_later(glimpse.delay_ms / 1000, self._read, glimpse)

    def _strikes(self, kind: str, subject: PhysicalDocument | Envelope) -> bool:
        if self._camera is Camera.ID and kind in BOTH and self._rng.random() < 0.5:
            return False  # the other camera's
        fires = self._book.fires(kind, first_index(subject))
        if fires and self._camera is Camera.ID and self._before:
            # Where no frame comes, the frames of the one before are doubted.
            self._book.touched.add(first_index(self._before[-1].subject))
        return fires

    def _read(self, glimpse: Glimpse) -> None:
        sight = self._sight
        if sight.blind or sight.dead:
            return
        if sight.hanging:
            self._held.append(glimpse)
            return
        self._last_us = self._now_us()
        subject = glimpse.subject
        self._offer(
            self._document(glimpse, subject) if isinstance(subject, PhysicalDocument) else self._label(glimpse, subject)
        )

    def _document(self, glimpse: Glimpse, document: PhysicalDocument) -> FrameRead:
        hard = document.fault == "unreadable"
        draw = self._rng.random()
        wrong = draw < (UNREADABLE_BUT_WRONG if hard else WRONG_BUT_VALID)
        unread = not wrong and (hard or glimpse.unread or draw > 1 - self._sight.unread)
        number = glimpse.number or (self._mistaken(document.number) if wrong else document.number)
        self._count(document.kind, "unreadable" if unread else "ok" if number == document.number else "wrong")
        return FrameRead(
            at_us=self._now_us(),
            camera=self._camera,
            camera_boot=1,
            trigger=glimpse.trigger,
            k=glimpse.k,
            kind=None if unread else document.kind,
            flags=0 if unread else NOT_CONFIDENT if wrong else ALL_FLAGS,
            token="" if unread else tokens.token(self._key, document.kind, number),
            skeleton="" if unread else tokens.skeleton(self._key, document.kind, number, self._classes),
            second_field=self._beside(document, number, unread=unread),
            confidence_permille=0 if unread else 995,
            masked="" if unread else number[:4] + "*" * (len(number) - 6) + number[-2:],
            evidence=f"v{glimpse.trigger}-{glimpse.k}",
        )

    def _beside(self, document: PhysicalDocument, number: str, *, unread: bool) -> str:
        return tokens.second_field(self._key, document.kind, number, "" if unread else document.beside, self._classes)

    def _mistaken(self, number: str) -> str:
        at = self._rng.randrange(1, len(number))
        return number[:at] + str((int(number[at], 36) + self._rng.randint(1, 9)) % 10) + number[at + 1 :]

    def _label(self, glimpse: Glimpse, envelope: Envelope) -> LabelRead:
        symbols = []
        for label in envelope.labels if glimpse.other is None else (*envelope.labels, glimpse.other):
            for symbology, text in (("code128", label.code128), ("qr", label.qr)):
                unread = 1 - SMEARED_BUT_READ if label.smeared else self._sight.unread
                read = self._rng.random() >= unread
                self._count("label", "ok" if read else "unreadable")
                if read:
                    symbols.append(Symbol(symbology, text, 0, 0, confirmed=True))
        return LabelRead(
            at_us=self._now_us(),
            camera=self._camera,
            camera_boot=1,
            trigger=glimpse.trigger,
            k=glimpse.k,
            symbols=tuple(symbols),
            evidence=f"v{glimpse.trigger}-{glimpse.k}",
        )

    def _count(self, kind: str, what: str) -> None:
        counts = self.reads.setdefault(kind, {"ok": 0, "unreadable": 0, "wrong": 0})
        counts[what] += 1
