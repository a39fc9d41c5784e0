"""``compliance ledger``: recomputing what the log says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compliance.errors import Refused

if TYPE_CHECKING:
    from compliance.ledger.rotation import KeyChain
    from compliance.operations.auditing.audit import AuditResult

TAMPERED = 3


@click.group()
def ledger() -> None:
    """Recompute a log and what was derived from it."""


@ledger.command()
@click.option("--clinic", "slug", metavar="SLUG", help="Only this one.")
@click.option(
    "--checkpoint",
    "checkpoint_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A signed checkpoint kept elsewhere; repeat it for several.",
)
@click.pass_context
def verify(ctx: click.Context, slug: str | None, checkpoint_files: tuple[Path, ...]) -> None:
    """Recompute every hash, and from the entries what the screens show. Changes nothing.

    Kept signed files are read and compared with what the log says of their bytes.

    The log is also compared with what its own keys remember to have signed. Only a
    checkpoint kept elsewhere can show that both were put back, or that the whole log
    was written anew. Exit code 0: everything holds; 3: something does not.
    """
    from compliance.cli.installation import open_installation
    from compliance.cli.progress import terminal_progress
    from compliance.keys.storage import load_clinic_keys
    from compliance.operations.auditing.audit import audit_clinic
    from compliance.operations.auditing.kept_bytes import FilesAt
    from compliance.operations.clinics import find_clinic
    from compliance.operations.rotating import read_chain
    from compliance.operations.safekeeping.rollback import check_rollback
    from compliance.operations.system.overview import list_clinics

    notes = [path.read_text(encoding="utf-8") for path in checkpoint_files]
    clean = True
    with open_installation(migrating=False) as services:
        with services.database.reading() as tx:
            chosen = list_clinics(tx) if slug is None else [find_clinic(tx, slug)]
        keys = {
            clinic.clinic_id: load_clinic_keys(services.keys_folder, clinic.clinic_id)
            for clinic in chosen
            if notes
        }
        with services.database.reading() as tx:
            chains = {each: read_chain(tx, each) for each in keys}
        _require_place(notes, {each.note_name for each in keys.values()})
        for clinic in chosen:
            own = keys.get(clinic.clinic_id)
            result = audit_clinic(
                services.database,
                clinic.clinic_id,
                checkpoints=[]
                if own is None
                else [
                    (n, _key_for(n, chains[clinic.clinic_id]))
                    for n in notes
                    if _origin(n) == own.note_name
                ],
                files=FilesAt(folder=services.workshop.reports_folder, now=services.clock()),
                progress=terminal_progress(clinic.slug),
            )
            _print(clinic.slug, result)
            clean = clean and result.clean
        # A log that was put back is whole in itself; only what was signed since contradicts it.
        behind = check_rollback(services.database, services.keys_folder)
    for sentence in behind:
        click.echo(f"  ✗ {sentence}")
    if behind or not clean:
        ctx.exit(TAMPERED)


@ledger.command()
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Whose log.")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
def export(slug: str, folder: Path) -> None:
    """Write the log as tiles (C2SP tlog-tiles), with its signed checkpoint.

    A folder of an earlier export is continued. The entries hold no names, only
    commitments; answers to health questions stand in them under a pseudonym.
    """
    from compliance.cli.installation import open_installation
    from compliance.cli.progress import terminal_progress
    from compliance.operations.clinics import find_clinic
    from compliance.operations.tiling import export_tiles

    with open_installation() as services:
        with services.database.reading() as tx:
            clinic = find_clinic(tx, slug)
        made = export_tiles(
            services.database,
            clinic,
            folder,
            keys_folder=services.keys_folder,
            progress=terminal_progress(slug),
        )
    click.echo(f"{slug}: {made.size} entries, root {made.root.hex()}")
    click.echo(f"{made.files} new files in {folder}; the checkpoint is {folder / 'checkpoint'}")


def _key_for(note: str, chain: KeyChain | None) -> str:
    """The key that signed checkpoints of this size; a note that is none fails with any key."""
    from compliance.ledger.note import BadNote, parse_checkpoint

    if chain is None:
        return ""
    try:
        return chain.key_at(parse_checkpoint(note.partition("\n\n")[0] + "\n").size)
    except BadNote:
        return chain.note_key


def _origin(note: str) -> str:
    """The first line of a checkpoint names its log."""
    return note.partition("\n")[0]


def _require_place(notes: Sequence[str], origins: set[str]) -> None:
    """A checkpoint that was looked at by nobody must not pass for one that holds."""
    for note in notes:
        if _origin(note) not in origins:
            raise Refused(
                "checkpoint", _origin(note), "is of another log", allowed=", ".join(sorted(origins))
            )


def _print(slug: str, result: AuditResult) -> None:
    verdict = "everything holds" if result.clean else f"{len(result.problems)} problems"
    click.echo(f"{slug}: {result.size} entries, root {result.root.hex()}: {verdict}")
    for problem in result.problems:
        place = "" if problem.index is None else f" (entry {problem.index})"
        click.echo(f"  ✗ {problem.table}{place}: {problem.reason}")
