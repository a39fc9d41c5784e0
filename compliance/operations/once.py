"""Doing a request once, however often a tablet sends it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from compliance.errors import IdempotencyMismatch
from compliance.ledger.canonical import canonical_value_bytes
from compliance.operations.sealing import hold_log
from compliance.store.idempotency import RequestKey, find_answer, insert_answer
from compliance.store.session import Tx

__all__ = ["Keyed", "RequestKey", "answer_once", "recall_answer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """A request with its idempotency key and what it asked."""

    request: RequestKey
    body: Any
    """Plain JSON of the request; only its hash is kept."""


def answer_once(
    tx: Tx, keyed: Keyed | None, produce: Callable[[], Any], *, now: datetime
) -> tuple[Any, bool]:
    """Return (answer, replayed): the kept answer of this key, or a fresh one that is kept.

    The answer is kept in the caller's transaction together with what it did, so
    a commit whose answer got lost is found again by the retry.

    Raises:
        IdempotencyMismatch: the key was used for another body.
    """
    if keyed is None:
        return produce(), False
    # The first request with this key may still be under way: its answer is waited for.
    hold_log(tx, keyed.request.clinic_id)
    known = recall_answer(tx, keyed)
    if known is not None:
        return known, True
    answer = produce()
    insert_answer(tx, keyed.request, body_hash=_hash_body(keyed), answer=answer, now=now)
    return answer, False


def recall_answer(tx: Tx, keyed: Keyed) -> Any | None:
    """The kept answer of this key, or None; for work that is too long for one transaction.

    Such work looks here before it begins and still ends in `answer_once`: another request
    with the same key may have come between.

    Raises:
        IdempotencyMismatch: the key was used for another body.
    """
    known = find_answer(tx, keyed.request)
    if known is None:
        return None
    if known[0] != _hash_body(keyed):
        raise IdempotencyMismatch("this idempotency key came before with another body")
    return known[1]


def _hash_body(keyed: Keyed) -> bytes:
    return hashlib.sha256(canonical_value_bytes(keyed.body)).digest()
