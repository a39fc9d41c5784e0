"""The lists of the page of packs, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from compliance.operations.packs import PackRow, WaitRow
from compliance.web.tablet.wording import show_age, show_date


@dataclass(frozen=True, slots=True, kw_only=True)
class PackLine:
    """One pack of a list."""

    code: str
    what: str
    cycle: str
    sterilized_on: str
    expires_on: str
    since: str
    href: str
    release_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What the database says for this page."""

    registered: Sequence[PackRow]
    released: Sequence[PackRow]
    newest: Sequence[PackRow]
    waiting: Sequence[WaitRow]
    devices: Mapping[str, str]
    """Labels by id."""


def pack_line(pack: PackRow, board: Board, now: datetime) -> PackLine:
    device = board.devices.get(pack.device_id) if pack.device_id else None
    return PackLine(
        code=pack.code,
        what=f"{device}: {pack.contents}" if device else pack.contents,
        cycle=f"{pack.sterilizer}, cycle {pack.cycle_number}",
        sterilized_on=show_date(pack.sterilized_on),
        expires_on=show_date(pack.expires_on),
        since=show_age(now - pack.registered_at),
        href=f"/sterilization/packs/{pack.pack_id}",
        release_href=f"/sterilization/packs/{pack.pack_id}/release",
    )
