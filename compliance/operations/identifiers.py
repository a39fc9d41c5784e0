"""UUID version 7 (RFC 9562): ordered by time, and a tablet may choose its own."""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import UTC, datetime
from typing import Final

from compliance.errors import Refused

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_id(now: datetime) -> str:
    """Return a fresh UUIDv7 whose first 48 bits are the milliseconds of ``now``."""
    milliseconds = int((now - _EPOCH).total_seconds() * 1000)
    value = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    return str(uuid.UUID(int=value | 0b10 << 62 | secrets.randbits(62)))


def checked_id(field: str, text: str) -> str:
    """Return the id in its one canonical spelling.

    Raises:
        Refused: when the text is no UUID.
    """
    lowered = text.lower()
    if _UUID.fullmatch(lowered) is None:
        raise Refused(field, text, "is not a UUID", allowed="8-4-4-4-12 hexadecimal digits")
    return lowered
