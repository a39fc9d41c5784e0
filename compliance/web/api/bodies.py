"""Reading what a program sent: strict JSON, then the schema, with every flaw named."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from apiflask import Schema
from flask import request
from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import UnsupportedMediaType

from compliance.errors import ComplianceError, Refused
from compliance.ledger.canonical import MAX_INTEGER
from compliance.web.api.fields import Flaw, as_query

MAX_BODY_BYTES: Final = 1_000_000
"""Inclusive; uploads to ``/verify`` have a limit of their own."""

MAX_DEPTH: Final = 16
"""The deepest request that means anything has six levels."""

_WORDS: Final = {
    "Missing data for required field.": "is missing",
    "Field may not be null.": "is null",
    "Unknown field.": "is an unknown field",
    "Invalid input type.": "is no object",
    "Not a valid list.": "is no list",
    "Invalid type.": "is no object",
}
"""marshmallow's own sentences in ours."""


class UnreadableBody(ComplianceError):
    """The body is no JSON at all."""

    code = "unreadable_body"


class InvalidFields(Refused):
    """Fields of the request are refused; every one is named, the first one also on its own."""

    code: ClassVar[str] = "invalid_fields"

    def __init__(self, flaws: Sequence[tuple[str, Flaw]]) -> None:
        field, flaw = flaws[0]
        super().__init__(field, "", flaw.problem, allowed=flaw.allowed)
        hint = f" Allowed: {flaw.allowed}." if flaw.allowed else ""
        self.args = (f"{field}: {flaw.problem}.{hint}",)
        self.extra: Mapping[str, object] = {
            "errors": [
                {"field": name, "problem": each.problem, "allowed": each.allowed}
                for name, each in flaws
            ]
        }


def read_body() -> dict[str, Any]:
    """Read the request's JSON object; an empty body is an empty object.

    Raises:
        UnsupportedMediaType: something other than JSON was sent.
        RequestEntityTooLarge: more than the request's ``max_content_length``.
        UnreadableBody: no JSON, not UTF-8, or nested without end.
        Refused: a value that nothing here can keep.
    """
    data = request.get_data()
    if not data:
        return {}
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        value = json.loads(
            data.decode("utf-8"), parse_constant=_refuse_word, object_pairs_hook=_object
        )
    except (ValueError, RecursionError) as error:
        # ValueError also covers bad UTF-8 and numbers of thousands of digits.
        raise UnreadableBody("the body cannot be read as JSON") from error
    cleaned = _clean("body", value, 1)
    if not isinstance(cleaned, dict):
        raise Refused("body", type(value).__name__, "is not a JSON object", allowed="an object")
    return cleaned


def _refuse_word(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        # Readers differ about which of the two counts, so neither does.
        raise ValueError("a field is named twice")
    return value


def _clean(where: str, value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise Refused("body", "", "is nested too deeply", allowed=f"{MAX_DEPTH} levels")
    if isinstance(value, str):
        return _clean_text(where, value)
    if isinstance(value, dict):
        return {
            _clean_text(where, key): _clean(_path(where, key), inner, depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_clean(where, inner, depth + 1) for inner in value]
    if isinstance(value, int) and not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise Refused(where, value, "is too large a number", allowed="up to 9007199254740991")
    return value


def _clean_text(where: str, text: str) -> str:
    """The one form in which records keep text; what no record can keep is refused."""
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Refused(where, "", "holds a character that cannot be kept", allowed="text")
    return unicodedata.normalize("NFC", text)


def _path(where: str, key: str) -> str:
    shown = key[:60] if key.isprintable() else "?"
    return shown if where == "body" else f"{where}.{shown}"


def load_body(schema: Schema, value: Mapping[str, Any]) -> dict[str, Any]:
    """Check a body against its schema; raises ``InvalidFields``."""
    return _load(schema, value)


def load_query(schema: Schema | None, args: MultiDict[str, str]) -> dict[str, Any]:
    """Check the parameters of the address; an unknown or repeated one is refused by name."""
    if schema is None:
        if args:
            flaw = Flaw(problem="is an unknown parameter")
            raise InvalidFields([(_clean_text("query", name), flaw) for name in args])
        return {}
    repeated = [name for name in args if len(args.getlist(name)) > 1]
    if repeated:
        flaw = Flaw(problem="is given twice", allowed="once")
        raise InvalidFields([(_clean_text("query", name), flaw) for name in repeated])
    values = {_clean_text("query", name): _clean_text(name, value) for name, value in args.items()}
    return _load(schema, as_query(values))


def _load(schema: Schema, value: Mapping[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(value)
    except ValidationError as error:
        known = ", ".join(schema.fields)
        raise InvalidFields(list(_flaws(error.messages, "", known))) from error
    return loaded


def _flaws(messages: Any, path: str, known: str) -> Iterator[tuple[str, Flaw]]:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            step = "" if name == "_schema" else str(name)
            yield from _flaws(inner, ".".join(filter(None, (path, step))), known)
    elif isinstance(messages, list):
        for message in messages:
            yield from _flaws(message, path, known)
    elif isinstance(messages, Flaw):
        yield path or "body", messages
    else:
        problem = _WORDS.get(str(messages), str(messages))
        unknown = problem == _WORDS["Unknown field."] and "." not in path
        yield path or "body", Flaw(problem=problem, allowed=known if unknown else "")
