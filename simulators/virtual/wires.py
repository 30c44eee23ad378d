"""What can be wrong with the wires: one state per wire, turned by disturbances, asked by the ports. It outlives the runtime."""

import asyncio
from collections.abc import Sequence

from drivers.ports import BadReply, DeviceRefused, LinkLost

TIMEOUT_S = 0.12
"""so long an exchange waits for an answer that does not come"""
LOOK_S = 0.05
TROUBLES = (
    "cut",
    "deaf",  # what we write does not arrive; what the PLC says does
    "mute",  # what we write arrives; no answer does
    "frozen",  # the same old image again and again
    "replayed",  # now and then the answer to an earlier request
    "refused",  # an exception instead of an answer
    "short",  # an answer that is cut short
    "doubled",  # what we wrote before arrives once more, behind what we wrote since
    "stalled",  # we ourselves do not get to it: the loop is blocked
)
Image = tuple[int, ...]


class PlcWire:
    """The wire to one PLC."""

    def __init__(self) -> None:
        self.trouble = ""
        """one of TROUBLES, "" = none"""
        self._read: list[Image] = []
        """the last images read, oldest first, while something is wrong"""
        self._written: Sequence[int] = ()

    def turn(self, trouble: str) -> None:
        """Something goes wrong from now on; "" = no longer."""
        self.trouble = trouble
        self._read.clear()

    async def begin(self) -> None:
        """Before an exchange. Raises LinkLost, DeviceRefused or BadReply."""
        while self.trouble == "stalled":  # noqa: ASYNC110 - a blocked loop rings no bell
            await asyncio.sleep(LOOK_S)
        if self.trouble == "cut":
            await asyncio.sleep(TIMEOUT_S)
            raise LinkLost("the virtual wire is cut")
        if self.trouble == "refused":
            await asyncio.sleep(LOOK_S)
            raise DeviceRefused("exception 4: device failure")
        if self.trouble == "short":
            await asyncio.sleep(LOOK_S)
            raise BadReply("an answer of 7 words")

    @property
    def carries(self) -> bool:
        """Whether what we write arrives."""
        return self.trouble != "deaf"

    def again(self, write: Sequence[int]) -> Sequence[int]:
        """What arrives a second time behind this image; empty = nothing."""
        before, self._written = self._written, write
        return before if self.trouble == "doubled" else ()

    async def end(self, read: Image) -> Image:
        """What comes back of what the PLC said. Raises LinkLost."""
        if self.trouble in {"cut", "mute"}:
            await asyncio.sleep(TIMEOUT_S)
            raise LinkLost("the virtual wire brings no answer")
        if self.trouble in {"frozen", "replayed"}:
            self._read.append(read)
            if self.trouble == "frozen":
                return self._read[0]
            return self._read[-2] if len(self._read) % 3 == 0 else read
        return read


class PrinterWire:
    """The wire to the label printer, and its electronics."""

    def __init__(self) -> None:
        self.off = False
        self.silent = False
        """it answers nothing, as when its head is open"""
        self.garbage = False
        """its status makes no sense"""
