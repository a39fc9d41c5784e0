"""Published checklists: their versions, what changed between them, which sessions used them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from compliance.domain.access import Action, Actor
from compliance.domain.comparing import Comparison, compare_templates
from compliance.domain.template import Template
from compliance.errors import NotFound
from compliance.operations.personal import Keyring
from compliance.operations.templates import parsed
from compliance.operations.treatments.reading import ListedSession, open_refs
from compliance.store import drafts, session_lists
from compliance.store.session import Tx

COUNT_CAP: Final = 1001


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedVersion:
    """One published version and how much it was used."""

    template: Template
    hash: str
    published_at: datetime
    index: int
    sessions: int
    """Counted up to ``COUNT_CAP``."""


def list_versions(
    tx: Tx, *, actor: Actor, template_id: str | None = None
) -> list[PublishedVersion]:
    """All versions of all checklists, or of one, the newest first within each."""
    actor.require(Action.READ_THINGS)
    return [
        PublishedVersion(
            template=parsed(row.body, row.hash),
            hash=row.hash,
            published_at=row.published_at,
            index=row.index,
            sessions=drafts.count_sessions_using(
                tx, actor.clinic_id, row.template_id, row.version, most=COUNT_CAP
            ),
        )
        for row in drafts.list_versions(tx, actor.clinic_id, template_id)
    ]


def find_version(
    tx: Tx, template_id: str, version: int, *, actor: Actor
) -> tuple[PublishedVersion, list[PublishedVersion]]:
    """(that version, all versions of the checklist); raises ``NotFound``."""
    versions = list_versions(tx, actor=actor, template_id=template_id)
    for each in versions:
        if each.template.version == version:
            return each, versions
    raise NotFound(f"there is no checklist {template_id}@{version} in this clinic")


def compare_versions(
    tx: Tx, template_id: str, old: int, new: int, *, actor: Actor
) -> tuple[PublishedVersion, PublishedVersion, Comparison]:
    """Two versions and what became of each item; raises ``NotFound``."""
    before, _ = find_version(tx, template_id, old, actor=actor)
    after, _ = find_version(tx, template_id, new, actor=actor)
    return before, after, compare_templates(before.template, after.template)


def list_sessions_using(
    tx: Tx,
    template_id: str,
    version: int,
    *,
    actor: Actor,
    keyring: Keyring,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[ListedSession]:
    """The sessions opened on a version, newest first; a keyset page by (opened_at, id)."""
    actor.require(Action.READ_SESSIONS)
    ids = drafts.session_ids_using(
        tx, actor.clinic_id, template_id, version, after=after, limit=limit
    )
    lines = session_lists.read_lines(tx, actor.clinic_id, ids)
    return open_refs(tx, keyring, actor.clinic_id, lines)
