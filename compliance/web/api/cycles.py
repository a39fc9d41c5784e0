"""Cycles, the decisions on their flags, and their release."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from compliance.domain.access import Action
from compliance.domain.sterilization.judging import ChemicalIndicator, Reading
from compliance.domain.sterilization.words import CycleKind
from compliance.errors import Refused
from compliance.ledger.entry import format_time
from compliance.operations.sterilization.cycles import (
    CycleRow,
    RecordCycle,
    find_cycle,
    list_cycles,
    record_cycle,
)
from compliance.operations.sterilization.deciding import DecideFlag, decide_flag
from compliance.operations.sterilization.packing import WantedPack, release_load
from compliance.operations.sterilization.releasing import Caution
from compliance.store.session import Tx
from compliance.web.api.cursors import cut_page, read_moment_cursor
from compliance.web.api.presenting import show_moment
from compliance.web.api.routing import Call, serve
from compliance.web.api.schemas.loads import CycleReleaseIn
from compliance.web.api.schemas.sterilization import (
    CycleIn,
    CycleListOut,
    CycleOut,
    CycleQuery,
    CycleReleasedOut,
    FlagIn,
)
from compliance.web.api.writing import Answer, Asking, Reply, read, write
from compliance.web.context import services

TAG: Final = "Sterilization"
_SAME: Final = (
    "number",
    "program",
    "set_decicelsius",
    "set_hold_seconds",
    "lowest_decicelsius",
    "highest_decicelsius",
    "hold_seconds",
    "lowest_centibar",
    "raw_sha256",
    "version",
    "operator_id",
    "released_by",
)


@serve(
    "GET",
    "/cycles",
    Call(needs=Action.READ_THINGS, query=CycleQuery, gives=CycleListOut, tag=TAG, refusals=(404,)),
)
def get_cycles(query: dict[str, Any]) -> Reply:
    """List cycles, newest run first"""

    def work(tx: Tx, asking: Asking) -> Answer:
        after, limit = read_moment_cursor(query.get("cursor")), query["limit"]
        rows = list_cycles(
            tx,
            actor=asking.actor,
            sterilizer=query.get("sterilizer"),
            after=after,
            limit=limit + 1,
        )
        page, cursor = cut_page(rows, limit, lambda row: (row.run_at, row.cycle_id))
        return Answer(body={"items": [show_cycle(row) for row in page], "next_cursor": cursor})

    return read(work)


@serve(
    "POST",
    "/cycles",
    Call(
        needs=Action.REGISTER_PACKS,
        takes=CycleIn,
        gives=CycleOut,
        status=201,
        tag=TAG,
        refusals=(404,),
        example={
            "sterilizer": "A1",
            "number": "101",
            "program": "134 °C",
            "started_at": "2026-11-20T08:00:00Z",
            "lowest_decicelsius": 1343,
            "highest_decicelsius": 1352,
            "hold_seconds": 210,
            "indicators": [{"type": 5, "changed": True}],
        },
    ),
)
def post_cycle(body: dict[str, Any]) -> Reply:
    """Record a run; it is judged by what it achieved"""

    def work(tx: Tx, asking: Asking) -> Answer:
        measured = (
            "set_decicelsius",
            "set_hold_seconds",
            "lowest_decicelsius",
            "highest_decicelsius",
            "hold_seconds",
            "lowest_centibar",
        )
        values: dict[str, Any] = {name: body.get(name) for name in measured}
        command = RecordCycle(
            sterilizer=body["sterilizer"],
            number=body["number"],
            program=body["program"],
            machine_failed=body["machine_failed"],
            ended_at=body.get("ended_at"),
            **values,
            run_at=body["started_at"],
            kind=CycleKind(body["kind"]),
            curve=_curve(body["curve"]),
            contents=tuple(body["contents"]),
            indicators=tuple(ChemicalIndicator(**each) for each in body["indicators"]),
        )
        row = record_cycle(tx, command, actor=asking.actor, now=asking.now)
        return Answer(body=show_cycle(row))

    return write(work, status=HTTPStatus.CREATED)


def _curve(raw: Any) -> tuple[Reading, ...]:
    if not isinstance(raw, list):
        raise Refused("curve", "", "is no list", allowed="[[seconds, tenths of °C, centibar], …]")
    readings = []
    for each in raw:
        match each:
            case [int(at), int(celsius), int(bar)] if (
                all(not isinstance(v, bool) and -100_000 <= v <= 100_000 for v in each)
                and bar <= 2000
            ):
                readings.append(Reading(at_seconds=at, decicelsius=celsius, centibar=bar))
            case _:
                raise Refused("curve", each, "is no reading", allowed="three whole numbers")
    return tuple(readings)


@serve("GET", "/cycles/<uuid:cycle_id>", Call(needs=Action.READ_THINGS, gives=CycleOut, tag=TAG))
def get_cycle(cycle_id: Any) -> Reply:
    """Read one cycle"""

    def work(tx: Tx, asking: Asking) -> Answer:
        return Answer(body=show_cycle(find_cycle(tx, str(cycle_id), actor=asking.actor)))

    return read(work)


@serve(
    "POST",
    "/cycles/<uuid:cycle_id>/release",
    Call(
        needs=Action.RELEASE_PACKS,
        takes=CycleReleaseIn,
        gives=CycleReleasedOut,
        signs=True,
        tag=TAG,
        example={"packs": [{"contents": "needle roller", "device": "ROLLER-1"}]},
    ),
)
def post_cycle_release(cycle_id: Any, body: dict[str, Any]) -> Reply:
    """Sign the release of a load, and with it of its packs and of those it is to make

    Refused with everything that is in the way, at once; then no pack is made.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        done = release_load(
            tx,
            str(cycle_id),
            expires_on=body.get("expires_on"),
            grant=None,
            actor=asking.actor,
            now=asking.now,
            packs=[WantedPack(**each) for each in body["packs"]],
        )
        shown = {
            "cycle": show_cycle(done.cycle),
            "packs": list(done.packs),
            "closed_sessions": list(done.closed_sessions),
            "warnings": [show_caution(each) for each in done.warnings],
        }
        return Answer(body=shown)

    return write(work)


