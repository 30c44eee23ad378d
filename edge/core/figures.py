"""Figures that central is told by the clock: of each minute, and of each shift with what can be claimed of it."""

from edge.core.challenge import Challenges
from edge.core.floor import Floor
from edge.core.values import DAY_MS, MINUTE_MS

BOUND_PPM = 3_000_000
"""the rule of three: 0 wrong in N dispatched means less than 3/N at 95 %"""


class Figures:
    """Looks at the clock; whatever it tells was counted elsewhere."""

    def __init__(self, floor: Floor, challenges: Challenges) -> None:
        self._floor = floor
        self._challenges = challenges
        self._minute = 0
        self._told = (0, 0, 0)
        """documents fed, items dispatched and rejected up to the last minute"""
        self._shift_begin_ms = 0
        self._challenged = (0, 0)
        """challenges tried and missed before this shift"""

    def clock(self, wall_ms: int) -> None:
        """The wall clock was read."""
        self._floor.production.account(self._floor.now_us)
        self._of_the_minute(wall_ms)
        self._of_the_shift(wall_ms)

    def _of_the_minute(self, wall_ms: int) -> None:
        floor, production = self._floor, self._floor.production
        minute, before = wall_ms // MINUTE_MS, self._minute
        if minute == before:
            return
        now = (production.documents_fed, production.outcomes.get("dispatched", 0), production.rejected())
        fed, dispatched, rejected = (count - told for count, told in zip(now, self._told, strict=True))
        self._minute, self._told = minute, now
        if before:
            floor.report(
                "production",
                since_ms=before * MINUTE_MS,
                documents_fed=fed,
                dispatched=dispatched,
                rejected=rejected,
                rate_per_h=production.rate_per_h(floor.now_us),
                state=floor.machine.state.name,
            )

    def _of_the_shift(self, wall_ms: int) -> None:
        """Begin a new shift when the local time of day says so."""
        floor = self._floor
        local_ms = wall_ms + floor.settings.utc_offset_min * MINUTE_MS
        day_ms = local_ms // DAY_MS * DAY_MS
        begun_ms = [day_ms + start * MINUTE_MS for start in floor.settings.shift_starts_min]
        begin_ms = max((at for at in (*begun_ms, *(at - DAY_MS for at in begun_ms)) if at <= local_ms), default=0)
        if begin_ms == self._shift_begin_ms:
            return
        first, self._shift_begin_ms = not self._shift_begin_ms, begin_ms
        ended = floor.production.next_shift(floor.now_us, wall_ms)
        tried, missed = self._challenges.tried - self._challenged[0], self._challenges.missed - self._challenged[1]
        self._challenged = (self._challenges.tried, self._challenges.missed)
        if first:
            return
        figures = ended.oee(floor.settings.target_rate_per_h)._asdict()
        pareto = ";".join(f"{cause}:{number}:{seconds}" for cause, number, seconds in ended.pareto())
        dispatched = ended.outcomes.get("dispatched", 0)
        floor.report("shift_ended", since_ms=ended.since_ms, dispatched=dispatched, stops=pareto, **figures)
        floor.report(
            "integrity",
            since_ms=ended.since_ms,
            documents_fed=ended.documents_fed,
            dispatched=dispatched,
            bound_ppm=-(-BOUND_PPM // dispatched) if dispatched else 0,
            tried=tried,
            challenges_missed=missed,
        )
