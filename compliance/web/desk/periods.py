"""The periods a report is usually asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Whole days, both inclusive."""

    label: str
    first: date
    last: date


def list_presets(today: date, last_reported: date | None) -> tuple[Preset, ...]:
    """The presets on a day of the clinic.

    Args:
        today: the clinic's date.
        last_reported: the last day of the newest report, if there is one.
    """
    month = today.replace(day=1)
    last_month = (month - timedelta(days=1)).replace(day=1)
    quarter = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    presets = [
        Preset(label="This month", first=month, last=today),
        Preset(label="Last month", first=last_month, last=month - timedelta(days=1)),
        Preset(label="This quarter", first=quarter, last=today),
    ]
    if last_reported is not None:
        # The last reported day is named again: entries made after the report was made count.
        first = min(last_reported, today)
        presets.append(Preset(label="Since the last report", first=first, last=today))
    return tuple(presets)
