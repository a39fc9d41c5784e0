"""``compliance backup``: the records, or the keys, while the installation is in use."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from compliance.keys.age import Passphrase, Recipient

# The app takes seconds to import, so everything that needs it is imported inside the
# commands.

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
PLACE = click.Path(path_type=Path)
passphrase_option = click.option(
    "--passphrase-stdin", is_flag=True, help="Read the passphrase from standard input."
)


@click.command()
@click.argument("dest", type=PLACE, required=False)
@click.option("--recipient", type=FILE, help="Encrypt to the public key in this file.")
@passphrase_option
@click.option("--plain", is_flag=True, help="Do not encrypt. Whoever finds the file can read it.")
@click.option("--reports", is_flag=True, help="Also the signed report files.")
@click.option("--keys", is_flag=True, help="The keys instead, in a file of their own.")
@click.option("--with-keys", is_flag=True, help="Refused: keys and records never share a file.")
@click.option("--new-key", type=PLACE, metavar="FILE", help="Make FILE and FILE.pub, then stop.")
def backup(
    dest: Path | None,
    recipient: Path | None,
    new_key: Path | None,
    **flags: bool,
) -> None:
    """Back up to DEST, a folder or a new file, while the installation is in use.

    Encrypted in the age format, to a public key or a passphrase; read back and
    recomputed before it is called good. The keys are not in it: back them up apart,
    with --keys, and keep the two in different places.
    """
    make_private()
    if new_key is not None:
        _make_key(new_key)
        return
    if dest is None:
        raise click.UsageError("Say where to: compliance backup DEST.")
    if flags["with_keys"]:
        raise click.UsageError(
            "One file with both would be the whole installation: whoever opens it can sign in "
            "the clinic's name. Run `compliance backup --keys DEST` for the keys, and keep the "
            "two files apart."
        )
    to = _read_target(recipient, stdin=flags["passphrase_stdin"], plain=flags["plain"])
    if flags["keys"]:
        _back_up_keys(dest, to)
    else:
        _back_up_records(dest, to, reports=flags["reports"])


def _make_key(file: Path) -> None:
    from compliance.errors import Conflict
    from compliance.keys.age import new_identity
    from compliance.keys.files import write_private

    public = file.with_name(file.name + ".pub")
    if file.exists() or public.exists():
        raise Conflict(f"{file} or {public} exists already; a key is never overwritten")
    identity = new_identity()
    write_private(
        file.absolute(), f"# Opens backups. Keep it in the safe.\n{identity.spell()}\n".encode()
    )
    write_private(public.absolute(), f"{identity.recipient}\n".encode())
    click.echo(f"Made {public}: backups are encrypted to it.")
    click.echo(f"Made {file}: it alone opens them. Move it to the safe, off this machine.")


def _read_target(
    recipient: Path | None, *, stdin: bool, plain: bool
) -> Passphrase | Recipient | None:
    from compliance.cli.secrets_input import read_secret
    from compliance.keys.age import Passphrase, parse_recipient

    if (recipient is not None) + stdin + plain > 1:
        raise click.UsageError("Choose one of --recipient, --passphrase-stdin and --plain.")
    if plain:
        return None
    if recipient is not None:
        return parse_recipient(recipient.read_text(encoding="utf-8"))
    if not stdin and not sys.stdin.isatty():
        raise click.UsageError("Say how to encrypt: --recipient FILE.pub or --passphrase-stdin.")
    return Passphrase(text=read_secret("Passphrase of the backup", stdin=stdin, confirm=not stdin))


def _back_up_records(dest: Path, to: Passphrase | Recipient | None, *, reports: bool) -> None:
    from compliance.cli.installation import open_installation
    from compliance.operations.safekeeping.backing_up import BackUp, make_backup

    with open_installation(migrating=False) as services:
        note = make_backup(
            services.workshop,
            BackUp(destination=dest, to=to, reports=reports),
            data_dir=services.settings.data_dir,
            migrations=services.root / "migrations",
            now=services.clock(),
        )
    click.echo(f"Wrote {note.file} ({note.size:,} bytes), read it back, and it is good.")
    for clinic in note.clinics:
        click.echo(f"  {clinic.slug}: {clinic.size} entries, root {clinic.root}")
    if to is None:
        click.echo("It is not encrypted: whoever finds it can read every record.", err=True)


def _back_up_keys(dest: Path, to: Passphrase | Recipient | None) -> None:
    from compliance.app import settings_from_environment, utc_now
    from compliance.operations.safekeeping.keys_apart import back_up_keys

    if to is None:
        raise click.UsageError("Keys are never written without encryption.")
    settings = settings_from_environment()
    note = back_up_keys(settings.data_dir, dest, to, now=utc_now())
    click.echo(f"Wrote {note.file} ({note.size:,} bytes), read it back, and it is good.")
    click.echo("Keep it in another place than the backups of the records.")


def make_private() -> None:
    """Whatever a command here writes is for its owner alone."""
    from compliance.cli.installation import PRIVATE_UMASK

    os.umask(PRIVATE_UMASK)
