"""Rows of drafts of checklists, and which sessions used which version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update

from compliance.store.models.inventory import TemplateDraft
from compliance.store.models.things import TemplateVersion
from compliance.store.models.treatments import TreatmentSession
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRow:
    clinic_id: str
    draft_id: str
    base_id: str
    base_version: int
    body: dict[str, Any]
    revision: int
    created_at: datetime
    updated_at: datetime
    updated_by: str


def insert_draft(tx: Tx, row: DraftRow) -> None:
    tx.execute(
        insert(TemplateDraft).values(
            clinic_id=row.clinic_id,
            draft_id=row.draft_id,
            base_id=row.base_id,
            base_version=row.base_version,
            body=row.body,
            revision=row.revision,
            created_at=row.created_at,
            updated_at=row.updated_at,
            updated_by=row.updated_by,
        )
    )


def find_draft(tx: Tx, clinic_id: str, draft_id: str) -> DraftRow | None:
    row = tx.execute(
        select(TemplateDraft.__table__).where(
            TemplateDraft.clinic_id == clinic_id, TemplateDraft.draft_id == draft_id
        )
    ).first()
    return None if row is None else DraftRow(**row._mapping)


def list_drafts(tx: Tx, clinic_id: str) -> list[DraftRow]:
    """Newest change first."""
    rows = tx.execute(
        select(TemplateDraft.__table__)
        .where(TemplateDraft.clinic_id == clinic_id)
        .order_by(TemplateDraft.updated_at.desc(), TemplateDraft.draft_id)
    )
    return [DraftRow(**row._mapping) for row in rows]


def update_draft(tx: Tx, row: DraftRow, *, seen: int) -> bool:
    """Save over the revision that was seen; False when somebody saved another one meanwhile."""
    done = tx.execute(
        update(TemplateDraft)
        .where(
            TemplateDraft.clinic_id == row.clinic_id,
            TemplateDraft.draft_id == row.draft_id,
            TemplateDraft.revision == seen,
        )
        .values(
            body=row.body,
            revision=row.revision,
            updated_at=row.updated_at,
            updated_by=row.updated_by,
        )
    )
    return done.rowcount == 1


def delete_draft(tx: Tx, clinic_id: str, draft_id: str) -> None:
    tx.execute(
        delete(TemplateDraft).where(
            TemplateDraft.clinic_id == clinic_id, TemplateDraft.draft_id == draft_id
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One published version as a list shows it."""

    template_id: str
    version: int
    hash: str
    body: dict[str, Any]
    published_at: datetime
    index: int


def list_versions(tx: Tx, clinic_id: str, template_id: str | None = None) -> list[VersionRow]:
    """Published versions by template, the newest first within each."""
    statement = select(
        TemplateVersion.template_id,
        TemplateVersion.version,
        TemplateVersion.hash,
        TemplateVersion.body,
        TemplateVersion.published_at,
        TemplateVersion.idx.label("index"),
    ).where(TemplateVersion.clinic_id == clinic_id)
    if template_id is not None:
        statement = statement.where(TemplateVersion.template_id == template_id)
    rows = tx.execute(
        statement.order_by(TemplateVersion.template_id, TemplateVersion.version.desc())
    )
    return [VersionRow(**row._mapping) for row in rows]


def session_ids_using(
    tx: Tx,
    clinic_id: str,
    template_id: str,
    version: int,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[str]:
    """The sessions opened on a version, newest first; a keyset page by (opened_at, id)."""
    statement = select(TreatmentSession.session_id).where(
        TreatmentSession.clinic_id == clinic_id,
        TreatmentSession.template_id == template_id,
        TreatmentSession.template_version == version,
    )
    if after is not None:
        moment, session_id = after
        statement = statement.where(
            or_(
                TreatmentSession.opened_at < moment,
                and_(
                    TreatmentSession.opened_at == moment, TreatmentSession.session_id < session_id
                ),
            )
        )
    return list(
        tx.scalars(
            statement.order_by(
                TreatmentSession.opened_at.desc(), TreatmentSession.session_id.desc()
            ).limit(limit)
        )
    )


def count_sessions_using(
    tx: Tx, clinic_id: str, template_id: str, version: int, *, most: int
) -> int:
    """Count up to ``most``, so that the answer costs the same for ever."""
    found = (
        select(TreatmentSession.session_id)
        .where(
            TreatmentSession.clinic_id == clinic_id,
            TreatmentSession.template_id == template_id,
            TreatmentSession.template_version == version,
        )
        .limit(most)
        .subquery()
    )
    return tx.scalar(select(func.count()).select_from(found)) or 0
