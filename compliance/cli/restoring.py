"""``compliance restore``: bringing a backup back, confirming it, undoing it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from compliance.cli.safekeeping import FILE, PLACE, make_private, passphrase_option

if TYPE_CHECKING:
    from compliance.keys.age import Identity, Passphrase
    from compliance.operations.safekeeping.restoring import Installation, Restored


@click.command()
@click.argument("src", type=FILE, required=False)
@passphrase_option
@click.option("--identity", type=FILE, help="File with the secret key that opens the backup.")
@click.option("--data-dir", type=PLACE, help="Restore into this folder, on SQLite.")
@click.option("--replace", is_flag=True, help="Put a database with records aside.")
@click.option("--keys", is_flag=True, help="SRC holds keys: put them back.")
@click.option("--check", is_flag=True, help="Only read SRC and say whether it is good.")
@click.option("--confirm", is_flag=True, help="Delete the databases that restores put aside.")
@click.option("--undo", is_flag=True, help="Bring back the database that was put aside last.")
@click.option("--acknowledge", is_flag=True, help="The database was put back by other means.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(src: Path | None, identity: Path | None, data_dir: Path | None, **flags: bool) -> None:
    """Bring the backup SRC back; stop the server first.

    SRC is read to its end and found good before anything is touched. Each clinic's
    log gets an entry and a new incarnation, so that nobody can go back unseen. The
    former database stays until --confirm; --undo brings it back.
    """
    make_private()
    chosen = [name for name in ("confirm", "undo", "acknowledge") if flags[name]]
    if len(chosen) + (src is not None) != 1:
        raise click.UsageError("Give SRC, or one of --confirm, --undo and --acknowledge.")
    if src is None:
        with _stopped(data_dir) as place:
            _ACTS[chosen[0]](place, yes=flags["yes"])
        return
    using = _read_opener(src, identity, stdin=flags["passphrase_stdin"])
    if flags["check"]:
        _check(src, using)
    elif flags["keys"]:
        _restore_keys(src, using, data_dir)
    else:
        _restore(src, using, data_dir, replace=flags["replace"], yes=flags["yes"])


def _stopped(data_dir: Path | None) -> Any:
    """The installation to restore to, held so that no server starts meanwhile."""
    from contextlib import contextmanager

    from compliance.app import ROOT, settings_from_environment
    from compliance.cli.server import only_server
    from compliance.operations.safekeeping.restoring import find_installation
    from compliance.settings import Settings

    @contextmanager
    def hold() -> Any:
        if data_dir is None:
            settings = settings_from_environment()
        else:
            settings = Settings.from_environ({"COMPLIANCE_DATA_DIR": str(data_dir)})
        with only_server(settings):
            yield find_installation(
                settings.database_url,
                data_dir=settings.data_dir,
                migrations=ROOT / "migrations",
            )

    return hold()


def _read_opener(src: Path, identity: Path | None, *, stdin: bool) -> Passphrase | Identity | None:
    from compliance.cli.secrets_input import read_secret
    from compliance.keys.age import Passphrase, is_encrypted, parse_identity, wants_passphrase

    with src.open("rb") as file:
        start = file.read(64)
    if identity is not None:
        return parse_identity(identity.read_text(encoding="utf-8"))
    if stdin or (wants_passphrase(start) and sys.stdin.isatty()):
        return Passphrase(text=read_secret("Passphrase of the backup", stdin=stdin, confirm=False))
    if is_encrypted(start):
        raise click.UsageError("SRC is encrypted: give --identity FILE or --passphrase-stdin.")
    return None


def _check(src: Path, using: Passphrase | Identity | None) -> None:
    from compliance.operations.safekeeping.checking import check_backup

    checked = check_backup(src, using)
    click.echo(f"{src} is good. Made {checked.head.made_at:%-d %b %Y, %H:%M} UTC.")
    for clinic in checked.head.clinics:
        click.echo(f"  {clinic.slug}: {clinic.size} entries, root {clinic.root.hex()}")


def _restore_keys(src: Path, using: Passphrase | Identity | None, data_dir: Path | None) -> None:
    from compliance.keys.age import WrongKey
    from compliance.operations.safekeeping.keys_apart import restore_keys

    if using is None:
        raise WrongKey("an archive of keys is always encrypted")
    with _stopped(data_dir) as place:
        names = restore_keys(place.data_dir, src, using)
    click.echo(f"Put {len(names)} key files back into {place.data_dir}:")
    for name in names:
        click.echo(f"  {name}")


def _restore(
    src: Path,
    using: Passphrase | Identity | None,
    data_dir: Path | None,
    *,
    replace: bool,
    yes: bool,
) -> None:
    from compliance.app import utc_now
    from compliance.cli.installation import system_user
    from compliance.operations.safekeeping.restoring import restore_backup

    with _stopped(data_dir) as place:
        _ask(
            "What was recorded after the backup will not be in the record any more, and the log "
            "of every clinic will say so. Restore?",
            yes=yes,
        )
        done = restore_backup(
            place, src, using, replace=replace, system_user=system_user(), now=utc_now()
        )
    _tell(done)
    click.echo("People and API tokens are as they were then: revoke again what was revoked since.")


def _undo(place: Installation, *, yes: bool) -> None:
    from compliance.app import utc_now
    from compliance.cli.installation import system_user
    from compliance.operations.safekeeping.restoring import undo_restore

    _ask("What was recorded since the restore will not be in the record any more. Undo?", yes=yes)
    _tell(undo_restore(place, system_user=system_user(), now=utc_now()))


def _confirm(place: Installation, *, yes: bool) -> None:
    from compliance.operations.safekeeping.restoring import confirm_restore

    names = ", ".join(place.site.kept())
    if names:
        _ask(f"This deletes {names} for good. Delete?", yes=yes)
    for name in confirm_restore(place):
        click.echo(f"Deleted {name}")


def _acknowledge(place: Installation, *, yes: bool) -> None:
    from compliance.app import utc_now
    from compliance.cli.installation import system_user
    from compliance.operations.safekeeping.restoring import acknowledge_restore

    _ask(
        "The log of every clinic will say for ever that the database was put back by other "
        "means. Enter that?",
        yes=yes,
    )
    ends = acknowledge_restore(place, system_user=system_user(), now=utc_now())
    for clinic_id, end in ends.items():
        click.echo(f"{clinic_id}: incarnation {end.incarnation}, {end.size} entries")


_ACTS = {"undo": _undo, "confirm": _confirm, "acknowledge": _acknowledge}


def _tell(done: Restored) -> None:
    click.echo("Restored. Each log says so:")
    for clinic_id, end in done.ends.items():
        click.echo(f"  {clinic_id}: incarnation {end.incarnation}, {end.size} entries")
    if done.kept is not None:
        click.echo(f"The former database is kept as {done.kept}.")
        click.echo("Bring it back: compliance restore --undo")
        click.echo("Delete it:     compliance restore --confirm")


def _ask(question: str, *, yes: bool) -> None:
    if not yes:
        click.confirm(question, abort=True, err=True)
