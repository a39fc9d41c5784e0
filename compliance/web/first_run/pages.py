"""The first run: from an empty database to a clinic with two people, in one form."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, redirect, render_template, session
from flask.typing import ResponseReturnValue
from wtforms import FormField

from compliance.domain.access import Role
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.first_code import check_code, withdraw_code
from compliance.operations.founding import (
    AlreadyFounded,
    DemoFolder,
    FoundClinic,
    FoundInstallation,
    found_installation,
    require_no_demo,
)
from compliance.operations.people.accounts import CreatePerson, check_username
from compliance.operations.people.passwords import hash_password, hash_pin
from compliance.web.context import plain_page, services
from compliance.web.first_run.door import (
    FIRST_CODE,
    FIRST_RUN,
    first_run,
    has_clinic,
    may_found,
    remember_code,
)
from compliance.web.first_run.forms import CodeForm, FoundingForm, fresh_form, suggest_slug
from compliance.web.first_run.sheet import FOUNDED, SHEET
from compliance.web.profile_words import base_choice, list_places

blueprint = Blueprint("first_run", __name__)

ACTOR: Final = "first-run"
"""The log says ``system:first-run`` did it: nobody could sign in before."""


@blueprint.get(FIRST_RUN)
def show() -> ResponseReturnValue:
    _require_first_run()
    return _founding_page(fresh_form()) if may_found() else _code_page(CodeForm(formdata=None))


@blueprint.post(FIRST_CODE)
def give_code() -> ResponseReturnValue:
    """Take the code from the terminal; `web.security` limits how often it may be tried."""
    _require_first_run()
    form = CodeForm()
    if not form.validate():
        return _code_page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    if not check_code(services().settings.data_dir, form.code.data):
        form.code.errors = ["This is not the code that the terminal shows now."]
        return _code_page(form), HTTPStatus.FORBIDDEN
    remember_code()
    return redirect(FIRST_RUN, HTTPStatus.SEE_OTHER)


@blueprint.post(FIRST_RUN)
def found() -> ResponseReturnValue:
    form = FoundingForm()
    state = first_run()
    with state.lock:
        if state.submission and state.submission == form.submission.data:
            # Pressed twice: the first answer never reached the screen.
            return redirect(SHEET, HTTPStatus.SEE_OTHER)
        _require_first_run()
        if not may_found():
            return _code_page(CodeForm(formdata=None)), HTTPStatus.FORBIDDEN
        return _found(form)


def _found(form: FoundingForm) -> ResponseReturnValue:
    command = _read_command(form) if form.validate() else None
    if command is None:
        return _founding_page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    data_dir = services().settings.data_dir
    try:
        clinic = found_installation(
            services().database,
            command,
            keyring=services().keyring,
            data_dir=data_dir,
            actor_name=ACTOR,
            now=services().clock(),
        )
    except (AlreadyFounded, DemoFolder):
        raise
    except Refused as error:
        form.form_errors.append(f"{error.field.replace('_', ' ').capitalize()}: {_why(error)}")
        return _founding_page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    except Conflict as error:
        form.form_errors.append(f"{str(error)[:1].upper()}{str(error)[1:]}.")
        return _founding_page(form), HTTPStatus.CONFLICT
    state = first_run()
    state.over, state.submission = True, form.submission.data
    withdraw_code(data_dir)
    session.clear()
    session[FOUNDED] = clinic.name
    return redirect(SHEET, HTTPStatus.SEE_OTHER)


def _require_first_run() -> None:
    """Raises ``NotFound`` once there is a clinic, ``DemoFolder`` where the demo lives."""
    if has_clinic():
        raise NotFound("the first run is over")
    require_no_demo(services().settings.data_dir)
    if services().settings.demo:
        raise DemoFolder("this server shows the demo; real clinics are made by `compliance run`")


def _read_command(form: FoundingForm) -> FoundInstallation | None:
    """The command of a form of the right shape; None with errors at its fields.

    Hashes both passwords, which takes tenths of a second: no transaction is open here.
    """
    slug = form.chosen_slug()
    if slug != suggest_slug(slug) or len(slug) < 2:
        form.slug.errors = ["Use 2 to 40 of a-z, 0-9 and single hyphens."]
    admin = _read_person(form.admin, replace(_BLANK, admin=True))
    manager = _read_person(form.manager, replace(_BLANK, roles=frozenset({Role.MANAGER})))
    if admin is not None and manager is not None and admin.username == manager.username:
        _complain(form.manager, "username", "The two accounts need different usernames.")
        manager = None
    if form.slug.errors or admin is None or manager is None:
        return None
    clinic = FoundClinic(
        slug=slug,
        name=" ".join(form.name.data.split()),
        time_zone=form.time_zone.data,
        language=form.language.data,
        profiles=tuple(form.profiles.data or ()),
    )
    return FoundInstallation(clinic=clinic, people=(admin, manager))


_BLANK: Final = CreatePerson(
    username="",
    display_name="",
    password_hash=None,  # type: ignore[arg-type]  # Filled in before anybody sees it.
    roles=frozenset(),
)


def _read_person(field: FormField, blank: CreatePerson) -> CreatePerson | None:
    """The account a part of the form asks for; None with errors at its fields."""
    given = field.form
    username = given.username.data.strip().lower()
    try:
        check_username(username)
        return replace(
            blank,
            username=username,
            display_name=given.display_name.data,
            password_hash=hash_password(given.password.data, username=username),
            pin_hash=hash_pin(given.pin.data) if given.pin.data else None,
        )
    except Refused as error:
        _complain(field, error.field, _why(error))
        return None


def _complain(field: FormField, name: str, sentence: str) -> None:
    field.form[name].errors = [sentence]


def _why(error: Refused) -> str:
    hint = f" Allowed: {error.allowed}." if error.allowed else ""
    return f"This {error.problem}.{hint}"


def _founding_page(form: FoundingForm) -> str:
    return render_template(
        "first_run/found.html",
        page=plain_page("First run"),
        form=form,
        problems=_problems(form),
        places=list_places(),
        base=base_choice(),
        chosen=frozenset(form.profiles.data or ()),
    )


def _problems(form: FoundingForm) -> list[Any]:
    """(address, sentence) of every error, those of the two people included."""
    found: list[Any] = [str(sentence) for sentence in form.form_errors]
    for each in form:
        parts = list(each.form) if isinstance(each, FormField) else [each]
        found += [(f"#{part.id}", str(error)) for part in parts for error in part.errors]
    return found


def _code_page(form: CodeForm) -> str:
    return render_template("first_run/code.html", page=plain_page("First run"), form=form)
