"""Drafts of checklists: copied from a published version, changed, published with a signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from compliance.domain.access import Action, Actor
from compliance.domain.drafting import Body, copy_body, find_problems
from compliance.domain.template import TemplateInvalid, read_template
from compliance.errors import Conflict, NotFound, Refused, VersionMismatch
from compliance.ledger.canonical import canonical_bytes
from compliance.operations.identifiers import new_id
from compliance.operations.people.tokens import require_full_sign_in
from compliance.operations.signing import Act, sign_act
from compliance.operations.templates import publish_template
from compliance.store import drafts, things
from compliance.store.drafts import DraftRow
from compliance.store.session import Tx

MOST_DRAFTS: Final = 50
MOST_BYTES: Final = 50_000
"""Of the canonical bytes: an entry of the log holds 60 000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A checklist somebody is changing."""

    row: DraftRow
    base: Mapping[str, Any]
    """The body of the published version it was copied from."""
    problems: tuple[str, ...]
    """What keeps it from being published."""

    @property
    def template_id(self) -> str:
        return str(self.row.body["id"])

    @property
    def is_copy(self) -> bool:
        """Whether it becomes a checklist of its own, not a new version."""
        return self.template_id != self.row.base_id


def start_draft(
    tx: Tx, template_id: str, version: int, *, new_name: str, actor: Actor, now: datetime
) -> DraftRow:
    """Copy a published version into a draft.

    Args:
        tx: the caller's write transaction.
        template_id: which checklist.
        version: which of its versions.
        new_name: the id of a checklist of its own; empty for a new version of the same.
        actor: who works on it.
        now: the current time.

    Raises:
        NotFound: no such version in this clinic.
        Refused: the new id is no code, or there are too many drafts.
        Conflict: the new id is taken.
    """
    actor.require(Action.MANAGE_TEMPLATES)
    require_full_sign_in(actor)
    base = _published(tx, actor, template_id, version)
    target = new_name or template_id
    newest = things.find_template(tx, actor.clinic_id, target, None)
    if new_name and newest is not None:
        raise Conflict(f"there is already a checklist {new_name!r}")
    if len(drafts.list_drafts(tx, actor.clinic_id)) >= MOST_DRAFTS:
        raise Refused("drafts", MOST_DRAFTS, "are enough", allowed="publish or discard one first")
    next_version = 1 if newest is None else int(newest[0]["version"]) + 1
    row = DraftRow(
        clinic_id=actor.clinic_id,
        draft_id=new_id(now),
        base_id=template_id,
        base_version=version,
        body=copy_body(base, template_id=target, version=next_version),
        revision=1,
        created_at=now,
        updated_at=now,
        updated_by=actor.user_id,
    )
    drafts.insert_draft(tx, row)
    return row


def change_draft(
    tx: Tx,
    draft_id: str,
    change: Callable[[Body], Body],
    *,
    revision: int,
    actor: Actor,
    now: datetime,
) -> Draft:
    """Save a change over the revision the person saw; the caller's write transaction.

    Raises:
        NotFound: no such draft.
        VersionMismatch: somebody else saved meanwhile.
        Refused, TemplateInvalid: the change cannot be made at all.
    """
    actor.require(Action.MANAGE_TEMPLATES)
    row = _find(tx, draft_id, actor=actor)
    body = change(row.body)
    if len(canonical_bytes(body)) > MOST_BYTES:
        raise Refused("items", len(body["items"]), "hold too much text", allowed="50 kB in all")
    if body == row.body and revision == row.revision:
        return _draft(tx, row, actor=actor)
    saved = replace(row, body=body, revision=revision + 1, updated_at=now, updated_by=actor.user_id)
    if not drafts.update_draft(tx, saved, seen=revision):
        raise VersionMismatch("somebody else saved this draft meanwhile; load it again")
    return _draft(tx, saved, actor=actor)


def preview_draft(tx: Tx, draft_id: str, change: Callable[[Body], Body], *, actor: Actor) -> Draft:
    """The draft as a change would make it; nothing is saved."""
    actor.require(Action.MANAGE_TEMPLATES)
    row = _find(tx, draft_id, actor=actor)
    return _draft(tx, replace(row, body=change(row.body)), actor=actor)


def read_draft(tx: Tx, draft_id: str, *, actor: Actor) -> Draft:
    """Raises ``NotFound``."""
    actor.require(Action.MANAGE_TEMPLATES)
    return _draft(tx, _find(tx, draft_id, actor=actor), actor=actor)


def list_drafts(tx: Tx, *, actor: Actor) -> list[DraftRow]:
    """The clinic's drafts, the newest change first."""
    actor.require(Action.MANAGE_TEMPLATES)
    return drafts.list_drafts(tx, actor.clinic_id)


def discard_draft(tx: Tx, draft_id: str, *, actor: Actor) -> None:
    """Throw a draft away. It was never part of the record, so nothing is entered."""
    actor.require(Action.MANAGE_TEMPLATES)
    drafts.delete_draft(tx, actor.clinic_id, _find(tx, draft_id, actor=actor).draft_id)


def publish_act(draft_id: str, revision: int) -> Act:
    """What a grant for publishing must be bound to: exactly the revision that was read."""
    return Act(verb="publish", thing=draft_id, version=revision)


def publish_draft(
    tx: Tx, draft_id: str, *, revision: int, grant: str | None, actor: Actor, now: datetime
) -> str:
    """Publish a draft as the next version, with a signature; the draft is gone then.

    Returns ``ID@VERSION``. Sessions that are open keep the version they began with.

    Raises:
        NotFound: no such draft.
        VersionMismatch: it was saved after the person read it.
        TemplateInvalid: naming what keeps it from being a checklist.
        Conflict: a copy's id was taken meanwhile, or nothing differs from the newest version.
        SignatureRequired: no valid grant for this revision.
    """
    actor.require(Action.MANAGE_TEMPLATES)
    draft = read_draft(tx, draft_id, actor=actor)
    if draft.row.revision != revision:
        raise VersionMismatch("the draft was saved after you read it; read it again, then publish")
    if draft.problems:
        raise TemplateInvalid(" ".join(draft.problems))
    newest = things.find_template(tx, actor.clinic_id, draft.template_id, None)
    if draft.is_copy and newest is not None:
        raise Conflict(f"there is already a checklist {draft.template_id!r}")
    version = 1 if newest is None else int(newest[0]["version"]) + 1
    body = {**draft.row.body, "version": version}
    if newest is not None and {**newest[0], "version": version} == body:
        raise Conflict("nothing differs from the newest version")
    signature = sign_act(tx, publish_act(draft_id, revision), actor=actor, grant=grant, now=now)
    publish_template(tx, read_template(body), signature=signature, actor=actor, now=now)
    drafts.delete_draft(tx, actor.clinic_id, draft_id)
    return f"{draft.template_id}@{version}"


def _draft(tx: Tx, row: DraftRow, *, actor: Actor) -> Draft:
    base = _published(tx, actor, row.base_id, row.base_version)
    return Draft(row=row, base=base, problems=find_problems(row.body, base))


def _find(tx: Tx, draft_id: str, *, actor: Actor) -> DraftRow:
    row = drafts.find_draft(tx, actor.clinic_id, draft_id)
    if row is None:
        raise NotFound("there is no such draft in this clinic")
    return row


def _published(tx: Tx, actor: Actor, template_id: str, version: int) -> Mapping[str, Any]:
    found = things.find_template(tx, actor.clinic_id, template_id, version)
    if found is None:
        raise NotFound(f"there is no checklist {template_id}@{version} in this clinic")
    return found[0]
