"""Rows of clinics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, insert, select, update

from compliance.store.models.people import Clinic
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicRow:
    clinic_id: str
    slug: str
    name: str
    time_zone: str
    language: str
    profiles: tuple[str, ...]
    demo: bool
    created_at: datetime


def insert_clinic(tx: Tx, clinic: ClinicRow) -> None:
    tx.execute(
        insert(Clinic).values(
            clinic_id=clinic.clinic_id,
            slug=clinic.slug,
            name=clinic.name,
            time_zone=clinic.time_zone,
            language=clinic.language,
            profiles=list(clinic.profiles),
            demo=clinic.demo,
            created_at=clinic.created_at,
        )
    )


def update_profiles(tx: Tx, clinic_id: str, names: Sequence[str]) -> None:
    tx.execute(update(Clinic).where(Clinic.clinic_id == clinic_id).values(profiles=list(names)))


def update_description(tx: Tx, clinic_id: str, *, name: str, language: str) -> None:
    values = {"name": name, "language": language}
    tx.execute(update(Clinic).where(Clinic.clinic_id == clinic_id).values(**values))


def find_clinic(tx: Tx, clinic_id: str) -> ClinicRow | None:
    return _first(tx, select(Clinic.__table__).where(Clinic.clinic_id == clinic_id))


def find_clinic_by_slug(tx: Tx, slug: str) -> ClinicRow | None:
    return _first(tx, select(Clinic.__table__).where(Clinic.slug == slug))


def list_clinics(tx: Tx) -> Sequence[ClinicRow]:
    rows = tx.execute(select(Clinic.__table__).order_by(Clinic.slug)).mappings()
    return [_clinic(row) for row in rows]


def _first(tx: Tx, statement: Select[tuple[object, ...]]) -> ClinicRow | None:
    row = tx.execute(statement).mappings().first()
    return None if row is None else _clinic(row)


def _clinic(row: object) -> ClinicRow:
    values = dict(row)  # type: ignore[call-overload]  # RowMapping is a Mapping of columns.
    values["profiles"] = tuple(values["profiles"])
    return ClinicRow(**values)
