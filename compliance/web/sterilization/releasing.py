"""The signed release of a load, which makes its packs."""

from __future__ import annotations

from datetime import date, datetime
from http import HTTPStatus

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action
from compliance.domain.gate import Blocked
from compliance.domain.sterilization.words import CycleKind
from compliance.errors import Conflict, Refused, SignatureRequired
from compliance.operations.sterilization.packing import release_load
from compliance.operations.sterilization.releasing import release_act
from compliance.store.session import Tx
from compliance.web.context import page_values, services
from compliance.web.sterilization.cycle import Found, facts_of, find_all, ways_of
from compliance.web.sterilization.room import (
    HOME,
    SECTION,
    blueprint,
    go,
    obstacles,
    operator,
    writing_once,
)
from compliance.web.tablet.sending import fresh_key
from compliance.web.tablet.signing import NotSigned, SigningForm, get_grant, read_signer
from compliance.web.tablet.wording import capitalized, say_refusal


@blueprint.get("/sterilization/cycles/<cycle_id>/release")
def show_cycle_release(cycle_id: str) -> ResponseReturnValue:
    actor, now = operator(), services().clock()
    actor.require(Action.RELEASE_PACKS)
    found = find_all(cycle_id, actor, now)
    if found.row.released_at is not None:
        return go(f"{HOME}/cycles/{cycle_id}")
    form = SigningForm(formdata=None)
    form.idempotency_key.data = fresh_key(now)
    return _release_page(form, found, now)


@blueprint.post("/sterilization/cycles/<cycle_id>/release")
def release_this_cycle(cycle_id: str) -> ResponseReturnValue:
    """Check the password in one transaction and release in a second one; a retry counts once."""
    actor, now = operator(), services().clock()
    actor.require(Action.RELEASE_PACKS)
    found = find_all(cycle_id, actor, now)
    form = SigningForm()
    if not form.validate():
        return _release_page(form, found, now), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        expires_on = _expiry()
        grant = None
        if found.row.released_at is None and not found.blockers:
            _demand_seen(form, found)
            grant = get_grant(form, release_act(found.row), actor=actor, now=now)

        def work(tx: Tx) -> list[int]:
            done = release_load(
                tx, cycle_id, expires_on=expires_on, grant=grant, actor=actor, now=now
            )
            return [len(done.packs), len(done.closed_sessions)]

        packs, closed = writing_once(actor, work, now=now)
    except NotSigned as refused:
        return _release_page(form, found, now), refused.status
    except Blocked:
        return _release_page(form, find_all(cycle_id, actor, now), now), HTTPStatus.CONFLICT
    except Refused as error:
        form.form_errors.append(say_refusal(error, {"expires_on": "The use-by date"}))
        return _release_page(form, found, now), HTTPStatus.UNPROCESSABLE_ENTITY
    except (Conflict, SignatureRequired) as error:
        flash(say_refusal(error), "error")
        return go(f"{HOME}/cycles/{cycle_id}")
    flash(_say_released(packs, closed), "good")
    return go(f"{HOME}/cycles/{cycle_id}")


def _demand_seen(form: SigningForm, found: Found) -> None:
    """What was on the screen is signed, and nothing that changed since."""
    if form.version.data != str(found.row.version):
        raise Conflict("something changed since this page was opened; look again")


def _expiry() -> date | None:
    text = request.form.get("expires_on", "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Refused("expires_on", text, "is no date", allowed="YYYY-MM-DD") from error


def _say_released(packs: int, closed: int) -> str:
    made = "" if not packs else f" {packs} {'pack is' if packs == 1 else 'packs are'} ready."
    also = (
        ""
        if not closed
        else f" {closed} waiting {'session is' if closed == 1 else 'sessions are'} closed with it."
    )
    return f"The load is released.{made}{also}"


def _release_page(form: SigningForm, found: Found, now: datetime) -> str:
    form.version.data = str(found.row.version)
    return render_template(
        "sterilization/release_load.html",
        page=page_values(f"Release cycle {found.row.number}", section=SECTION),
        title=f"Release {found.machine.code}, cycle {found.row.number}",
        href=f"{HOME}/cycles/{found.row.cycle_id}",
        production=found.row.kind is CycleKind.PRODUCTION,
        facts=facts_of(found),
        contents=[each["text"] for each in found.row.contents],
        obstacles=obstacles(found.blockers, ways_of(found), found.rules),
        warnings=tuple(capitalized(each) for each in found.warnings),
        expires_on=request.form.get("expires_on", ""),
        signer=read_signer("release", now),
        form=form,
    )
