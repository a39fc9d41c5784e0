"""The session page and its answers, the undo, the start and the finish."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action, Actor
from compliance.domain.gate import Blocked
from compliance.domain.template import Item
from compliance.domain.words import Phase
from compliance.errors import ComplianceError, Conflict, NotFound, Refused
from compliance.operations.treatments.answering import AnswerItem, answer_item, undo_answer
from compliance.operations.treatments.closing import finish_session, start_session
from compliance.operations.treatments.damaging import damage_named_pack
from compliance.operations.treatments.loading import find_row, load_facts
from compliance.store.session import Tx
from compliance.web.context import current_actor, services
from compliance.web.late_answers import keep_refused
from compliance.web.tablet.pieces import PostedRow, contact_times, to_command
from compliance.web.tablet.record_page import render_record
from compliance.web.tablet.rows import UNDO_SECONDS, Refusal, Viewing
from compliance.web.tablet.sending import once
from compliance.web.tablet.view import asked_phase, load_viewing, render_session
from compliance.web.tablet.wording import say_refusal

blueprint = Blueprint("sessions", __name__)

_ON_THE_WAY = timedelta(seconds=5)
"""A press in the tenth second may need a slow network to arrive."""


class UndoTooLate(Conflict):
    """The seconds in which one press takes an answer back are over, or it is back already."""

    code = "undo_too_late"


@blueprint.get("/sessions/<uuid:session_id>")
def show(session_id: UUID) -> ResponseReturnValue:
    actor, now = current_actor(), services().clock()
    with services().database.reading() as tx:
        viewing = load_viewing(tx, str(session_id), actor=actor, now=now)
    return _page(viewing, asked_phase(request.args.get("phase")))


def _page(viewing: Viewing, phase: Phase | None, *, problem: str | None = None) -> str:
    """A session that accepts nothing any more is shown as the record it is."""
    if viewing.may_record:
        return render_session(viewing, phase, problem=problem)
    return render_record(viewing, problem=problem)


@blueprint.post("/sessions/<uuid:session_id>/items/<code>")
def answer(session_id: UUID, code: str) -> ResponseReturnValue:
    sent: list[AnswerItem] = []

    def act(tx: Tx, actor: Actor, now: datetime) -> int:
        loaded = load_facts(tx, find_row(tx, str(session_id), actor=actor), now=now)
        item = loaded.facts.template.item(code)
        if item is None:
            raise NotFound("there is no such item in this checklist")
        times = contact_times(tx, actor=actor)
        command = to_command(loaded, item, _posted(), times=times, now=now)
        sent.append(command)
        outcome = answer_item(tx, command, actor=actor, now=now, keyring=services().keyring)
        return outcome.index

    return _on_row(str(session_id), code, act, sent)


@blueprint.post("/sessions/<uuid:session_id>/items/<code>/undo")
def undo(session_id: UUID, code: str) -> ResponseReturnValue:
    def act(tx: Tx, actor: Actor, now: datetime) -> int:
        loaded = load_facts(tx, find_row(tx, str(session_id), actor=actor), now=now)
        given = loaded.answers.get(code)
        if given is None:
            raise UndoTooLate("this answer has been taken back already")
        if now - given.recorded_at > timedelta(seconds=UNDO_SECONDS) + _ON_THE_WAY:
            raise UndoTooLate(
                f"an answer can be taken back for {UNDO_SECONDS} seconds; answer again instead,"
                " and both stay in the record"
            )
        return undo_answer(tx, str(session_id), code, actor=actor, now=now).index

    return _on_row(str(session_id), code, act)


@blueprint.post("/sessions/<uuid:session_id>/items/<code>/damaged")
def lay_aside(session_id: UUID, code: str) -> ResponseReturnValue:
    """Take the pack in the practitioner's hands out of use: torn, wet or opened."""

    def act(tx: Tx, actor: Actor, now: datetime) -> str:
        pack, reason = request.form.get("pack", ""), request.form.get("reason", "")
        done = damage_named_pack(
            tx, str(session_id), pack, reason, actor=actor, now=now, keyring=services().keyring
        )
        return done.pack_id

    return _on_row(str(session_id), code, act)


