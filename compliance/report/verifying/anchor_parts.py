"""The time-stamps in an ``audit.json``: docs/record-format.md section 4a."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from compliance.ledger.canonical import JsonValue
from compliance.ledger.entry import parse_time
from compliance.ledger.timestamp import MAX_TOKEN_BYTES
from compliance.report.verifying.shape import (
    NotAnAudit,
    any_count,
    any_text,
    exact_object,
)

MAX_ANCHORS: Final = 400
"""Inclusive, in one file."""

KIND: Final = "rfc3161"

_KEYS: Final = frozenset(
    {"kind", "index", "size", "note", "token", "authority", "independent", "gen_time"}
)
_MAX_NOTE: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorPart:
    """A time-stamp token with what it is said to be over."""

    index: int | None
    """Of its entry; nothing where that comes after the checkpoint of the file."""

    size: int
    note: str
    token: bytes
    authority: str
    independent: bool
    gen_time: str
    """As entries write times."""

    def order(self) -> tuple[int, str, bytes]:
        return self.size, self.gen_time, self.token


def anchor_values(parts: Iterable[AnchorPart]) -> list[JsonValue]:
    """Return the time-stamps as they stand in an ``audit.json``."""
    return [
        {
            "kind": KIND,
            "index": part.index,
            "size": part.size,
            "note": part.note,
            "token": base64.b64encode(part.token).decode("ascii"),
            "authority": part.authority,
            "independent": part.independent,
            "gen_time": part.gen_time,
        }
        for part in sorted(parts, key=AnchorPart.order)
    ]


def read_anchors(items: Sequence[JsonValue]) -> tuple[AnchorPart, ...]:
    """Read them back.

    Raises:
        NotAnAudit: if there are too many, one is of another form, or they are out of order.
        NotCanonical: if a time is not of the form that entries use.
    """
    if len(items) > MAX_ANCHORS:
        raise NotAnAudit("there are more time-stamps than a file holds")
    parts = tuple(_read(item) for item in items)
    if list(parts) != sorted(parts, key=AnchorPart.order):
        raise NotAnAudit("the time-stamps are not in order")
    return parts


def _read(value: JsonValue) -> AnchorPart:
    item = exact_object(value, _KEYS, "anchors")
    if item["kind"] != KIND:
        raise NotAnAudit("a time-stamp is of an unknown kind")
    index, independent = item["index"], item["independent"]
    note, gen_time = any_text(item["note"], "anchors.note"), item["gen_time"]
    if not isinstance(independent, bool) or len(note) > _MAX_NOTE:
        raise NotAnAudit("a time-stamp is of another form")
    parse_time(gen_time)
    return AnchorPart(
        index=None if index is None else any_count(index, "anchors.index"),
        size=any_count(item["size"], "anchors.size"),
        note=note,
        token=_token(any_text(item["token"], "anchors.token")),
        authority=any_text(item["authority"], "anchors.authority"),
        independent=independent,
        gen_time=any_text(gen_time, "anchors.gen_time"),
    )


def _token(text: str) -> bytes:
    if len(text) > 2 * MAX_TOKEN_BYTES:
        raise NotAnAudit("a time-stamp is larger than any")
    try:
        token = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotAnAudit("a time-stamp is not in base64") from error
    if base64.b64encode(token).decode("ascii") != text:
        raise NotAnAudit("a time-stamp is not in the one base64 of its bytes")
    return token
