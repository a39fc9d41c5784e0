"""Loads: put together and started, then read out, found in a log, or given up."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from compliance.domain.access import Action
from compliance.domain.sterilization.judging import ChemicalIndicator
from compliance.ledger.entry import format_time
from compliance.operations.sterilization.ending import (
    ReadOut,
    find_load,
    give_up_load,
    read_out,
    take_from_log,
)
from compliance.operations.sterilization.loading import (
    LoadRow,
    list_running,
)
from compliance.operations.sterilization.starting import StartLoad, start_given
from compliance.store.session import Tx
from compliance.web.api.cycles import show_cycle
from compliance.web.api.presenting import show_moment
from compliance.web.api.routing import Call, serve
from compliance.web.api.schemas.loads import (
    GivenUpIn,
    LoadIn,
    LoadListOut,
    LoadOut,
    LoggedIn,
    ReadOutIn,
)
from compliance.web.api.schemas.sterilization import CycleOut
from compliance.web.api.writing import Answer, Asking, Reply, read, write
from compliance.web.context import services

TAG: Final = "Sterilization"


@serve("GET", "/loads", Call(needs=Action.READ_THINGS, gives=LoadListOut, tag=TAG))
def get_loads() -> Reply:
    """List the loads that were started and not read out yet, oldest first"""

    def work(tx: Tx, asking: Asking) -> Answer:
        rows = list_running(tx, actor=asking.actor)
        return Answer(body={"items": [_load(row) for row in rows], "next_cursor": None})

    return read(work)


@serve(
    "POST",
    "/loads",
    Call(
        needs=Action.REGISTER_PACKS,
        takes=LoadIn,
        gives=LoadOut,
        status=201,
        tag=TAG,
        refusals=(404, 409),
        example={
            "sterilizer": "A1",
            "program": "134 °C",
            "contents": [{"scan": "ROLLER-1"}, {"text": "Tweezers and bowl"}],
        },
    ),
)
def post_load(body: dict[str, Any]) -> Reply:
    """Put a load together and start it

    What is inside is on record before anybody knows how the run ends. Refused with
    everything that is in the way, at once.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        command = StartLoad(
            sterilizer=body["sterilizer"],
            program=body.get("program"),
            contents=tuple(body["contents"]),
        )
        return Answer(body=_load(start_given(tx, command, actor=asking.actor, now=asking.now)))

    return write(work, status=HTTPStatus.CREATED)


@serve("GET", "/loads/<uuid:load_id>", Call(needs=Action.READ_THINGS, gives=LoadOut, tag=TAG))
def get_load(load_id: Any) -> Reply:
    """Read one load"""

    def work(tx: Tx, asking: Asking) -> Answer:
        return Answer(body=_load(find_load(tx, str(load_id), actor=asking.actor)))

    return read(work)


@serve(
    "POST",
    "/loads/<uuid:load_id>/read-out",
    Call(
        needs=Action.REGISTER_PACKS,
        takes=ReadOutIn,
        gives=CycleOut,
        status=201,
        tag=TAG,
        refusals=(409,),
    ),
)
def post_read_out(load_id: Any, body: dict[str, Any]) -> Reply:
    """Enter what the display or printout says; it becomes the load's cycle and is judged"""

    def work(tx: Tx, asking: Asking) -> Answer:
        indicators = tuple(ChemicalIndicator(**each) for each in body["indicators"])
        values = ReadOut(
            number=body["number"],
            lowest_decicelsius=body.get("lowest_decicelsius"),
            highest_decicelsius=body.get("highest_decicelsius"),
            hold_seconds=body.get("hold_seconds"),
            lowest_centibar=body.get("lowest_centibar"),
            ended_at=body.get("ended_at"),
            machine_failed=body["machine_failed"],
            indicators=indicators,
        )
        row = read_out(tx, str(load_id), values, actor=asking.actor, now=asking.now)
        return Answer(body=show_cycle(row))

    return write(work, status=HTTPStatus.CREATED)


@serve(
    "POST",
    "/loads/<uuid:load_id>/logged",
    Call(needs=Action.REGISTER_PACKS, takes=LoggedIn, gives=CycleOut, tag=TAG, refusals=(409,)),
)
def post_logged(load_id: Any, body: dict[str, Any]) -> Reply:
    """Say which cycle of an imported log is the run of this load"""

    def work(tx: Tx, asking: Asking) -> Answer:
        row = take_from_log(tx, str(load_id), body["cycle_id"], actor=asking.actor, now=asking.now)
        return Answer(body=show_cycle(row))

    return write(work)


@serve(
    "POST",
    "/loads/<uuid:load_id>/given-up",
    Call(needs=Action.REGISTER_PACKS, takes=GivenUpIn, gives=LoadOut, tag=TAG, refusals=(409,)),
)
def post_given_up(load_id: Any, body: dict[str, Any]) -> Reply:
    """Say why a started load has no cycle; nothing in it is sterile"""

    def work(tx: Tx, asking: Asking) -> Answer:
        give_up_load(
            tx,
            str(load_id),
            body["reason"],
            actor=asking.actor,
            now=asking.now,
            keyring=services().keyring,
        )
        return Answer(body=_load(find_load(tx, str(load_id), actor=asking.actor)))

    return write(work)


def _load(row: LoadRow) -> dict[str, Any]:
    return {
        "id": row.load_id,
        "sterilizer_id": row.sterilizer_id,
        "program": row.program,
        "contents": [dict(each) for each in row.contents],
        "started_at": format_time(row.started_at),
        "started_by": row.started_by,
        "ended_at": show_moment(row.ended_at),
        "cycle_id": row.cycle_id,
    }
