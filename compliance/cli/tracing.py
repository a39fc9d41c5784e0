"""``compliance who-met``: the one search on the command line."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from compliance.domain.access import Actor
    from compliance.operations.personal import Keyring
    from compliance.operations.sterilization.searching import Met, Thing
    from compliance.store.session import Tx

NOTHING: Final = 1
_KINDS: Final = ("device", "pack", "cycle", "lot", "operator", "client")
_PAGE: Final = 500


@click.command("who-met")
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Whose records.")
@click.option(
    "--kind", type=click.Choice(_KINDS), help="What WHAT is; found out from the records otherwise."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.pdf",
    help="A signed list instead of CSV; it is kept, and the same again while nothing changes.",
)
@click.argument("what", metavar="WHAT")
@click.pass_context
def who_met(
    ctx: click.Context, slug: str, kind: str | None, what: str, output: Path | None
) -> None:
    """Print as CSV which clients met WHAT, or what the client WHAT met.

    WHAT is what stands on the label: a device, a pack, a load such as “A1 102”, a lot
    or the scanned code that holds it, a colleague's name or a client's reference.
    Exit code 0: found; 1: nothing of that name, or several things of which one
    has to be chosen with --kind.
    """
    from compliance.cli.exporting import write_list
    from compliance.cli.installation import acting_in, open_installation
    from compliance.operations.reporting.traced_lists import list_search
    from compliance.operations.sterilization.searching import find_things

    with open_installation() as services:
        with services.database.reading() as tx:
            actor = acting_in(tx, slug)
            found = find_things(tx, what, actor=actor, keyring=services.keyring)
            things = [thing for thing in found if kind in (None, thing.kind)]
            if len(things) != 1:
                _say(what, things)
                ctx.exit(NOTHING)
            if output is None:
                _print_met(tx, things[0], actor, services.keyring)
                return
            command = list_search(
                tx, things[0].kind, things[0].ref, actor=actor, keyring=services.keyring
            )
        write_list(services, command, output, actor)


def _print_met(tx: Tx, thing: Thing, actor: Actor, keyring: Keyring) -> None:
    from compliance.operations.sterilization.searching import who_met as list_met

    after = None
    writer = csv.writer(sys.stdout)
    writer.writerow(("client", "session", "opened", "state", "packs", "refused_late"))
    while True:
        page = list_met(
            tx, thing.kind, thing.ref, actor=actor, keyring=keyring, after=after, limit=_PAGE
        )
        writer.writerows(_row(met) for met in page)
        if len(page) < _PAGE:
            return
        after = (page[-1].meeting.opened_at, page[-1].meeting.session_id)


def _say(what: str, things: list[Thing]) -> None:
    if not things:
        click.echo(f"Nothing here is called {what!r}, or nobody met it.", err=True)
        return
    click.echo(f"{what!r} can be several things; choose one with --kind:", err=True)
    for thing in things:
        click.echo(f"  --kind {thing.kind}  {thing.label} ({thing.detail})", err=True)


def _row(met: Met) -> tuple[str, ...]:
    return (
        met.client_ref,
        met.meeting.session_id,
        met.meeting.opened_at.isoformat(timespec="seconds"),
        met.meeting.state,
        "; ".join(pack.code for pack in met.packs),
        "; ".join(
            f"{thing['kind']} {thing['code']}, done {note.data['performed_at']}, refused {note.data['at']}"
            for note in met.refused
            for thing in note.data["used"]
        ),
    )
