"""Sterile packs, their release, and what waits for one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from compliance.domain.access import Action
from compliance.domain.words import PackState
from compliance.ledger.entry import format_time
from compliance.operations.packs import (
    RegisterPack,
    find_pack,
    list_packs,
    list_waiting,
    register_pack,
    release_pack,
)
from compliance.store.session import Tx
from compliance.web.api.cursors import cut_page, read_moment_cursor
from compliance.web.api.presenting import show_moment, show_wait
from compliance.web.api.routing import Call, serve
from compliance.web.api.schemas.things import (
    PackIn,
    PackListOut,
    PackOut,
    PackQuery,
    ReleasedOut,
    WaitListOut,
)
from compliance.web.api.writing import Answer, Asking, Reply, read, write

TAG: Final = "Sterile packs"


@serve("GET", "/packs", Call(needs=Action.READ_THINGS, query=PackQuery, gives=PackListOut, tag=TAG))
def get_packs(query: dict[str, Any]) -> Reply:
    """List packs, newest first"""

    def work(tx: Tx, asking: Asking) -> Answer:
        after, limit = read_moment_cursor(query.get("cursor")), query["limit"]
        rows = list_packs(
            tx,
            actor=asking.actor,
            state=PackState(query["state"]) if "state" in query else None,
            after=after,
            limit=limit + 1,
        )
        page, cursor = cut_page(rows, limit, lambda row: (row.registered_at, row.pack_id))
        return Answer(body={"items": [_pack(row) for row in page], "next_cursor": cursor})

    return read(work)


@serve(
    "POST",
    "/packs",
    Call(
        needs=Action.REGISTER_PACKS,
        takes=PackIn,
        gives=PackOut,
        status=201,
        tag=TAG,
        refusals=(404,),
        example={
            "code": "P-1",
            "device_id": "ROLLER-1",
            "contents": "needle roller",
            "sterilizer": "A1",
            "cycle_number": "100",
            "sterilized_on": "2026-11-20",
        },
    ),
)
def post_pack(body: dict[str, Any]) -> Reply:
    """Register a pack; it is not released yet"""

    def work(tx: Tx, asking: Asking) -> Answer:
        command = RegisterPack(
            code=body["code"],
            device=body.get("device_id"),
            contents=body["contents"],
            sterilizer=body["sterilizer"],
            cycle_number=body["cycle_number"],
            sterilized_on=body["sterilized_on"],
            expires_on=body.get("expires_on"),
        )
        return Answer(body=_pack(register_pack(tx, command, actor=asking.actor, now=asking.now)))

    return write(work, status=HTTPStatus.CREATED)


@serve("GET", "/packs/<code:pack>", Call(needs=Action.READ_THINGS, gives=PackOut, tag=TAG))
def get_pack(pack: str) -> Reply:
    """Read one pack, by id or the code on its label"""

    def work(tx: Tx, asking: Asking) -> Answer:
        return Answer(body=_pack(find_pack(tx, pack, actor=asking.actor)))

    return read(work)


@serve(
    "POST",
    "/packs/<code:pack>/release",
    Call(needs=Action.RELEASE_PACKS, gives=ReleasedOut, signs=True, tag=TAG),
)
def post_release(pack: str) -> Reply:
    """Sign the release of a pack

    Sessions that waited for this device's next cycle close with it.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        row, closed = release_pack(tx, pack, grant=None, actor=asking.actor, now=asking.now)
        return Answer(body={"pack": _pack(row), "closed_sessions": list(closed)})

    return write(work)


@serve("GET", "/waiting", Call(needs=Action.READ_THINGS, gives=WaitListOut, tag=TAG))
def get_waiting() -> Reply:
    """List what came back from treatments and waits for its next release, oldest first"""

    def work(tx: Tx, asking: Asking) -> Answer:
        waits = list_waiting(tx, actor=asking.actor)
        return Answer(body={"items": [show_wait(wait) for wait in waits], "next_cursor": None})

    return read(work)


def _pack(row: Any) -> dict[str, Any]:
    return {
        "id": row.pack_id,
        "code": row.code,
        "state": row.state.value,
        "device_id": row.device_id,
        "contents": row.contents,
        "cycle": {"sterilizer": row.sterilizer, "number": row.cycle_number},
        "sterilized_on": row.sterilized_on.isoformat(),
        "expires_on": row.expires_on.isoformat(),
        "registered_at": format_time(row.registered_at),
        "registered_by": row.registered_by,
        "released_at": show_moment(row.released_at),
        "released_by": row.released_by,
        "used_in": row.used_in,
    }
