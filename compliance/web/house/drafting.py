"""The editor of a checklist's draft, its live preview, and publishing with a signature."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action
from compliance.domain.comparing import Change, compare_templates
from compliance.domain.drafting import (
    Body,
    add_item,
    apply_edits,
    move_item,
    remove_item,
)
from compliance.domain.template import TemplateInvalid, read_template
from compliance.domain.words import ItemKind, Phase
from compliance.errors import Conflict, Refused, VersionMismatch
from compliance.operations.people.attempts import TooManyAttempts, WrongSecret
from compliance.operations.people.grants import issue_grant
from compliance.operations.protocols.drafts import (
    Draft,
    change_draft,
    discard_draft,
    preview_draft,
    publish_act,
    publish_draft,
    read_draft,
)
from compliance.operations.signing import MEANINGS
from compliance.web.context import page_values, services, show_time
from compliance.web.house.checklist import CHANGES, NAMES, phases_of
from compliance.web.house.doors import entitled, explain, say_refusal
from compliance.web.house.draft_values import both_languages, item_fields
from compliance.web.house.forms import PublishForm
from compliance.web.house.protocols import TEMPLATES, title_of
from compliance.web.house.wording import ITEM_KINDS, PHASES

blueprint = Blueprint("house_drafting", __name__)

ONE: Final = f"{TEMPLATES}/drafts/<draft_id>"
_KINDS: Final = tuple(ItemKind)


@blueprint.get(ONE)
def show_draft(draft_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_TEMPLATES)
    with services().database.reading() as tx:
        draft = read_draft(tx, draft_id, actor=actor)
    return _page(draft)


@blueprint.post(ONE)
def save_draft(draft_id: str) -> ResponseReturnValue:
    """Save the form, and do what the pressed button asks besides: move, remove, add."""
    actor = entitled(Action.MANAGE_TEMPLATES)
    revision = _revision()
    try:
        with services().database.writing() as tx:
            change_draft(
                tx,
                draft_id,
                _change(),
                revision=revision,
                actor=actor,
                now=services().clock(),
            )
    except (Refused, TemplateInvalid) as error:
        with services().database.reading() as tx:
            draft = read_draft(tx, draft_id, actor=actor)
        return _page(draft, problem=_say(error)), HTTPStatus.UNPROCESSABLE_ENTITY
    except VersionMismatch as error:
        flash(f"Nothing was saved: {error}.", "error")
        return redirect(f"{TEMPLATES}/drafts/{draft_id}", HTTPStatus.SEE_OTHER)
    verb, _, code = request.form.get("do", "save").partition(":")
    if verb == "save":
        flash("The draft is saved. Sessions use it only once it is published.", "good")
    place = f"#item-{code}" if verb in ("up", "down") else "#add" if verb == "add" else ""
    return redirect(f"{TEMPLATES}/drafts/{draft_id}{place}", HTTPStatus.SEE_OTHER)


@blueprint.post(f"{ONE}/preview")
def show_preview(draft_id: str) -> ResponseReturnValue:
    """The preview of what is typed; nothing is saved."""
    actor = entitled(Action.MANAGE_TEMPLATES)
    edits = request.form.to_dict()
    problem = ""
    with services().database.reading() as tx:
        try:
            draft = preview_draft(tx, draft_id, lambda body: apply_edits(body, edits), actor=actor)
        except (Refused, TemplateInvalid) as error:
            draft, problem = read_draft(tx, draft_id, actor=actor), _say(error)
    return render_template("house/_preview.html", **_preview(draft, problem))


@blueprint.post(f"{ONE}/discard")
def throw_away(draft_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_TEMPLATES)
    with services().database.writing() as tx:
        discard_draft(tx, draft_id, actor=actor)
    flash("The draft is gone. What is published stays as it is.", "good")
    return redirect(TEMPLATES, HTTPStatus.SEE_OTHER)


@blueprint.get(f"{ONE}/publish")
def show_publish(draft_id: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_TEMPLATES)
    with services().database.reading() as tx:
        draft = read_draft(tx, draft_id, actor=actor)
    form = PublishForm(formdata=None)
    form.revision.data = str(draft.row.revision)
    return _publish_page(draft, form)


@blueprint.post(f"{ONE}/publish")
def publish(draft_id: str) -> ResponseReturnValue:
    """Ask for the password, then publish exactly the revision that was on the screen."""
    actor = entitled(Action.MANAGE_TEMPLATES)
    form = PublishForm()
    with services().database.reading() as tx:
        draft = read_draft(tx, draft_id, actor=actor)
    if not form.validate():
        return _publish_page(draft, form), HTTPStatus.UNPROCESSABLE_ENTITY
    revision = _revision()
    try:
        grant = issue_grant(
            services().database,
            actor=actor,
            password=form.password.data,
            act_hash=publish_act(draft_id, revision).hash(),
            now=services().clock(),
        )
        with services().database.writing() as tx:
            name = publish_draft(
                tx, draft_id, revision=revision, grant=grant, actor=actor, now=services().clock()
            )
    except (WrongSecret, TooManyAttempts) as error:
        explain(form, error, beside="password")
    except (Conflict, TemplateInvalid) as error:
        explain(form, error)
    else:
        template_id, _, version = name.partition("@")
        flash(
            f"Version {version} is in use. New sessions begin with it; open ones keep theirs.",
            "good",
        )
        return redirect(f"{TEMPLATES}/{template_id}/{version}", HTTPStatus.SEE_OTHER)
    return _publish_page(draft, form), HTTPStatus.UNPROCESSABLE_ENTITY


def _revision() -> int:
    text = request.form.get("revision", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Refused("revision", text, "is no revision", allowed="a whole number")
    return int(text)


def _change() -> Callable[[Body], Body]:
    """What the sent form asks to be done to the draft."""
    edits = request.form.to_dict()
    verb, _, code = edits.get("do", "save").partition(":")

    def change(body: Body) -> Body:
        edited = apply_edits(body, edits)
        match verb:
            case "up" | "down":
                return move_item(edited, code, up=verb == "up")
            case "remove":
                return remove_item(edited, code)
            case "add":
                return add_item(
                    edited,
                    code=edits.get("new.code", "").strip(),
                    label=edits.get("new.label", ""),
                    phase=edits.get("new.phase", ""),
                    kind=edits.get("new.kind", ""),
                )
            case _:
                return edited

    return change


def _say(error: Refused | TemplateInvalid) -> str:
    if isinstance(error, Refused):
        return f"{error.field}: {say_refusal(error)}"
    return say_refusal(error)


def _page(draft: Draft, *, problem: str = "") -> str:
    body = draft.row.body
    title = title_of(body["title"]) or str(body["id"])
    return render_template(
        "house/draft.html",
        page=page_values(f"Draft: {title}", section="templates"),
        title=title,
        here=f"{TEMPLATES}/drafts/{draft.row.draft_id}",
        base_href=f"{TEMPLATES}/{draft.row.base_id}/{draft.row.base_version}",
        base_name=f"{draft.row.base_id}, version {draft.row.base_version}",
        becomes=f"{body['id']}, version {body['version']}",
        revision=draft.row.revision,
        saved=show_time(draft.row.updated_at),
        body=body,
        names=both_languages(body["title"]),
        expect="\n".join(body["expect"]),
        phases=[
            {
                "name": PHASES[phase],
                "items": [
                    item_fields(item, body) for item in body["items"] if item["phase"] == phase
                ],
            }
            for phase in Phase
        ],
        phase_choices=[(phase.value, PHASES[phase]) for phase in Phase],
        kind_choices=[(kind.value, ITEM_KINDS[kind]) for kind in _KINDS],
        **_preview(draft, problem),
    )


def _preview(draft: Draft, problem: str) -> dict[str, Any]:
    body = draft.row.body
    return {
        "preview_title": title_of(body["title"]) or str(body["id"]),
        "preview": phases_of(body),
        "problem": problem,
        "problems": draft.problems,
    }


def _publish_page(draft: Draft, form: PublishForm) -> str:
    body = draft.row.body
    title = title_of(body["title"]) or str(body["id"])
    return render_template(
        "house/publish.html",
        page=page_values(f"Publish {title}", section="templates"),
        title=title,
        here=f"{TEMPLATES}/drafts/{draft.row.draft_id}",
        becomes=f"{body['id']}, version {body['version']}",
        problems=draft.problems,
        changes=_changes(draft) if not draft.problems else [],
        meaning=MEANINGS["publish"],
        form=form,
    )


def _changes(draft: Draft) -> list[tuple[str, str, str, str]]:
    """Item, what became of it (word and tone) and which parts, against the base."""
    comparison = compare_templates(read_template(draft.base), read_template(draft.row.body))
    return [
        (
            title_of(dict(item.label)) or item.code,
            *CHANGES[item.change],
            ", ".join(NAMES[field.name].lower() for field in item.fields),
        )
        for item in comparison.items
        if item.change is not Change.SAME
    ]
