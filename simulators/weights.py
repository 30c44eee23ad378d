"""How likely each fault is in one seed: off in some, rare in most, crowded in a few, so that none hides the others."""

import random
from collections.abc import Collection, Mapping

from simulators.faults import ALL_KINDS, KINDS, STOPPING

OFF = 0.4
"""share of seeds in which a kind does not happen at all"""
RARE, CROWDED = 0.0003, 0.02
"""probability per item, log-uniform between these"""
STOPPING_RARE, STOPPING_CROWDED = 0.0002, 0.003
"""the same for those that the line must hold for: each costs everything that is on the belt"""


class UnknownFaultError(ValueError):
    """A fault that the catalogue does not have; the text lists those that it has."""


def parse(text: str, disturbances: Collection[str] = ()) -> Collection[str] | float:
    """`catalogue`, `none`, names with commas, or one probability for all that strike items. Raises UnknownFaultError."""
    known = (*ALL_KINDS, *disturbances)
    if text in ("catalogue", "none"):
        return known if text == "catalogue" else ()
    try:
        probability = float(text)
    except ValueError:
        names = tuple(name.strip() for name in text.split(","))
        unknown = [name for name in names if name not in known]
        if unknown:
            raise UnknownFaultError(
                f"no fault {', '.join(unknown)}. Say catalogue, none, a probability, or names of: {', '.join(known)}"
            ) from None
        return names
    if not 0 <= probability <= 1:
        raise UnknownFaultError(f"{text} is no probability: say a number from 0 to 1")
    return probability


def draw(seed: int, wanted: Collection[str] | float) -> Mapping[str, float]:
    """Kind → probability per item in this seed. A number stands for itself, shared by all kinds."""
    if isinstance(wanted, (int, float)):
        return {kind: wanted / len(KINDS) for kind in KINDS}
    rng = random.Random(f"weights {seed}")
    drawn = {kind: (rng.random() >= OFF, _probability(kind, rng)) for kind in ALL_KINDS}
    return {kind: probability for kind, (on, probability) in drawn.items() if on and kind in wanted}


def _probability(kind: str, rng: random.Random) -> float:
    rare, crowded = (STOPPING_RARE, STOPPING_CROWDED) if kind in STOPPING else (RARE, CROWDED)
    return float(rare * (crowded / rare) ** rng.random())
