"""``compliance export``: a signed report of whole days, or the file of one session or recall."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from compliance.domain.access import Actor
    from compliance.operations.reporting.tracing import ExportTrace
    from compliance.web.context import Services

_DAY = click.DateTime(["%Y-%m-%d"])
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Whose records.")
@click.option("--from", "first", type=_DAY, help="First day, inclusive.")
@click.option("--to", "last", type=_DAY, help="Last day, inclusive.")
@click.option("--session", "session_id", metavar="ID", help="One session instead of a period.")
@click.option("--recall", "recall_id", metavar="ID", help="One recall as it stands instead.")
@click.option(
    "--client-copy",
    is_flag=True,
    help="With --session: the client's copy, without other people's names and the history.",
)
@click.option(
    "--countersign",
    is_flag=True,
    help="Leave an empty field in which an inspector signs too.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=_FILE,
    help="FILE.pdf; volumes of a long period become FILE-01.pdf and so on beside it.",
)
@click.option(
    "--bundle",
    type=_FILE,
    metavar="FILE.zip",
    help="Pack the signed files, their audit.json, ROOT.pem and checksums as well.",
)
def export(
    slug: str,
    first: datetime | None,
    last: datetime | None,
    session_id: str | None,
    recall_id: str | None,
    output: Path,
    bundle: Path | None,
    *,
    client_copy: bool,
    countersign: bool,
) -> None:
    """Make a signed report of [FROM, TO], days of the clinic's time zone, or of one session.

    What is said of one session or recall is kept: while nothing changes, FILE is the same
    again. Prints path, SHA-256 and pages of every file. The export is entered in the log.
    """
    from compliance.cli.installation import acting_in, open_installation
    from compliance.operations.reporting.bundle import write_bundle

    if countersign and session_id is not None:
        raise click.UsageError("--countersign is of a report: name its days with --from and --to.")
    if recall_id is not None and (session_id is not None or first is not None or last is not None):
        raise click.UsageError("--recall stands alone: without --session, --from and --to.")
    period = None
    if recall_id is None:
        period = _read_period(first, last, session_id, client_copy=client_copy)
    for path in (output, bundle):
        if path is not None and not path.parent.is_dir():
            raise click.UsageError(f"There is no folder {path.parent}.")
    with open_installation() as services:
        with services.database.reading() as tx:
            actor = acting_in(tx, slug)
        if recall_id is not None:
            files = _export_recall(services, recall_id, output, actor)
        elif period is None:
            purpose = "client_copy" if client_copy else "inspection"
            files = _export_session(services, str(session_id), purpose, output, actor)
        else:
            files = _export_period(services, period, output, actor, countersign=countersign)
        if bundle is not None:
            digest = write_bundle(services.workshop, files, bundle)
            click.echo(f"{bundle}\n  SHA-256 {digest}")


def _read_period(
    first: datetime | None, last: datetime | None, session_id: str | None, *, client_copy: bool
) -> tuple[datetime, datetime] | None:
    """The period asked for; nothing where one session was."""
    if session_id is not None:
        if first is not None or last is not None:
            raise click.UsageError("Give either --session, or --from and --to.")
        return None
    if client_copy:
        raise click.UsageError("--client-copy is of one session: name it with --session.")
    if first is None or last is None:
        raise click.UsageError("Say what to export: --from and --to, or --session.")
    return first, last


def _export_period(
    services: Services,
    period: tuple[datetime, datetime],
    output: Path,
    actor: Actor,
    *,
    countersign: bool,
) -> list[Path]:
    from compliance.cli.progress import terminal_progress
    from compliance.operations.reporting.exporting import ExportReport, export_report

    first, last = period
    made = export_report(
        services.workshop,
        ExportReport(first=first.date(), last=last.date(), output=output, countersign=countersign),
        actor=actor,
        now=services.clock(),
        progress=terminal_progress("drawing"),
    )
    for file in made.files:
        _say(file.path, file.sha256, file.pages)
    return [file.path for file in made.files]


def _export_session(
    services: Services, session_id: str, purpose: str, output: Path, actor: Actor
) -> list[Path]:
    from compliance.operations.reporting.handing_out import hand_out_session
    from compliance.operations.reporting.single import ExportSession

    made = hand_out_session(
        services.workshop,
        ExportSession(session_id=session_id, purpose=purpose, output=output),
        actor=actor,
        now=services.clock(),
    )
    if made.replayed:
        output.write_bytes(made.path.read_bytes())
    _say(output, made.sha256, made.pages)
    return [output]


def _export_recall(services: Services, recall_id: str, output: Path, actor: Actor) -> list[Path]:
    from compliance.operations.reporting.traced_lists import list_recall

    with services.database.reading() as tx:
        command = list_recall(
            tx, recall_id, actor=actor, keyring=services.keyring, now=services.clock()
        )
    write_list(services, command, output, actor)
    return [output]


def write_list(services: Services, command: ExportTrace, output: Path, actor: Actor) -> None:
    """Make or find the signed list, and write a copy of it to a file of the person's own."""
    from compliance.operations.reporting.tracing import export_trace

    made = export_trace(services.workshop, command, actor=actor, now=services.clock())
    output.write_bytes(made.path.read_bytes())
    again = "\n  the same file as before: nothing has changed" if made.replayed else ""
    click.echo(f"{output}\n  SHA-256 {made.sha256}{again}")


def _say(path: Path, sha256: str, pages: int) -> None:
    said = "1 page" if pages == 1 else f"{pages} pages"
    click.echo(f"{path}\n  SHA-256 {sha256}\n  {said}")