@serve(
    "POST",
    "/cycles/<uuid:cycle_id>/flags",
    Call(needs=Action.RELEASE_PACKS, takes=FlagIn, gives=CycleOut, tag=TAG),
)
def post_flag(cycle_id: Any, body: dict[str, Any]) -> Reply:
    """Decide on a flag, by name and with a reason"""

    def work(tx: Tx, asking: Asking) -> Answer:
        command = DecideFlag(cycle_id=str(cycle_id), **body)
        keyring = services().keyring
        row = decide_flag(tx, command, actor=asking.actor, now=asking.now, keyring=keyring)
        return Answer(body=show_cycle(row))

    return write(work)


def show_caution(caution: Caution) -> dict[str, Any]:
    return {
        "code": caution.code,
        "text": caution.text,
        "rule": caution.rule or None,
        "source": caution.source or None,
    }


def show_cycle(row: CycleRow) -> dict[str, Any]:
    return {
        "id": row.cycle_id,
        "sterilizer_id": row.sterilizer_id,
        **{name: getattr(row, name) for name in _SAME},
        "kind": row.kind.value,
        "started_at": format_time(row.run_at),
        "ended_at": show_moment(row.ended_at),
        "contents": [dict(each) for each in row.contents],
        "indicators": [dict(each) for each in row.indicators],
        "outcome": row.outcome.value,
        "faults": list(row.faults),
        "flags": [dict(flag) for flag in row.flags],
        "recorded_at": format_time(row.recorded_at),
        "released_at": show_moment(row.released_at),
    }
