"""Whether the report's log is the one the inspector met before."""

from __future__ import annotations

from collections.abc import Sequence

from compliance.ledger.entry import parse_time
from compliance.ledger.proofs import BadProof, verify_consistency
from compliance.ledger.tree import extend_peaks, fold_peaks
from compliance.report.payload import AuditFile, ConsistencyStep
from compliance.report.verifying.verdict import Check, KnownCheckpoint

_CODE = "history"
_NAME = "It is the same log that you met before"


def check_history(
    audit: AuditFile, known: Sequence[KnownCheckpoint], *, root_fingerprint: str
) -> Check:
    """Compare the report's log with every checkpoint kept of this clinic.

    Must come after the range was proved. One contradiction rejects; a checkpoint that
    the report gives no means to compare with is counted and said, and does not. What was
    kept from this very report says nothing about it: whoever looks at a file twice has not
    met the log before.
    """
    try:
        for step in audit.consistency:
            _verify_step(audit, step)
    except BadProof as error:
        return _answer(False, f"No: the report's own account of its past is false: {error}.")
    clinic_id, slug = audit.text("clinic", "id"), audit.text("clinic", "slug")
    for item in known:
        # A log thrown away and begun anew would have a new id and the old name.
        same_place = (item.root_fingerprint, item.slug) == (root_fingerprint, slug)
        if same_place and item.clinic_id != clinic_id:
            return _answer(False, f"No: you met another log of the clinic {slug!r} before.")
    compared = 0
    made_at = parse_time(audit.text("made_at"))
    itself = (audit.size, audit.root, made_at)
    met = [item for item in known if item.clinic_id == clinic_id]
    mine = [item for item in met if (item.size, item.root, item.made_at) != itself]
    for item in mine:
        if item.size > audit.size and item.made_at is not None and item.made_at < made_at:
            # No later report of a log that only grows can have fewer entries.
            reason = (
                f"No: you were shown {item.size} entries before, and this later report knows of "
                f"{audit.size}. The log was put back or its end was cut off."
            )
            return _answer(False, reason)
        root = roots_at(audit, (item.size,)).get(item.size)
        if root is None:
            continue
        if root != item.root:
            reason = f"No: its first {item.size} entries are not those you were shown before."
            return _answer(False, reason)
        compared += 1
    newest = max((item.size for item in mine), default=0)
    older = ""
    if newest > audit.size:
        older = (
            f" It is older than what you were shown before: {newest} entries then,"
            f" {audit.size} here."
        )
    return _summary(compared, len(mine), older=older, again=len(met) > len(mine))


def _summary(compared: int, kept: int, *, older: str, again: bool) -> Check:
    if compared:
        more = f" {kept - compared} others could not be compared." if kept > compared else ""
        return _answer(True, f"It continues {compared} of the checkpoints you kept.{more}{older}")
    if kept:
        reason = f"The report gives no means to compare it with those you kept.{older}"
        return _answer(None, reason)
    if again:
        return _answer(None, "You met this very report before, and no other of this clinic.")
    return _answer(None, "You have kept no checkpoint of this clinic.")


def roots_at(audit: AuditFile, sizes: Sequence[int]) -> dict[int, bytes]:
    """Return the roots the log had at earlier sizes, leaving out what the report does not show.

    Must come after the range and the steps were proved.

    Args:
        sizes: in rising order; the leaves are hashed once, however many there are.
    """
    wanted = frozenset(sizes)
    roots = {step.size: step.root for step in audit.consistency if step.size in wanted}
    # The hashes to the left of the range and the leaves up to there make up an earlier tree.
    peaks, reached = list(audit.range_proof.left), audit.start
    for size in sizes:
        if size == audit.size:
            roots[size] = audit.root
        elif audit.has_range and reached <= size <= audit.end:
            more = audit.leaf_hashes[reached - audit.start : size - audit.start]
            reached = extend_peaks(peaks, reached, more)
            roots[size] = fold_peaks(peaks)
    return roots


def _verify_step(audit: AuditFile, step: ConsistencyStep) -> None:
    verify_consistency(
        first=step.size,
        second=audit.size,
        first_root=step.root,
        second_root=audit.root,
        proof=step.proof,
    )


def _answer(holds: bool | None, reason: str) -> Check:
    return Check(code=_CODE, name=_NAME, holds=holds, reason=reason)
