"""``compliance export``: a signed report of whole days."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Whose records.")
@click.option("--from", "first", required=True, type=_DAY, help="First day, inclusive.")
@click.option("--to", "last", required=True, type=_DAY, help="Last day, inclusive.")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="FILE.pdf; volumes of a long period become FILE-01.pdf and so on beside it.",
)
def export(slug: str, first: datetime, last: datetime, output: Path) -> None:
    """Make a signed report of [FROM, TO], days of the clinic's time zone.

    Prints path, SHA-256 and pages of every file. The export is entered in the log.
    """
    from compliance.cli.installation import acting_in, open_installation
    from compliance.cli.progress import terminal_progress
    from compliance.operations.reporting.exporting import ExportReport, export_report

    if not output.parent.is_dir():
        raise click.UsageError(f"There is no folder {output.parent}.")
    with open_installation() as services:
        with services.database.reading() as tx:
            actor = acting_in(tx, slug)
        made = export_report(
            services.workshop,
            ExportReport(first=first.date(), last=last.date(), output=output),
            actor=actor,
            now=services.clock(),
            progress=terminal_progress("drawing"),
        )
    for file in made.files:
        pages = "1 page" if file.pages == 1 else f"{file.pages} pages"
        click.echo(f"{file.path}\n  SHA-256 {file.sha256}\n  {pages}")