def _posted() -> PostedRow:
    return PostedRow(
        fields=request.form.to_dict(), ticked=tuple(request.form.getlist("contraindication"))
    )


def _on_row(
    session_id: str,
    code: str,
    act: Callable[[Tx, Actor, datetime], Any],
    sent: Sequence[AnswerItem] = (),
) -> ResponseReturnValue:
    """Do one thing to one row, once, and show the row as it is then.

    Args:
        session_id: the session.
        code: the item of the row.
        act: does it, inside of a transaction.
        sent: filled by ``act`` with the answer it was sent.
    """
    actor, now = current_actor(), services().clock()
    actor.require(Action.RECORD_SESSION)
    try:
        with services().database.writing() as tx:
            once(tx, actor, lambda: act(tx, actor, now), now=now)
            viewing = load_viewing(tx, session_id, actor=actor, now=now)
    except (Refused, Conflict) as error:
        kept = [keep_refused(each, error, actor=actor, now=now) for each in sent]
        return _refused_row(session_id, code, error, listed=any(kept))
    phase = _phase_of(viewing, code)
    if "HX-Request" in request.headers:
        return _page(viewing, phase)
    target = viewing.href if phase is None else f"{viewing.href}?phase={phase.value}"
    return redirect(f"{target}#item-{code}", HTTPStatus.SEE_OTHER)


_LISTED: Final = (
    " It was used before this answer arrived, so the recall now lists this client to be called."
    " Tell your manager."
)


def _refused_row(
    session_id: str, code: str, error: ComplianceError, *, listed: bool
) -> ResponseReturnValue:
    """The page again, with the reason beside the row and everything typed still there."""
    entered = request.form.to_dict()
    entered["contraindication"] = " ".join(request.form.getlist("contraindication"))
    sentence = say_refusal(error) + (_LISTED if listed else "")
    refusal = Refusal(item=code, sentence=sentence, entered=entered)
    actor, now = current_actor(), services().clock()
    with services().database.reading() as tx:
        viewing = load_viewing(tx, session_id, actor=actor, now=now, refusal=refusal)
    known = viewing.record.loaded.facts.template.item(code) is not None
    problem = None if known and viewing.may_record else refusal.sentence
    status = HTTPStatus.UNPROCESSABLE_ENTITY if isinstance(error, Refused) else HTTPStatus.CONFLICT
    return _page(viewing, _phase_of(viewing, code), problem=problem), status


def _phase_of(viewing: Viewing, code: str) -> Phase | None:
    item: Item | None = viewing.record.loaded.facts.template.item(code)
    return None if item is None else item.phase


@blueprint.post("/sessions/<uuid:session_id>/start")
def start(session_id: UUID) -> ResponseReturnValue:
    return _step(
        str(session_id),
        lambda tx, actor, now: start_session(tx, str(session_id), actor=actor, now=now).index,
    )


@blueprint.post("/sessions/<uuid:session_id>/finish")
def finish(session_id: UUID) -> ResponseReturnValue:
    return _step(
        str(session_id),
        lambda tx, actor, now: finish_session(tx, str(session_id), actor=actor, now=now).index,
    )


def _step(session_id: str, act: Callable[[Tx, Actor, datetime], int]) -> ResponseReturnValue:
    actor, now = current_actor(), services().clock()
    actor.require(Action.RECORD_SESSION)
    try:
        with services().database.writing() as tx:
            once(tx, actor, lambda: act(tx, actor, now), now=now)
    except Conflict as error:
        # The gate bar of the page lists every blocker; the sentence says what was refused.
        said = "This has to wait: " if isinstance(error, Blocked) else ""
        with services().database.reading() as tx:
            viewing = load_viewing(tx, session_id, actor=actor, now=now)
        problem = f"{said}{error}." if said else say_refusal(error)
        return _page(viewing, None, problem=problem), HTTPStatus.CONFLICT
    return redirect(f"/sessions/{session_id}", HTTPStatus.SEE_OTHER)
