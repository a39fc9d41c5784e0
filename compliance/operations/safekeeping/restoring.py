"""Bringing a backup back: verified first, made whole beside, then put in place in one step.

The log says so in each clinic, under a new incarnation; the former database is kept
until a person confirms.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from compliance.errors import Conflict
from compliance.keys.age import Identity, Passphrase
from compliance.keys.archive import SUBJECT_KEYS
from compliance.keys.retiring import load_retiring
from compliance.keys.rotating import read_history
from compliance.keys.storage import KeysMissing
from compliance.keys.subjects import SubjectKeys
from compliance.operations.erasure.completing import remove_quoting_files
from compliance.operations.safekeeping.checking import (
    BackupHead,
    check_backup,
)
from compliance.operations.safekeeping.loading import load_backup, load_reports, replay_erasures
from compliance.operations.safekeeping.rollback import (
    EnterRestore,
    LogEnd,
    accept_ends,
    enter_restore,
    read_ends,
    remembered_end,
)
from compliance.store import clinics
from compliance.store.schema import upgrade
from compliance.store.scrubbing import scrub
from compliance.store.session import Database
from compliance.store.sites import open_site
from compliance.store.standby import NothingKept, Site, Standby


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where to restore to."""

    site: Site
    data_dir: Path
    migrations: Path

    @property
    def keys_folder(self) -> Path:
        return self.data_dir / "keys"


