"""Rows of time-stamps, cosignatures and of how asking for them went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, select

from compliance.store.models.anchors import Anchor, Cosignature, OutsideAttempt
from compliance.store.models.log import LogEntry
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorRow:
    """One time-stamp token with the entry it was recorded by."""

    clinic_id: str
    idx: int
    size: int
    kind: str
    issuer: str
    authority: str
    independent: bool
    gen_time: datetime
    recorded_at: datetime
    note: str
    token: bytes
    token_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LastAnchor:
    """The newest anchor, without its token."""

    idx: int
    size: int
    authority: str
    independent: bool
    gen_time: datetime
    recorded_at: datetime
    token_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CosignatureRow:
    clinic_id: str
    size: int
    witness: str
    line: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    clinic_id: str
    target: str
    failures: int
    last_at: datetime
    retry_at: datetime
    problem: str | None


# Asked at every closing, so built once.
_LAST: Final = (
    select(
        Anchor.idx,
        Anchor.size,
        Anchor.authority,
        Anchor.independent,
        Anchor.gen_time,
        Anchor.recorded_at,
        Anchor.token_sha256,
    )
    .where(Anchor.clinic_id == bindparam("in_clinic"))
    .order_by(Anchor.idx.desc())
)
_LAST_OF_ALL: Final = _LAST.limit(1)
_LAST_BY: Final = _LAST.where(Anchor.issuer.in_(bindparam("by_issuers", expanding=True))).limit(1)


def insert_anchor(tx: Tx, row: AnchorRow) -> None:
    tx.execute(insert(Anchor).values(**_values(row)))


def find_last(tx: Tx, clinic_id: str, *, issuers: Sequence[str] | None = None) -> LastAnchor | None:
    """The newest anchor of a clinic, or the newest by one of these certificates."""
    if issuers is None:
        row = tx.execute(_LAST_OF_ALL, {"in_clinic": clinic_id}).first()
    else:
        wanted = {"in_clinic": clinic_id, "by_issuers": list(issuers)}
        row = tx.execute(_LAST_BY, wanted).first()
    return None if row is None else LastAnchor(**row._mapping)


def list_places(tx: Tx, clinic_id: str) -> list[tuple[int, int]]:
    """(index of the entry, size that was stamped) of every anchor, in the order of the log."""
    rows = tx.execute(
        select(Anchor.idx, Anchor.size).where(Anchor.clinic_id == clinic_id).order_by(Anchor.idx)
    )
    return [(row[0], row[1]) for row in rows]


def read_anchors(tx: Tx, clinic_id: str, indexes: Sequence[int]) -> list[AnchorRow]:
    """The anchors of these entries, in the order of the log."""
    rows = tx.execute(
        select(Anchor.__table__)
        .where(Anchor.clinic_id == clinic_id, Anchor.idx.in_(indexes))
        .order_by(Anchor.idx)
    )
    return [AnchorRow(**row._mapping) for row in rows]


def has_other_entries(tx: Tx, clinic_id: str, start: int) -> bool:
    """Whether anything but anchors was entered from this index on."""
    entries = select(func.count()).where(LogEntry.clinic_id == clinic_id, LogEntry.idx >= start)
    anchors = select(func.count()).where(Anchor.clinic_id == clinic_id, Anchor.idx >= start)
    return bool((tx.scalar(entries) or 0) > (tx.scalar(anchors) or 0))


def insert_cosignature(tx: Tx, row: CosignatureRow) -> None:
    """Keep a cosignature; the first of a witness on one checkpoint is the one that stays."""
    known = tx.scalar(
        select(Cosignature.size).where(
            Cosignature.clinic_id == row.clinic_id,
            Cosignature.size == row.size,
            Cosignature.witness == row.witness,
        )
    )
    if known is None:
        tx.execute(insert(Cosignature).values(**_values(row)))


def list_cosignatures(tx: Tx, clinic_id: str, size: int) -> list[CosignatureRow]:
    rows = tx.execute(
        select(Cosignature.__table__)
        .where(Cosignature.clinic_id == clinic_id, Cosignature.size == size)
        .order_by(Cosignature.witness)
    )
    return [CosignatureRow(**row._mapping) for row in rows]


def last_cosigned(tx: Tx, clinic_id: str, witness: str) -> tuple[int, datetime] | None:
    """Size and time of the newest checkpoint that this witness cosigned."""
    row = tx.execute(
        select(Cosignature.size, Cosignature.at)
        .where(Cosignature.clinic_id == clinic_id, Cosignature.witness == witness)
        .order_by(Cosignature.size.desc())
        .limit(1)
    ).first()
    return None if row is None else (row[0], row[1])


def note_attempt(tx: Tx, attempt: Attempt) -> None:
    """Replace what is known about the last attempt."""
    tx.execute(
        delete(OutsideAttempt).where(
            OutsideAttempt.clinic_id == attempt.clinic_id, OutsideAttempt.target == attempt.target
        )
    )
    tx.execute(insert(OutsideAttempt).values(**_values(attempt)))


def find_attempt(tx: Tx, clinic_id: str, target: str) -> Attempt | None:
    row = tx.execute(
        select(OutsideAttempt.__table__).where(
            OutsideAttempt.clinic_id == clinic_id, OutsideAttempt.target == target
        )
    ).first()
    return None if row is None else Attempt(**row._mapping)


def list_attempts(tx: Tx, clinic_id: str) -> list[Attempt]:
    rows = tx.execute(
        select(OutsideAttempt.__table__)
        .where(OutsideAttempt.clinic_id == clinic_id)
        .order_by(OutsideAttempt.target)
    )
    return [Attempt(**row._mapping) for row in rows]


def _values(row: AnchorRow | CosignatureRow | Attempt) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}
