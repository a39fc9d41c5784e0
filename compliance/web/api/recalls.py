"""Recalls with their worklists, and the search for whoever met a thing."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final

from compliance.domain.access import Action
from compliance.ledger.entry import format_time
from compliance.operations.sterilization.affected import find_row
from compliance.operations.sterilization.pulling import pull_pack
from compliance.operations.sterilization.recalling import (
    NoteCall,
    RecallRow,
    close_recall,
    list_recalls,
    note_call,
    recall_lot,
)
from compliance.operations.sterilization.searching import count_met, read_notice, who_met
from compliance.operations.sterilization.worklist import (
    FIRST_PAGE,
    Worklist,
    list_affected,
    list_spared,
    list_to_pull,
    read_worklist,
)
from compliance.store.session import Tx
from compliance.web.api.cursors import cut_page, read_moment_cursor, read_text_cursor
from compliance.web.api.meetings import show_met, show_pulled, show_spared
from compliance.web.api.presenting import show_moment
from compliance.web.api.routing import Call, serve
from compliance.web.api.schemas.recalls import (
    CallIn,
    DoneOut,
    LotNoticeIn,
    MeetingListOut,
    MeetingQuery,
    PullIn,
    RecallLineOut,
    RecallListOut,
    RecallOut,
    RecallPartOut,
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


@serve("GET", "/recalls/<uuid:recall_id>", Call(needs=Action.TRACE, gives=RecallOut, tag=TAG))
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
    "POST",
    "/recalls/<uuid:recall_id>/pulls",
    Call(needs=Action.REGISTER_PACKS, takes=PullIn, gives=DoneOut, status=201, tag=TAG),
)
def post_pull(recall_id: Any, body: dict[str, Any]) -> Reply:
    """Note that a recalled pack was taken off the shelf, or is missing there"""

    def work(tx: Tx, asking: Asking) -> Answer:
        pack = pull_pack(
            tx,
            str(recall_id),
            body["pack"],
            body["outcome"],
            actor=asking.actor,
            now=asking.now,
        )
        return Answer(body={"done": True, "pack": pack.code})

    return write(work, status=HTTPStatus.CREATED)


_PART: Final = Call(needs=Action.TRACE, query=PageQuery, gives=RecallPartOut, tag=TAG)


@serve("GET", "/recalls/<uuid:recall_id>/sessions", _PART)
def get_recall_sessions(recall_id: Any, query: dict[str, Any]) -> Reply:
    """List every session whose client is affected, oldest first"""

    def work(tx: Tx, asking: Asking) -> Answer:
        row = find_row(tx, str(recall_id), actor=asking.actor)
        after, limit = read_moment_cursor(query.get("cursor")), query["limit"]
        found = list_affected(tx, row, keyring=services().keyring, after=after, limit=limit + 1)
        page, cursor = cut_page(
            found, limit, lambda met: (met.meeting.opened_at, met.meeting.session_id)
        )
        return Answer(
            body={"items": [show_met(each, row.notice) for each in page], "next_cursor": cursor}
        )

    return read(work)


@serve("GET", "/recalls/<uuid:recall_id>/packs", _PART)
def get_recall_packs(recall_id: Any, query: dict[str, Any]) -> Reply:
    """List every pack to pull, by its code, and whether it was found"""

    def work(tx: Tx, asking: Asking) -> Answer:
        row = find_row(tx, str(recall_id), actor=asking.actor)
        cursor, limit = read_text_cursor(query.get("cursor")), query["limit"]
        after = None if cursor is None else cursor[0]
        found = list_to_pull(tx, row, after=after, limit=limit + 1)
        page, following = cut_page(found, limit, lambda each: (each.pack.code, each.pack.pack_id))
        return Answer(
            body={"items": [show_pulled(each) for each in page], "next_cursor": following}
        )

    return read(work)


@serve("GET", "/recalls/<uuid:recall_id>/not-affected", _PART)
def get_recall_not_affected(recall_id: Any, query: dict[str, Any]) -> Reply:
    """List every session of the window whose client is not affected, and why"""

    def work(tx: Tx, asking: Asking) -> Answer:
        row = find_row(tx, str(recall_id), actor=asking.actor)
        after, limit = read_moment_cursor(query.get("cursor")), query["limit"]
        found = list_spared(
            tx, row, keyring=services().keyring, now=asking.now, after=after, limit=limit + 1
        )
        page, cursor = cut_page(found, limit, lambda each: (each.opened_at, each.session_id))
        return Answer(body={"items": [show_spared(each) for each in page], "next_cursor": cursor})

    return read(work)


@serve(
    "GET",
    "/meetings",
    Call(
        needs=Action.TRACE,
        query=MeetingQuery,
        gives=MeetingListOut,
        tag=TAG,
        refusals=(404,),
    ),
)
def get_meetings(query: dict[str, Any]) -> Reply:
    """Find the clients that met a device, pack, cycle, lot or operator; or what a client met"""

    def work(tx: Tx, asking: Asking) -> Answer:
        keyring, limit = services().keyring, query["limit"]
        kind, ref = query["kind"], query["ref"]
        notice = read_notice(ref) if kind == "lot" else None
        after = read_moment_cursor(query.get("cursor"))
        met = who_met(
            tx, kind, ref, actor=asking.actor, keyring=keyring, after=after, limit=limit + 1
        )
        sessions, clients = count_met(tx, kind, ref, actor=asking.actor, keyring=keyring)
        page, cursor = cut_page(
            met, limit, lambda each: (each.meeting.opened_at, each.meeting.session_id)
        )
        body = {
            "items": [show_met(each, notice) for each in page],
            "next_cursor": cursor,
            "sessions": sessions,
            "clients": clients,
        }
        return Answer(body=body)

    return read(work)


def _line(row: RecallRow) -> dict[str, Any]:
    return {
        "id": row.recall_id,
        "kind": row.kind,
        "state": row.state,
        "sterilizer_id": row.sterilizer_id,
        "lot": row.lot,
        "gtin": row.gtin,
        "opened_at": format_time(row.opened_at),
        "closed_at": show_moment(row.closed_at),
        "positives": row.positives,
    }


def _worklist(found: Worklist) -> dict[str, Any]:
    row, counts = found.recall, found.counts
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
        "packs_to_pull": [each.pack.code for each in found.to_pull],
        "packs_used": [pack.code for pack in found.used],
        "sessions": [show_met(each, row.notice) for each in found.affected],
        "clients_to_notify": list(dict.fromkeys(each.client_ref for each in found.affected)),
        "not_affected": [show_spared(each) for each in found.spared],
        "counts": asdict(counts),
        "complete": max(
            counts.cycles,
            counts.packs_to_pull,
            counts.packs_used,
            counts.sessions,
            counts.not_affected,
        )
        <= FIRST_PAGE,
    }
