"""Places in lists of things: where a page ended, in a form that nobody should take apart."""

from __future__ import annotations

from datetime import date

from compliance.errors import Refused
from compliance.web.api.cursors import read_text_cursor, write_cursor


def write_place(text: str, thing_id: str) -> str:
    return write_cursor(text, thing_id)


def read_place(cursor: str | None, *, dates: bool) -> tuple[str, str] | None:
    """Read a place; raises ``Refused`` for a broken one.

    Args:
        cursor: from the address, if there is one.
        dates: whether the list is ordered by a day instead of by a text.
    """
    place = read_text_cursor(cursor)
    if place is not None and dates and place[0]:
        try:
            date.fromisoformat(place[0])
        except ValueError as error:
            raise Refused("cursor", cursor, "is broken", allowed="the page before") from error
    return place
