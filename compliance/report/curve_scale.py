"""Where a value lies on a page, and at which round values a scale is labelled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

_MOST_TICKS: Final = 6
_ROUND: Final = (1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Values between ``low`` and ``high`` on the points from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], *, start: float, end: float, least: float) -> Self:
        """Return a scale with a little room around the values, at least ``least`` wide."""
        low, high = min(values), max(values)
        if high - low < least:
            middle = (low + high) / 2
            low, high = middle - least / 2, middle + least / 2
        room = (high - low) * 0.06
        return cls(low=low - room, high=high + room, start=start, end=end)

    def at(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def ticks(low: float, high: float) -> list[float]:
    """Return round values inside a scale, at most six."""
    step = 10.0 ** math.floor(math.log10((high - low) / _MOST_TICKS))
    factor = 1.0
    while math.floor(high / (step * factor)) - math.ceil(low / (step * factor)) >= _MOST_TICKS:
        factor = _next(factor)
    step *= factor
    first, last = math.ceil(low / step), math.floor(high / step)
    # A thousandth at most: sums of a step would print as 0.30000000000000004.
    return [round(at * step, 3) for at in range(first, last + 1)]


def _next(factor: float) -> float:
    tens = 10.0 ** math.floor(math.log10(factor))
    larger = [one * tens for one in (*_ROUND, 10.0) if one * tens > factor]
    return larger[0]
