"""What the script can say about one visit, and what is out of the ordinary in some."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from compliance.domain.words import SessionState


class Twist(enum.Enum):
    """What is out of the ordinary in a visit."""

    NONE = enum.auto()
    LATE_BEFORE = enum.auto()
    LATE_AFTER = enum.auto()
    NO_CORRECTED = enum.auto()
    OVERRIDE = enum.auto()
    TAKE_OVER = enum.auto()
    ABORT_BEFORE = enum.auto()
    ABORT_SCREENING = enum.auto()
    ABORT_DURING = enum.auto()
    AMENDED = enum.auto()
    AMENDED_DEPTH = enum.auto()
    ADVERSE = enum.auto()
    UNDO = enum.auto()
    WRONG_CLIENT = enum.auto()
    STEEL_ALLERGY = enum.auto()
    SIGNS_LATER = enum.auto()


ABORTS: Final = frozenset({Twist.ABORT_BEFORE, Twist.ABORT_SCREENING, Twist.ABORT_DURING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the script says about one visit."""

    template: str
    device: str
    client: str
    practitioner: str
    twist: Twist = Twist.NONE
    leave_at: SessionState = SessionState.CLOSED
    """Where the visit stands when the demo ends; ``closed`` lets it go to its end."""


DEVIATIONS: Final[Mapping[Twist, tuple[str, str, str]]] = {
    Twist.ABORT_BEFORE: (
        "The treatment was not started.",
        "The client felt unwell after the consultation.",
        "A new appointment was made; nothing had been opened.",
    ),
    Twist.ABORT_SCREENING: (
        "The treatment was not started.",
        "The screening found an active cold sore.",
        "The client comes back when the skin has healed.",
    ),
    Twist.ABORT_DURING: (
        "The treatment was ended after the first pass.",
        "The pen lost speed and the client reported more pain than usual.",
        "Cartridge discarded to sharps, pen sent to the maker, skin disinfected and calmed.",
    ),
}
"""What, why and corrective action of the visits that are aborted."""
