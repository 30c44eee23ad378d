"""A kind of disturbance: what it is called, how long it lasts, what begins and ends it, how often it may come."""

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from simulators.virtual.world import World

RARE_PER_H, OFTEN_PER_H = 0.3, 8.0
"""rates per hour, log-uniform between these"""
Switch = Callable[[World, bool, random.Random], None]


class Kind(NamedTuple):
    """One kind of disturbance."""

    name: str
    lasts_s: Sequence[float]
    """it lasts one of these times"""
    switch: Switch
    """begins (True) or ends (False) it"""
    touches: bool = True
    """what is on the belt may suffer from it"""
    often_per_h: float = OFTEN_PER_H
    stops: bool = False
    """the line holds for it, and a person clears the belt"""