def find_installation(database_url: str, *, data_dir: Path, migrations: Path) -> Installation:
    """The installation behind the settings; opens nothing."""
    site = open_site(database_url, data_dir=data_dir)
    return Installation(site=site, data_dir=data_dir, migrations=migrations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did."""

    kept: str | None
    """The former database; nothing where there was none worth keeping."""
    ends: dict[str, LogEnd]
    """By clinic id: where the log stands with its ``restore`` entry."""
    backup: BackupHead | None


def restore_backup(
    place: Installation,
    source: Path,
    using: Passphrase | Identity | None,
    *,
    replace: bool,
    system_user: str,
    now: datetime,
) -> Restored:
    """Restore a backup into an installation's database.

    Nothing is touched before the backup was found whole. Then tables are filled in a
    database beside the one in use, the entries appended there, and only then is it put
    in place. A crash before that leaves the installation as it was; a crash after it,
    before the signers are told, is found at the next start as a rollback, and
    `acknowledge_restore` mends it.

    Args:
        replace: whether a database with clinics may be replaced.

    Raises:
        BackupDamaged, FileDamaged, WrongKey: the backup does not hold.
        Conflict: there is a database already and ``replace`` was not said.
        KeysMissing: the clinics' keys are not here; they are restored first.
        Refused: made by newer software.
        DatabaseInUse: a server still runs.
    """
    checked = check_backup(source, using)
    require_keys(place.keys_folder, checked.head)
    current = _current_ends(place.site)
    if current and not replace:
        raise Conflict(
            "there is a database with records already; say --replace to put it aside, "
            "or choose an empty folder with --data-dir"
        )
    standby = place.site.prepare()
    try:
        load_backup(standby.database, place.migrations, source, using, checked)
        ends = _enter(standby.database, place, checked.head, current, system_user, now)
    except BaseException:
        standby.discard()
        raise
    kept = _put_in_place(standby, keep=bool(current), now=now)
    accept_ends(place.keys_folder, ends)
    if checked.files:
        load_reports(place.data_dir / "reports", source, using)
    _forget_erased(place)
    return Restored(kept=kept, ends=ends, backup=checked.head)


def acknowledge_restore(
    place: Installation, *, system_user: str, now: datetime
) -> dict[str, LogEnd]:
    """Enter in every log that the database was put back by other means; returns the new ends.

    Raises:
        Conflict: there is no database.
        KeysMissing: the clinics' keys are not here.
    """
    database = place.site.open_current()
    if database is None:
        raise Conflict("there is no database here")
    try:
        ends = {}
        with database.writing() as tx:
            for clinic in clinics.list_clinics(tx):
                load_retiring(place.keys_folder, clinic.clinic_id)
                previous = remembered_end(place.keys_folder, clinic.clinic_id)
                command = EnterRestore(how="by_hand", previous=previous)
                ends[clinic.clinic_id] = enter_restore(
                    tx,
                    clinic.clinic_id,
                    command,
                    keys_folder=place.keys_folder,
                    system_user=system_user,
                    now=now,
                )
    finally:
        database.dispose()
    accept_ends(place.keys_folder, ends)
    return ends


def undo_restore(place: Installation, *, system_user: str, now: datetime) -> Restored:
    """Bring the newest kept database back, and keep the present one in turn.

    It is a restore like any other: what was recorded in between is in the kept copy
    only, and the log says so.

    Raises:
        NothingKept: there is none.
    """
    kept = place.site.kept()
    if not kept:
        raise NothingKept("no former database is kept, so there is nothing to bring back")
    current = _current_ends(place.site)
    standby = place.site.open_kept(kept[-1])
    try:
        upgrade(standby.database, place.migrations)
        with standby.database.writing() as tx:
            ends = {}
            for clinic in clinics.list_clinics(tx):
                # Who was erased while it lay aside stands in it as before.
                replay_erasures(tx, place.data_dir, clinic.clinic_id)
                command = EnterRestore(how="undo", previous=current.get(clinic.clinic_id))
                ends[clinic.clinic_id] = enter_restore(
                    tx,
                    clinic.clinic_id,
                    command,
                    keys_folder=place.keys_folder,
                    system_user=system_user,
                    now=now,
                )
    except BaseException:
        standby.discard()
        raise
    now_kept = _put_in_place(standby, keep=bool(current), now=now)
    accept_ends(place.keys_folder, ends)
    _forget_erased(place)
    return Restored(kept=now_kept, ends=ends, backup=None)


def confirm_restore(place: Installation) -> list[str]:
    """Delete every kept database for good; returns their names.

    Raises:
        NothingKept: there is none.
    """
    kept = place.site.kept()
    if not kept:
        raise NothingKept("no former database is kept, so there is nothing to confirm")
    for name in kept:
        place.site.drop_kept(name)
    return kept


def require_keys(keys_folder: Path, head: BackupHead) -> None:
    """See that the keys that signed the backup's logs are here.

    Raises:
        KeysMissing: they are not, or others are.
    """
    for clinic in head.clinics:
        try:
            keys = load_retiring(keys_folder, clinic.clinic_id)
        except KeysMissing as error:
            raise KeysMissing(
                f"the keys of {clinic.slug} are not in {keys_folder}: {error}. "
                "Put them back first: compliance restore --keys FILE"
            ) from error
        retired = {each.old_note_key for each in read_history(keys_folder, clinic.clinic_id)}
        if clinic.note_key not in retired | {keys.note_verifier_key}:
            raise KeysMissing(f"the keys in {keys_folder} are not those of {clinic.slug}")


def _current_ends(site: Site) -> dict[str, LogEnd]:
    database = site.open_current()
    if database is None:
        return {}
    try:
        return read_ends(database)
    finally:
        database.dispose()


def _forget_erased(place: Installation) -> None:
    """Remove what was restored of people erased since: files that quote them, and old rows."""
    database = place.site.open_current()
    if database is None:
        return
    keys = SubjectKeys(place.data_dir / SUBJECT_KEYS)
    try:
        with database.reading() as tx:
            remove_quoting_files(tx, keys, place.data_dir / "reports")
            erased = any(keys.erased(each.clinic_id) for each in clinics.list_clinics(tx))
        if erased:
            # What the backup brought back was emptied again, and left old versions of rows.
            scrub(database)
    finally:
        keys.close()
        database.dispose()


def _put_in_place(standby: Standby, *, keep: bool, now: datetime) -> str | None:
    try:
        return standby.put_in_place(keep=keep, now=now)
    except BaseException:
        standby.discard()
        raise


def _enter(
    database: Database,
    place: Installation,
    head: BackupHead,
    current: dict[str, LogEnd],
    system_user: str,
    now: datetime,
) -> dict[str, LogEnd]:
    ends = {}
    with database.writing() as tx:
        for clinic in head.clinics:
            replay_erasures(tx, place.data_dir, clinic.clinic_id)
            previous = current.get(clinic.clinic_id) or remembered_end(
                place.keys_folder, clinic.clinic_id
            )
            command = EnterRestore(
                how="backup", previous=previous, backup=clinic, backup_at=head.made_at
            )
            ends[clinic.clinic_id] = enter_restore(
                tx,
                clinic.clinic_id,
                command,
                keys_folder=place.keys_folder,
                system_user=system_user,
                now=now,
            )
    return ends
