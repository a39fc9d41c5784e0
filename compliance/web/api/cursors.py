"""Cursors of lists: where a page ended, in a form that nobody should take apart."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from compliance.errors import Refused

Row = TypeVar("Row")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MILLISECOND: Final = 253_402_300_799_999
_MOST_ENTRIES: Final = 1 << 62
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CURSOR: Final = re.compile(r"[A-Za-z0-9_-]{1,600}")


def cut_page(
    rows: Sequence[Row], limit: int, place: Callable[[Row], tuple[Any, str]]
) -> tuple[Sequence[Row], str | None]:
    """Return (page, next cursor) of rows that were asked for with one more than ``limit``."""
    if len(rows) <= limit:
        return rows, None
    page = rows[:limit]
    return page, write_cursor(*place(page[-1]))


def write_cursor(first: Any, row_id: str) -> str:
    """Write a place in a list: a time or a text, and the row's id."""
    if isinstance(first, datetime):
        first = (first - _EPOCH) // timedelta(milliseconds=1)
    raw = json.dumps([first, row_id], ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def read_moment_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    """Read a place in a list that is ordered by time; raises ``Refused`` for a broken one."""
    if cursor is None:
        return None
    first, row_id = _read(cursor)
    if isinstance(first, bool) or not isinstance(first, int) or first < 0:
        raise _broken(cursor)
    if first > _LAST_MILLISECOND:
        raise _broken(cursor)
    return _EPOCH + timedelta(milliseconds=first), row_id


def read_text_cursor(cursor: str | None) -> tuple[str, str] | None:
    """Read a place in a list that is ordered by a text; raises ``Refused`` for a broken one."""
    if cursor is None:
        return None
    first, row_id = _read(cursor)
    if not isinstance(first, str) or "\0" in first or any("\ud800" <= c <= "\udfff" for c in first):
        raise _broken(cursor)
    return first, row_id


def read_number_cursor(cursor: str | None) -> int | None:
    """Read a place in a list that is ordered by entries; raises ``Refused`` for a broken one."""
    if cursor is None:
        return None
    first, _ = _read(cursor)
    if isinstance(first, bool) or not isinstance(first, int) or not 0 <= first < _MOST_ENTRIES:
        raise _broken(cursor)
    return first


def _read(cursor: str) -> tuple[Any, str]:
    if _CURSOR.fullmatch(cursor) is None:
        raise _broken(cursor)
    try:
        value = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _broken(cursor) from error
    match value:
        case [first, str(row_id)] if _ID.fullmatch(row_id):
            return first, row_id
    raise _broken(cursor)


def _broken(cursor: str) -> Refused:
    return Refused("cursor", cursor, "is broken", allowed="next_cursor of the page before")
