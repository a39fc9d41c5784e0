"""What happens in the thirty days of the demo, day by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from compliance.domain.words import SessionState
from compliance.operations.demo.cases import Case, Twist
from compliance.operations.demo.cast import CLIENTS, REGULARS, ROLLERS

DAYS: Final = 30
_SUNDAY: Final = 6

_ROTATION: Final = (
    ("needle_roller", "ROLLER-1"),
    ("pen_topical_anaesthetic", "PEN-1"),
    ("roller_or_pen_expert", "PEN-2"),
    ("needle_roller", "ROLLER-2"),
    ("clinic_device", "HEAD-1"),
    ("cosmetic_medical_microneedling", "PEN-1"),
    ("roller_or_pen_expert", "ROLLER-1"),
    ("cosmetic_medical_microneedling", "STAMP-1"),
    ("pen_topical_anaesthetic", "PEN-2"),
)
"""Protocol and device; an odd number, so that both practitioners meet all of them."""

_TWISTS: Final = {
    2: Twist.LATE_AFTER,
    5: Twist.NO_CORRECTED,
    8: Twist.OVERRIDE,
    11: Twist.AMENDED,
    13: Twist.TAKE_OVER,
    16: Twist.ABORT_BEFORE,
    19: Twist.ADVERSE,
    22: Twist.LATE_BEFORE,
    25: Twist.UNDO,
    28: Twist.ABORT_DURING,
    29: Twist.AMENDED_DEPTH,
    32: Twist.WRONG_CLIENT,
    34: Twist.STEEL_ALLERGY,
    37: Twist.ABORT_SCREENING,
    39: Twist.SIGNS_LATER,
    42: Twist.LATE_AFTER,
}
"""By the number of the visit. What is treated with steel cannot meet a steel allergy."""

_DECIDES: Final = frozenset({Twist.OVERRIDE, Twist.TAKE_OVER})
"""Only the practitioner, not the colleague, can begin these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A working day with its visits, in order."""

    date: date
    cases: tuple[Case, ...]


def working_days(today: date) -> list[date]:
    """The days before today on which the clinic was open, oldest first; closed on Sundays."""
    days = (today - timedelta(days=before) for before in range(DAYS, 0, -1))
    return [day for day in days if day.weekday() != _SUNDAY]


def plan_days(today: date) -> Iterator[Day]:
    """Two visits a day; on the last day the two rollers, which then wait for their load."""
    days = working_days(today)
    number = 0
    for day in days:
        if day == days[-1]:
            cases = [_case(number + at, "needle_roller", ROLLERS[at]) for at in range(2)]
        else:
            cases = [_rotated(number + at) for at in range(2)]
        number += len(cases)
        yield Day(date=day, cases=tuple(cases))


def _rotated(number: int) -> Case:
    template, device = _ROTATION[number % len(_ROTATION)]
    if _TWISTS.get(number) is Twist.STEEL_ALLERGY:
        template, device = "cosmetic_medical_microneedling", "PEN-1"
    return _case(number, template, device)


def _case(number: int, template: str, device: str) -> Case:
    twist = _TWISTS.get(number, Twist.NONE)
    pool = REGULARS if template == "needle_roller" else CLIENTS
    first = number % 2 == 0 or twist in _DECIDES
    return Case(
        template=template,
        device=device,
        # Rollers come up on every third number only.
        client=pool[number // 3 % len(pool) if pool is REGULARS else number * 5 % len(pool)],
        practitioner="practitioner" if first else "colleague",
        twist=twist,
    )


STILL_OPEN: Final = (
    (
        95,
        Case(
            template="cosmetic_medical_microneedling",
            device="STAMP-1",
            client="QU-0537",
            practitioner="colleague",
            leave_at=SessionState.TREATED,
        ),
    ),
    (
        38,
        Case(
            template="roller_or_pen_expert",
            device="PEN-2",
            client="TJ-0183",
            practitioner="practitioner",
            leave_at=SessionState.IN_PROGRESS,
        ),
    ),
    (
        14,
        Case(
            template="pen_topical_anaesthetic",
            device="PEN-1",
            client="EW-0275",
            practitioner="practitioner",
            leave_at=SessionState.DRAFT,
        ),
    ),
    (
        6,
        Case(
            template="clinic_device",
            device="HEAD-1",
            client="IV-0540",
            practitioner="colleague",
            leave_at=SessionState.DRAFT,
        ),
    ),
)
"""Minutes before now, and what is under way when the demo is first looked at."""
