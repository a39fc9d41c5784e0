"""Checklists as they are published: list, one version, its sessions, two versions compared."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action
from compliance.errors import Conflict, Refused
from compliance.operations.protocols.drafts import list_drafts, start_draft
from compliance.operations.protocols.reading import (
    COUNT_CAP,
    PublishedVersion,
    compare_versions,
    find_version,
    list_sessions_using,
    list_versions,
)
from compliance.web.api.cursors import cut_page, read_moment_cursor
from compliance.web.context import current_clinic, page_values, services, show_time
from compliance.web.desk.manager import SESSIONS
from compliance.web.desk.wording import line_values
from compliance.web.house.checklist import CHANGES, change_values, phases_of
from compliance.web.house.doors import entitled, explain
from compliance.web.house.forms import CopyForm
from compliance.web.house.wording import PHASES
from compliance.web.tablet.wording import localized

blueprint = Blueprint("house_protocols", __name__)

TEMPLATES: Final = "/manager/templates"
VERSION: Final = f"{TEMPLATES}/<template_id>/<int:version>"
PAGE: Final = 25


def title_of(words: dict[str, str]) -> str:
    return localized(words, current_clinic().language)


@blueprint.get(TEMPLATES)
def show_templates() -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_TEMPLATES)
    with services().database.reading() as tx:
        versions = list_versions(tx, actor=actor)
        drafts = list_drafts(tx, actor=actor)
    newest: dict[str, list[PublishedVersion]] = {}
    for each in versions:
        newest.setdefault(each.template.id, []).append(each)
    return render_template(
        "house/templates.html",
        page=page_values("Checklists", section="templates"),
        templates=[_template_values(group) for group in newest.values()],
        drafts=[
            {
                "href": f"{TEMPLATES}/drafts/{row.draft_id}",
                "title": title_of(row.body["title"]) or row.body["id"],
                "becomes": f"{row.body['id']}, version {row.body['version']}",
                "when": show_time(row.updated_at),
            }
            for row in drafts
        ],
    )


def _template_values(versions: list[PublishedVersion]) -> dict[str, Any]:
    newest = versions[0]
    return {
        "title": title_of(dict(newest.template.title)),
        "id": newest.template.id,
        "href": f"{TEMPLATES}/{newest.template.id}/{newest.template.version}",
        "version": newest.template.version,
        "items": len(newest.template.items),
        "published": show_time(newest.published_at),
        "sessions": say_count(sum(each.sessions for each in versions)),
        "compare": f"{TEMPLATES}/{newest.template.id}/compare" if len(versions) > 1 else None,
    }


def say_count(count: int) -> str:
    return f"more than {COUNT_CAP - 1}" if count >= COUNT_CAP else str(count)


@blueprint.get(VERSION)
def show_version(template_id: str, version: int) -> ResponseReturnValue:
    return _version_page(template_id, version, CopyForm(formdata=None))


def _version_page(template_id: str, version: int, form: CopyForm) -> str:
    actor = entitled(Action.MANAGE_TEMPLATES)
    after = read_moment_cursor(request.args.get("cursor"))
    with services().database.reading() as tx:
        found, versions = find_version(tx, template_id, version, actor=actor)
        used = list_sessions_using(
            tx,
            template_id,
            version,
            actor=actor,
            keyring=services().keyring,
            after=after,
            limit=PAGE + 1,
        )
    page, cursor = cut_page(used, PAGE, lambda each: (each.line.opened_at, each.line.session_id))
    template = found.template
    title = title_of(dict(template.title))
    here = f"{TEMPLATES}/{template_id}/{version}"
    return render_template(
        "house/template.html",
        page=page_values(title, section="templates"),
        title=title,
        here=here,
        template=template,
        body=template.body,
        hash=found.hash,
        published=show_time(found.published_at),
        index=found.index,
        count=say_count(found.sessions),
        phases=phases_of(template.body),
        versions=[
            {
                "version": each.template.version,
                "href": f"{TEMPLATES}/{template_id}/{each.template.version}",
                "published": show_time(each.published_at),
                "sessions": say_count(each.sessions),
                "current": each.template.version == version,
            }
            for each in versions
        ],
        compare=f"{TEMPLATES}/{template_id}/compare?to={version}" if len(versions) > 1 else None,
        sessions=[line_values(each, {template_id: title}, base=SESSIONS) for each in page],
        next_href=f"{here}?cursor={cursor}#sessions" if cursor else None,
        first_href=f"{here}#sessions" if after else None,
        form=form,
    )


@blueprint.post(f"{VERSION}/copy")
def copy_version(template_id: str, version: int) -> ResponseReturnValue:
    """Start a draft: the next version of the same checklist, or one of its own."""
    actor = entitled(Action.MANAGE_TEMPLATES)
    form = CopyForm()
    if form.validate():
        try:
            with services().database.writing() as tx:
                row = start_draft(
                    tx,
                    template_id,
                    version,
                    new_name=form.new_name.data or "",
                    actor=actor,
                    now=services().clock(),
                )
        except (Refused, Conflict) as error:
            explain(form, Conflict(str(error)), beside="new_name")
        else:
            return redirect(f"{TEMPLATES}/drafts/{row.draft_id}", HTTPStatus.SEE_OTHER)
    return _version_page(template_id, version, form), HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.get(f"{TEMPLATES}/<template_id>/compare")
def show_comparison(template_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_TEMPLATES)
    with services().database.reading() as tx:
        versions = list_versions(tx, actor=actor, template_id=template_id)
        numbers = [each.template.version for each in versions] or [1]
        new = _number("to", numbers[0])
        old = _number("from", max((n for n in numbers if n < new), default=new))
        before, after, comparison = compare_versions(tx, template_id, old, new, actor=actor)
    options = tuple((str(number), f"Version {number}") for number in numbers)
    title = title_of(dict(after.template.title))
    return render_template(
        "house/compare.html",
        page=page_values(f"Compare {title}", section="templates"),
        title=title,
        here=f"{TEMPLATES}/{template_id}/compare",
        back_href=f"{TEMPLATES}/{template_id}/{new}",
        old=old,
        new=new,
        old_published=show_time(before.published_at),
        new_published=show_time(after.published_at),
        fields=(
            ("from", "Earlier", "select", str(old), options),
            ("to", "Later", "select", str(new), options),
        ),
        differs=comparison.differs,
        head=[each for field in comparison.head for each in change_values(field)],
        items=[
            {
                "label": title_of(dict(item.label)) or item.code,
                "code": item.code,
                "phase": dict(PHASES)[_phase(item.phase)],
                "state": CHANGES[item.change],
                "fields": [each for field in item.fields for each in change_values(field)],
            }
            for item in comparison.items
        ],
    )


def _phase(text: str) -> Any:
    return next(phase for phase in PHASES if phase.value == text)


def _number(name: str, fallback: int) -> int:
    text = request.args.get(name, "")
    if not text:
        return fallback
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise Refused(name, text, "is no version", allowed="a whole number")
    return int(text)
