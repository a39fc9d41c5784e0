"""What hangs on a cycle: its packs, its spore tests, the file it came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from compliance.domain.words import PackState
from compliance.store.models.sterilization import LogFile, SporeTest
from compliance.store.models.things import Pack
from compliance.store.session import Tx
from compliance.store.spore_tests import SporeRow, read_test


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPack:
    """A pack of a load, and the session it was opened in."""

    pack_id: str
    code: str
    contents: str
    state: PackState
    expires_on: date
    used_in: str | None


def list_packs_of(tx: Tx, clinic_id: str, cycle_id: str, *, limit: int) -> list[LoadPack]:
    rows = tx.execute(
        select(Pack.pack_id, Pack.code, Pack.contents, Pack.state, Pack.expires_on, Pack.used_in)
        .where(Pack.clinic_id == clinic_id, Pack.cycle_id == cycle_id)
        .order_by(Pack.code)
        .limit(limit)
    )
    return [
        LoadPack(
            pack_id=row[0],
            code=row[1],
            contents=row[2],
            state=PackState(row[3]),
            expires_on=row[4],
            used_in=row[5],
        )
        for row in rows
    ]


def list_tests(tx: Tx, clinic_id: str, sterilizer_id: str, *, limit: int) -> list[SporeRow]:
    """The newest spore tests of a sterilizer, by the run of their load."""
    rows = tx.execute(
        select(SporeTest.__table__)
        .where(SporeTest.clinic_id == clinic_id, SporeTest.sterilizer_id == sterilizer_id)
        .order_by(SporeTest.run_at.desc(), SporeTest.test_id.desc())
        .limit(limit)
    )
    return [read_test(row) for row in rows]


def find_arrival(tx: Tx, clinic_id: str, sha256: str) -> tuple[str, datetime] | None:
    """Name and arrival of a file, by the hash of its bytes."""
    row = tx.execute(
        select(LogFile.name, LogFile.arrived_at).where(
            LogFile.clinic_id == clinic_id, LogFile.sha256 == sha256
        )
    ).first()
    return None if row is None else (row[0], row[1])
