"""Founding: keys first, then the clinic's row, log and first people in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes

from compliance.domain.access import system_actor
from compliance.errors import Conflict
from compliance.keys.storage import ensure_clinic_keys, ensure_root
from compliance.keys.subjects import SubjectKeys, blind_index_key
from compliance.operations.clinics import CreateClinic, create_clinic
from compliance.operations.identifiers import new_id
from compliance.operations.people.accounts import CreatePerson, create_person
from compliance.operations.personal import Keyring
from compliance.store.clinics import ClinicRow, list_clinics
from compliance.store.founding import hold_founding
from compliance.store.session import Database, Tx

DEMO_MARK: Final = "demo-data"
"""A file of this name in the data folder says that the folder was made for the demo."""


class AlreadyFounded(Conflict):
    """The installation has a clinic; its first run is over for ever."""

    code = "already_founded"


class DemoFolder(Conflict):
    """The data folder was made for the demo, whose records must never stand beside real ones."""

    code = "demo_folder"


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
    clinic_id, creating = _make_keys(command, keys_folder, now)
    with database.writing() as tx:
        return create_clinic(tx, creating, actor=system_actor(clinic_id, system_user), now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundInstallation:
    """The first clinic of an installation and the people who will add all others."""

    clinic: FoundClinic
    people: Sequence[CreatePerson]
    """Their passwords are hashed already: hashing takes too long for a write transaction."""


def found_installation(
    database: Database,
    command: FoundInstallation,
    *,
    keyring: Keyring,
    data_dir: Path,
    actor_name: str,
    now: datetime,
) -> ClinicRow:
    """Make the first clinic together with its first people: all of it or nothing.

    The keys come first and in a step of their own, as for every clinic; a clinic that
    nobody can sign in to would be worse than keys that nothing refers to. Opens the
    write transaction itself. The acting user is recorded as ``system:ACTOR_NAME``.

    Raises:
        AlreadyFounded: there is a clinic; also for the second of two at the same time.
        DemoFolder: the data folder was made for the demo.
        Refused, Conflict: as ``create_clinic`` and ``create_person``.
    """
    require_no_demo(data_dir)
    with database.reading() as tx:
        require_unfounded(tx)
    clinic_id, creating = _make_keys(command.clinic, data_dir / "keys", now)
    actor = system_actor(clinic_id, actor_name)
    with database.writing() as tx:
        hold_founding(tx)
        require_unfounded(tx)
        clinic = create_clinic(tx, creating, actor=actor, now=now)
        for person in command.people:
            create_person(tx, person, keyring=keyring, actor=actor, now=now)
    return clinic


def is_founded(tx: Tx) -> bool:
    """Whether the installation has a clinic."""
    return bool(list_clinics(tx))


def require_unfounded(tx: Tx) -> None:
    """Raises ``AlreadyFounded`` where there is a clinic."""
    if is_founded(tx):
        raise AlreadyFounded("this installation has a clinic already; sign in and add others there")


def require_no_demo(data_dir: Path) -> None:
    """Raises ``DemoFolder`` where the folder was made for the demo."""
    if (data_dir / DEMO_MARK).exists():
        raise DemoFolder(
            "this data folder was made for the demo; choose another one with COMPLIANCE_DATA_DIR"
        )


def _make_keys(command: FoundClinic, keys_folder: Path, now: datetime) -> tuple[str, CreateClinic]:
    """Make root and clinic keys; returns the clinic's id and what its row needs."""
    clinic_id = new_id(now)
    root = ensure_root(keys_folder, now=now, organisation="Aseptrail installation")
    keys = ensure_clinic_keys(
        keys_folder, clinic_id=clinic_id, clinic_name=command.name, root=root, now=now
    )
    return clinic_id, CreateClinic(
        slug=command.slug,
        name=command.name,
        time_zone=command.time_zone,
        language=command.language,
        profiles=command.profiles,
        demo=command.demo,
        note_key=keys.note_verifier_key,
        certificate_sha256=keys.certificate.fingerprint(hashes.SHA256()).hex(),
    )
