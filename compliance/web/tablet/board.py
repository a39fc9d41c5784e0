"""The lists of the sterilization room's desk, as values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from compliance.operations.packs import PackRow, WaitRow
from compliance.web.context import show_time
from compliance.web.tablet.wording import show_age, show_date, show_part


@dataclass(frozen=True, slots=True, kw_only=True)
class PackLine:
    """One pack of a list."""

    code: str
    what: str
    cycle: str
    sterilized_on: str
    expires_on: str
    since: str
    release_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitLine:
    """One part that came back from a treatment."""

    device: str
    component: str
    age: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What the database says for this page."""

    registered: Sequence[PackRow]
    released: Sequence[PackRow]
    newest: Sequence[PackRow]
    waiting: Sequence[WaitRow]
    devices: Mapping[str, str]
    """Labels by id."""


def suggest_code(known: Sequence[str], today: date) -> str:
    """The next code of the day, such as 261120-03; it can be typed over."""
    start = f"{today:%y%m%d}-"
    numbers = [
        int(code.removeprefix(start))
        for code in known
        if re.fullmatch(re.escape(start) + r"[0-9]{2,4}", code)
    ]
    return f"{start}{max(numbers, default=0) + 1:02d}"


def pack_line(pack: PackRow, board: Board, now: datetime) -> PackLine:
    device = board.devices.get(pack.device_id) if pack.device_id else None
    return PackLine(
        code=pack.code,
        what=f"{device}: {pack.contents}" if device else pack.contents,
        cycle=f"{pack.sterilizer}, cycle {pack.cycle_number}",
        sterilized_on=show_date(pack.sterilized_on),
        expires_on=show_date(pack.expires_on),
        since=show_age(now - pack.registered_at),
        release_href=f"/sterilization/packs/{pack.pack_id}/release",
    )


def wait_line(wait: WaitRow, board: Board, now: datetime) -> WaitLine:
    return WaitLine(
        device=board.devices.get(wait.device_id, "An archived device"),
        component=show_part(wait.component),
        age=show_age(now - wait.since),
        since=show_time(wait.since),
    )
