"""What the call about inspectors' accesses takes and answers."""

from __future__ import annotations

from compliance.web.api.fields import Shown, Text
from compliance.web.api.schemas.shapes import (
    Count,
    NextCursor,
    PageQuery,
    Part,
    PersonOut,
    Time,
    Word,
)
from compliance.web.inspection.reads import WAYS


class AccessQuery(PageQuery):
    """A page of the accesses, of everybody or of one inspector."""

    inspector = Text(1, 80, metadata={"description": "An inspector's id; managers only."})


class AccessOut(Shown):
    """One successful read of an inspector."""

    id = Word(format="uuid")
    number = Count(description="From 1 on, without a gap within the clinic.")
    at = Time()
    inspector = Part(PersonOut)
    way = Word(enum=list(WAYS))
    what = Word()
    thing = Word(description="Id or code of what was read; empty for a list.")
    asked = Word(description="Names of the filters, without what was typed.")
    token = Word(nullable=True, format="uuid")


class AccessListOut(Shown):
    items = Part(AccessOut, many=True)
    next_cursor = NextCursor()
