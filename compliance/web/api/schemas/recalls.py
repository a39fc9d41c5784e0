"""What the calls about log files, recalls and meetings take and answer."""

from __future__ import annotations

from typing import Final

from marshmallow import fields

from compliance.operations.sterilization.importing import ADAPTERS
from compliance.operations.sterilization.pulling import PULLED
from compliance.operations.sterilization.recalling import OUTCOMES
from compliance.operations.sterilization.searching import MEETABLE
from compliance.web.api.fields import CODE_PATTERN, Asked, Choice, Moment, Shown, Text
from compliance.web.api.schemas.shapes import (
    Count,
    Flag,
    NextCursor,
    PageQuery,
    Part,
    Shape,
    Time,
    Word,
    Words,
    uuid_text,
)

_OBJECTS: Final = {"type": "array", "items": {"type": "object"}}


class ImportIn(Asked):
    """A log and the sterilizer it is of."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})
    sterilizer = Text(1, 40, pattern=CODE_PATTERN, allowed="an id or code", required=True)
    adapter = Choice(tuple(ADAPTERS))


class ImportOut(Shown):
    """What became of each range of lines."""

    sha256 = Word()
    name = Word()
    size = Count()
    adapter = Word()
    verified = Flag(description="False until a real sample of this make was seen.")
    refused = Flag(description="Whether any lines could not be read.")
    lines = Shape(_OBJECTS)


class LotNoticeIn(Asked):
    """A maker's notice: the lot, or the scanned GS1 code that holds it, best with the article's GTIN."""

    lot = Text(1, 120, required=True)


class CallIn(Asked):
    """One attempt to reach the client of a session."""

    session_id = uuid_text(required=True)
    outcome = Choice(OUTCOMES, required=True)
    note = Text(3, 2000, allow_none=True)
    called_at = Moment(allow_none=True)


class PullIn(Asked):
    """A recalled pack that was looked for, and whether it was there."""

    pack = Text(1, 40, required=True)
    outcome = Choice(PULLED, required=True)


class DoneOut(Shown):
    done = Flag()
    pack = Word()


class RecallLineOut(Shown):
    """A recall in a list."""

    id = Word(format="uuid")
    kind = Word(enum=["spore_test", "lot"])
    state = Word(enum=["open", "closed"])
    sterilizer_id = Word(nullable=True)
    lot = Word(nullable=True)
    gtin = Word(
        nullable=True,
        description="The article of the lot; null: every article with this lot number.",
    )
    opened_at = Time()
    closed_at = Time(nullable=True)
    positives = Count()


class RecallListOut(Shown):
    items = Part(RecallLineOut, many=True)
    next_cursor = NextCursor()


class RecallOut(RecallLineOut):
    """What a recall takes back, and whom to call.

    Each list holds its first lines; the counts are of all of them, and the calls
    below the recall's own address give every list page by page.
    """

    sterilizer = Word(nullable=True)
    window = Shape({"type": "object"})
    cycles = Shape(_OBJECTS)
    packs_to_pull = Words()
    packs_used = Words()
    sessions = Shape(_OBJECTS)
    clients_to_notify = Words()
    not_affected = Shape(_OBJECTS)
    counts = Shape({"type": "object"})
    complete = Flag(description="False where a list goes on: read it from its own address.")


class RecallPartOut(Shown):
    """One list of a recall, page by page."""

    items = Shape(_OBJECTS)
    next_cursor = NextCursor()


class MeetingQuery(PageQuery):
    """A thing, or a client."""

    kind = Choice(MEETABLE, required=True)
    ref = Text(1, 120, required=True)


class MeetingListOut(Shown):
    items = Shape(_OBJECTS)
    sessions = Count()
    clients = Count()
    next_cursor = NextCursor()
