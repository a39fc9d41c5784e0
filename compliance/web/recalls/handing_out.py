"""The signed PDF of a recall, and of who met something: handed out, kept, and fetched again."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, request, send_file
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action, Actor
from compliance.errors import Conflict, Refused
from compliance.operations.reporting.traced_keeping import ExportedTrace, ListedFile, fetch_trace
from compliance.operations.reporting.traced_lists import list_recall, list_search
from compliance.operations.reporting.tracing import ExportTrace, export_trace
from compliance.operations.sterilization.affected import find_row
from compliance.operations.sterilization.searching import MEETABLE, name_reference
from compliance.operations.sterilization.telling import name_sterilizers
from compliance.store.session import Tx
from compliance.web.context import current_actor, current_clinic, services, show_time
from compliance.web.recalls.room import blueprint
from compliance.web.tablet.wording import say_refusal


@blueprint.post("/recalls/<recall_id>/file")
def hand_out_recall(recall_id: str) -> ResponseReturnValue:
    actor, now = current_actor(), services().clock()
    with services().database.reading() as tx:
        find_row(tx, recall_id, actor=actor)
        actor.require(Action.EXPORT_REPORTS)
        command = list_recall(tx, recall_id, actor=actor, keyring=services().keyring, now=now)
    return _make(command, f"recall-{recall_id}", back=f"/recalls/{recall_id}", actor=actor)


@blueprint.post("/search/file")
def hand_out_search() -> ResponseReturnValue:
    actor = current_actor()
    actor.require(Action.EXPORT_REPORTS)
    kind, ref = request.form.get("kind", ""), request.form.get("ref", "")[:200]
    if kind not in MEETABLE or not ref:
        raise Refused("kind", kind, "is missing", allowed=", ".join(MEETABLE))
    with services().database.reading() as tx:
        command = list_search(tx, kind, ref, actor=actor, keyring=services().keyring)
    return _make(command, f"who-met-{kind}", back="/search", actor=actor)


@blueprint.get("/recalls/lists/<report_id>")
def download_list(report_id: str) -> ResponseReturnValue:
    actor = current_actor()
    with services().database.reading() as tx:
        found = fetch_trace(tx, services().workshop, report_id, actor=actor)
    return _send(found, found.path.stem)


def _make(command: ExportTrace, name: str, *, back: str, actor: Actor) -> ResponseReturnValue:
    """Send the file; a second press gets the same one, and makes no other entry."""
    try:
        made = export_trace(services().workshop, command, actor=actor, now=services().clock())
    except Conflict as error:
        flash(say_refusal(error), "error")
        return redirect(back, 303)
    return _send(made, name)


def _send(made: ExportedTrace, name: str) -> ResponseReturnValue:
    # Read at once: an archive time-stamp may give the file other bytes while it is sent.
    content = io.BytesIO(made.path.read_bytes())
    filename = f"{current_clinic().slug}-{name}.pdf"
    return send_file(
        content, mimetype="application/pdf", as_attachment=True, download_name=filename
    )


def list_lines(
    tx: Tx, found: Sequence[ListedFile], names: Mapping[str, str], *, actor: Actor
) -> tuple[dict[str, Any], ...]:
    """Signed lists as lines of a page.

    Args:
        tx: the caller's transaction.
        found: a page of them.
        names: printed names by user id.
        actor: the person reading, of whose clinic they are.
    """
    codes = name_sterilizers(tx, actor=actor) if found else {}
    return tuple(
        {
            "title": _title(tx, each, codes, actor),
            "href": None if each.sha256 is None else f"/recalls/lists/{each.row.report_id}",
            "made": show_time(each.row.made_at),
            "by": names.get(each.row.made_by, each.row.made_by.removeprefix("system:")),
            "sha256": each.sha256 or "",
        }
        for each in found
    )


def _title(tx: Tx, listed: ListedFile, codes: Mapping[str, str], actor: Actor) -> str:
    row = listed.row
    if row.recall_id is None:
        kind, ref = row.kind or "", row.ref or ""
        name = name_reference(tx, kind, ref, actor=actor, keyring=services().keyring)
        return f"What {name} met" if kind == "client" else f"Who met {name}"
    recall = find_row(tx, row.recall_id, actor=actor)
    if recall.lot is not None:
        return f"Recall of lot {recall.lot}"
    return f"Recall of sterilizer {codes.get(recall.sterilizer_id or '', '')}"
