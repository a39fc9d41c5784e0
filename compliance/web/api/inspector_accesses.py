"""What inspectors read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from compliance.domain.access import Action
from compliance.ledger.entry import format_time
from compliance.operations.inspector_accesses import AccessRow, list_accesses, list_inspectors
from compliance.store.session import Tx
from compliance.web.api.cursors import cut_page, read_moment_cursor
from compliance.web.api.routing import Call, serve
from compliance.web.api.schemas.inspections import AccessListOut, AccessQuery
from compliance.web.api.writing import Answer, Asking, Reply, read

TAG: Final = "Inspection"


@serve(
    "GET",
    "/inspector-accesses",
    Call(needs=Action.READ_ACCESSES, query=AccessQuery, gives=AccessListOut, tag=TAG),
)
def get_inspector_accesses(query: dict[str, Any]) -> Reply:
    """List what inspectors read, newest first; an inspector is shown their own"""

    def work(tx: Tx, asking: Asking) -> Answer:
        after, limit = read_moment_cursor(query.get("cursor")), query["limit"]
        rows = list_accesses(
            tx, actor=asking.actor, user_id=query.get("inspector"), after=after, limit=limit + 1
        )
        names = list_inspectors(tx, actor=asking.actor)
        page, cursor = cut_page(rows, limit, lambda row: (row.at, row.access_id))
        return Answer(body={"items": [_access(row, names) for row in page], "next_cursor": cursor})

    return read(work)


def _access(row: AccessRow, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": row.access_id,
        "number": row.number,
        "at": format_time(row.at),
        "inspector": {"id": row.user_id, "name": names.get(row.user_id, row.user_id)},
        "way": row.way,
        "what": row.what,
        "thing": row.thing,
        "asked": row.asked,
        "token": row.token_id,
    }
