"""Taking recalled packs off the shelf, one scan each, and saying which ones are not there."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from compliance.domain.access import Action, Actor
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.sealing import append, hold_log
from compliance.operations.sterilization.affected import find_row, window_of
from compliance.store import recalls, windows
from compliance.store.session import Tx
from compliance.store.windows import TracedPack

PULLED: Final = ("pulled", "missing")


def pull_pack(
    tx: Tx, recall_id: str, code: str, outcome: str, *, actor: Actor, now: datetime
) -> TracedPack:
    """Enter that a recalled pack was taken off the shelf, or was not found there.

    The newest word on a pack counts: one that turns up later is scanned then.

    Raises:
        NotFound: no such recall, or the pack is not among those to pull.
        Conflict: the recall is closed, or the same was said of this pack already.
        Refused: an unknown outcome.
    """
    actor.require(Action.REGISTER_PACKS)
    hold_log(tx, actor.clinic_id)
    row = find_row(tx, recall_id, actor=actor)
    if outcome not in PULLED:
        raise Refused("outcome", outcome, "is unknown", allowed=", ".join(PULLED))
    if row.state != "open":
        raise Conflict("the recall is closed")
    pack = None
    if row.sterilizer_id is not None:
        pack = windows.find_pack(tx, window_of(tx, row), code.strip())
    if pack is None:
        raise NotFound(f"pack {code.strip()} is not among the packs to pull in this recall")
    told = recalls.list_pulls(tx, row, [pack.pack_id]).get(pack.pack_id)
    if told is not None and told["outcome"] == outcome:
        raise Conflict(f"pack {pack.code} is marked as {outcome} already")
    data = {"recall": row.recall_id, "pack": pack.pack_id, "outcome": outcome}
    index = append(tx, actor, "recall.pack_found", data, now=now)
    values = {
        "clinic_id": row.clinic_id,
        "recall_id": row.recall_id,
        "idx": index,
        "pack_id": pack.pack_id,
        "outcome": outcome,
        "at": now,
        "by": actor.user_id,
    }
    recalls.insert_pull(tx, values)
    return pack
