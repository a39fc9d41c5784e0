"""``compliance erasure``: asking for erasures, listing them, finishing what was interrupted."""

from __future__ import annotations

import click

from compliance.domain.erasure import LEGAL_BASES


@click.group()
def erasure() -> None:
    """Erase what is personal of a client or a former colleague; all proofs stay valid."""


@erasure.command()
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Whose records.")
@click.option(
    "--basis",
    required=True,
    type=click.Choice(sorted(LEGAL_BASES)),
    help="The legal basis, kept in the record.",
)
@click.option(
    "--client-stdin", is_flag=True, help="Read the client's reference from standard input."
)
@click.option(
    "--user",
    "username",
    metavar="NAME",
    help="A former colleague, whose account is switched off, instead of a client.",
)
def request(slug: str, basis: str, *, client_stdin: bool, username: str | None) -> None:
    """Ask for an erasure; a manager or practitioner then confirms it on the screen.

    A client's reference is never an argument: those stay in the history of the shell.
    """
    from compliance.cli.installation import acting_in, open_installation
    from compliance.cli.secrets_input import read_secret
    from compliance.operations.erasure.asking import (
        RequestColleagueErasure,
        RequestErasure,
        request_colleague_erasure,
        request_erasure,
    )
    from compliance.operations.people.managing import find_by_username

    client = None
    if username is None:
        client = read_secret("Client reference", stdin=client_stdin, confirm=False)
    with open_installation() as services, services.database.writing() as tx:
        actor, now = acting_in(tx, slug), services.clock()
        if client is not None:
            wanted = RequestErasure(client_ref=client, basis=basis)
            row = request_erasure(tx, wanted, actor=actor, now=now, keyring=services.keyring)
        else:
            user_id = find_by_username(tx, username or "", actor=actor)
            former = RequestColleagueErasure(user_id=user_id, basis=basis)
            row = request_colleague_erasure(tx, former, actor=actor, now=now)
    click.echo(f"Asked for, entry {row.requested_index}: {row.erasure_id}")
    click.echo("It waits for a second person, at Manager, Erasures.")


@erasure.command("list")
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Whose records.")
def list_(slug: str) -> None:
    """List erasures asked for and done, newest first."""
    from compliance.cli.installation import acting_in, open_installation
    from compliance.operations.erasure.asking import list_erasures

    with open_installation() as services, services.database.reading() as tx:
        for row in list_erasures(tx, actor=acting_in(tx, slug)):
            index = row.requested_index if row.ended_index is None else row.ended_index
            left = "  not finished" if row.state == "erased" and row.completed_at is None else ""
            click.echo(f"{row.erasure_id}  {row.state:<10} entry {index}  {row.basis}{left}")


@erasure.command()
def finish() -> None:
    """Destroy the keys of erasures that a crash interrupted; `run` does it by itself."""
    from compliance.cli.installation import open_installation
    from compliance.operations.erasure.completing import complete_erasures

    with open_installation() as services:
        done = complete_erasures(services.workshop, now=services.clock())
    click.echo(f"Finished: {len(done)}" if done else "Nothing was left to finish.")
