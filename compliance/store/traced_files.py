"""Rows of the signed lists of recalls and searches that are kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, insert, select

from compliance.store.models.anchors import LastingFile
from compliance.store.models.tracing import TracedFile
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedRow:
    """One signed list. ``purpose``: recall or search; see the model for the others."""

    clinic_id: str
    report_id: str
    idx: int
    purpose: str
    recall_id: str | None
    kind: str | None
    ref: str | None
    made_by: str
    made_at: datetime
    name: str
    said: str
    people: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """A signed list with its newest bytes."""

    row: TracedRow
    sha256: str | None
    """None where the file was erased or lost."""
    size: int | None
    stamps: int | None


_COLUMNS = tuple(TracedFile.__table__.c[name] for name in TracedRow.__dataclass_fields__)


def insert_file(tx: Tx, row: TracedRow) -> None:
    values = {name: getattr(row, name) for name in row.__dataclass_fields__}
    tx.execute(insert(TracedFile).values(**{**values, "people": list(row.people)}))


def find_file(tx: Tx, clinic_id: str, report_id: str) -> TracedRow | None:
    row = tx.execute(
        select(*_COLUMNS).where(
            TracedFile.clinic_id == clinic_id, TracedFile.report_id == report_id
        )
    ).first()
    return None if row is None else TracedRow(**row._mapping)


def find_said(tx: Tx, clinic_id: str, said: str, made_by: str) -> list[TracedRow]:
    """What a person was handed out that says the same, newest first."""
    rows = tx.execute(
        select(*_COLUMNS)
        .where(
            TracedFile.clinic_id == clinic_id,
            TracedFile.said == said,
            TracedFile.made_by == made_by,
        )
        .order_by(TracedFile.idx.desc())
    )
    return [TracedRow(**row._mapping) for row in rows]


def list_of_recall(tx: Tx, clinic_id: str, recall_id: str, *, limit: int) -> list[ListedFile]:
    """Newest first."""
    listed = _listed(clinic_id).where(TracedFile.recall_id == recall_id)
    return _read(tx, listed, limit)


def list_files(tx: Tx, clinic_id: str, *, after: int | None, limit: int) -> list[ListedFile]:
    """A keyset page by the index of the entry, newest first."""
    listed = _listed(clinic_id)
    if after is not None:
        listed = listed.where(TracedFile.idx < after)
    return _read(tx, listed, limit)


def _listed(clinic_id: str) -> Select[tuple[object, ...]]:
    kept = (LastingFile.clinic_id == TracedFile.clinic_id) & (LastingFile.name == TracedFile.name)
    return (
        select(
            *_COLUMNS,
            LastingFile.sha256.label("sha256"),
            LastingFile.size.label("size"),
            LastingFile.stamps.label("stamps"),
        )
        .join(LastingFile, kept, isouter=True)
        .where(TracedFile.clinic_id == clinic_id)
        .order_by(TracedFile.idx.desc())
    )


def _read(tx: Tx, statement: Select[tuple[object, ...]], limit: int) -> list[ListedFile]:
    found = []
    for line in tx.execute(statement.limit(limit)):
        values = dict(line._mapping)
        bytes_now = {name: values.pop(name) for name in ("sha256", "size", "stamps")}
        found.append(ListedFile(row=TracedRow(**values), **bytes_now))
    return found


def names_without(tx: Tx, clinic_id: str, people: Collection[str]) -> set[str]:
    """The names of those files that name none of the clients and colleagues."""
    rows = tx.execute(
        select(TracedFile.name, TracedFile.people).where(TracedFile.clinic_id == clinic_id)
    )
    asked = set(people)
    return {name for name, named in rows if asked.isdisjoint(named)}
