"""Who works here: the list, invitations, and the clinic's API tokens."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action, Role
from compliance.errors import Conflict, Refused
from compliance.operations.people.accounts import ChangeRoles
from compliance.operations.people.invitations import (
    Invite,
    invite_person,
    list_open_invitations,
    revoke_invitation,
)
from compliance.operations.people.listing import Person, list_people, read_names
from compliance.operations.people.managing import (
    RoleTerm,
    find_by_username,
    last_sign_ins,
    set_roles,
)
from compliance.operations.people.qualifications import QualificationRow, list_qualifications
from compliance.operations.people.tokens import (
    CreateToken,
    NewToken,
    create_token,
    list_tokens,
    revoke_token,
)
from compliance.web.context import current_actor, page_values, services, show_time
from compliance.web.house.doors import (
    clinic_today,
    end_of,
    entitled,
    explain,
    last_day,
    show_day,
)
from compliance.web.house.links import show_link
from compliance.web.house.people_forms import BringForm, InviteForm, TokenForm
from compliance.web.house.wording import ROLES

blueprint = Blueprint("house_people", __name__)

PEOPLE: Final = "/manager/people"
TOKENS: Final = "/manager/tokens"
SOON: Final = 30
"""Days before its end in which a qualification is said to end soon."""


@blueprint.get(PEOPLE)
def show_people() -> ResponseReturnValue:
    return _people_page(BringForm(formdata=None))


def _people_page(bring: BringForm) -> str:
    actor = entitled(Action.MANAGE_PEOPLE)
    now = services().clock()
    with services().database.reading() as tx:
        people = list_people(tx, actor=actor, now=now)
        seen = last_sign_ins(tx, actor=actor, now=now)
        invitations = list_open_invitations(tx, actor=actor, now=now)
        qualifications = list_qualifications(tx, actor=actor)
        names = read_names(tx, clinic_id=actor.clinic_id)
    rows = [_person_values(person, seen, qualifications) for person in people]
    return render_template(
        "house/people.html",
        page=page_values("People", section="people"),
        rows=[row for row in rows if row["works"]],
        former=[row for row in rows if not row["works"]],
        invitations=[
            {
                "id": each.invitation_id,
                "username": each.username,
                "name": each.display_name,
                "what": "New password"
                if each.purpose == "reset"
                else ", ".join(ROLES[Role(role)] for role in each.roles),
                "until": show_time(each.expires_at),
                "by": names.get(each.created_by, each.created_by),
            }
            for each in invitations
        ],
        reads_href="/manager/access" if actor.may(Action.READ_ACCESSES) else None,
        bring=bring if actor.may(Action.MANAGE_INSTALLATION) else None,
    )


def _person_values(
    person: Person, seen: Any, qualifications: list[QualificationRow]
) -> dict[str, Any]:
    at = seen.get(person.username)
    own = [
        each
        for each in qualifications
        if each.user_id == person.user_id and each.archived_at is None
    ]
    return {
        "href": f"{PEOPLE}/{person.user_id}",
        "name": person.display_name,
        "username": person.username,
        "roles": ", ".join(ROLES[role] for role in sorted(person.roles)),
        "until": show_day(last_day(person.valid_to)),
        "works": bool(person.roles) and not person.disabled,
        "state": ("Switched off", "bad")
        if person.disabled
        else ("Works here", "good")
        if person.roles
        else ("Access ended", "idle"),
        "seen": None if at is None else show_time(at),
        "has_pin": person.has_pin,
        "override": person.entitled_override,
        "papers": judge_papers(own),
    }


def judge_papers(rows: list[QualificationRow]) -> tuple[str, str] | None:
    """One badge for all of a person's qualifications that still count: words and tone."""
    today = clinic_today()
    ends = [row.valid_to for row in rows if row.valid_to is not None]
    if any(end < today for end in ends):
        return "One has run out", "bad"
    if any((end - today).days <= SOON for end in ends):
        return "One ends soon", "warn"
    return (f"{len(rows)} valid", "good") if rows else None


@blueprint.get(f"{PEOPLE}/invite")
def show_invite() -> ResponseReturnValue:
    entitled(Action.MANAGE_PEOPLE)
    return _invite_page(InviteForm(formdata=None))


@blueprint.post(f"{PEOPLE}/invite")
def do_invite() -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_PEOPLE)
    form = InviteForm()
    if not form.validate():
        return _invite_page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        with services().database.writing() as tx:
            link = invite_person(
                tx,
                Invite(
                    username=form.username.data,
                    display_name=form.display_name.data or "",
                    roles=read_roles(form.roles.data),
                    entitled_override=form.entitled_override.data,
                    valid_to=end_of(form.last_day.data),
                ),
                actor=actor,
                now=services().clock(),
            )
    except (Refused, Conflict) as error:
        explain(form, _as_day(error), beside="username")
        return _invite_page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    who = form.display_name.data or form.username.data
    what = "They choose their password and PIN themselves."
    return show_link(link, f"Invitation for {who}", what, back=PEOPLE)


