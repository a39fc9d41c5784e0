"""What the calls about lots take and answer."""

from __future__ import annotations

from compliance.operations.inventory.lots import MOST_PIECES
from compliance.web.api.fields import CODE_PATTERN, Asked, Day, Shown, Text, Whole
from compliance.web.api.schemas.shapes import Count, NextCursor, PageQuery, Part, Time, Word


class LotIn(Asked):
    """A lot as its maker prints it."""

    product = Text(
        1, 40, pattern=CODE_PATTERN, allowed="the id or code of a product", required=True
    )
    code = Text(1, 40, required=True, metadata={"description": "The lot number."})
    expires_on = Day(allow_none=True, metadata={"description": "The last day of use."})
    received_on = Day(allow_none=True)
    quantity = Whole(
        0, MOST_PIECES, allow_none=True, metadata={"description": "null: nobody counts them."}
    )


class LotQuery(PageQuery):
    """Which lots to list."""

    text = Text(1, 80, metadata={"description": "Found in the lot number or the product's name."})


class OpenedIn(Asked):
    """The day on which a bottle was opened."""

    opened_on = Day(required=True)


class CountIn(Asked):
    """How many pieces there are."""

    quantity = Whole(0, MOST_PIECES, required=True)


class ProductRef(Shown):
    """The product of a lot."""

    id = Word(format="uuid")
    code = Word()
    kind = Word()
    name = Word()


class LotOut(Shown):
    """A lot of a product."""

    id = Word(format="uuid")
    code = Word()
    product = Part(ProductRef)
    expires_on = Word(format="date", nullable=True)
    received_on = Word(format="date", nullable=True)
    opened_on = Word(format="date", nullable=True)
    discard_on = Word(
        format="date", nullable=True, description="The last day of use once it was opened."
    )
    quantity = Count(nullable=True)
    created_at = Time()
    archived_at = Time(nullable=True)


class LotListOut(Shown):
    items = Part(LotOut, many=True)
    next_cursor = NextCursor()
