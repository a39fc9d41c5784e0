"""Sterilizers: where they stand, their service, and when a spore test is due."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from compliance.domain.access import Action
from compliance.domain.sterilization.judging import Program
from compliance.domain.sterilization.words import SterilizerState, SterilizerType
from compliance.importing.values import DateOrder
from compliance.ledger.entry import format_time
from compliance.operations.sterilization.machines import (
    AddSterilizer,
    MoveSterilizer,
    SterilizerRow,
    add_sterilizer,
    find_sterilizer,
    list_sterilizers,
    move_sterilizer,
    service_sterilizer,
    spore_test_due,
)
from compliance.store.session import Tx
from compliance.web.api.presenting import show_moment
from compliance.web.api.routing import Call, serve
from compliance.web.api.schemas.sterilization import (
    MoveIn,
    ServiceIn,
    SterilizerIn,
    SterilizerListOut,
    SterilizerOut,
)
from compliance.web.api.writing import Answer, Asking, Reply, read, write
from compliance.web.context import services

TAG: Final = "Sterilization"


@serve("GET", "/sterilizers", Call(needs=Action.READ_THINGS, gives=SterilizerListOut, tag=TAG))
def get_sterilizers() -> Reply:
    """List all sterilizers, by code"""

    def work(tx: Tx, asking: Asking) -> Answer:
        rows = list_sterilizers(tx, actor=asking.actor)
        return Answer(body={"items": [_show(tx, row, asking) for row in rows], "next_cursor": None})

    return read(work)


@serve(
    "POST",
    "/sterilizers",
    Call(
        needs=Action.MANAGE_DEVICES,
        takes=SterilizerIn,
        gives=SterilizerOut,
        status=201,
        tag=TAG,
        example={
            "code": "A1",
            "name": "Autoclave 1",
            "type": "B",
            "serial": "601362",
            "programs": [
                {
                    "name": "134 °C",
                    "hold_decicelsius": 1340,
                    "upper_decicelsius": 1370,
                    "hold_seconds": 180,
                }
            ],
            "installed_on": "2026-01-15",
        },
    ),
)
def post_sterilizer(body: dict[str, Any]) -> Reply:
    """Add a sterilizer; a spore test is due at once"""

    def work(tx: Tx, asking: Asking) -> Answer:
        command = AddSterilizer(
            code=body["code"],
            name=body["name"],
            type=SterilizerType(body["type"]),
            serial=body["serial"],
            programs=tuple(Program(**each) for each in body["programs"]),
            installed_on=body["installed_on"],
            chamber_litres=body.get("chamber_litres"),
            date_order=DateOrder(body["date_order"]),
        )
        row = add_sterilizer(tx, command, actor=asking.actor, now=asking.now)
        return Answer(body=_show(tx, row, asking))

    return write(work, status=HTTPStatus.CREATED)


@serve(
    "GET",
    "/sterilizers/<code:sterilizer>",
    Call(needs=Action.READ_THINGS, gives=SterilizerOut, tag=TAG),
)
def get_sterilizer(sterilizer: str) -> Reply:
    """Read one sterilizer, by id or code"""

    def work(tx: Tx, asking: Asking) -> Answer:
        row = find_sterilizer(tx, sterilizer, actor=asking.actor)
        return Answer(body=_show(tx, row, asking))

    return read(work)


@serve(
    "POST",
    "/sterilizers/<code:sterilizer>/move",
    Call(needs=Action.MANAGE_DEVICES, takes=MoveIn, gives=SterilizerOut, tag=TAG),
)
def post_move(sterilizer: str, body: dict[str, Any]) -> Reply:
    """Move a sterilizer along its states

    The way back into service leads through a retest with a valid negative spore test.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        command = MoveSterilizer(
            sterilizer=sterilizer,
            to=SterilizerState(body["to"]),
            reason=body["reason"],
            cause=body.get("cause"),
        )
        keyring = services().keyring
        row = move_sterilizer(tx, command, actor=asking.actor, now=asking.now, keyring=keyring)
        return Answer(body=_show(tx, row, asking))

    return write(work)


@serve(
    "POST",
    "/sterilizers/<code:sterilizer>/service",
    Call(needs=Action.MANAGE_DEVICES, takes=ServiceIn, gives=SterilizerOut, tag=TAG),
)
def post_service(sterilizer: str, body: dict[str, Any]) -> Reply:
    """Enter maintenance, repair, validation or installation"""

    def work(tx: Tx, asking: Asking) -> Answer:
        row = service_sterilizer(
            tx, sterilizer, body["service"], body["on"], actor=asking.actor, now=asking.now
        )
        return Answer(body=_show(tx, row, asking))

    return write(work)


def _show(tx: Tx, row: SterilizerRow, asking: Asking) -> dict[str, Any]:
    due = spore_test_due(tx, row, actor=asking.actor, now=asking.now)
    days = ("maintained_on", "repaired_on", "validated_on")
    return {
        "id": row.sterilizer_id,
        "code": row.code,
        "name": row.name,
        "type": row.type,
        "serial": row.serial,
        "chamber_litres": row.chamber_litres,
        "programs": [dict(program) for program in row.programs],
        "date_order": row.date_order,
        "state": row.state.value,
        "state_since": format_time(row.state_since),
        "installed_on": row.installed_on.isoformat(),
        **{name: None if (day := getattr(row, name)) is None else day.isoformat() for name in days},
        "spore_test": {
            "due_at": show_moment(due.due_at),
            "overdue": due.overdue,
            "rule": due.rule,
        },
    }