def _as_day(error: Refused | Conflict) -> Refused | Conflict:
    """The operation speaks of an end, the form of a last day."""
    if isinstance(error, Refused) and error.field == "valid_to":
        return Refused("last_day", "…", error.problem, allowed=error.allowed)
    return error


def _invite_page(form: InviteForm) -> str:
    return render_template(
        "house/invite.html", page=page_values("Invite somebody", section="people"), form=form
    )


def read_roles(values: list[str]) -> frozenset[Role]:
    return frozenset(Role(value) for value in values)


@blueprint.post(f"{PEOPLE}/invitations/<invitation_id>/revoke")
def end_invitation(invitation_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_PEOPLE)
    with services().database.writing() as tx:
        revoke_invitation(tx, invitation_id, actor=actor, now=services().clock())
    flash("The link is taken back. It opens nothing any more.", "good")
    return redirect(PEOPLE, HTTPStatus.SEE_OTHER)


@blueprint.post(f"{PEOPLE}/bring")
def bring_person() -> ResponseReturnValue:
    """Give roles here to somebody who already works in another clinic of the installation."""
    actor = entitled(Action.MANAGE_INSTALLATION)
    form = BringForm(prefix="bring-")
    if not form.validate():
        return _people_page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        with services().database.writing() as tx:
            user_id = find_by_username(tx, form.username.data, actor=actor)
            command = ChangeRoles(
                user_id=user_id,
                roles=read_roles(form.roles.data),
                valid_to=end_of(form.last_day.data),
            )
            set_roles(tx, command, actor=actor, now=services().clock())
    except (Refused, Conflict) as error:
        explain(form, _as_day(error), beside="username")
        return _people_page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    return redirect(f"{PEOPLE}/{user_id}", HTTPStatus.SEE_OTHER)


@blueprint.get(TOKENS)
def show_tokens() -> ResponseReturnValue:
    return _tokens_page(TokenForm(formdata=None), None)


@blueprint.post(TOKENS)
def make_token() -> ResponseReturnValue:
    entitled(Action.MANAGE_PEOPLE)
    actor = current_actor()
    form = TokenForm()
    if not form.validate():
        return _tokens_page(form, None), HTTPStatus.UNPROCESSABLE_ENTITY
    command = CreateToken(
        user_id=actor.user_id,
        label=form.label.data,
        scopes=frozenset(form.scopes.data),
        expires_at=end_of(form.last_day.data),
    )
    try:
        with services().database.writing() as tx:
            made = create_token(tx, command, actor=actor, now=services().clock())
    except Refused as error:
        explain(form, error, beside="last_day")
        return _tokens_page(form, None), HTTPStatus.UNPROCESSABLE_ENTITY
    return _tokens_page(TokenForm(formdata=None), made)


def _tokens_page(form: TokenForm, made: NewToken | None) -> str:
    actor = entitled(Action.MANAGE_PEOPLE)
    now = services().clock()
    with services().database.reading() as tx:
        tokens = list_tokens(tx, actor=actor)
        names = read_names(tx, clinic_id=actor.clinic_id)
    return render_template(
        "house/tokens.html",
        page=page_values("API tokens", section="people"),
        form=form,
        made=made,
        tokens=[token_values(token, names, now) for token in tokens],
    )


def term_values(term: RoleTerm, now: datetime) -> dict[str, Any]:
    """One role over time, for the page of whoever has or had it."""
    return {
        "clinic": term.clinic_name,
        "role": ROLES[term.role],
        "from": show_time(term.valid_from),
        "to": show_day(last_day(term.valid_to)),
        "counts": term.valid_to is None or term.valid_to > now,
    }


def token_values(token: Any, names: Any, now: Any) -> dict[str, Any]:
    """A token as tables show it."""
    over = token.expires_at is not None and token.expires_at <= now
    return {
        "id": token.token_id,
        "label": token.label,
        "who": names.get(token.user_id, "Administrator"),
        "scopes": ", ".join(token.scopes),
        "made": show_time(token.created_at),
        "until": show_day(last_day(token.expires_at)),
        "used": None if token.used_at is None else show_time(token.used_at),
        "open": token.revoked_at is None and not over,
        "state": ("Taken back", "idle")
        if token.revoked_at is not None
        else ("Run out", "idle")
        if over
        else ("In use", "good"),
    }


@blueprint.post(f"{TOKENS}/<token_id>/revoke")
def end_token(token_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_PEOPLE)
    with services().database.writing() as tx:
        revoke_token(tx, token_id, actor=actor, now=services().clock())
    flash("The token is taken back. Whatever used it is refused from now on.", "good")
    return redirect(TOKENS, HTTPStatus.SEE_OTHER)
