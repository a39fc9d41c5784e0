"""Time-stamps over the log of every clinic, when they are due and never in anybody's way."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from compliance.domain.access import system_actor
from compliance.errors import ComplianceError
from compliance.keys.posting import SECONDS, NoAnswer
from compliance.keys.retiring import load_retiring
from compliance.keys.storage import load_root
from compliance.ledger.entry import format_time
from compliance.ledger.note import parse_checkpoint, signature_lines
from compliance.ledger.policy import Witness
from compliance.operations.anchoring.plan import AnchorPlan, Authority
from compliance.operations.anchoring.stamping import Stamp, StampRefused, get_stamp
from compliance.operations.reporting.trees import sign_log
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.sealing import append, hold_log
from compliance.store import anchors
from compliance.store.clinics import ClinicRow
from compliance.store.session import Tx

UNDER_ACTIVITY: Final = timedelta(minutes=10)
"""Between two tokens of one authority while entries are made."""

WITHOUT: Final = timedelta(hours=23)
"""The same while nothing happens: once a day, and never a gap of more than one. So the end of
the log cannot be cut unnoticed for long."""

FIRST_RETRY: Final = timedelta(minutes=1)
LAST_RETRY: Final = timedelta(hours=6)
ACTOR: Final = "anchors"

_LOG: Final = logging.getLogger("aseptrail.anchors")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpointed:
    """A signed statement of a clinic's log that is to be stamped."""

    clinic_id: str
    note: str
    """With the log's signature alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What is due for one clinic now."""

    stated: Checkpointed
    authorities: tuple[Authority, ...]
    witnesses: bool
    """Whether the witnesses are to be shown this checkpoint."""


def begin_round(
    workshop: Workshop, plan: AnchorPlan, clinic: ClinicRow, *, now: datetime
) -> Round | None:
    """Sign one checkpoint for everybody who is due; nothing if nobody is.

    Never raises for a log that cannot be signed: that is noted and tried again later.
    """
    clinic_id = clinic.clinic_id
    targets = [authority.target for authority in plan.authorities]
    try:
        with workshop.database.reading() as tx:
            last = anchors.find_last(tx, clinic_id)
            seen = 0 if last is None else last.size
            due = tuple(
                authority
                for authority in plan.authorities
                if is_due(tx, clinic_id, authority.target, seen, now=now)
            )
            witnesses = plan.policy is not None and _witnesses_due(tx, clinic_id, plan, now)
        if not due and not witnesses:
            return None
        keys = load_retiring(workshop.keys_folder, clinic_id)
        with workshop.database.writing() as tx:
            hold_log(tx, clinic_id)
            note = sign_log(tx, clinic_id, keys).note
    except ComplianceError as error:
        # A log that does not continue what was signed is the doctor's to say; the other
        # clinics must get their tokens all the same.
        for target in targets:
            note_failure(workshop, clinic_id, target, f"{error}", now=now)
        return None
    stated = Checkpointed(clinic_id=clinic_id, note=note)
    return Round(stated=stated, authorities=due, witnesses=witnesses)


def _witnesses_due(tx: Tx, clinic_id: str, plan: AnchorPlan, now: datetime) -> bool:
    if plan.policy is None:
        return False
    for witness in plan.policy.witnesses.values():
        last = anchors.last_cosigned(tx, clinic_id, witness.key.name)
        seen = 0 if last is None else last[0]
        target = witness_target(witness)
        if witness.url is not None and is_due(tx, clinic_id, target, seen, now=now):
            return True
    return False


def witness_target(witness: Witness) -> str:
    """Under this name attempts at a witness are noted."""
    return f"witness:{witness.key.name}"


def stamp_checkpoint(
    workshop: Workshop,
    stated: Checkpointed,
    authority: Authority,
    *,
    now: datetime,
    seconds: float = SECONDS,
) -> bool:
    """Ask one authority for a token over a checkpoint and enter it; return whether it came."""
    try:
        root = load_root(workshop.keys_folder).certificate
        stamp = get_stamp(authority, stated.note.encode(), root=root, seconds=seconds)
    except (NoAnswer, StampRefused) as error:
        note_failure(workshop, stated.clinic_id, authority.target, f"{error}", now=now)
        return False
    with workshop.database.writing() as tx:
        enter_anchor(tx, stated, stamp, now=now)
        note_success(tx, stated.clinic_id, authority.target, now=now)
    return True


def enter_anchor(tx: Tx, stated: Checkpointed, stamp: Stamp, *, now: datetime) -> None:
    """Enter a token in the log and keep it; the caller's transaction."""
    text, _ = signature_lines(stated.note)
    checkpoint = parse_checkpoint(text)
    authority = stamp.authority[:200]
    data = {
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "note_sha256": hashlib.sha256(stated.note.encode()).hexdigest(),
        "kind": "rfc3161",
        "authority": authority,
        "certificate_sha256": stamp.issuer,
        "independent": stamp.independent,
        "gen_time": format_time(stamp.token.gen_time),
        "token_sha256": stamp.sha256,
    }
    index = append(tx, system_actor(stated.clinic_id, ACTOR), "anchor", data, now=now)
    anchors.insert_anchor(
        tx,
        anchors.AnchorRow(
            clinic_id=stated.clinic_id,
            idx=index,
            size=checkpoint.size,
            kind="rfc3161",
            issuer=stamp.issuer,
            authority=authority,
            independent=stamp.independent,
            gen_time=stamp.token.gen_time,
            recorded_at=now,
            note=stated.note,
            token=stamp.der,
            token_sha256=stamp.sha256,
        ),
    )


def is_due(tx: Tx, clinic_id: str, target: str, seen: int, *, now: datetime) -> bool:
    """Whether somebody outside is to be asked now about this clinic's log.

    Args:
        seen: the size of the log that was shown outside last.
    """
    attempt = anchors.find_attempt(tx, clinic_id, target)
    if attempt is None:
        return True
    if attempt.failures:
        return now >= attempt.retry_at
    waited = now - attempt.last_at
    if waited >= WITHOUT:
        return True
    # The entries that asking itself makes are no activity: else it would never end.
    return waited >= UNDER_ACTIVITY and anchors.has_other_entries(tx, clinic_id, seen)


def note_success(tx: Tx, clinic_id: str, target: str, *, now: datetime) -> None:
    """Forget former failures; the caller's transaction."""
    anchors.note_attempt(
        tx,
        anchors.Attempt(
            clinic_id=clinic_id, target=target, failures=0, last_at=now, retry_at=now, problem=None
        ),
    )


def note_failure(
    workshop: Workshop, clinic_id: str, target: str, problem: str, *, now: datetime
) -> None:
    """Note a failure and wait twice as long as after the one before."""
    _LOG.warning("%s gave no answer that counts: %s", target, problem)
    with workshop.database.writing() as tx:
        before = anchors.find_attempt(tx, clinic_id, target)
        failures = 1 if before is None else before.failures + 1
        wait = min(FIRST_RETRY * 2 ** min(failures - 1, 20), LAST_RETRY)
        anchors.note_attempt(
            tx,
            anchors.Attempt(
                clinic_id=clinic_id,
                target=target,
                failures=failures,
                last_at=now,
                retry_at=now + wait,
                problem=problem[:300],
            ),
        )
