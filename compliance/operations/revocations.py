"""The revocations that a clinic's log knows, and those that its keys folder knows: kept the same."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from compliance.domain.access import system_actor
from compliance.keys.revoking import note_revocation
from compliance.keys.revoking import read_revocations as read_kept
from compliance.ledger.revocation import Revocation, read_revocation
from compliance.operations.sealing import REVOKED, append
from compliance.store import log
from compliance.store.session import Database, Tx


def read_revocations(tx: Tx, clinic_id: str) -> list[tuple[int, Revocation]]:
    """Every revocation the log knows, in its order."""
    indexes = sorted(index for _, index in log.list_places(tx, clinic_id, REVOKED))
    bodies = log.read_bodies(tx, clinic_id, indexes) if indexes else {}
    return [(i, read_revocation(json.loads(bodies[i])["data"])) for i in sorted(bodies)]


def find_unlisted(tx: Tx, clinic_id: str, keys_folder: Path) -> list[Revocation]:
    """What the log knows and the keys folder does not, so that no list names it."""
    kept = read_kept(keys_folder, clinic_id)
    return [each for _, each in read_revocations(tx, clinic_id) if each not in kept]


def settle_revocations(database: Database, clinic_id: str, *, keys_folder: Path) -> None:
    """Keep what is only in the log, as after a crash or where older keys were put back."""
    with database.reading() as tx:
        missing = find_unlisted(tx, clinic_id, keys_folder)
    for revocation in missing:
        note_revocation(keys_folder, clinic_id, revocation)


def enter_missing_revocations(
    tx: Tx, clinic_id: str, keys_folder: Path, *, system_user: str, now: datetime
) -> None:
    """Enter again what a log that was put back does not know: nothing is revoked only for a while."""
    entered = [each for _, each in read_revocations(tx, clinic_id)]
    actor = system_actor(clinic_id, system_user)
    for revocation in read_kept(keys_folder, clinic_id):
        if revocation not in entered:
            append(tx, actor, REVOKED, revocation.to_data(), now=now)
