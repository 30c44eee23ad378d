"""The scheduling class that the unit gives the runtime, for the length of a block, where this machine permits it."""

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def real_time() -> Iterator[None]:
    """SCHED_FIFO at priority 20 for this thread and all that it starts."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(20))
    except PermissionError:
        yield
        return
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
