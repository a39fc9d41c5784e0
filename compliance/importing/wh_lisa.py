"""W&H Lisa: recognised by what its maker publishes, and not read until a sample is seen.

Published (W&H, Lisa MB17/MB22 with Lisa log, user manual, chapter "The files"): one
text file a cycle; its name holds the date as YYMMDD, date and time as the machine
shows them, ``A`` with two digits where there was an alarm, the model (17 or 22),
``E``, ``U`` or ``J`` for the version, the serial number, the cycle's number and the
program; the last line is ``W&H O.D.Code`` with a check value that only the maker can
judge. How the achieved values stand in the file is not published.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from compliance.importing.unpublished import Unpublished

MARK: Final = b"W&H O.D.Code"

_NAME: Final = re.compile(
    r"(?P<day>\d{6}) \d\d-\d\d-\d\d \d\d_\d\d_\w\w (?:A(?P<alarm>\d\d) )?"
    r"\(?(?P<model>17|22)(?P<version>[EUJ])(?P<serial>\d\d-\d{4}) (?P<number>\d{5}) "
)

WH_LISA: Final = Unpublished(
    "wh_lisa",
    "W&H Lisa",
    "W&H publishes how these files are named, not how the achieved values stand in them."
    " Set up a mapping for this sterilizer from one of its files.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LisaName:
    """What the name of a file tells."""

    day: date
    model: str
    serial: str
    number: str
    alarm: str | None
    """The code of the alarm that ended the cycle."""


def read_lisa_name(name: str) -> LisaName | None:
    """Read the name of a file by the published scheme; None for another name."""
    match = _NAME.match(name)
    if match is None:
        return None
    text = match["day"]
    try:
        day = date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        return None
    return LisaName(
        day=day,
        model=f"MB{match['model']}",
        serial=match["serial"],
        number=match["number"],
        alarm=match["alarm"],
    )


def describe_lisa(name: str) -> str:
    """What a refusal adds about a file whose name follows the scheme; empty for another."""
    told = read_lisa_name(name)
    if told is None:
        return ""
    alarm = f", ended by alarm {told.alarm}" if told.alarm else ""
    return (
        f" Its name says: Lisa {told.model}, serial {told.serial}, cycle {told.number}"
        f" of {told.day.isoformat()}{alarm}."
    )
