"""The signed PDF of a recall, and of who met something."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import flash, redirect, request, send_file
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action, Actor
from compliance.domain.tracing import LotNotice
from compliance.errors import Conflict, Refused
from compliance.operations.reporting.tracing import (
    MOST_LINES,
    ExportTrace,
    TraceList,
    export_trace,
    read_size,
)
from compliance.operations.sterilization.affected import find_row
from compliance.operations.sterilization.searching import (
    MEETABLE,
    count_met,
    name_thing,
    read_notice,
    who_met,
)
from compliance.operations.sterilization.telling import read_story
from compliance.operations.sterilization.worklist import Met, read_worklist
from compliance.store.session import Tx
from compliance.web.context import current_actor, current_clinic, services, show_time
from compliance.web.desk.wording import count_of, say_evidence
from compliance.web.recalls.room import (
    OUTCOMES,
    STATES,
    blueprint,
    say_found_by,
    say_packs,
    say_refused,
)
from compliance.web.recalls.steps import say_what_happened, say_window
from compliance.web.tablet.wording import say_refusal

_MET = (("Client", 0.16), ("Treated", 0.2), ("Packs and loads", 0.3), ("Evidence", 0.34))
_CALLED = (("Client", 0.16), ("Treated", 0.2), ("What they met", 0.3), ("Calls", 0.34))


@blueprint.post("/recalls/<recall_id>/file")
def hand_out_recall(recall_id: str) -> ResponseReturnValue:
    actor = current_actor()
    with services().database.reading() as tx:
        find_row(tx, recall_id, actor=actor)
        actor.require(Action.EXPORT_REPORTS)
        command = _recall_command(tx, recall_id, actor)
    return _send(command, f"recall-{recall_id}", back=f"/recalls/{recall_id}", actor=actor)


@blueprint.post("/search/file")
def hand_out_search() -> ResponseReturnValue:
    actor = current_actor()
    actor.require(Action.EXPORT_REPORTS)
    kind, ref = request.form.get("kind", ""), request.form.get("ref", "")[:200]
    if kind not in MEETABLE or not ref:
        raise Refused("kind", kind, "is missing", allowed=", ".join(MEETABLE))
    with services().database.reading() as tx:
        command = _search_command(tx, kind, ref, actor)
    return _send(command, f"who-met-{kind}", back="/search", actor=actor)


def _send(
    command: Callable[[Path], ExportTrace], name: str, *, back: str, actor: Actor
) -> ResponseReturnValue:
    """Make the file and send it; what is kept here is the entry with its fingerprint."""
    with tempfile.TemporaryDirectory(prefix="aseptrail-trace-") as folder:
        output = Path(folder) / "trace.pdf"
        try:
            export_trace(services().workshop, command(output), actor=actor, now=services().clock())
        except Conflict as error:
            flash(say_refusal(error), "error")
            return redirect(back, 303)
        content = io.BytesIO(output.read_bytes())
    filename = f"{current_clinic().slug}-{name}.pdf"
    return send_file(
        content, mimetype="application/pdf", as_attachment=True, download_name=filename
    )


def _recall_command(tx: Tx, recall_id: str, actor: Actor) -> Callable[[Path], ExportTrace]:
    found = read_worklist(
        tx,
        recall_id,
        actor=actor,
        now=services().clock(),
        keyring=services().keyring,
        first=MOST_LINES + 1,
    )
    size = read_size(tx, actor)
    story = read_story(tx, found.recall, found.sterilizer, actor=actor)
    names, counts = story.names, found.counts
    lists = [
        TraceList(
            title="Clients affected",
            explained=f"{count_of(counts.clients_to_call, 'client', 'clients').capitalize()} still to tell.",
            columns=_CALLED,
            rows=[_called_row(met, names, found.recall.notice) for met in found.affected],
            empty="No client met anything of it.",
        )
    ]
    if found.recall.lot is None:
        lists += _room_lists(found, names)
    subject = found.recall.lot or (found.sterilizer.code if found.sterilizer else "")
    kind = "lot" if found.recall.lot else "sterilizer"
    state = "still open" if found.recall.state == "open" else "closed"
    return lambda output: ExportTrace(
        purpose="recall",
        title=f"Recall of {kind} {subject}",
        sentences=(
            say_what_happened(found, story),
            *say_window(found, story),
            f"The recall was opened on {show_time(found.recall.opened_at)} and is {state}.",
        ),
        lists=tuple(lists),
        sessions=tuple(met.meeting.session_id for met in found.affected),
        size=size,
        recall=found.recall,
        output=output,
    )


def _called_row(met: Met, names: Any, notice: LotNotice | None) -> tuple[str, ...]:
    calls = "; ".join(
        f"{OUTCOMES[call['outcome']][0]}, {show_time(call['called_at'])},"
        f" {names.get(call['called_by'], call['called_by'])}"
        for call in met.calls
    )
    first = say_packs(met) or "; ".join(say_evidence(met.pieces))
    said = (first, *say_refused(met), say_found_by(met, notice))
    what = "; ".join(each for each in said if each)
    return (met.client_ref, show_time(met.meeting.opened_at), what, calls or "not called yet")


def _room_lists(found: Any, names: Any) -> list[TraceList]:
    return [
        TraceList(
            title="Packs to pull",
            explained="Packs of these loads that nobody opened.",
            columns=(("Pack", 0.16), ("Contents", 0.24), ("Load", 0.26), ("Found", 0.34)),
            rows=[
                (
                    each.pack.code,
                    each.pack.contents,
                    f"{each.pack.sterilizer}, cycle {each.pack.cycle_number}",
                    _said(each, names),
                )
                for each in found.to_pull
            ],
            empty="Every pack of these loads was opened.",
        ),
        TraceList(
            title="Loads taken back",
            explained="",
            columns=(("Load", 0.2), ("Ran", 0.8)),
            rows=[(number, show_time(run_at)) for _, number, run_at in found.cycles],
            empty="No load ran in that time.",
        ),
        TraceList(
            title="Not affected",
            explained="Treated in the same time, and why they are not concerned.",
            columns=(("Client", 0.16), ("Treated", 0.24), ("Why not", 0.6)),
            rows=[
                (each.client_ref, show_time(each.opened_at), each.reason) for each in found.spared
            ],
            empty="Nobody else was treated in that time.",
        ),
    ]


def _said(each: Any, names: Any) -> str:
    if each.outcome is None:
        return "still to find"
    return f"{STATES[each.outcome][0]}, {show_time(each.at)}, {names.get(each.by, each.by)}"


def _say_met(met: Met, notice: LotNotice | None) -> str:
    said = (*say_evidence(met.pieces), *say_refused(met), say_found_by(met, notice))
    return "; ".join(each for each in said if each)


def _search_command(tx: Tx, kind: str, ref: str, actor: Actor) -> Callable[[Path], ExportTrace]:
    keyring, size = services().keyring, read_size(tx, actor)
    name = name_thing(tx, kind, ref, actor=actor)
    sessions, clients = count_met(tx, kind, ref, actor=actor, keyring=keyring)
    met = who_met(tx, kind, ref, actor=actor, keyring=keyring, limit=MOST_LINES + 1)
    notice = read_notice(ref) if kind == "lot" else None
    title = f"What {name} met" if kind == "client" else f"Who met {name}"
    listed = TraceList(
        title="Sessions",
        explained="A treatment that had not begun is not among them: it had met nothing.",
        columns=_MET,
        rows=[
            (
                each.client_ref,
                show_time(each.meeting.opened_at),
                say_packs(each),
                _say_met(each, notice),
            )
            for each in met
        ],
        empty="Nobody met it.",
    )
    counted = (
        f"{count_of(sessions, 'session', 'sessions')} of {count_of(clients, 'client', 'clients')}."
    )
    return lambda output: ExportTrace(
        purpose="search",
        title=title,
        sentences=(counted.capitalize(),),
        lists=(listed,),
        sessions=tuple(each.meeting.session_id for each in met),
        size=size,
        recall=None,
        output=output,
    )
