"""Rows of spore tests."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, insert, or_, select, update

from compliance.domain.sterilization.words import SporeOutcome
from compliance.store.models.sterilization import SporeTest
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class SporeRow:
    clinic_id: str
    test_id: str
    sterilizer_id: str
    cycle_id: str
    run_at: datetime
    lot: str
    expires_on: date
    control_lot: str | None
    result: str
    control: str | None
    outcome: SporeOutcome
    read_at: datetime | None
    read_by: str


def insert_spore_test(tx: Tx, row: SporeRow) -> None:
    tx.execute(insert(SporeTest), asdict(row))


def replace_spore_test(tx: Tx, row: SporeRow) -> None:
    """The reading of a test that was pending."""
    tx.execute(
        update(SporeTest)
        .where(SporeTest.clinic_id == row.clinic_id, SporeTest.test_id == row.test_id)
        .values(**asdict(row))
    )


def find_pending_test(tx: Tx, clinic_id: str, cycle_id: str, lot: str) -> SporeRow | None:
    row = tx.execute(
        select(SporeTest.__table__).where(
            SporeTest.clinic_id == clinic_id,
            SporeTest.cycle_id == cycle_id,
            SporeTest.lot == lot,
            SporeTest.outcome == SporeOutcome.PENDING.value,
        )
    ).first()
    return None if row is None else read_test(row)


def find_test(tx: Tx, clinic_id: str, test_id: str) -> SporeRow | None:
    row = tx.execute(
        select(SporeTest.__table__).where(
            SporeTest.clinic_id == clinic_id, SporeTest.test_id == test_id
        )
    ).first()
    return None if row is None else read_test(row)


def pending_tests(tx: Tx, clinic_id: str) -> list[SporeRow]:
    """Tests in incubation, oldest run first."""
    rows = tx.execute(
        select(SporeTest.__table__)
        .where(SporeTest.clinic_id == clinic_id, SporeTest.outcome == SporeOutcome.PENDING.value)
        .order_by(SporeTest.run_at, SporeTest.test_id)
        .limit(200)
    )
    return [read_test(row) for row in rows]


def tests_of_cycle(tx: Tx, clinic_id: str, cycle_id: str) -> list[SporeRow]:
    rows = tx.execute(
        select(SporeTest.__table__)
        .where(SporeTest.clinic_id == clinic_id, SporeTest.cycle_id == cycle_id)
        .order_by(SporeTest.test_id)
    )
    return [read_test(row) for row in rows]


def has_failed(tx: Tx, clinic_id: str, cycle_id: str) -> bool:
    """Whether spores of this load grew."""
    found = tx.scalar(
        select(SporeTest.test_id)
        .where(
            SporeTest.clinic_id == clinic_id,
            SporeTest.cycle_id == cycle_id,
            SporeTest.outcome == SporeOutcome.FAIL.value,
        )
        .limit(1)
    )
    return found is not None


def last_negative(
    tx: Tx, clinic_id: str, sterilizer_id: str, before: datetime | None = None
) -> SporeRow | None:
    """The valid negative test with the latest run, if wanted the latest before a moment."""
    statement = select(SporeTest.__table__).where(
        SporeTest.clinic_id == clinic_id,
        SporeTest.sterilizer_id == sterilizer_id,
        SporeTest.outcome == SporeOutcome.PASS.value,
    )
    if before is not None:
        statement = statement.where(SporeTest.run_at < before)
    row = tx.execute(statement.order_by(SporeTest.run_at.desc()).limit(1)).first()
    return None if row is None else read_test(row)


def list_spore_tests(
    tx: Tx, clinic_id: str, *, after: tuple[datetime, str] | None, limit: int
) -> list[SporeRow]:
    """Newest run first, keyset page by (run_at, id)."""
    statement = select(SporeTest.__table__).where(SporeTest.clinic_id == clinic_id)
    if after is not None:
        moment, test_id = after
        statement = statement.where(
            or_(
                SporeTest.run_at < moment,
                and_(SporeTest.run_at == moment, SporeTest.test_id < test_id),
            )
        )
    rows = tx.execute(
        statement.order_by(SporeTest.run_at.desc(), SporeTest.test_id.desc()).limit(limit)
    )
    return [read_test(row) for row in rows]


def read_test(row: Any) -> SporeRow:
    values = dict(row._mapping)
    values["outcome"] = SporeOutcome(values["outcome"])
    return SporeRow(**values)
