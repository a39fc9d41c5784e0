"""Packs that may not be used although their load was good."""

from __future__ import annotations

from datetime import datetime

from compliance.domain.access import Action, Actor
from compliance.domain.words import PackState
from compliance.errors import Conflict
from compliance.operations.packs import PackRow, find_pack
from compliance.operations.personal import Keyring
from compliance.operations.sealing import append, hold_log
from compliance.operations.sterilization.entering import commit_reason
from compliance.store import things
from compliance.store.session import Tx


def damage_pack(
    tx: Tx, pack: str, reason: str, *, actor: Actor, now: datetime, keyring: Keyring
) -> PackRow:
    """Take a torn, wet or opened pack out of use; what was inside is packed and run anew.

    Raises:
        NotFound, Conflict: no such pack, or one that was used or is out of use.
        Refused: no reason.
    """
    actor.require(Action.REGISTER_PACKS)
    hold_log(tx, actor.clinic_id)
    return enter_damage(tx, pack, reason, actor=actor, now=now, keyring=keyring)


def enter_damage(
    tx: Tx, pack: str, reason: str, *, actor: Actor, now: datetime, keyring: Keyring
) -> PackRow:
    """Do so for somebody who was asked already whether they may; the log is held."""
    row = find_pack(tx, pack, actor=actor)
    if row.state not in (PackState.REGISTERED, PackState.RELEASED):
        raise Conflict(f"pack {row.code} is {row.state.value}; it is out of use already")
    data = {
        "pack": row.pack_id,
        "code": row.code,
        "reason": commit_reason(tx, keyring, reason, actor=actor),
    }
    append(tx, actor, "pack.damaged", data, now=now)
    things.update_pack(tx, row.clinic_id, row.pack_id, {"state": PackState.DAMAGED.value})
    return find_pack(tx, row.pack_id, actor=actor)
