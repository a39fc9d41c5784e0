"""Headers that requests and answers of the API have in common."""

from __future__ import annotations

from apiflask import Schema
from marshmallow import fields

from compliance.web.api.fields import Asked, Shown, Text

_KEY_WORDS = (
    "The same key gets the same answer, however often it is sent; with another body it is refused."
)
_MATCH_WORDS = "The session's version as `ETag` gave it; any other version is refused."


def _key() -> Text:
    return Text(
        1,
        200,
        pattern="^[!-~]([ -~]{0,198}[!-~])?$",
        data_key="Idempotency-Key",
        metadata={"description": _KEY_WORDS},
    )


def _match() -> Text:
    return Text(
        1,
        200,
        pattern='^(\\*|"[!#-~]{1,190}")$',
        data_key="If-Match",
        metadata={"description": _MATCH_WORDS},
    )


class KeyHeaders(Asked):
    key = _key()


class MatchHeaders(Asked):
    match = _match()


class BothHeaders(Asked):
    key = _key()
    match = _match()


def _answered(name: str, words: str) -> fields.Raw:
    return fields.Raw(data_key=name, metadata={"type": "string", "description": words})


class VersionAnswered(Shown):
    version = _answered("ETag", "The session's version now.")


class ReplayAnswered(Shown):
    replayed = _answered("Idempotent-Replayed", "`true` when this answer was given before.")


class BothAnswered(Shown):
    version = _answered("ETag", "The session's version now.")
    replayed = _answered("Idempotent-Replayed", "`true` when this answer was given before.")


def asked_headers(method: str, *, guarded: bool) -> type[Schema] | None:
    """What a request with this method may carry."""
    if method in {"POST", "PUT"}:
        return BothHeaders if guarded else KeyHeaders
    return MatchHeaders if guarded else None


def answered_headers(method: str, *, guarded: bool) -> type[Schema] | None:
    """What its answer may carry."""
    if method in {"POST", "PUT"}:
        return BothAnswered if guarded else ReplayAnswered
    return VersionAnswered if guarded else None
