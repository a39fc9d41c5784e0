"""The readings of cycles that a report shows: what lies beside the log, under a hash in it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from compliance.ledger.canonical import JsonValue
from compliance.report.verifying.shape import NotAnAudit, any_hash, any_text, exact_object

_READINGS: Final = re.compile(
    r"[0-9]{1,7},[0-9]{1,5},[0-9]{1,5}(?:;[0-9]{1,7},[0-9]{1,5},[0-9]{1,5})*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The readings of one run as they were hashed."""

    sha256: str
    """Of ``readings``, in hex."""
    readings: str
    """``seconds,decicelsius,centibar`` joined by ``;``."""


def read_curves(items: Iterable[JsonValue]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Part the curves into those whose readings have the hash they come under, and the others.

    Returns:
        Readings by hash, and the hashes of those that are not what they say. The false
        ones never come near the drawing; the verifier rejects the report for them.

    Raises:
        NotAnAudit: if one is of another form, or given twice.
    """
    true: dict[str, str] = {}
    false: list[str] = []
    for value in items:
        item = exact_object(value, {"sha256", "readings"}, "curves")
        sha256 = any_hash(item["sha256"], "curves.sha256").hex()
        readings = any_text(item["readings"], "curves.readings")
        if _READINGS.fullmatch(readings) is None:
            raise NotAnAudit("curves.readings are not readings")
        if sha256 in true or sha256 in false:
            raise NotAnAudit("a curve is given twice")
        if hashlib.sha256(readings.encode("ascii")).hexdigest() == sha256:
            true[sha256] = readings
        else:
            false.append(sha256)
    return true, tuple(false)


def parse_readings(readings: str) -> Iterator[tuple[int, int, int]]:
    """Yield seconds since the start, tenths of a degree and hundredths of a bar."""
    for reading in readings.split(";"):
        seconds, decicelsius, centibar = reading.split(",")
        yield int(seconds), int(decicelsius), int(centibar)


def curve_values(curves: Iterable[Curve]) -> list[JsonValue]:
    """Return the curves as an ``audit.json`` has them, in the order of their hashes."""
    found: list[Mapping[str, JsonValue]] = [
        {"sha256": curve.sha256, "readings": curve.readings}
        for curve in sorted(curves, key=lambda curve: curve.sha256)
    ]
    return [dict(one) for one in found]
