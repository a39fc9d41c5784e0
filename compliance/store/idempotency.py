"""What a request with a key was answered, kept so that a retry gets the same answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, insert, select

from compliance.store.models.treatments import Idempotency
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """Scope of one idempotency key: the same word from two people means two requests."""

    clinic_id: str
    principal: str
    route: str
    key: str


_FIND: Final = select(Idempotency.body_hash, Idempotency.answer).where(
    Idempotency.clinic_id == bindparam("in_clinic"),
    Idempotency.principal == bindparam("by_principal"),
    Idempotency.route == bindparam("on_route"),
    Idempotency.key == bindparam("with_key"),
)
_INSERT: Final = insert(Idempotency)


def find_answer(tx: Tx, request: RequestKey) -> tuple[bytes, Any] | None:
    row = tx.execute(
        _FIND,
        {
            "in_clinic": request.clinic_id,
            "by_principal": request.principal,
            "on_route": request.route,
            "with_key": request.key,
        },
    ).first()
    return None if row is None else (bytes(row[0]), row[1])


def insert_answer(
    tx: Tx, request: RequestKey, *, body_hash: bytes, answer: Any, now: datetime
) -> None:
    tx.execute(
        _INSERT,
        {
            "clinic_id": request.clinic_id,
            "principal": request.principal,
            "route": request.route,
            "key": request.key,
            "body_hash": body_hash,
            "answer": answer,
            "at": now,
        },
    )
