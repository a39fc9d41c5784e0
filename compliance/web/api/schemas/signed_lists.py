"""What the calls about signed lists take and answer."""

from __future__ import annotations

from compliance.operations.sterilization.searching import MEETABLE
from compliance.web.api.fields import Asked, Choice, Shown, Text
from compliance.web.api.schemas.shapes import Count, NextCursor, Part, Shape, Time, Word


class ListedIn(Asked):
    """A thing, or a client, as in the search."""

    kind = Choice(MEETABLE, required=True)
    ref = Text(1, 120, required=True)


class ListedFileOut(Shown):
    """A signed list of a recall or of a search."""

    id = Word(format="uuid")
    index = Count(description="Of its entry in the log.")
    purpose = Word(enum=["recall", "search"])
    recall_id = Word(format="uuid", nullable=True)
    about = Shape(
        {
            "type": ["object", "null"],
            "properties": {"kind": {"type": "string"}, "ref": {"type": "string"}},
            "description": "What was searched for: its id, a client's pseudonym, or a lot.",
        }
    )
    made_at = Time()
    made_by = Word()
    sha256 = Word(
        nullable=True, description="Of its newest bytes; null once it was erased or lost."
    )
    bytes = Count(nullable=True)
    href = Word(nullable=True)


class ListedOut(Shown):
    items = Part(ListedFileOut, many=True)
    next_cursor = NextCursor()
