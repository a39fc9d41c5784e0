"""The signed lists of recalls and searches: handed out, kept, and fetched again."""

from __future__ import annotations

import io
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from flask import Response, send_file, url_for

from compliance.domain.access import Action, Actor
from compliance.ledger.entry import format_time
from compliance.operations.people.tokens import Scope
from compliance.operations.reporting.traced_keeping import (
    ExportedTrace,
    ListedFile,
    fetch_trace,
    list_traces,
    recall_trace,
    remember_trace,
)
from compliance.operations.reporting.traced_lists import list_recall, list_search
from compliance.operations.reporting.tracing import ExportTrace, export_trace
from compliance.store.session import Tx
from compliance.web.api.cursors import cut_page, read_number_cursor
from compliance.web.api.reports import BINARY, PDF
from compliance.web.api.routing import Call, calling_actor, serve
from compliance.web.api.schemas.shapes import PageQuery
from compliance.web.api.schemas.signed_lists import ListedIn, ListedOut
from compliance.web.api.writing import (
    REPLAYED,
    Answer,
    Asking,
    Reply,
    keyed_request,
    read,
)
from compliance.web.context import services

TAG: Final = "Recalls"


@serve(
    "POST",
    "/recalls/<uuid:recall_id>/file",
    Call(
        needs=Action.EXPORT_REPORTS,
        scope=Scope.EXPORT,
        gives=BINARY,
        media_type=PDF,
        tag=TAG,
        refusals=(HTTPStatus.CONFLICT,),
    ),
)
def post_recall_file(recall_id: UUID) -> Response:
    """Make the signed PDF of a recall as it stands

    It is kept, and while the recall says nothing else, the same person gets the same file again
    and no other entry is made. An `Idempotency-Key` gets its file again also after more was said;
    once somebody whom it names was erased, the answer is 409 `file_gone`.
    """
    actor, now = calling_actor(), services().clock()

    def compose(tx: Tx) -> ExportTrace:
        return list_recall(tx, str(recall_id), actor=actor, keyring=services().keyring, now=now)

    return _hand_out(compose, actor)


@serve(
    "POST",
    "/meetings/file",
    Call(
        needs=Action.EXPORT_REPORTS,
        scope=Scope.EXPORT,
        takes=ListedIn,
        gives=BINARY,
        media_type=PDF,
        tag=TAG,
        refusals=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
        example={"kind": "pack", "ref": "P-104"},
    ),
)
def post_meetings_file(body: dict[str, Any]) -> Response:
    """Make the signed PDF of who met a thing, or of what a client met

    Kept and given again as the file of a recall is.
    """
    actor = calling_actor()

    def compose(tx: Tx) -> ExportTrace:
        return list_search(tx, body["kind"], body["ref"], actor=actor, keyring=services().keyring)

    return _hand_out(compose, actor)


@serve(
    "GET",
    "/signed-lists",
    Call(
        needs=Action.READ_REPORTS,
        scope=Scope.EXPORT,
        query=PageQuery,
        gives=ListedOut,
        tag=TAG,
    ),
)
def get_signed_lists(query: dict[str, Any]) -> Reply:
    """List the signed PDFs of recalls and searches that are kept, newest first"""

    def work(tx: Tx, asking: Asking) -> Answer:
        after, limit = read_number_cursor(query.get("cursor")), query["limit"]
        found = list_traces(tx, actor=asking.actor, after=after, limit=limit + 1)
        page, cursor = cut_page(found, limit, lambda each: (each.row.idx, each.row.report_id))
        return Answer(body={"items": [_line(each) for each in page], "next_cursor": cursor})

    return read(work)


@serve(
    "GET",
    "/signed-lists/<uuid:report_id>/pdf",
    Call(needs=Action.READ_REPORTS, scope=Scope.EXPORT, gives=BINARY, media_type=PDF, tag=TAG),
)
def get_signed_list(report_id: UUID) -> Response:
    """Fetch a signed PDF that is kept, with its newest time-stamp"""
    with services().database.reading() as tx:
        found = fetch_trace(tx, services().workshop, str(report_id), actor=calling_actor())
    return _send(found)


def _hand_out(compose: Callable[[Tx], ExportTrace], actor: Actor) -> Response:
    workshop, keyed = services().workshop, keyed_request(actor)
    known = recall_trace(workshop, keyed)
    if known is not None:
        return _send(known)
    with services().database.reading() as tx:
        command = compose(tx)
    made = export_trace(workshop, command, actor=actor, now=services().clock())
    return _send(remember_trace(workshop, keyed, made, now=services().clock()))


def _send(found: ExportedTrace) -> Response:
    # Read at once: an archive time-stamp may give the file other bytes while it is sent.
    content = io.BytesIO(found.path.read_bytes())
    answer = send_file(content, mimetype=PDF, as_attachment=True, download_name=found.path.name)
    if found.replayed:
        answer.headers[REPLAYED] = "true"
    return answer


def _line(listed: ListedFile) -> dict[str, Any]:
    row = listed.row
    return {
        "id": row.report_id,
        "index": row.idx,
        "purpose": row.purpose,
        "recall_id": row.recall_id,
        "about": None if row.kind is None else {"kind": row.kind, "ref": row.ref},
        "made_at": format_time(row.made_at),
        "made_by": row.made_by,
        "sha256": listed.sha256,
        "bytes": listed.size,
        "href": None
        if listed.sha256 is None
        else url_for("api.get_signed_list", report_id=row.report_id),
    }
