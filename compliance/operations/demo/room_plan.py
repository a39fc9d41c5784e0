"""What happens in the demo's sterilization room on which working day, counted from zero."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SPORE_TESTS: Final = frozenset({3, 7, 12, 17, 22})
"""A spore strip goes into a load of each sterilizer; it is read on the next working day."""

GROWTH: Final = 12
"""The strip of this day grows: everything since the run of day 7 is taken back."""

FROM_THE_SUSPECT: Final = range(8, 13)
"""On these days the rollers go into the sterilizer that then fails."""

MENDED: Final = GROWTH + 2
"""The engineer has been; a retest load with a spore strip runs."""

BROKEN_OFF: Final = 6
"""The first run of the day fails, and its load is run again."""

ENGINEER: Final = 18
"""Three runs of the engineer are missing in the log: its counter jumps, and somebody decides."""

COPIED: Final = 23
"""A log turns up whose readings are those of an earlier run; nobody has decided yet."""

SHORT_LIVED: Final = 19
"""A pack of this day has expired when the demo is looked at."""

FAULT: Final = "The door seal leaked air into the chamber."
MENDING: Final = "Engineer replaced the door seal and checked the vacuum."
BACK: Final = "Retest negative with a growing control of the same lot."
ENGINEERS_RUNS: Final = "Three empty runs of the engineer at the yearly service, see his sheet."

CALLS: Final[Mapping[int, tuple[str, str | None]]] = {
    0: ("reached", "Told about the recall; feels well, blood test offered and declined."),
    1: ("not_reached", None),
    2: ("letter_sent", "No telephone number; letter with the offer of a blood test."),
}
"""How the first round of calls goes, in turn; who was not reached is called the day after."""

SECOND_CALL: Final = ("reached", "Reached in the morning; comes for a blood test on Friday.")
