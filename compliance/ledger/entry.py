"""One entry of a log: the bytes that are hashed, and the value they stand for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from compliance.errors import ComplianceError
from compliance.ledger.canonical import (
    JsonValue,
    NotCanonical,
    canonical_bytes,
    parse_canonical,
    parse_object,
)
from compliance.ledger.tree import hash_leaf

ENTRY_VERSION: Final = 1

MAX_ENTRY_BYTES: Final = 60_000
"""Inclusive."""

_KEYS: Final = frozenset({"v", "kind", "clinic", "at", "by", "data"})

_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


class EntryTooLarge(ComplianceError):
    """An entry above `MAX_ENTRY_BYTES`; large things enter the log as their hash."""

    code = "entry_too_large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry as read from a log."""

    index: int
    """The position in the log, from zero. It is not in the bytes; the tree proves it."""

    kind: str
    clinic: str

    at: datetime
    """When it was recorded: aware, UTC, whole milliseconds."""

    by: Mapping[str, JsonValue]
    """Who recorded it, and how they were known."""

    data: Mapping[str, JsonValue]

    leaf_hash: bytes

    body: bytes
    """The bytes that were hashed. Verification uses these and never encodes again."""


def encode_entry(
    *,
    kind: str,
    clinic: str,
    at: str,
    by: Mapping[str, JsonValue],
    data: Mapping[str, JsonValue],
) -> bytes:
    """Return the canonical bytes of a new entry.

    Args:
        at: RFC 3339 in UTC with three decimals, as `format_time` writes it.

    Raises:
        NotCanonical: if a part is empty, malformed or outside the canonical subset.
        EntryTooLarge: if the bytes would exceed `MAX_ENTRY_BYTES`.
    """
    _require_name(kind, "kind")
    _require_name(clinic, "clinic")
    parse_time(at)
    body = canonical_bytes(
        {
            "v": ENTRY_VERSION,
            "kind": kind,
            "clinic": clinic,
            "at": at,
            "by": dict(by),
            "data": dict(data),
        }
    )
    if len(body) > MAX_ENTRY_BYTES:
        raise EntryTooLarge(f"an entry of {len(body)} bytes exceeds {MAX_ENTRY_BYTES}")
    return body


def decode_entry(
    index: int, body: bytes, *, check_canonical: bool = True, leaf_hash: bytes | None = None
) -> Entry:
    """Read an entry's bytes.

    Args:
        leaf_hash: of these very bytes, where it has been computed before.
        check_canonical: may be false only for bytes whose hash has already been found in a
            verified tree that this program wrote; that saves encoding them again.

    Raises:
        NotCanonical: unless the bytes are exactly what `encode_entry` could have written.
    """
    if len(body) > MAX_ENTRY_BYTES:
        raise NotCanonical("an entry is larger than any that can be written")
    content = parse_canonical(body) if check_canonical else parse_object(body)
    if content.keys() != _KEYS:
        raise NotCanonical("an entry does not have exactly the known keys")
    if content["v"] is True or content["v"] != ENTRY_VERSION:
        raise NotCanonical("an entry is of an unknown version")
    return Entry(
        index=index,
        kind=_require_name(content["kind"], "kind"),
        clinic=_require_name(content["clinic"], "clinic"),
        at=parse_time(content["at"]),
        by=_require_object(content["by"], "by"),
        data=_require_object(content["data"], "data"),
        leaf_hash=leaf_hash or hash_leaf(body),
        body=body,
    )


def format_time(moment: datetime) -> str:
    """Return a moment as RFC 3339 in UTC with three decimals, the rest cut off.

    Cutting and not rounding means that no entry claims a time that has not come yet.

    Raises:
        NotCanonical: if the moment is naive, for then nobody knows which moment it is.
    """
    if moment.utcoffset() is None:
        raise NotCanonical("a moment without an offset cannot be recorded")
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    # The last six characters are "+00:00".
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def parse_time(text: JsonValue) -> datetime:
    """Read what `format_time` wrote, and nothing else, into an aware UTC moment.

    Raises:
        NotCanonical: if the value is not of that form or names no real date and time.
    """
    if not isinstance(text, str) or _TIME.fullmatch(text) is None:
        raise NotCanonical("a time is not RFC 3339 in UTC with three decimals")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise NotCanonical("a time names no real date and time") from error


def _require_name(value: JsonValue, key: str) -> str:
    if not isinstance(value, str) or not value:
        raise NotCanonical(f"an entry's {key} is not a non-empty text")
    return value


def _require_object(value: JsonValue, key: str) -> dict[str, JsonValue]:
    if not isinstance(value, dict):
        raise NotCanonical(f"an entry's {key} is not an object")
    return value
