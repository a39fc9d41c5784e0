"""The values of rule profiles in the words of the desk."""

from __future__ import annotations

from typing import Any, Final

_VALUES: Final = {
    "pack_max_shelf_days": ("A pack keeps at most", "days"),
    "spore_test_max_days": ("A spore test at least every", "days"),
    "spore_test_max_run_hours": ("A spore test by hours, at least every", "hours of operation"),
    "late_after_minutes": ("An entry counts as late after", "minutes"),
    "records_years": ("Records are kept at least", "years"),
    "skin_disinfectant_evidence": ("The skin disinfectant is evidence", ""),
    "barrier_required": ("A handpiece carries a fresh barrier", ""),
    "day_test_required": ("A day test before the first load", ""),
    "integrator_required": ("A type 5 integrator in each load", ""),
    "spore_overdue_blocks": ("No release while a spore test is overdue", ""),
}


def label_of(key: str) -> str:
    """What a value is called on the page."""
    return _VALUES[key][0] if key in _VALUES else key.replace("_", " ").capitalize()


def describe_value(key: str, value: Any) -> str:
    """A value with its unit; None where no profile speaks of it."""
    if value is None:
        return "No profile says"
    if isinstance(value, bool):
        return "Demanded" if value else "Not demanded"
    return f"{value} {_VALUES[key][1] if key in _VALUES else ''}".strip()
