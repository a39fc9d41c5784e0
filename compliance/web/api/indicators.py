"""Spore tests with their controls, and chemical indicators."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from compliance.domain.access import Action
from compliance.domain.sterilization.judging import ChemicalIndicator
from compliance.domain.sterilization.words import Growth
from compliance.errors import Refused
from compliance.ledger.entry import format_time
from compliance.operations.sterilization.deciding import read_chemical
from compliance.operations.sterilization.spores import (
    RecordSporeTest,
    SporeRow,
    list_spore_tests,
    record_spore_test,
)
from compliance.store.session import Tx
from compliance.web.api.cursors import cut_page, read_moment_cursor
from compliance.web.api.presenting import show_moment
from compliance.web.api.routing import Call, serve
from compliance.web.api.schemas.shapes import PageQuery
from compliance.web.api.schemas.sterilization import IndicatorIn, IndicatorListOut, IndicatorOut
from compliance.web.api.writing import Answer, Asking, Reply, read, write

TAG: Final = "Sterilization"


@serve(
    "GET",
    "/indicators",
    Call(needs=Action.READ_THINGS, query=PageQuery, gives=IndicatorListOut, tag=TAG),
)
def get_indicators(query: dict[str, Any]) -> Reply:
    """List spore tests, newest run first; chemical indicators stand with their cycle"""

    def work(tx: Tx, asking: Asking) -> Answer:
        after, limit = read_moment_cursor(query.get("cursor")), query["limit"]
        rows = list_spore_tests(tx, actor=asking.actor, after=after, limit=limit + 1)
        page, cursor = cut_page(rows, limit, lambda row: (row.run_at, row.test_id))
        return Answer(body={"items": [_spore(row) for row in page], "next_cursor": cursor})

    return read(work)


@serve(
    "POST",
    "/indicators",
    Call(
        needs=Action.REGISTER_PACKS,
        takes=IndicatorIn,
        gives=IndicatorOut,
        status=201,
        tag=TAG,
        refusals=(404,),
    ),
)
def post_indicator(body: dict[str, Any]) -> Reply:
    """Enter a spore test with its control, or read chemical indicators

    Growth suspends the sterilizer and opens a recall at once.
    """

    def work(tx: Tx, asking: Asking) -> Answer:
        if body["kind"] == "chemical":
            return Answer(body=_chemical(tx, body, asking))
        for name in ("lot", "expires_on", "result"):
            if body.get(name) is None:
                raise Refused(name, "", "is missing", allowed="needed for a spore test")
        command = RecordSporeTest(
            cycle_id=body["cycle_id"].lower(),
            lot=body["lot"],
            expires_on=body["expires_on"],
            result=Growth(body["result"]),
            control=Growth(body["control"]) if body.get("control") else None,
            control_lot=body.get("control_lot"),
            read_at=body.get("read_at"),
        )
        return Answer(
            body=_spore(record_spore_test(tx, command, actor=asking.actor, now=asking.now))
        )

    return write(work, status=HTTPStatus.CREATED)


def _chemical(tx: Tx, body: dict[str, Any], asking: Asking) -> dict[str, Any]:
    if not body["chemical"]:
        raise Refused("chemical", "", "is missing", allowed="at least one indicator")
    read_now = tuple(ChemicalIndicator(**each) for each in body["chemical"])
    row = read_chemical(tx, body["cycle_id"].lower(), read_now, actor=asking.actor, now=asking.now)
    spore_only = ("id", "lot", "expires_on", "control_lot", "result", "control")
    return {
        **dict.fromkeys(spore_only),
        "kind": "chemical",
        "cycle_id": row.cycle_id,
        "sterilizer_id": row.sterilizer_id,
        "run_at": format_time(row.run_at),
        "read_at": format_time(asking.now),
        "outcome": row.outcome.value,
    }


def _spore(row: SporeRow) -> dict[str, Any]:
    return {
        "id": row.test_id,
        "kind": "spore",
        "cycle_id": row.cycle_id,
        "sterilizer_id": row.sterilizer_id,
        "run_at": format_time(row.run_at),
        "lot": row.lot,
        "expires_on": row.expires_on.isoformat(),
        "control_lot": row.control_lot,
        "result": row.result,
        "control": row.control,
        "read_at": show_moment(row.read_at),
        "outcome": row.outcome.value,
    }
