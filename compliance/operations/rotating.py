"""Giving a clinic new keys: an entry signed by the old one as well, then the keys themselves."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from compliance.domain.access import system_actor
from compliance.errors import ComplianceError
from compliance.keys.importing import adopt_token, import_pkcs12
from compliance.keys.retiring import load_retiring
from compliance.keys.rotating import (
    NewKeys,
    Retiring,
    give_up,
    prepare_rotation,
    put_in_place,
    read_history,
    sign_rotation,
    waiting_rotation,
)
from compliance.keys.storage import ClinicKeys, load_clinic_keys, load_root
from compliance.keys.tokens import TokenPlace
from compliance.ledger.rotation import BadRotation, KeyChain, Rotation, read_rotation
from compliance.operations.revocations import settle_revocations
from compliance.operations.sealing import ROTATED, append
from compliance.store import clinics, log
from compliance.store.clinics import ClinicRow
from compliance.store.session import Database, Tx


class KeysBehind(ComplianceError):
    """The keys on this machine are not those that the log has in force."""

    code = "keys_behind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    index: int
    keys: ClinicKeys


def rotate_keys(
    database: Database,
    clinic: ClinicRow,
    what: NewKeys,
    *,
    keys_folder: Path,
    system_user: str,
    now: datetime,
) -> Rotated:
    """Make new keys, enter them in the log, and use them from then on; one write transaction.

    A crash before the entry is durable leaves keys that are thrown away; one after it
    leaves new keys that the next start puts in place. Reports made before stay valid.

    Raises:
        KeysMissing: the clinic's note key or the root's private key are not here. A token
            that is lost is no hindrance, unless its seal shall stay.
    """
    settle_rotation(database, clinic.clinic_id, keys_folder=keys_folder)
    old = load_retiring(keys_folder, clinic.clinic_id)
    if not what.seal:
        # A seal that stays has to work afterwards.
        load_clinic_keys(keys_folder, clinic.clinic_id)
    rotation = prepare_rotation(
        keys_folder, old, what, clinic_name=clinic.name, root=load_root(keys_folder), now=now
    )
    index = enter_rotation(database, clinic.clinic_id, rotation, system_user, now)
    return Rotated(index=index, keys=put_in_place(keys_folder, clinic.clinic_id))


def import_certificate(
    database: Database,
    clinic_id: str,
    file: tuple[bytes, bytes | None],
    *,
    keys_folder: Path,
    system_user: str,
    now: datetime,
) -> Rotated:
    """Seal with a clinic's own certificate from now on, and enter that it follows the old one.

    Args:
        file: a PKCS #12 file and its password.

    Raises:
        Refused: as `import_pkcs12`.
        KeysMissing: the clinic has no keys.
    """
    return _follow(
        database,
        clinic_id,
        lambda: import_pkcs12(keys_folder, clinic_id, *file),
        keys_folder=keys_folder,
        system_user=system_user,
        now=now,
    )


def use_token(
    database: Database,
    clinic_id: str,
    place: TokenPlace,
    *,
    keys_folder: Path,
    system_user: str,
    now: datetime,
) -> Rotated:
    """Seal with a key in a token from now on, and enter that its certificate follows.

    Raises:
        Refused, TokenRefused: as `adopt_token`.
        KeysMissing: the clinic has no keys.
    """
    return _follow(
        database,
        clinic_id,
        lambda: adopt_token(keys_folder, clinic_id, place),
        keys_folder=keys_folder,
        system_user=system_user,
        now=now,
    )


def _follow(
    database: Database,
    clinic_id: str,
    change: Callable[[], ClinicKeys],
    *,
    keys_folder: Path,
    system_user: str,
    now: datetime,
) -> Rotated:
    """Change the seal, and let the note key say so; a crash in between leaves only that unsaid."""
    old = load_retiring(keys_folder, clinic_id)
    keys = change()
    rotation = sign_rotation(old, note_key=old.note_verifier_key, certificate=keys.certificate)
    index = enter_rotation(database, clinic_id, rotation, system_user, now)
    return Rotated(index=index, keys=keys)


def enter_rotation(
    database: Database, clinic_id: str, rotation: Rotation, system_user: str, now: datetime
) -> int:
    """Append the entry ``key.rotated``; returns its index."""
    actor = system_actor(clinic_id, system_user)
    with database.writing() as tx:
        return append(tx, actor, ROTATED, rotation.to_data(), now=now)


def settle_rotation(database: Database, clinic_id: str, *, keys_folder: Path) -> None:
    """End a rotation that was interrupted: in place if the log knows of it, else given up."""
    waiting = waiting_rotation(keys_folder, clinic_id)
    if waiting is None:
        return
    with database.reading() as tx:
        entered = [each for _, each in read_rotations(tx, clinic_id)]
    if waiting in entered:
        put_in_place(keys_folder, clinic_id)
    else:
        give_up(keys_folder, clinic_id)


def settle_all(database: Database, keys_folder: Path) -> None:
    """The same for every clinic, and for its revocations; a server does it when it starts."""
    with database.reading() as tx:
        found = [clinic.clinic_id for clinic in clinics.list_clinics(tx)]
    for clinic_id in found:
        settle_rotation(database, clinic_id, keys_folder=keys_folder)
        settle_revocations(database, clinic_id, keys_folder=keys_folder)


def read_rotations(tx: Tx, clinic_id: str) -> list[tuple[int, Rotation]]:
    """Every rotation the log knows, in its order."""
    indexes = sorted(index for _, index in log.list_places(tx, clinic_id, ROTATED))
    bodies = log.read_bodies(tx, clinic_id, indexes) if indexes else {}
    return [(i, read_rotation(json.loads(bodies[i])["data"])) for i in sorted(bodies)]


def read_chain(tx: Tx, clinic_id: str) -> KeyChain | None:
    """The keys of a log from its first entry on; stops where a rotation does not follow."""
    body = log.read_body(tx, clinic_id, 0)
    if body is None:
        return None
    genesis = json.loads(body)["data"]
    chain = KeyChain(
        clinic=clinic_id,
        note_key=str(genesis["note_key"]),
        certificate_sha256=str(genesis.get("certificate_sha256", "")),
    )
    with contextlib.suppress(BadRotation):
        for index, rotation in read_rotations(tx, clinic_id):
            chain.follow(index, rotation)
    return chain


def require_current(tx: Tx, keys: Retiring) -> None:
    """See that what is signed now is signed by the key in force.

    Raises:
        KeysBehind: the log has rotated to another key.
    """
    rotations = read_rotations(tx, keys.clinic_id)
    if rotations and rotations[-1][1].note_key != keys.note_verifier_key:
        raise KeysBehind(
            f"the keys were rotated by entry {rotations[-1][0]}, and older ones lie in the keys"
            " folder. Put the newest archive of the keys back: compliance restore --keys FILE"
        )


def enter_missing_rotations(
    tx: Tx, clinic_id: str, keys_folder: Path, *, system_user: str, now: datetime
) -> None:
    """Enter again what a log that was put back does not know: its old key is gone for good.

    The statements were signed by the keys they retired, so they hold wherever they stand.
    """
    chain = read_chain(tx, clinic_id)
    if chain is None:
        return
    actor = system_actor(clinic_id, system_user)
    for rotation in read_history(keys_folder, clinic_id):
        if rotation.old_note_key == chain.note_key and rotation.note_key != chain.note_key:
            index = append(tx, actor, ROTATED, rotation.to_data(), now=now)
            chain.follow(index, rotation)
