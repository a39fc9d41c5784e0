"""Lots on the shelf: added, opened, counted."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from compliance.domain.access import Action
from compliance.ledger.entry import format_time
from compliance.operations.inventory.families import FAMILIES, Wanted
from compliance.operations.inventory.lots import (
    AddLot,
    add_lot,
    count_lot,
    find_lot,
    open_lot,
    search_lots,
)
from compliance.store.session import Tx
from compliance.web.api.cursors import cut_page, read_text_cursor
from compliance.web.api.presenting import show_moment
from compliance.web.api.routing import Call, serve
from compliance.web.api.schemas.lots import CountIn, LotIn, LotListOut, LotOut, LotQuery, OpenedIn
from compliance.web.api.writing import Answer, Asking, Reply, read, write

TAG: Final = "Devices and products"


@serve("GET", "/lots", Call(needs=Action.READ_THINGS, query=LotQuery, gives=LotListOut, tag=TAG))
def get_lots(query: dict[str, Any]) -> Reply:
    """List the lots in use, what expires first at the front"""

    def work(tx: Tx, asking: Asking) -> Answer:
        limit = query["limit"]
        wanted = Wanted(
            text=query.get("text", ""),
            after=read_text_cursor(query.get("cursor")),
            limit=limit + 1,
        )
        rows = search_lots(tx, wanted, actor=asking.actor)
        page, cursor = cut_page(rows, limit, FAMILIES["lots"].place)
        return Answer(body={"items": [_lot(row) for row in page], "next_cursor": cursor})

    return read(work)


@serve(
    "POST",
    "/lots",
    Call(
        needs=Action.MANAGE_DEVICES,
        takes=LotIn,
        gives=LotOut,
        status=201,
        tag=TAG,
        refusals=(HTTPStatus.NOT_FOUND,),
        example={
            "product": "SKIN-30",
            "code": "A1234",
            "expires_on": "2028-01-31",
            "quantity": 40,
        },
    ),
)
def post_lot(body: dict[str, Any]) -> Reply:
    """Add a lot of a product"""

    def work(tx: Tx, asking: Asking) -> Answer:
        command = AddLot(
            product=body["product"],
            code=body["code"],
            expires_on=body.get("expires_on"),
            received_on=body.get("received_on"),
            quantity=body.get("quantity"),
        )
        return Answer(body=_lot(add_lot(tx, command, actor=asking.actor, now=asking.now)))

    return write(work, status=HTTPStatus.CREATED)


@serve("GET", "/lots/<uuid:lot_id>", Call(needs=Action.READ_THINGS, gives=LotOut, tag=TAG))
def get_lot(lot_id: UUID) -> Reply:
    """Read one lot"""

    def work(tx: Tx, asking: Asking) -> Answer:
        return Answer(body=_lot(find_lot(tx, str(lot_id), actor=asking.actor)))

    return read(work)


@serve(
    "POST",
    "/lots/<uuid:lot_id>/open",
    Call(
        needs=Action.MANAGE_DEVICES,
        takes=OpenedIn,
        gives=LotOut,
        tag=TAG,
        example={"opened_on": "2026-11-20"},
    ),
)
def post_lot_opened(lot_id: UUID, body: dict[str, Any]) -> Reply:
    """Enter that the bottle in use was opened; from then on the maker's days count"""

    def work(tx: Tx, asking: Asking) -> Answer:
        row = open_lot(
            tx, str(lot_id), opened_on=body["opened_on"], actor=asking.actor, now=asking.now
        )
        return Answer(body=_lot(row))

    return write(work)


@serve(
    "POST",
    "/lots/<uuid:lot_id>/count",
    Call(
        needs=Action.MANAGE_DEVICES,
        takes=CountIn,
        gives=LotOut,
        tag=TAG,
        example={"quantity": 38},
    ),
)
def post_lot_count(lot_id: UUID, body: dict[str, Any]) -> Reply:
    """Enter how many pieces there are

    A session that ends takes the single-use pieces its record names by itself; a count
    sets right what differs.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        row = count_lot(tx, str(lot_id), body["quantity"], actor=asking.actor, now=asking.now)
        return Answer(body=_lot(row))

    return write(work)


def _lot(row: Any) -> dict[str, Any]:
    days = ("expires_on", "received_on", "opened_on", "discard_on")
    shown = {
        name: None if (day := getattr(row, name)) is None else day.isoformat() for name in days
    }
    return {
        "id": row.lot_id,
        "code": row.code,
        "product": {
            "id": row.product_id,
            "code": row.product_code,
            "kind": row.product_kind,
            "name": row.product_name,
        },
        **shown,
        "quantity": row.quantity,
        "created_at": format_time(row.created_at),
        "archived_at": show_moment(row.archived_at),
    }
