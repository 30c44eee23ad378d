"""The cameras' workers in virtual time: readings from a confusion model instead of pixels.

The model is harsher than what the readers were measured at: it leaves frames unread, and it now and then reads a wrong
number whose check digits are right, with a confidence of its own.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any

from edge.core.events import FrameRead, LabelRead, LinkUp
from edge.core.values import Camera, Symbol
from edge.runtime.link import Health, Offer
from simulators import tokens
from simulators.bodies import Envelope, PhysicalDocument

FRAMES = 2
UNREAD = 0.002
WRONG_BUT_VALID = 0.0005
UNREADABLE_BUT_WRONG = 0.1
ALL_FLAGS, NOT_CONFIDENT = 15, 7
LATENCY_MS = (40, 140)


class VirtualEyes:
    """Implements Link for one camera."""

    def __init__(  # noqa: PLR0917 - one eye needs them all
        self, camera: Camera, offer: Offer, now_us: Callable[[], int], key: bytes, seed: int, blind: Callable[[], bool]
    ) -> None:
        self.name = camera.value
        self._camera = camera
        self._offer = offer
        self._now_us = now_us
        self._key = key
        self._rng = random.Random(f"{camera} {seed}")
        self._classes: Mapping[str, Any] = tokens.load_classes()
        self._last_us = 0
        self._blind = blind
        self.reads: dict[str, dict[str, int]] = {}

    async def run(self) -> None:
        """Say that the camera is there; readings come with exposures."""
        self._offer(LinkUp(at_us=self._now_us(), link=self.name))
        await asyncio.Event().wait()

    def send(self, command: object) -> None:
        """No command goes to a camera."""
        raise AssertionError(f"dispatch table sends {type(command).__name__} to a camera")

    def health(self) -> Health:
        """Always up."""
        return Health(up=True, age_ms=(self._now_us() - self._last_us) // 1000)

    def exposed(self, trigger: int, subject: PhysicalDocument | Envelope) -> None:
        """The PLC triggered a burst: its readings come a little later."""
        loop = asyncio.get_running_loop()
        delay_ms = self._rng.randint(*LATENCY_MS)
        for k in range(FRAMES):
            loop.call_later((delay_ms + 30 * k) / 1000, self._read, trigger, k, subject)

    def _read(self, trigger: int, k: int, subject: PhysicalDocument | Envelope) -> None:
        if self._blind():
            return
        self._last_us = self._now_us()
        read = self._document if isinstance(subject, PhysicalDocument) else self._label
        self._offer(read(trigger, k, subject))  # type: ignore[arg-type]

    def _document(self, trigger: int, k: int, document: PhysicalDocument) -> FrameRead:
        hard = document.fault == "unreadable"
        draw = self._rng.random()
        wrong = draw < (UNREADABLE_BUT_WRONG if hard else WRONG_BUT_VALID)
        unread = not wrong and (hard or draw > 1 - UNREAD)
        self._count(document.kind, "wrong" if wrong else "unreadable" if unread else "ok")
        number = self._mistaken(document.number) if wrong else document.number
        return FrameRead(
            at_us=self._now_us(),
            camera=self._camera,
            camera_boot=1,
            trigger=trigger,
            k=k,
            kind=None if unread else document.kind,
            flags=0 if unread else NOT_CONFIDENT if wrong else ALL_FLAGS,
            token="" if unread else tokens.token(self._key, document.kind, number),
            skeleton="" if unread else tokens.skeleton(self._key, document.kind, number, self._classes),
            confidence_permille=0 if unread else 995,
            masked="" if unread else number[:4] + "*" * (len(number) - 6) + number[-2:],
            evidence=f"v{trigger}-{k}",
        )

    def _mistaken(self, number: str) -> str:
        at = self._rng.randrange(1, len(number))
        return number[:at] + str((int(number[at], 36) + self._rng.randint(1, 9)) % 10) + number[at + 1 :]

    def _label(self, trigger: int, k: int, envelope: Envelope) -> LabelRead:
        symbols = []
        for label in envelope.labels:
            for symbology, text in (("code128", label.code128), ("qr", label.qr)):
                read = self._rng.random() >= UNREAD
                self._count("label", "ok" if read else "unreadable")
                if read:
                    symbols.append(Symbol(symbology, text, 0, 0, confirmed=True))
        return LabelRead(
            at_us=self._now_us(),
            camera=self._camera,
            camera_boot=1,
            trigger=trigger,
            k=k,
            symbols=tuple(symbols),
            evidence=f"v{trigger}-{k}",
        )

    def _count(self, kind: str, what: str) -> None:
        counts = self.reads.setdefault(kind, {"ok": 0, "unreadable": 0, "wrong": 0})
        counts[what] += 1
