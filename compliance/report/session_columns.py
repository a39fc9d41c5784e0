"""The verticals of a session's block."""

from __future__ import annotations

from typing import Final

from compliance.report.styles import LEFT, RIGHT

ITEM: Final = LEFT + 42
ANSWER: Final = LEFT + 182
EVIDENCE: Final = LEFT + 238
WHO: Final = LEFT + 412
WHEN: Final = LEFT + 472
GAP: Final = 5.0
"""The columns are as wide as the usual evidence needs in two lines, so that a session with
a two-part device stays on half a page."""

COLUMNS: Final = (
    (ITEM, ANSWER - ITEM - GAP),
    (ANSWER, EVIDENCE - ANSWER - GAP),
    (EVIDENCE, WHO - EVIDENCE - GAP),
    (WHO, WHEN - WHO - GAP),
    (WHEN, RIGHT - WHEN),
)

WIDTH: Final = len(COLUMNS) + 1
"""The margin with the phase is a column too."""

DITTO: Final = "″"
ROW_PADDING: Final = 1.0
FACT: Final = ITEM + 54
"""Where the values of the facts under the title begin."""

TIMES: Final = LEFT + 391
TIME_VALUES: Final = TIMES + 47
