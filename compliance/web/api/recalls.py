"""Recalls with their worklists, and the search for whoever met a thing."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from compliance.domain.access import Action
from compliance.ledger.entry import format_time
from compliance.operations.sterilization.recalling import (
    NoteCall,
    RecallRow,
    close_recall,
    list_recalls,
    note_call,
    recall_lot,
)
from compliance.operations.sterilization.worklist import Met, Worklist, read_worklist, who_met
from compliance.store.session import Tx
from compliance.web.api.cursors import cut_page, read_moment_cursor
from compliance.web.api.presenting import show_moment
from compliance.web.api.routing import Call, serve
from compliance.web.api.schemas.recalls import (
    CallIn,
    LotNoticeIn,
    MeetingListOut,
    MeetingQuery,
    RecallLineOut,
    RecallListOut,
    RecallOut,
)
from compliance.web.api.schemas.shapes import EntryOut, PageQuery
from compliance.web.api.writing import Answer, Asking, Reply, read, write
from compliance.web.context import services

TAG: Final = "Recalls"


@serve(
    "GET",
    "/recalls",
    Call(needs=Action.READ_THINGS, query=PageQuery, gives=RecallListOut, tag=TAG),
)
def get_recalls(query: dict[str, Any]) -> Reply:
    """List recalls, newest first"""

    def work(tx: Tx, asking: Asking) -> Answer:
        after, limit = read_moment_cursor(query.get("cursor")), query["limit"]
        rows = list_recalls(tx, actor=asking.actor, after=after, limit=limit + 1)
        page, cursor = cut_page(rows, limit, lambda row: (row.opened_at, row.recall_id))
        return Answer(body={"items": [_line(row) for row in page], "next_cursor": cursor})

    return read(work)


@serve(
    "POST",
    "/recalls",
    Call(
        needs=Action.MANAGE_DEVICES,
        takes=LotNoticeIn,
        gives=RecallLineOut,
        status=201,
        tag=TAG,
        example={"lot": "ABC123"},
    ),
)
def post_recall(body: dict[str, Any]) -> Reply:
    """Open the recall of a maker's lot notice; the lot is refused from now on"""

    def work(tx: Tx, asking: Asking) -> Answer:
        row = recall_lot(tx, body["lot"], actor=asking.actor, now=asking.now)
        return Answer(body=_line(row))

    return write(work, status=HTTPStatus.CREATED)


@serve(
    "GET", "/recalls/<uuid:recall_id>", Call(needs=Action.READ_SESSIONS, gives=RecallOut, tag=TAG)
)
def get_recall(recall_id: Any) -> Reply:
    """Read a recall: loads, packs to pull, whom to call, and who is not affected and why"""

    def work(tx: Tx, asking: Asking) -> Answer:
        keyring = services().keyring
        found = read_worklist(
            tx, str(recall_id), actor=asking.actor, now=asking.now, keyring=keyring
        )
        return Answer(body=_worklist(found))

    return read(work)


@serve(
    "POST",
    "/recalls/<uuid:recall_id>/calls",
    Call(needs=Action.RECORD_EVENT, takes=CallIn, gives=EntryOut, status=201, tag=TAG),
)
def post_call(recall_id: Any, body: dict[str, Any]) -> Reply:
    """Note who was called and with which outcome"""

    def work(tx: Tx, asking: Asking) -> Answer:
        command = NoteCall(
            recall_id=str(recall_id),
            session_id=body["session_id"].lower(),
            outcome=body["outcome"],
            note=body.get("note"),
            called_at=body.get("called_at"),
        )
        keyring = services().keyring
        index = note_call(tx, command, actor=asking.actor, now=asking.now, keyring=keyring)
        return Answer(body={"index": index})

    return write(work, status=HTTPStatus.CREATED)


@serve(
    "POST",
    "/recalls/<uuid:recall_id>/close",
    Call(needs=Action.MANAGE_DEVICES, gives=RecallLineOut, tag=TAG),
)
def post_recall_close(recall_id: Any) -> Reply:
    """Close a recall after a negative retest, once every client was told"""

    def work(tx: Tx, asking: Asking) -> Answer:
        row = close_recall(tx, str(recall_id), actor=asking.actor, now=asking.now)
        return Answer(body=_line(row))

    return write(work)


@serve(
    "GET",
    "/meetings",
    Call(
        needs=Action.READ_SESSIONS,
        query=MeetingQuery,
        gives=MeetingListOut,
        tag=TAG,
        refusals=(404,),
    ),
)
def get_meetings(query: dict[str, Any]) -> Reply:
    """Find the clients that met a device, pack, cycle, lot or operator; or what a client met"""

    def work(tx: Tx, asking: Asking) -> Answer:
        keyring = services().keyring
        met = who_met(tx, query["kind"], query["ref"], actor=asking.actor, keyring=keyring)
        return Answer(body={"items": [_met(each) for each in met], "next_cursor": None})

    return read(work)


def _line(row: RecallRow) -> dict[str, Any]:
    return {
        "id": row.recall_id,
        "kind": row.kind,
        "state": row.state,
        "sterilizer_id": row.sterilizer_id,
        "lot": row.lot,
        "opened_at": format_time(row.opened_at),
        "closed_at": show_moment(row.closed_at),
        "positives": row.positives,
    }


def _worklist(found: Worklist) -> dict[str, Any]:
    row = found.recall
    return {
        **_line(row),
        "sterilizer": None if found.sterilizer is None else found.sterilizer.code,
        "window": {
            "since": show_moment(row.since),
            "last_negative": row.last_negative,
            "until": show_moment(row.until),
        },
        "cycles": [
            {"id": cycle_id, "number": number, "started_at": format_time(run_at)}
            for cycle_id, number, run_at in found.cycles
        ],
        "packs_to_pull": [pack.code for pack in found.to_pull],
        "packs_used": [pack.code for pack in found.used],
        "sessions": [_met(each) for each in found.affected],
        "clients_to_notify": list(dict.fromkeys(each.client_ref for each in found.affected)),
        "not_affected": [
            {
                "client_ref": each.client_ref,
                "session_id": each.session_id,
                "reason": each.reason,
            }
            for each in found.spared
        ],
    }


def _met(met: Met) -> dict[str, Any]:
    return {
        "session_id": met.meeting.session_id,
        "client_ref": met.client_ref,
        "opened_at": format_time(met.meeting.opened_at),
        "state": met.meeting.state,
        "by": met.meeting.by,
        "evidence": [dict(piece) for piece in met.pieces],
        "calls": [
            {
                "called_at": format_time(call["called_at"]),
                "called_by": call["called_by"],
                "outcome": call["outcome"],
                "index": call["idx"],
            }
            for call in met.calls
        ],
    }
