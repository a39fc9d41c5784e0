"""Exporting 100 000 sessions in one go: how much memory it takes, and how long."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from bench.clinic import START, made_clinic
from bench.measuring import Figure, grouped, machine
from bench.report import _peak
from bench.verify import MOST_EXPORTING, _fill, _idle

SESSIONS: Final = 100_000


def run(folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    """Measure one export in a process of its own."""
    facts = machine(folder)
    idle = _idle()
    with made_clinic(folder / "export") as clinic:
        _fill(clinic, SESSIONS)
        last = START.date() + timedelta(days=SESSIONS // 1440 + 1)
        start = time.perf_counter()
        peak = _peak(clinic, last)
        took = time.perf_counter() - start
        files = list(clinic.folder.glob(f"export-{last}*.pdf"))
        size = sum(path.stat().st_size for path in files)
    return tell(peak=peak, idle=idle, took=took, files=len(files), size=size), facts


def tell(*, peak: float, idle: float, took: float, files: int, size: int) -> list[Figure]:
    """Put what was measured into figures.

    Args:
        peak: megabytes of the exporting process at its highest.
        idle: megabytes of one that has loaded everything and made nothing.
        took: seconds by the clock.
        size: bytes of all files.
    """
    return [
        Figure(
            what=f"peak memory of exporting {grouped(SESSIONS)} sessions above an idle process",
            measured=f"{peak:.0f} MB",
            floor=f"{idle:.0f} MB",
            ratio=peak - idle,
            at_most=MOST_EXPORTING,
            note=f"Here the ratio is the difference in MB. {grouped(files)} files,"
            f" {size / 1e6:.0f} MB, each volume proved, drawn, signed and entered in the log.",
        ),
        Figure(
            what="the same by the clock",
            measured=f"{took / 60:.0f} min",
            floor="–",
            ratio=None,
            note=f"{SESSIONS / took:.0f} sessions a second, on one core.",
        ),
    ]
