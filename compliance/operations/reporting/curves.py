"""Which cycles' readings go into a report, read from where they lie beside the log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from compliance.operations.reporting.loads import Run, WantedLoads
from compliance.report.payload import Curve
from compliance.store import sterilizers
from compliance.store.session import Tx

MOST_CURVES: Final = 400
"""Of cycles that failed, were flagged or held a spore test; inclusive."""

FEW_CURVES: Final = 60
"""Up to so many in all, every cycle's readings are shown; inclusive."""

MOST_READINGS: Final = 120_000
"""Of one file, inclusive: about 1.5 MB."""


def collect_curves(tx: Tx, clinic_id: str, wanted: WantedLoads) -> tuple[Curve, ...]:
    """Read the readings worth showing, each curve once.

    What does not have the hash that the log names is left out: a report would only be
    rejected for it, and ``ledger verify`` names the cycle.
    """
    found: dict[str, Curve] = {}
    room = MOST_READINGS
    for run in _chosen(wanted):
        if run.curve_sha256 in found:
            continue
        row = sterilizers.find_cycle(tx, clinic_id, run.cycle_id)
        if row is None or not 0 < len(row.curve) <= room:
            continue
        readings = ";".join(f"{at},{celsius},{bar}" for at, celsius, bar in row.curve)
        if hashlib.sha256(readings.encode("ascii")).hexdigest() == run.curve_sha256:
            room -= len(row.curve)
            found[run.curve_sha256] = Curve(sha256=run.curve_sha256, readings=readings)
    return tuple(found.values())


def _chosen(wanted: WantedLoads) -> Iterator[Run]:
    first = [run for run in wanted.runs if run.unusual or run.cycle_id in wanted.tested]
    rest = [run for run in wanted.runs if not (run.unusual or run.cycle_id in wanted.tested)]
    yield from first[:MOST_CURVES]
    if len(first) + len(rest) <= FEW_CURVES:
        yield from rest
