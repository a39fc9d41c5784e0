"""``compliance cycle``: bringing autoclave logs in."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from compliance.errors import Conflict, Refused

REFUSED: Final = 4


@click.group()
def cycle() -> None:
    """Bring in what sterilizers have logged."""


@cycle.command("import")
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Whose records.")
@click.option("--sterilizer", required=True, metavar="NAME", help="The sterilizer's code.")
@click.option("--adapter", metavar="MAKE", help="Instead of finding the make from the file.")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE…",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.pass_context
def import_(
    ctx: click.Context, slug: str, sterilizer: str, adapter: str | None, files: tuple[Path, ...]
) -> None:
    """Import the logs of one sterilizer, each file whole or not at all.

    Lists what was accepted, flagged and refused, with the reasons. Exit code 0:
    everything was read; 4: a file or some of its lines were refused.
    """
    from compliance.cli.installation import acting_in, open_installation
    from compliance.operations.sterilization.accounting import account_for
    from compliance.operations.sterilization.importing import (
        MOST_BYTES,
        ImportFile,
        import_cycles,
    )
    from compliance.operations.sterilization.machines import find_sterilizer

    refused = False
    with open_installation() as services:
        with services.database.reading() as tx:
            actor = acting_in(tx, slug)
            find_sterilizer(tx, sterilizer, actor=actor)
        for path in files:
            with path.open("rb") as file:
                # One byte more than allowed is enough to be refused.
                content = file.read(MOST_BYTES + 1)
            command = ImportFile(
                sterilizer=sterilizer, name=path.name, content=content, adapter=adapter
            )
            try:
                with services.database.writing() as tx:
                    imported = import_cycles(tx, command, actor=actor, now=services.clock())
            except (Conflict, Refused) as error:
                click.echo(f"{path.name}: refused: {error}")
                refused = True
                continue
            click.echo(account_for(imported), nl=False)
            refused = refused or imported.refused
    if refused:
        ctx.exit(REFUSED)
