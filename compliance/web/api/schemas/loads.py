"""Shapes of loads, and of the packs that a release makes."""

from __future__ import annotations

from typing import Final

from marshmallow import fields

from compliance.web.api.fields import CODE_PATTERN, Asked, Day, Moment, Shown, Text, Whole
from compliance.web.api.schemas.shapes import NextCursor, Part, Shape, Time, Word, uuid_text
from compliance.web.api.schemas.sterilization import ChemicalIn

_OBJECTS: Final = {"type": "array", "items": {"type": "object"}}
_MOST: Final = 100


class LoadedIn(Asked):
    """One thing that goes in: what its label says when it is scanned, or words where it has none."""

    scan = Text(1, 200, allow_none=True)
    text = Text(1, 200, allow_none=True)


class LoadIn(Asked):
    """A load as it is put together; the program may be left out where the sterilizer has one only."""

    sterilizer = Text(1, 40, required=True, pattern=CODE_PATTERN, allowed="an id or code")
    program = Text(1, 120, allow_none=True)
    contents = fields.List(fields.Nested(LoadedIn), required=True)


class LoadOut(Shown):
    """A load that was started."""

    id = Word(format="uuid")
    sterilizer_id = Word(format="uuid")
    program = Word()
    contents = Shape(_OBJECTS)
    started_at = Time()
    started_by = Word()
    ended_at = Time(nullable=True)
    cycle_id = Word(nullable=True)


class LoadListOut(Shown):
    items = Part(LoadOut, many=True)
    next_cursor = NextCursor()


class ReadOutIn(Asked):
    """What the run achieved; set values are those of the program."""

    number = Text(1, 40, required=True)
    lowest_decicelsius = Whole(
        -500, 3000, allow_none=True, metadata={"description": "Tenths of °C."}
    )
    highest_decicelsius = Whole(
        -500, 3000, allow_none=True, metadata={"description": "Tenths of °C."}
    )
    hold_seconds = Whole(0, 86_400, allow_none=True)
    lowest_centibar = Whole(0, 2000, allow_none=True)
    ended_at = Moment(allow_none=True)
    machine_failed = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    indicators = fields.List(fields.Nested(ChemicalIn), load_default=list)


class LoggedIn(Asked):
    """A cycle of an imported log."""

    cycle_id = uuid_text(required=True)


class GivenUpIn(Asked):
    """Why there is no cycle."""

    reason = Text(3, 2000, required=True)


class ReleasedPackIn(Asked):
    """One pack to make; without a code it gets the next one of the day."""

    contents = Text(1, 200, required=True)
    device = Text(1, 40, allow_none=True, pattern=CODE_PATTERN, allowed="an id or code")
    code = Text(1, 40, allow_none=True, pattern=CODE_PATTERN, allowed="a code")
    expires_on = Day(allow_none=True)


class CycleReleaseIn(Asked):
    """The packs that a release makes besides those that were registered; none without a list."""

    packs = fields.List(fields.Nested(ReleasedPackIn), load_default=list)
    expires_on = Day(
        allow_none=True,
        metadata={"description": "Of every pack that names none; without it the longest allowed."},
    )
