"""A pack that turns out torn, wet or opened when the practitioner takes it up."""

from __future__ import annotations

from datetime import datetime

from compliance.domain.access import Action, Actor
from compliance.domain.words import EvidenceKind, SessionState
from compliance.errors import Conflict, NotFound
from compliance.operations.packs import PackRow
from compliance.operations.personal import Keyring
from compliance.operations.sealing import hold_log
from compliance.operations.sterilization.damaging import enter_damage
from compliance.operations.treatments.answering import undo_answer
from compliance.operations.treatments.loading import find_row, load_facts
from compliance.store.session import Tx


def damage_named_pack(
    tx: Tx,
    session_id: str,
    pack: str,
    reason: str,
    *,
    actor: Actor,
    now: datetime,
    keyring: Keyring,
) -> PackRow:
    """Take a pack that a draft names out of use, and its answer back: the item needs another one.

    Whoever treats may do so with the pack in their hands, and with no other.

    Raises:
        NotFound: no such session, or it does not name the pack.
        Conflict: the treatment has begun.
        Refused: no reason.
    """
    actor.require(Action.RECORD_SESSION)
    hold_log(tx, actor.clinic_id)
    loaded = load_facts(tx, find_row(tx, session_id, actor=actor), now=now)
    items = [
        code
        for code, answer in loaded.facts.answers.items()
        if any(
            piece["kind"] == EvidenceKind.PACK and piece["ref"]["pack"] == pack
            for piece in answer.evidence
        )
    ]
    if not items:
        raise NotFound("this session names no such pack")
    if loaded.facts.state is not SessionState.DRAFT:
        raise Conflict("the treatment has begun, and the pack is used up")
    # The answer gives the pack back first: a damaged pack was never used.
    undo_answer(tx, session_id, items[0], actor=actor, now=now)
    return enter_damage(tx, pack, reason, actor=actor, now=now, keyring=keyring)
