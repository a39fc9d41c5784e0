"""Counting wrong passwords and PINs, and making the next attempt wait.

Five failures are free. The fifth makes the account wait 15 minutes, each further
one doubles the wait up to a day. While it waits even the right secret is refused,
else guessing could go on. Attempts during the wait are not counted, so that it does
not grow under the hands of somebody who mistypes a forgotten password.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from compliance.errors import ComplianceError, NotPermitted
from compliance.operations.identifiers import new_id
from compliance.operations.people.access import list_clinics_open_to
from compliance.operations.people.passwords import Proof
from compliance.store import people, sign_in
from compliance.store.session import Tx

FREE_FAILURES: Final = 5
FIRST_WAIT: Final = timedelta(minutes=15)
LONGEST_WAIT: Final = timedelta(days=1)

UNKNOWN: Final = "(unknown)"
"""Recorded for names nobody has: people type their password into the wrong field."""


class WrongSecret(ComplianceError):
    """The name, the password or the PIN is not right; which of them is not told."""

    code = "wrong_secret"


class TooManyAttempts(ComplianceError):
    """After repeated failures the account waits; ``until`` says when it may be tried again."""

    code = "too_many_attempts"

    def __init__(self, until: datetime) -> None:
        super().__init__("too many wrong attempts; wait, then try again")
        self.until = until


class Outcome(enum.StrEnum):
    """How one attempt ended; stored with it."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    DISABLED = "disabled"
    NO_ACCESS = "no_access"


class Secret(enum.StrEnum):
    """Which of a person's secrets an attempt is about."""

    PASSWORD = "password"  # noqa: S105 (the name of a column, not a secret)
    PIN = "pin"


def wait_after(failures: int) -> timedelta | None:
    """How long the account waits after so many failures in a row; None for the free ones."""
    if failures < FREE_FAILURES:
        return None
    # Beyond seven doublings the limit has long been reached; the bound keeps the number small.
    return min(FIRST_WAIT * (1 << min(failures - FREE_FAILURES, 7)), LONGEST_WAIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The judgement of one attempt, already counted."""

    outcome: Outcome
    waits_until: datetime | None
    """Set when the account now waits, because of this attempt or earlier ones."""


def settle_attempt(
    tx: Tx, account: people.Account | None, proof: Proof, *, secret: Secret, now: datetime
) -> Settled:
    """Count one attempt whose secret was checked before; the caller's write transaction.

    The account is read again under lock: a thousand guesses sent at once are
    judged one after the other, and those behind the fifth failure are refused
    whatever they found. The caller commits also a refusal, then raises.
    """
    current = None if account is None else people.lock_account(tx, account.user_id)
    settled = _judge(tx, current, proof, secret=secret, now=now)
    if settled.outcome is Outcome.ACCEPTED:
        _accept(tx, current, proof, secret)
    _record(tx, current, settled.outcome, now=now)
    return settled


def _record(tx: Tx, account: people.Account | None, outcome: Outcome, *, now: datetime) -> None:
    attempt = sign_in.Attempt(
        event_id=new_id(now),
        username=UNKNOWN if account is None else account.username,
        at=now,
        outcome=outcome.value,
    )
    sign_in.insert_attempt(tx, attempt)


def raise_unless_accepted(settled: Settled, *, known: bool) -> None:
    """Raise what a refused attempt means; returns for an accepted one.

    Args:
        settled: the judgement, after its transaction was committed.
        known: whether the person asking has shown already who they are. If not,
            an unknown name, a wrong secret and a waiting account get the same
            answer, so that it does not tell which names exist.

    Raises:
        WrongSecret: no such name, or the wrong secret.
        TooManyAttempts: the account waits; only for ``known``.
        NotPermitted: the secret was right, but the person may not come in any more.
    """
    if settled.outcome is Outcome.ACCEPTED:
        return
    if settled.outcome is Outcome.DISABLED:
        raise NotPermitted("this account was switched off; ask your manager")
    if settled.outcome is Outcome.NO_ACCESS:
        raise NotPermitted("your access has ended; ask your manager")
    if known and settled.waits_until is not None:
        raise TooManyAttempts(settled.waits_until)
    raise WrongSecret("the name or the secret is not right")


def _judge(
    tx: Tx, current: people.Account | None, proof: Proof, *, secret: Secret, now: datetime
) -> Settled:
    if current is None:
        return Settled(outcome=Outcome.UNKNOWN, waits_until=None)
    if current.locked_until is not None and now < current.locked_until:
        return Settled(outcome=Outcome.WAITING, waits_until=current.locked_until)
    stored = current.password_hash if secret is Secret.PASSWORD else current.pin_hash
    if not proof.matches or proof.against != stored:
        failures = current.failed_count + 1
        wait = wait_after(failures)
        until = None if wait is None else now + wait
        people.update_attempts(tx, current.user_id, failed_count=failures, locked_until=until)
        return Settled(outcome=Outcome.WRONG, waits_until=until)
    if current.disabled_at is not None:
        return Settled(outcome=Outcome.DISABLED, waits_until=None)
    if not current.admin and not list_clinics_open_to(tx, current, now=now):
        return Settled(outcome=Outcome.NO_ACCESS, waits_until=None)
    return Settled(outcome=Outcome.ACCEPTED, waits_until=None)


def _accept(tx: Tx, current: people.Account | None, proof: Proof, secret: Secret) -> None:
    if current is None:
        return
    if current.failed_count:
        people.update_attempts(tx, current.user_id, failed_count=0, locked_until=None)
    if proof.renewed is not None:
        renew = people.update_password if secret is Secret.PASSWORD else people.update_pin
        renew(tx, current.user_id, proof.renewed)
