"""Whether witnesses that the inspector names cosigned the checkpoint of the file: level 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from compliance.ledger.cosignature import Cosignature, find_cosignature
from compliance.ledger.note import BadNote
from compliance.ledger.policy import Policy
from compliance.report.payload import AuditFile
from compliance.report.verifying.verdict import Check

CODE: Final = "witnesses"
_NAME: Final = "Enough witnesses saw one history of this log"


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessFindings:
    """What the witnesses show."""

    check: Check
    cosignatures: tuple[Cosignature, ...] = ()
    reached: bool = False
    """Whether the policy's quorum is among them: level 2."""


def judge_witnesses(audit: AuditFile, policy: Policy | None) -> WitnessFindings:
    """Judge the cosignatures of a file whose checkpoint the clinic has signed."""
    if policy is None:
        return WitnessFindings(check=_answer(None, "You named no witnesses."))
    note = audit.text("checkpoint")
    found: dict[str, Cosignature] = {}
    try:
        for name, witness in policy.witnesses.items():
            cosignature = find_cosignature(note, witness.key)
            if cosignature is not None:
                found[name] = cosignature
    except BadNote as error:
        return WitnessFindings(check=_answer(False, f"No: {error}."))
    # A policy that lists logs is about these alone; which one this is its key says.
    known = not policy.logs or audit.text("note_key") in policy.logs
    reached = known and policy.is_satisfied(found.__contains__)
    return WitnessFindings(
        check=_summary(policy, found, known=known, reached=reached),
        cosignatures=tuple(found.values()),
        reached=reached,
    )


def _summary(policy: Policy, found: dict[str, Cosignature], *, known: bool, reached: bool) -> Check:
    told = f"{len(found)} of the {len(policy.witnesses)} witnesses you named cosigned it"
    if reached:
        oldest = min(one.at for one in found.values())
        when = f"{oldest:%Y-%m-%dT%H:%M:%SZ}"
        return _answer(True, f"{told}, the first at {when}: that is a quorum.")
    if not known:
        return _answer(None, f"{told}, but your policy is about other logs.")
    return _answer(None, f"{told}: that is no quorum.")


def _answer(holds: bool | None, reason: str) -> Check:
    return Check(code=CODE, name=_NAME, holds=holds, reason=reason)
