"""Fields of requests: each says what it refuses and what it would allow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from apiflask import Schema
from marshmallow import ValidationError, fields

_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}")
UUID_PATTERN: Final = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
CODE_PATTERN: Final = "^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
TEMPLATE_PATTERN: Final = "^[a-z][a-z0-9_]{1,58}(@[1-9][0-9]{0,5})?$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """What is wrong with one value, and what would be right."""

    problem: str
    allowed: str = ""


def refuse(problem: str, allowed: str = "") -> ValidationError:
    """Make the error of one value; marshmallow adds the field's name on the way up."""
    return ValidationError([Flaw(problem=problem, allowed=allowed)])


def _described(given: Mapping[str, Any] | None, **facts: Any) -> dict[str, Any]:
    return {**facts, **(given or {})}


class Judged(fields.Field[Any]):
    """A field that judges its value; the rest of marshmallow's signature is not needed."""

    def _deserialize(  # The signature is marshmallow's.
        self,
        value: Any,
        attr: str | None,  # noqa: ARG002
        data: Any,
        **kwargs: Any,  # noqa: ARG002
    ) -> Any:
        return self.judge(self.read_text(value) if isinstance(data, _Query) else value)

    def read_text(self, value: Any) -> Any:
        """What the text of an address stands for."""
        return value

    def judge(self, value: Any) -> Any:
        """Return the value to go on with; raises marshmallow's error with a `Flaw`."""
        raise NotImplementedError


class Text(Judged):
    """A text; the limits are inclusive and count characters."""

    def __init__(
        self,
        least: int = 1,
        most: int = 2000,
        *,
        pattern: str | None = None,
        allowed: str = "",
        metadata: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        facts: dict[str, Any] = {"type": "string", "minLength": least, "maxLength": most}
        if pattern is not None:
            facts["pattern"] = pattern
        super().__init__(metadata=_described(metadata, **facts), **kwargs)
        self._least, self._most = least, most
        self._pattern = None if pattern is None else re.compile(pattern)
        self._allowed = allowed or f"{least} to {most} characters"

    def judge(self, value: Any) -> str:
        if not isinstance(value, str):
            raise refuse("is no text", self._allowed)
        if not self._least <= len(value) <= self._most:
            raise refuse("has the wrong length", self._allowed)
        # fullmatch, for "$" would let a line feed through at the end.
        if self._pattern is not None and self._pattern.fullmatch(value) is None:
            raise refuse("is not of the right form", self._allowed)
        return value


class Choice(Judged):
    """One of some words."""

    def __init__(self, words: tuple[str, ...], **kwargs: Any) -> None:
        facts = {"type": "string", "enum": list(words)}
        super().__init__(metadata=_described(kwargs.pop("metadata", None), **facts), **kwargs)
        self._words = words

    def judge(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self._words:
            raise refuse("is not one of the words", ", ".join(self._words))
        return value


class Whole(Judged):
    """A whole number within inclusive limits, as a number in JSON or as digits in a query."""

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        facts = {"type": "integer", "minimum": least, "maximum": most}
        super().__init__(metadata=_described(kwargs.pop("metadata", None), **facts), **kwargs)
        self._least, self._most = least, most

    def read_text(self, value: Any) -> Any:
        return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value

    def judge(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise refuse("is no whole number", f"{self._least} to {self._most}")
        if not self._least <= value <= self._most:
            raise refuse("is outside the limits", f"{self._least} to {self._most}")
        return value


class YesNo(Judged):
    """``true`` or ``false`` in a query."""

    def __init__(self, **kwargs: Any) -> None:
        facts = {"type": "boolean"}
        super().__init__(metadata=_described(kwargs.pop("metadata", None), **facts), **kwargs)

    def judge(self, value: Any) -> bool:
        if value not in ("true", "false"):
            raise refuse("is neither true nor false", "true, false")
        return bool(value == "true")


class Moment(Judged):
    """A time of RFC 3339 with its offset, read as UTC."""

    def __init__(self, **kwargs: Any) -> None:
        facts = {"type": "string", "format": "date-time"}
        super().__init__(metadata=_described(kwargs.pop("metadata", None), **facts), **kwargs)

    def judge(self, value: Any) -> datetime:
        return read_moment(value)


class Day(Judged):
    """A date of the calendar."""

    def __init__(self, **kwargs: Any) -> None:
        facts = {"type": "string", "format": "date"}
        super().__init__(metadata=_described(kwargs.pop("metadata", None), **facts), **kwargs)

    def judge(self, value: Any) -> date:
        return read_day(value)


class DayOrMoment(Judged):
    """A date, meant in the clinic's zone, or a time with its offset."""

    def __init__(self, **kwargs: Any) -> None:
        facts = {"anyOf": [{"type": "string", "format": f} for f in ("date", "date-time")]}
        super().__init__(metadata=_described(kwargs.pop("metadata", None), **facts), **kwargs)

    def judge(self, value: Any) -> date | datetime:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return read_day(value)
        return read_moment(value)


class Anything(Judged):
    """A value that an operation judges itself; ``shape`` is its JSON schema."""

    def __init__(self, shape: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(metadata=_described(kwargs.pop("metadata", None), **shape), **kwargs)

    def judge(self, value: Any) -> Any:
        return value


def read_moment(value: object) -> datetime:
    """Read RFC 3339; raises marshmallow's error for anything else, also without an offset."""
    allowed = "RFC 3339 with an offset, such as 2026-11-20T14:05:00Z (in a query + is %2B)"
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise refuse("is no time with an offset", allowed)
    day, clock, fraction, offset = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{(fraction or '.0')[:7]}{offset.upper()}")
        # The first and last hours of the calendar have no UTC, and a database none of them.
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise refuse("names no real time", allowed) from error


def read_day(value: object) -> date:
    """Read YYYY-MM-DD; raises marshmallow's error for anything else."""
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        raise refuse("is no date", "YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise refuse("names no real date", "YYYY-MM-DD") from error


class _Query(dict[str, Any]):
    """The parameters of an address, in which every value is text."""


def as_query(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Mark values as coming from an address, so that digits may stand for a number."""
    return _Query(values)


class Asked(Schema):
    """The base of everything that is sent to the API: unknown fields are refused by name."""

    class Meta:
        unknown = "raise"


class Shown(Schema):
    """The base of everything that the API answers."""
