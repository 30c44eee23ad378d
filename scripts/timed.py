"""Durations as figures: how the parts of the bench time a call, and how they say it."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

FIFO_PRIORITY = 20


def timed_ms(call: Callable[[], object], times: int) -> list[float]:
    """Duration of each of `times` calls, in ms."""
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        took.append((time.perf_counter() - begun) * 1000)
    return took


def row(took_ms: list[float], **peer: Any) -> dict[str, Any]:
    """Median and p99, and what it is compared with."""
    return {
        "p50_ms": round(float(np.median(took_ms)), 3),
        "p99_ms": round(float(np.percentile(took_ms, 99)), 3),
        "n": len(took_ms),
        **peer,
    }


@contextlib.contextmanager
def as_the_service() -> Iterator[str]:
    """This process, and what it starts, in the class that the unit gives the runtime, where that is permitted."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(FIFO_PRIORITY))
    except PermissionError:
        yield "other"
        return
    try:
        yield "fifo"
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
