"""What is done on a recall's page: calls, packs found, the sterilizer's way back, closing."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action, Actor
from compliance.domain.sterilization.words import SterilizerState
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.sterilization.affected import RecallRow, find_row
from compliance.operations.sterilization.machines import MoveSterilizer, move_sterilizer
from compliance.operations.sterilization.pulling import pull_pack
from compliance.operations.sterilization.recalling import NoteCall, close_recall, note_call
from compliance.store.session import Tx
from compliance.web.context import current_actor, services
from compliance.web.recalls.room import OUTCOMES, STATES, blueprint
from compliance.web.tablet.sending import once
from compliance.web.tablet.wording import say_refusal

Work = Callable[[Tx, RecallRow], str]
"""Does it and says what was done."""


def _act(recall_id: str, needs: Action, work: Work, anchor: str) -> ResponseReturnValue:
    """Do it once in one transaction, say so, and go back to where it was asked for."""
    actor, now = current_actor(), services().clock()
    actor.require(needs)
    with services().database.reading() as tx:
        find_row(tx, recall_id, actor=actor)
    try:
        with services().database.writing() as tx:
            row = find_row(tx, recall_id, actor=actor)
            said = once(tx, actor, lambda: work(tx, row), now=now)
    except (Conflict, NotFound, Refused) as error:
        flash(say_refusal(error), "error")
    else:
        flash(str(said), "good")
    places = {name: request.form[name] for name in ("clients",) if request.form.get(name)}
    query = "".join(f"?{name}={value}" for name, value in places.items() if value.isalnum())
    return redirect(f"/recalls/{recall_id}{query}#{anchor}", HTTPStatus.SEE_OTHER)


@blueprint.post("/recalls/<recall_id>/calls")
def note(recall_id: str) -> ResponseReturnValue:
    actor = current_actor()

    def work(tx: Tx, row: RecallRow) -> str:
        command = NoteCall(
            recall_id=row.recall_id,
            session_id=request.form.get("session", ""),
            outcome=request.form.get("outcome", ""),
            note=request.form.get("note", "").strip() or None,
        )
        note_call(tx, command, actor=actor, now=services().clock(), keyring=services().keyring)
        return f"The call is noted: {OUTCOMES[command.outcome][0].lower()}."

    return _act(recall_id, Action.RECORD_EVENT, work, "clients")


@blueprint.post("/recalls/<recall_id>/pulls")
def pull(recall_id: str) -> ResponseReturnValue:
    actor = current_actor()

    def work(tx: Tx, row: RecallRow) -> str:
        outcome = request.form.get("outcome", "pulled")
        code = request.form.get("pack", "")
        pack = pull_pack(tx, row.recall_id, code, outcome, actor=actor, now=services().clock())
        return f"Pack {pack.code}: {STATES[outcome][0].lower()}."

    return _act(recall_id, Action.REGISTER_PACKS, work, "packs")


@blueprint.post("/recalls/<recall_id>/move")
def move(recall_id: str) -> ResponseReturnValue:
    actor = current_actor()

    def work(tx: Tx, row: RecallRow) -> str:
        return _move(tx, row, actor, request.form)

    return _act(recall_id, Action.MANAGE_DEVICES, work, "steps")


def _move(tx: Tx, row: RecallRow, actor: Actor, form: Any) -> str:
    if row.sterilizer_id is None:
        raise Conflict("a lot has no sterilizer to bring back")
    to = form.get("to", "")
    if to not in (SterilizerState.RETEST.value, SterilizerState.IN_SERVICE.value):
        raise Refused("to", to, "is no step of this page", allowed="retest, in_service")
    command = MoveSterilizer(
        sterilizer=row.sterilizer_id,
        to=SterilizerState(to),
        reason=form.get("reason", ""),
        cause=form.get("cause", "").strip() or None,
    )
    moved = move_sterilizer(
        tx, command, actor=actor, now=services().clock(), keyring=services().keyring
    )
    if moved.state is SterilizerState.IN_SERVICE:
        return f"{moved.code} is in service again."
    return f"The retest of {moved.code} has begun: run a load with a spore test."


@blueprint.post("/recalls/<recall_id>/close")
def close(recall_id: str) -> ResponseReturnValue:
    actor = current_actor()

    def work(tx: Tx, row: RecallRow) -> str:
        close_recall(tx, row.recall_id, actor=actor, now=services().clock())
        return "The recall is closed."

    return _act(recall_id, Action.MANAGE_DEVICES, work, "steps")
