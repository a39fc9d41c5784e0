"""One pack: what became of it, its label, and taking it out of use."""

from __future__ import annotations

from http import HTTPStatus

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.words import PackState
from compliance.errors import Conflict, Refused
from compliance.operations.packs import PackRow
from compliance.operations.sterilization.damaging import damage_pack
from compliance.web.context import current_actor, page_values, services
from compliance.web.sterilization.packs import HERE, facts_of, find_it
from compliance.web.sterilization.room import HOME, SECTION, blueprint
from compliance.web.sterilization.wording import pack_badge
from compliance.web.tablet.wording import say_refusal


@blueprint.get("/sterilization/packs/<pack_id>")
def show_pack(pack_id: str) -> ResponseReturnValue:
    return _pack_page(find_it(pack_id))


@blueprint.post("/sterilization/packs/<pack_id>/damaged")
def damage(pack_id: str) -> ResponseReturnValue:
    """Take a torn, wet or opened pack out of use."""
    actor, now = current_actor(), services().clock()
    pack = find_it(pack_id)
    reason = request.form.get("reason", "")
    keyring = services().keyring
    try:
        with services().database.writing() as tx:
            damage_pack(tx, pack_id, reason, actor=actor, now=now, keyring=keyring)
    except (Refused, Conflict) as error:
        refused = isinstance(error, Refused)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.CONFLICT
        return _pack_page(pack, problem=say_refusal(error)), status
    flash(f"Pack {pack.code} is out of use. Pack what was inside and run it again.", "good")
    return redirect(f"{HERE}/{pack_id}", HTTPStatus.SEE_OTHER)


def _pack_page(pack: PackRow, problem: str | None = None) -> str:
    return render_template(
        "sterilization/pack.html",
        page=page_values(f"Pack {pack.code}", section=SECTION),
        code=pack.code,
        badge=pack_badge(pack.state),
        problem=problem,
        facts=facts_of(pack),
        usable=pack.state in (PackState.REGISTERED, PackState.RELEASED),
        registered=pack.state is PackState.REGISTERED,
        released=pack.state is PackState.RELEASED,
        cycle_href=f"{HOME}/cycles/{pack.cycle_id}" if pack.cycle_id else None,
        href=f"{HERE}/{pack.pack_id}",
    )
