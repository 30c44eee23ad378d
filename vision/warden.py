"""Keeps a camera's eyes alive: they live in a child that is forked from here, with everything already loaded.

A child that crashes, hangs or runs wild costs the frame that it was at; the next one is there in a fraction of a second. The
child says how long it may take for what it does next; it is ended when that has passed and it is not merely starved.
"""

import ctypes
import mmap
import os
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, NoReturn

ENDED, CRASHED, CANNOT_START = 0, 1, 2
LOOK_S = 0.05
LOOKS_STOPPED_MAX = 6
"""a child that somebody stopped will not go on by itself, however long it may take"""
STARVED_MAX = 10
"""times its own limit after which even a child that gets no processor is ended"""
SHORT_LIFE_S, SHORT_LIVES, PAUSE_S = 1.0, 3, 0.5
"""after so many children in a row that did not live so long, the next one comes after a pause"""
_PR_SET_PDEATHSIG = 1
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Pulse:
    """What a child says about itself: until when, on the monotonic clock and in its own processor time, it may be silent."""

    _WORDS = struct.Struct("=qqq")

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, self._WORDS.size)
        self.within(STARVED_MAX)

    def within(self, limit_s: float) -> None:
        """The next call will come within `limit_s`."""
        limit_ns = int(limit_s * 1e9)
        words = self._WORDS.pack(time.monotonic_ns() + limit_ns, limit_ns, time.process_time_ns() + limit_ns)
        self._shared[:] = words

    def overdue(self, child: "Child") -> bool:
        """Whether the child is stuck: late, and stopped, asleep or out of its processor time."""
        due_ns, limit_ns, cpu_ns = self._WORDS.unpack(self._shared[:])
        late_ns = time.monotonic_ns() - due_ns
        if late_ns < 0:
            return False
        starved = child.state == "R" and child.cpu_s * 1e9 < cpu_ns
        return not starved or late_ns > STARVED_MAX * limit_ns


class Child(NamedTuple):
    """A process as the kernel sees it: its state's letter, and the processor time it has used."""

    state: str
    cpu_s: float


def look(pid: int) -> Child | None:
    """None when there is no such process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return Child(fields[0], (int(fields[11]) + int(fields[12])) * _TICK_S)


def keep(life: Callable[[Pulse], int]) -> int:
    """Let children live one after the other until one ends with ENDED or CANNOT_START; returns that."""
    short_lives = 0
    while True:
        pulse, began_s = Pulse(), time.monotonic()
        pid = os.fork()
        if pid == 0:
            _live(life, pulse)
        code = _watch(pid, pulse)
        if code in (ENDED, CANNOT_START):
            return code
        lived_s = time.monotonic() - began_s
        sys.stderr.write(f"vision worker {pid} {_how(code)} after {lived_s:.1f} s; the next one begins\n")
        short_lives = short_lives + 1 if lived_s < SHORT_LIFE_S else 0
        if short_lives > SHORT_LIVES:
            time.sleep(PAUSE_S)


def _live(life: Callable[[Pulse], int], pulse: Pulse) -> NoReturn:
    """In the child: end with the parent, tell what broke, and never return into what the parent is doing."""
    code = CRASHED
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        code = life(pulse)
    finally:
        if sys.exc_info()[0]:
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)


def _watch(pid: int, pulse: Pulse) -> int:
    """Until the child has ended; returns its exit code, or minus the signal that ended it."""
    looks_stopped = 0
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        child = look(pid)
        looks_stopped = looks_stopped + 1 if child and child.state == "T" else 0
        if child and (looks_stopped > LOOKS_STOPPED_MAX or pulse.overdue(child)):
            os.kill(pid, signal.SIGKILL)
        time.sleep(LOOK_S)


def _how(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
