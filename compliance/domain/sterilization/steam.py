"""Saturated steam: which temperature belongs to which pressure.

Source: IAPWS Industrial Formulation 1997, region 4, equations 30 and 31.
"""

from __future__ import annotations

import functools
import math
from typing import Final

_N: Final = (
    0.11670521452767e4,
    -0.72421316703206e6,
    -0.17073846940092e2,
    0.12020824702470e5,
    -0.32325550322333e7,
    0.14915108613530e2,
    -0.48232657361591e4,
    0.40511340542057e6,
    -0.23855557567849e0,
    0.65017534844798e3,
)
_KELVIN: Final = 273.15
_BAR_PER_MEGAPASCAL: Final = 10.0

LARGEST_GAP_KELVIN: Final = 2.0
"""More than this between chamber and saturated steam is a fault: air, or steam too dry (EN 285)."""


def saturation_pressure(celsius: float) -> float:
    """Absolute pressure of saturated steam in bar, for 0 to 373 °C."""
    kelvin = celsius + _KELVIN
    theta = kelvin + _N[8] / (kelvin - _N[9])
    a = theta**2 + _N[0] * theta + _N[1]
    b = _N[2] * theta**2 + _N[3] * theta + _N[4]
    c = _N[5] * theta**2 + _N[6] * theta + _N[7]
    return math.pow(2 * c / (-b + math.sqrt(b * b - 4 * a * c)), 4) * _BAR_PER_MEGAPASCAL


# A hold has few different pressures, and a file of logs asks for each thousands of times.
@functools.lru_cache(maxsize=4096)
def saturation_temperature(bar: float) -> float:
    """Temperature of saturated steam in °C at an absolute pressure in bar, 0.0062 to 220."""
    beta = math.sqrt(math.sqrt(bar / _BAR_PER_MEGAPASCAL))
    e = beta**2 + _N[2] * beta + _N[5]
    f = _N[0] * beta**2 + _N[3] * beta + _N[6]
    g = _N[1] * beta**2 + _N[4] * beta + _N[7]
    d = 2 * g / (-f - math.sqrt(f * f - 4 * e * g))
    kelvin = (_N[9] + d - math.sqrt((_N[9] + d) ** 2 - 4 * (_N[8] + _N[9] * d))) / 2
    return kelvin - _KELVIN


def steam_gap(celsius: float, bar: float) -> float:
    """Kelvin between the chamber and saturated steam of its pressure; positive: too hot.

    ``bar`` is absolute. Gauges that show pressure above the atmosphere must be
    converted before.
    """
    return celsius - saturation_temperature(bar)
