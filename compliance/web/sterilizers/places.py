"""Where a page of the list of log files ended."""

from __future__ import annotations

from datetime import datetime

from compliance.web.api.cursors import read_moment_cursor


def read_file_place(cursor: str | None) -> tuple[datetime, str] | None:
    """Read a place: arrival, and the first half of the hash of the last file shown.

    Raises:
        Refused: a broken one.
    """
    place = read_moment_cursor(cursor)
    return None if place is None else (place[0], place[1].replace("-", ""))
