"""Asking for an erasure, taking the request back, and confirming it as another person.

What is erased is the personal part: a client's reference and every free text about them,
or a former colleague's name, licence numbers and account. The log keeps its entries and
stays provable; they hold commitments only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from compliance.domain.access import Action, Actor, Auth
from compliance.domain.erasure import LEGAL_BASES, RETENTION_OVER, ErasureState
from compliance.errors import Conflict, NotFound, NotPermitted, Refused
from compliance.operations.erasure.emptying import empty_person
from compliance.operations.erasure.weighing import (
    CLIENT,
    COLLEAGUE,
    Weighing,
    weigh_erasure,
    weigh_subject,
)
from compliance.operations.identifiers import new_id
from compliance.operations.personal import Keyring
from compliance.operations.sealing import append, hold_log
from compliance.operations.signing import Act, sign_act
from compliance.store import erasures
from compliance.store.erasures import ErasureRow
from compliance.store.session import Tx

__all__ = ["ErasureRow"]

MOST_LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestErasure:
    """Whom to erase, and on what legal basis."""

    client_ref: str
    basis: str
    """A key of ``LEGAL_BASES``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestColleagueErasure:
    """Which former colleague to erase, and on what legal basis."""

    user_id: str
    basis: str
    """A key of ``LEGAL_BASES``."""


def request_erasure(
    tx: Tx, command: RequestErasure, *, actor: Actor, now: datetime, keyring: Keyring
) -> ErasureRow:
    """Ask for a client's erasure; nothing is erased before another person confirms.

    Raises:
        NotPermitted: the actor is no manager.
        NotFound: nobody here is known by this reference.
        Refused: an unknown basis, or the retention is not over though the basis says so.
        Conflict: it was asked for already, or a session of the client is open.
    """
    actor.require(Action.REQUEST_ERASURE)
    hold_log(tx, actor.clinic_id)
    weighing = weigh_erasure(tx, command.client_ref, actor=actor, now=now, keyring=keyring)
    return _request(tx, CLIENT, command.basis, weighing, actor=actor, now=now)


def request_colleague_erasure(
    tx: Tx, command: RequestColleagueErasure, *, actor: Actor, now: datetime
) -> ErasureRow:
    """Ask for a former colleague's erasure: name, licence numbers, scans and account.

    Raises:
        NotPermitted: the actor is no manager.
        NotFound: no such person in the clinic.
        Refused: as for `request_erasure`.
        Conflict: asked for or done already, the account is on, or other clinics depend on it.
    """
    actor.require(Action.REQUEST_ERASURE)
    hold_log(tx, actor.clinic_id)
    weighing = weigh_subject(tx, COLLEAGUE, command.user_id, actor=actor, now=now)
    return _request(tx, COLLEAGUE, command.basis, weighing, actor=actor, now=now)


def _request(
    tx: Tx, what: str, basis: str, weighing: Weighing, *, actor: Actor, now: datetime
) -> ErasureRow:
    _check_basis(basis, weighing)
    _refuse_obstacle(weighing)
    known = erasures.find_erasures_of(tx, actor.clinic_id, weighing.subject_id)
    if any(each.state != ErasureState.WITHDRAWN for each in known):
        raise Conflict("the erasure of this person was asked for already")
    erasure_id = new_id(now)
    data = {
        "erasure": erasure_id,
        "subject": weighing.subject_id,
        "what": what,
        "basis": basis,
    }
    index = append(tx, actor, "erasure.requested", data, now=now)
    row = ErasureRow(
        clinic_id=actor.clinic_id,
        erasure_id=erasure_id,
        subject_id=weighing.subject_id,
        what=what,
        basis=basis,
        state=ErasureState.REQUESTED.value,
        requested_by=actor.user_id,
        requested_at=now,
        requested_index=index,
        ended_by=None,
        ended_at=None,
        ended_index=None,
        completed_at=None,
    )
    erasures.insert_erasure(tx, row)
    return row


def _check_basis(basis: str, weighing: Weighing) -> None:
    if basis not in LEGAL_BASES:
        raise Refused("basis", basis, "is no legal basis", allowed=", ".join(sorted(LEGAL_BASES)))
    if basis == RETENTION_OVER and weighing.still_kept:
        raise Refused(
            "basis",
            basis,
            f"does not hold yet: the record is to be kept until {weighing.keep_until}",
            allowed="another legal basis, or waiting",
        )


