"""One person: roles, qualifications, browsers, attempts, tokens; on and off."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action, Actor, Role
from compliance.errors import Conflict, NotPermitted, Refused
from compliance.operations.people.accounts import ChangeRoles, disable_person, enable_person
from compliance.operations.people.invitations import invite_reset
from compliance.operations.people.listing import read_names
from compliance.operations.people.managing import (
    PersonFile,
    end_login_of,
    read_person,
    set_roles,
)
from compliance.operations.people.qualifications import (
    AddQualification,
    QualificationRow,
    add_qualification,
    list_qualifications,
    read_scan,
    withdraw_qualification,
)
from compliance.store.session import Tx
from compliance.web.browsers import name_browser
from compliance.web.context import page_values, services, show_time
from compliance.web.house.doors import (
    clinic_today,
    end_of,
    entitled,
    explain,
    last_day,
    say_refusal,
    show_day,
)
from compliance.web.house.links import show_link
from compliance.web.house.people import PEOPLE, SOON, read_roles, term_values, token_values
from compliance.web.house.people_forms import NameForm, QualificationForm, RolesForm
from compliance.web.house.wording import ATTEMPTS, QUALIFICATIONS, ROLES

blueprint = Blueprint("house_person", __name__)

ONE: Final = f"{PEOPLE}/<user_id>"


@blueprint.get(ONE)
def show_person(user_id: str) -> ResponseReturnValue:
    return person_page(user_id)


def person_page(
    user_id: str,
    *,
    roles: RolesForm | None = None,
    papers: QualificationForm | None = None,
    name: NameForm | None = None,
) -> str:
    actor = entitled(Action.MANAGE_PEOPLE)
    now = services().clock()
    with services().database.reading() as tx:
        file = read_person(tx, user_id, actor=actor, now=now)
        rows = list_qualifications(tx, actor=actor, user_id=user_id)
        names = read_names(tx, clinic_id=actor.clinic_id)
    person = file.person
    return render_template(
        "house/person.html",
        page=page_values(person.display_name, section="people"),
        base=f"{PEOPLE}/{user_id}",
        person=person,
        is_self=user_id == actor.user_id,
        decides=_decides(file, actor),
        elsewhere=file.elsewhere,
        seen=None if file.last_sign_in is None else show_time(file.last_sign_in),
        waits=None if file.waits_until is None else show_time(file.waits_until),
        held=", ".join(ROLES[role] for role in sorted(person.roles)),
        until=show_day(last_day(person.valid_to)),
        terms=[term_values(term, now) for term in file.terms],
        several=len({term.clinic_id for term in file.terms}) > 1,
        qualifications=[_paper_values(row, user_id) for row in rows],
        logins=[
            {
                "id": login.login_id,
                "browser": name_browser(login.user_agent),
                "way": {"password": "password", "pin": "PIN"}[login.auth],
                "since": show_time(login.created_at),
                "seen": show_time(login.seen_at),
            }
            for login in file.logins
        ],
        attempts=[
            (show_time(each.at), *ATTEMPTS.get(each.outcome, (each.outcome, "idle")))
            for each in file.attempts
        ],
        tokens=[token_values(token, names, now) for token in file.tokens],
        reads_href=_reads_href(file, actor),
        name_form=name or NameForm(None, prefix="n-", display_name=person.display_name),
        roles_form=roles or _roles_form(file),
        papers_form=papers or QualificationForm(formdata=None, prefix="q-"),
    )


def _reads_href(file: PersonFile, actor: Actor) -> str | None:
    """Where a manager sees what this person read, if they ever were an inspector here."""
    inspected = any(
        term.role is Role.INSPECTOR and term.clinic_id == actor.clinic_id for term in file.terms
    )
    if not inspected or not actor.may(Action.READ_ACCESSES):
        return None
    return f"/manager/access?inspector={file.person.user_id}"


def _decides(file: PersonFile, actor: Actor) -> bool:
    """Whether the actor may decide over the account as a whole."""
    return actor.may(Action.MANAGE_INSTALLATION) or not (file.elsewhere or file.is_admin)


def _roles_form(file: PersonFile) -> RolesForm:
    form = RolesForm(formdata=None, prefix="r-")
    form.roles.data = [role.value for role in file.person.roles]
    form.entitled_override.data = file.person.entitled_override
    form.last_day.data = last_day(file.person.valid_to)
    return form


def _paper_values(row: QualificationRow, user_id: str) -> dict[str, Any]:
    today = clinic_today()
    state = ("Valid", "good")
    if row.archived_at is not None:
        state = ("Withdrawn", "idle")
    elif row.valid_from > today:
        state = ("Not yet valid", "wait")
    elif row.valid_to is not None and row.valid_to < today:
        state = ("Run out", "bad")
    elif row.valid_to is not None and (row.valid_to - today).days <= SOON:
        state = ("Ends soon", "warn")
    base = f"{PEOPLE}/{user_id}/qualifications/{row.qualification_id}"
    return {
        "kind": QUALIFICATIONS[row.kind],
        "title": row.title,
        "number": row.number or None,
        "from": show_day(row.valid_from),
        "to": show_day(row.valid_to),
        "depth": row.depth_limit_mm,
        "scan": f"{base}/scan" if row.document_id else None,
        "withdraw": None if row.archived_at is not None else f"{base}/withdraw",
        "state": state,
    }


@blueprint.post(f"{ONE}/roles")
def change_roles(user_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_PEOPLE)
    form = RolesForm(prefix="r-")
    if form.validate():
        command = ChangeRoles(
            user_id=user_id,
            roles=read_roles(form.roles.data),
            entitled_override=form.entitled_override.data,
            valid_to=end_of(form.last_day.data),
        )
        try:
            with services().database.writing() as tx:
                set_roles(tx, command, actor=actor, now=services().clock())
        except (Refused, Conflict) as error:
            about_end = isinstance(error, Refused) and error.field == "valid_to"
            explain(form, Conflict(say_refusal(error)), beside="last_day" if about_end else "roles")
        else:
            flash("The roles are set. Browsers that are open follow with their next click.", "good")
            return redirect(f"{PEOPLE}/{user_id}", HTTPStatus.SEE_OTHER)
    return person_page(user_id, roles=form), HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.post(f"{ONE}/qualifications")
def add_paper(user_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_PEOPLE)
    form = QualificationForm(prefix="q-")
    if form.validate():
        upload = form.scan.data
        command = AddQualification(
            user_id=user_id,
            kind=form.kind.data,
            title=form.title.data,
            number=form.number.data or "",
            valid_from=form.valid_from.data,
            valid_to=form.valid_to.data,
            depth_limit_mm=(form.depth_limit_mm.data or "").replace(",", ".") or None,
            scan=upload.read() if upload else None,
        )
        try:
            with services().database.writing() as tx:
                add_qualification(
                    tx, command, keyring=services().keyring, actor=actor, now=services().clock()
                )
        except Refused as error:
            explain(form, error)
        else:
            flash("The qualification is recorded.", "good")
            return redirect(f"{PEOPLE}/{user_id}#papers", HTTPStatus.SEE_OTHER)
    return person_page(user_id, papers=form), HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.post(f"{ONE}/qualifications/<qualification_id>/withdraw")
def withdraw_paper(user_id: str, qualification_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_PEOPLE)
    with services().database.writing() as tx:
        withdraw_qualification(
            tx, qualification_id, user_id=user_id, actor=actor, now=services().clock()
        )
    flash("The qualification is withdrawn. It stays on the list and no longer counts.", "good")
    return redirect(f"{PEOPLE}/{user_id}#papers", HTTPStatus.SEE_OTHER)


@blueprint.get(f"{ONE}/qualifications/<qualification_id>/scan")
def send_scan(user_id: str, qualification_id: str) -> ResponseReturnValue:
    """The scan as a file to save: what somebody uploaded is never shown as a page of ours."""
    actor = entitled(Action.MANAGE_PEOPLE)
    with services().database.reading() as tx:
        scan = read_scan(
            tx, qualification_id, user_id=user_id, actor=actor, keyring=services().keyring
        )
    response = Response(scan.content, mimetype=scan.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{scan.file_name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@blueprint.post(f"{ONE}/disable")
def switch_off(user_id: str) -> ResponseReturnValue:
    def work(tx: Tx, actor: Actor) -> str:
        disable_person(tx, user_id, actor=actor, now=services().clock())
        return "The account is switched off: every browser and token of it ended just now."

    return _decide(user_id, work)


@blueprint.post(f"{ONE}/enable")
def switch_on(user_id: str) -> ResponseReturnValue:
    def work(tx: Tx, actor: Actor) -> str:
        enable_person(tx, user_id, actor=actor, now=services().clock())
        return "The account is on again. Browsers and tokens of before stay ended."

    return _decide(user_id, work)


@blueprint.post(f"{ONE}/logins/<login_id>/revoke")
def end_login(user_id: str, login_id: str) -> ResponseReturnValue:
    def work(tx: Tx, actor: Actor) -> str:
        end_login_of(tx, user_id, login_id, actor=actor, now=services().clock())
        return "That browser is signed out."

    return _decide(user_id, work)


def _decide(user_id: str, work: Any) -> ResponseReturnValue:
    """Do one thing about the account, and say what was done or why it cannot be."""
    actor = entitled(Action.MANAGE_PEOPLE)
    try:
        with services().database.writing() as tx:
            said = work(tx, actor)
    except Conflict as error:
        flash(say_refusal(error), "error")
    else:
        flash(said, "good")
    return redirect(f"{PEOPLE}/{user_id}", HTTPStatus.SEE_OTHER)


@blueprint.post(f"{ONE}/reset")
def offer_reset(user_id: str) -> ResponseReturnValue:
    """Make a link with which the person chooses a new password."""
    actor = entitled(Action.MANAGE_PEOPLE)
    try:
        with services().database.writing() as tx:
            link = invite_reset(tx, user_id, actor=actor, now=services().clock())
    except (Conflict, NotPermitted) as error:
        flash(say_refusal(error), "error")
        return redirect(f"{PEOPLE}/{user_id}", HTTPStatus.SEE_OTHER)
    return show_link(
        link,
        f"New password for {link.username}",
        "They choose it themselves; until then the old one stays good. The log says that you"
        " made this link and when it was used.",
        back=f"{PEOPLE}/{user_id}",
    )
