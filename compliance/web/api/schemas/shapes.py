"""Shapes that more than one call uses, and the fields of answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import fields

from compliance.domain.words import EvidenceKind
from compliance.web.api.fields import UUID_PATTERN, Asked, Shown, Text, Whole

RESULT: Final[Mapping[str, Any]] = {
    "anyOf": [
        {"type": "string", "maxLength": 60},
        {
            "type": "object",
            "properties": {"value": {"type": "string"}, "unit": {"type": "string"}},
            "required": ["value", "unit"],
            "additionalProperties": False,
        },
    ],
    "description": "yes or no, the code of an option, or a value with its unit.",
}
PIECE: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "component": {"type": "string"},
        "kind": {"type": "string", "enum": [kind.value for kind in EvidenceKind]},
        "ref": {"anyOf": [{"type": "string"}, {"type": "object"}]},
    },
    "required": ["component", "kind", "ref"],
    "additionalProperties": False,
}
PIECES: Final[Mapping[str, Any]] = {"type": "array", "items": PIECE, "maxItems": 40}
SHOWN_PIECES: Final[Mapping[str, Any]] = {"type": "array", "items": PIECE}
ANSWERED: Final[Mapping[str, Any]] = {
    "anyOf": [*RESULT["anyOf"], PIECES],
    "description": "As the item's kind demands; an evidence item also takes its pieces here.",
}


def shown(**facts: Any) -> dict[str, Any]:
    """Keyword arguments of a field that is always in the answer."""
    return {"required": True, "metadata": facts}


class Word(fields.Raw):
    """A text in an answer; ``format`` and ``enum`` may tell more."""

    def __init__(self, *, nullable: bool = False, **facts: Any) -> None:
        kind: Any = ["string", "null"] if nullable else "string"
        super().__init__(required=True, metadata={"type": kind, **facts})


class Time(Word):
    """A time in an answer: RFC 3339 in UTC with milliseconds."""

    def __init__(self, *, nullable: bool = False, **facts: Any) -> None:
        super().__init__(nullable=nullable, format="date-time", **facts)


class Count(fields.Raw):
    """A whole number in an answer."""

    def __init__(self, *, nullable: bool = False, **facts: Any) -> None:
        kind: Any = ["integer", "null"] if nullable else "integer"
        super().__init__(required=True, metadata={"type": kind, **facts})


class Flag(fields.Raw):
    """True or false in an answer."""

    def __init__(self, *, nullable: bool = False, **facts: Any) -> None:
        kind: Any = ["boolean", "null"] if nullable else "boolean"
        super().__init__(required=True, metadata={"type": kind, **facts})


class Shape(fields.Raw):
    """A value in an answer with a JSON schema of its own."""

    def __init__(self, shape: Mapping[str, Any], **facts: Any) -> None:
        super().__init__(required=True, metadata={**shape, **facts})


class Words(Shape):
    """A list of texts in an answer."""

    def __init__(self, **facts: Any) -> None:
        super().__init__({"type": "array", "items": {"type": "string"}}, **facts)


class Translated(Shape):
    """A text by language."""

    def __init__(self) -> None:
        super().__init__({"type": "object", "additionalProperties": {"type": "string"}})


class Part(fields.Nested):
    """An object inside an answer."""

    def __init__(self, schema: type[Shown], *, many: bool = False, nullable: bool = False) -> None:
        super().__init__(schema, many=many, allow_none=nullable, required=True)


class NextCursor(Word):
    """Where the list goes on; null on its last page."""

    def __init__(self) -> None:
        super().__init__(nullable=True, description="Where the list goes on; null at its end.")


class PersonOut(Shown):
    """A person: the id of the record and the printed name."""

    id = Word()
    name = Word()


class ComponentOut(Shown):
    """A part of a device with its own way of being made safe."""

    component = Word()
    mode = Word()
    material = Word(nullable=True)


class PageQuery(Asked):
    """A page of a list."""

    cursor = Text(1, 600, metadata={"description": "`next_cursor` of the page before."})
    limit = Whole(1, 200, load_default=50, metadata={"description": "Lines of a page."})


class BlockerOut(Shown):
    """One thing in the way: what is wrong, why, and what to do now."""

    item = Word()
    code = Word()
    reason = Word()
    rule = Word()
    fix = Word()


class FlawOut(Shown):
    """One field that is refused."""

    field = Word()
    problem = Word()
    allowed = Word()


class ProblemOut(Shown):
    """A refusal in the form of RFC 9457, with a stable code."""

    type = Word()
    title = Word()
    status = Count()
    code = Word(description="Stable: programs decide by it.")
    detail = Word(description="A sentence for people.")
    instance = Word()
    field = fields.Raw(metadata={"type": "string", "description": "The field that is refused."})
    problem = fields.Raw(metadata={"type": "string"})
    allowed = fields.Raw(metadata={"type": "string", "description": "What would be accepted."})
    errors = fields.Nested(FlawOut, many=True)
    blockers = fields.Nested(BlockerOut, many=True)


class OutcomeOut(Shown):
    """What an accepted step left behind."""

    id = Word(format="uuid")
    state = Word()
    version = Count(description="The session's version, which If-Match names.")
    index = Count(description="The number of the newest entry in the clinic's log.")


class EntryOut(Shown):
    """The entry that was made."""

    index = Count(description="The entry's number in the clinic's log.")


def uuid_text(**kwargs: Any) -> Text:
    """A UUID in a request."""
    return Text(36, 36, pattern=UUID_PATTERN, allowed="a UUID", **kwargs)