def withdraw_erasure(tx: Tx, erasure_id: str, *, actor: Actor, now: datetime) -> ErasureRow:
    """Take a request back; it stays in the log.

    Raises:
        NotPermitted, NotFound, Conflict: it is over already.
    """
    actor.require(Action.REQUEST_ERASURE)
    hold_log(tx, actor.clinic_id)
    row = _find_waiting(tx, erasure_id, actor=actor)
    data = {"erasure": row.erasure_id, "subject": row.subject_id}
    index = append(tx, actor, "erasure.withdrawn", data, now=now)
    return _end(tx, row, ErasureState.WITHDRAWN, actor=actor, now=now, index=index)


def confirm_erasure(
    tx: Tx, erasure_id: str, *, grant: str | None, actor: Actor, now: datetime
) -> ErasureRow:
    """Erase, as another person than the one who asked; signed.

    Within the caller's transaction the entry is appended and what was sealed is emptied.
    The key itself lies outside the database: `completing.complete_erasures` destroys it
    right after the commit, and at the next start where a crash came between.

    Raises:
        NotPermitted: the actor asked for it themselves, or may not confirm.
        NotFound, SignatureRequired.
        Conflict: it is over already, or something came into its way meanwhile.
    """
    actor.require(Action.CONFIRM_ERASURE)
    hold_log(tx, actor.clinic_id)
    row = _find_waiting(tx, erasure_id, actor=actor)
    if actor.user_id == row.requested_by:
        raise NotPermitted("an erasure takes two persons: somebody else has to confirm it")
    _refuse_obstacle(weigh_subject(tx, row.what, row.subject_id, actor=actor, now=now))
    signature = sign_act(tx, erasure_act(row), actor=actor, grant=grant, now=now)
    data = {
        "erasure": row.erasure_id,
        "subject": row.subject_id,
        "what": row.what,
        "basis": row.basis,
        "requested": {"index": row.requested_index},
        "signature": signature,
    }
    index = append(tx, actor, "erasure", data, now=now)
    ended = _end(tx, row, ErasureState.ERASED, actor=actor, now=now, index=index)
    empty_person(tx, row.clinic_id, row.subject_id)
    return ended


def erasure_act(row: ErasureRow) -> Act:
    """What the confirmation signs: this request, as it was entered."""
    return Act(verb="erase", thing=row.erasure_id, version=row.requested_index)


def find_erasure(tx: Tx, erasure_id: str, *, actor: Actor) -> ErasureRow:
    """Find a request of the actor's clinic; raises ``NotFound`` for any other."""
    _require_either(actor)
    row = erasures.find_erasure(tx, actor.clinic_id, erasure_id)
    if row is None:
        raise NotFound("there is no such erasure in this clinic")
    return row


def list_erasures(tx: Tx, *, actor: Actor) -> list[ErasureRow]:
    """The newest first, at most 200."""
    _require_either(actor)
    return erasures.list_erasures(tx, actor.clinic_id, limit=MOST_LISTED)


def may_confirm(row: ErasureRow, actor: Actor) -> bool:
    return (
        row.state == ErasureState.REQUESTED
        and actor.user_id != row.requested_by
        and actor.may(Action.CONFIRM_ERASURE)
        and actor.auth is not Auth.SYSTEM
    )


def _require_either(actor: Actor) -> None:
    if not actor.may(Action.REQUEST_ERASURE):
        actor.require(Action.CONFIRM_ERASURE)


def _find_waiting(tx: Tx, erasure_id: str, *, actor: Actor) -> ErasureRow:
    row = find_erasure(tx, erasure_id, actor=actor)
    if row.state != ErasureState.REQUESTED:
        raise Conflict(f"this request is over: {row.state}")
    return row


def _refuse_obstacle(weighing: Weighing) -> None:
    if weighing.obstacle:
        raise Conflict(weighing.obstacle)


def _end(
    tx: Tx, row: ErasureRow, state: ErasureState, *, actor: Actor, now: datetime, index: int
) -> ErasureRow:
    values = {
        "state": state.value,
        "ended_by": actor.user_id,
        "ended_at": now,
        "ended_index": index,
    }
    erasures.update_erasure(tx, row.clinic_id, row.erasure_id, values)
    return find_erasure(tx, row.erasure_id, actor=actor)
