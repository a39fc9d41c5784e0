"""Making the demo's data folder, and throwing it away again."""

from __future__ import annotations

import shutil
import sys
from typing import Final

import click

from compliance.app import utc_now
from compliance.cli.installation import open_installation, system_user
from compliance.cli.safety import Unsafe
from compliance.operations.demo.cast import PIN, PLAYERS
from compliance.operations.demo.making import MakeDemo, make_demo
from compliance.operations.founding import DEMO_MARK
from compliance.operations.system.overview import holds_only_demo, list_clinics
from compliance.settings import DATABASE_FILE, Settings
from compliance.web.context import Services

MARK: Final = DEMO_MARK
"""A file that says ``making`` or ``complete``; a folder without it is not ours to clear."""

_MAKING: Final = "making\n"
_COMPLETE: Final = "complete\n"
_OWN: Final = (
    f"{DATABASE_FILE}*",
    "jobs.sqlite3*",
    "subject-keys.sqlite3*",
    "secret-key",
    "keys",
    "reports",
)
"""What an installation puts into its data folder. Nothing else is ever removed."""


def prepare_demo(settings: Settings, *, fresh: bool) -> None:
    """Make the demo clinic unless it is there; what was interrupted is made again.

    Raises:
        Unsafe: the data folder holds real records.
    """
    mark = settings.data_dir / MARK
    interrupted = mark.exists() and mark.read_text(encoding="ascii") != _COMPLETE
    if fresh or interrupted:
        _clear(settings)
    with open_installation(settings) as services:
        with services.database.reading() as tx:
            there = [clinic.slug for clinic in list_clinics(tx)]
            if not holds_only_demo(tx):
                raise Unsafe(
                    f"this data folder holds real clinics ({', '.join(there)}). "
                    "Choose another one with COMPLIANCE_DATA_DIR"
                )
        if there:
            return
        mark.write_text(_MAKING, encoding="ascii")
        _make(services)
        mark.write_text(_COMPLETE, encoding="ascii")


def _make(services: Services) -> None:
    command = MakeDemo(
        database=services.database,
        keyring=services.keyring,
        keys_folder=services.keys_folder,
        system_user=system_user(),
        now=utc_now(),
        workshop=services.workshop,
    )
    click.echo("Making the demo clinic: thirty days of treatments. This happens once.", err=True)
    with click.progressbar(length=1000, label="  playing", file=sys.stderr) as bar:

        def move(done: int, total: int) -> None:
            bar.update(1000 * done // total - bar.pos)

        make_demo(command, progress=move)


def _clear(settings: Settings) -> None:
    """Remove the demo's files; raises ``Unsafe`` where anything could be real."""
    folder = settings.data_dir
    database = folder / DATABASE_FILE
    if settings.database_url != f"sqlite:///{database}":
        raise Unsafe(
            "the demo can only be made anew in its own data folder; "
            "unset COMPLIANCE_DATABASE_URL or empty that database yourself"
        )
    if database.exists():
        with open_installation(settings) as services, services.database.reading() as tx:
            if not holds_only_demo(tx):
                raise Unsafe("nothing was removed: this data folder holds real clinics")
    elif (folder / "keys").exists() and not (folder / MARK).exists():
        raise Unsafe("nothing was removed: this data folder holds the keys of another database")
    for pattern in _OWN:
        for path in folder.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    (folder / MARK).unlink(missing_ok=True)


def print_logins(url: str) -> None:
    """Print where the demo is and who can come in."""
    click.echo(f"\nAseptrail demo: {url}/login\n")
    for player in PLAYERS:
        if player.announced:
            pin = f"tablet PIN {PIN}" if player.pin else ""
            click.echo(f"  {player.username:<14}{player.password:<20}{pin}".rstrip())
    click.echo("\nEverything in it is invented. Stop it with Ctrl-C.")
