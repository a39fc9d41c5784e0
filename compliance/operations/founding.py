"""Founding: keys first, then the clinic's row and log in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives import hashes

from compliance.domain.access import system_actor
from compliance.keys.storage import ensure_clinic_keys, ensure_root
from compliance.keys.subjects import SubjectKeys, blind_index_key
from compliance.operations.clinics import CreateClinic, create_clinic
from compliance.operations.identifiers import new_id
from compliance.operations.personal import Keyring
from compliance.store.clinics import ClinicRow
from compliance.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundClinic:
    slug: str
    name: str
    time_zone: str = "Europe/Dublin"
    language: str = "en"
    profiles: tuple[str, ...] = ()
    demo: bool = False


def open_keyring(data_dir: Path) -> Keyring:
    """Open the subject keys, which lie in a file of their own outside the database backup."""
    return Keyring(
        subjects=SubjectKeys(data_dir / "subject-keys.sqlite3"),
        index_key=blind_index_key(data_dir / "keys"),
    )


def found_clinic(
    database: Database, command: FoundClinic, *, keys_folder: Path, system_user: str, now: datetime
) -> ClinicRow:
    """Make the clinic's keys, then the clinic.

    A crash in between leaves keys that nothing refers to; founding again makes
    others. The acting user is recorded as ``system:NAME``.

    Raises:
        Refused, Conflict: as ``create_clinic``.
    """
    clinic_id = new_id(now)
    root = ensure_root(keys_folder, now=now, organisation="Aseptrail installation")
    keys = ensure_clinic_keys(
        keys_folder, clinic_id=clinic_id, clinic_name=command.name, root=root, now=now
    )
    create = CreateClinic(
        slug=command.slug,
        name=command.name,
        time_zone=command.time_zone,
        language=command.language,
        profiles=command.profiles,
        demo=command.demo,
        note_key=keys.note_verifier_key,
        certificate_sha256=keys.certificate.fingerprint(hashes.SHA256()).hex(),
    )
    with database.writing() as tx:
        return create_clinic(tx, create, actor=system_actor(clinic_id, system_user), now=now)
