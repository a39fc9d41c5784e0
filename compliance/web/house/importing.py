"""Importing a spreadsheet: choose, look at what it would do, confirm."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action
from compliance.errors import Refused
from compliance.operations.inventory.families import find_family
from compliance.operations.inventory.importing import (
    ImportChanged,
    confirm_import,
    discard_import,
    plan_import,
    stage_import,
)
from compliance.operations.inventory.spreadsheets import MOST_BYTES
from compliance.web.context import page_values, services
from compliance.web.house.doors import entitled, explain
from compliance.web.house.forms import ConfirmForm, ImportForm
from compliance.web.house.shelves import THINGS
from compliance.web.house.wording import FAMILY_WORDS

blueprint = Blueprint("house_importing", __name__)

SHOWN: Final = 20
"""Good rows shown in a preview; bad ones are all named, up to `SHOWN_BAD`."""
SHOWN_BAD: Final = 500
_UPLOAD: Final = f"{THINGS}/<family>/import"
_ONE: Final = f"{THINGS}/<family>/import/<import_id>"


@blueprint.get(_UPLOAD)
def show_upload(family: str) -> ResponseReturnValue:
    entitled(Action.MANAGE_DEVICES)
    return _upload_page(family, ImportForm(formdata=None))


def _upload_page(family: str, form: ImportForm) -> str:
    found = find_family(family)
    words = FAMILY_WORDS[family]
    return render_template(
        "house/import.html",
        page=page_values(f"Import {words.many.lower()}", section="things"),
        words=words,
        base=f"{THINGS}/{family}",
        form=form,
        columns=[column for column in found.columns if column.read is not None],
    )


@blueprint.post(_UPLOAD)
def upload(family: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    find_family(family)
    form = ImportForm()
    if not form.validate():
        return _upload_page(family, form), HTTPStatus.UNPROCESSABLE_ENTITY
    # One byte more than is allowed is enough to see that a file is too large.
    content = form.file.data.read(MOST_BYTES + 1)
    try:
        with services().database.writing() as tx:
            import_id = stage_import(tx, family, content, actor=actor, now=services().clock())
    except Refused as error:
        explain(form, error, beside="file")
        return _upload_page(family, form), HTTPStatus.UNPROCESSABLE_ENTITY
    return redirect(f"{THINGS}/{family}/import/{import_id}", HTTPStatus.SEE_OTHER)


@blueprint.get(_ONE)
def show_plan(family: str, import_id: str) -> ResponseReturnValue:
    return _plan_page(family, import_id, changed=False)


def _plan_page(family: str, import_id: str, *, changed: bool) -> str:
    actor = entitled(Action.MANAGE_DEVICES)
    find_family(family)
    with services().database.reading() as tx:
        plan = plan_import(tx, import_id, actor=actor)
    words = FAMILY_WORDS[plan.family.name]
    names = [name for name in plan.columns if plan.family.column(name).read is not None]
    form = ConfirmForm(formdata=None)
    form.verdict.data = plan.verdict
    return render_template(
        "house/import_plan.html",
        page=page_values(f"Import {words.many.lower()}", section="things"),
        words=words,
        base=f"{THINGS}/{plan.family.name}",
        here=f"{THINGS}/{plan.family.name}/import/{import_id}",
        encoding=plan.encoding,
        good_count=len(plan.good),
        bad_count=plan.bad_rows,
        bad=plan.bad[:SHOWN_BAD],
        bad_more=max(0, len(plan.bad) - SHOWN_BAD),
        columns=names,
        good=[(row.row, *(row.cells.get(name, "") for name in names)) for row in plan.good[:SHOWN]],
        good_more=max(0, len(plan.good) - SHOWN),
        form=form,
        changed=changed,
    )


@blueprint.post(_ONE)
def confirm(family: str, import_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    form = ConfirmForm()
    verdict: Any = form.verdict.data if form.validate() else ""
    try:
        with services().database.writing() as tx:
            found, count = confirm_import(
                tx, import_id, verdict, actor=actor, now=services().clock()
            )
    except ImportChanged:
        return _plan_page(family, import_id, changed=True), HTTPStatus.CONFLICT
    words = FAMILY_WORDS[found.name]
    flash(f"{count} {(words.one if count == 1 else words.many).lower()} imported.", "good")
    return redirect(f"{THINGS}/{found.name}", HTTPStatus.SEE_OTHER)


@blueprint.post(f"{_ONE}/discard")
def discard(family: str, import_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    with services().database.writing() as tx:
        discard_import(tx, import_id, actor=actor, now=services().clock())
    return redirect(f"{THINGS}/{find_family(family).name}", HTTPStatus.SEE_OTHER)
