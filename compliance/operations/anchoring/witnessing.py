"""Collecting cosignatures: witnesses are shown each checkpoint, and that it continues the last one."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from compliance.errors import ComplianceError
from compliance.keys.posting import SECONDS, NoAnswer, post
from compliance.ledger.cosignature import find_cosignature
from compliance.ledger.note import BadNote, Checkpoint, parse_checkpoint, signature_lines
from compliance.ledger.policy import Witness
from compliance.ledger.proofs import consistency_proof
from compliance.operations.anchoring.anchoring import (
    Checkpointed,
    note_failure,
    note_success,
    witness_target,
)
from compliance.operations.anchoring.plan import AnchorPlan
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.sealing import node_reader
from compliance.store import anchors

_SIZE: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


class WitnessRefused(ComplianceError):
    """A witness did not cosign; the message is for the operator."""

    code = "witness_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What a witness is shown."""

    note: str
    checkpoint: Checkpoint


def collect_cosignatures(
    workshop: Workshop,
    plan: AnchorPlan,
    stated: Checkpointed,
    *,
    now: datetime,
    seconds: float = SECONDS,
) -> int:
    """Show a checkpoint to every witness of the policy that has an address; return how many signed.

    Never raises for a witness that fails: it is noted and asked again with the next checkpoint.
    """
    if plan.policy is None:
        return 0
    text, _ = signature_lines(stated.note)
    shown = _Shown(note=stated.note, checkpoint=parse_checkpoint(text))
    count = 0
    for witness in plan.policy.witnesses.values():
        if witness.url is None:
            continue
        target = witness_target(witness)
        try:
            line, at = _ask(workshop, stated.clinic_id, witness, shown, seconds)
        except (NoAnswer, WitnessRefused, BadNote) as error:
            note_failure(workshop, stated.clinic_id, target, f"{error}", now=now)
            continue
        with workshop.database.writing() as tx:
            row = anchors.CosignatureRow(
                clinic_id=stated.clinic_id,
                size=shown.checkpoint.size,
                witness=witness.key.name,
                line=line,
                at=at,
            )
            anchors.insert_cosignature(tx, row)
            note_success(tx, stated.clinic_id, target, now=now)
        count += 1
    return count


def _ask(
    workshop: Workshop, clinic_id: str, witness: Witness, shown: _Shown, seconds: float
) -> tuple[str, datetime]:
    with workshop.database.reading() as tx:
        last = anchors.last_cosigned(tx, clinic_id, witness.key.name)
    old = min(0 if last is None else last[0], shown.checkpoint.size)
    for _ in range(2):
        with workshop.database.reading() as tx:
            request = _request(old, shown, node_reader(tx, clinic_id))
        url = f"{(witness.url or '').rstrip('/')}/add-checkpoint"
        reply = post(url, request, content_type="text/plain; charset=utf-8", seconds=seconds)
        if reply.status == 200:
            return _take(reply.body, witness, shown)
        found = _SIZE.fullmatch(reply.body)
        if reply.status != 409 or found is None or int(found[1]) == old:
            said = reply.body[:100].decode("utf-8", errors="replace").strip()
            raise WitnessRefused(f"it answered with status {reply.status}: {said}")
        old = int(found[1])
        if old > shown.checkpoint.size:
            raise WitnessRefused(f"it has seen {old} entries, more than this checkpoint has")
    raise WitnessRefused("it changes its mind about what it has seen")


def _request(old: int, shown: _Shown, node: Callable[[int, int], bytes]) -> bytes:
    proof = consistency_proof(old, shown.checkpoint.size, node) if old else ()
    lines = [f"old {old}", *(base64.b64encode(one).decode("ascii") for one in proof)]
    return ("\n".join(lines) + "\n\n" + shown.note).encode()


def _take(body: bytes, witness: Witness, shown: _Shown) -> tuple[str, datetime]:
    """The witness's own line out of its answer; lines of keys nobody named are left behind."""
    try:
        lines = body.decode("utf-8").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise WitnessRefused("its answer is not text") from error
    for line in lines:
        found = find_cosignature(shown.note + line, witness.key)
        if found is not None:
            return line, found.at
    raise WitnessRefused("its answer holds no cosignature of the key it is known by")
