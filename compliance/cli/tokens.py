"""``compliance token``: tokens of the API."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import click

from compliance.errors import NotFound, Refused

SCOPES = ("read", "write", "sign", "export")
_SPAN = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@click.group()
def token() -> None:
    """Make, list and revoke tokens of the API."""


@token.command()
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Where it is good.")
@click.option("--user", "username", required=True, metavar="NAME", help="In whose name it acts.")
@click.option(
    "--expires",
    default="90d",
    show_default=True,
    metavar="SPAN",
    help="Such as 12h, 30d or 8w; never for a token without an end.",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    default=SCOPES,
    show_default=True,
    help="Repeat it for several.",
)
@click.option("--label", default="command line", show_default=True, help="What it is for.")
def create(slug: str, username: str, expires: str, scopes: tuple[str, ...], label: str) -> None:
    """Make a token and print it, this once, alone on standard output.

    It acts in its person's name and within what the person may do. What it signs
    is recorded as "by token, not re-authenticated".
    """
    from compliance.cli.installation import acting_in, open_installation
    from compliance.operations.people.listing import list_people
    from compliance.operations.people.tokens import CreateToken, create_token

    with open_installation() as services, services.database.writing() as tx:
        now = services.clock()
        actor = acting_in(tx, slug)
        people = {person.username: person for person in list_people(tx, actor=actor, now=now)}
        if username not in people:
            raise NotFound(f"nobody named {username!r} works in {slug}")
        command = CreateToken(
            user_id=people[username].user_id,
            label=label,
            scopes=frozenset(scopes),
            expires_at=_read_end(expires, now),
        )
        made = create_token(tx, command, actor=actor, now=now)
    # Only after the commit: a token that was printed is one that works.
    click.echo(made.secret)
    click.echo(f"Token {made.token_id} for {username}; it is not shown again.", err=True)


def _read_end(text: str, now: datetime) -> datetime | None:
    if text == "never":
        return None
    match = _SPAN.fullmatch(text)
    if match is None:
        raise Refused("expires", text, "is no span of time", allowed="such as 12h, 30d, 8w, never")
    return now + int(match[1]) * _UNITS[match[2]]


@token.command("list")
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Whose tokens.")
def list_(slug: str) -> None:
    """List a clinic's tokens, newest first; never the tokens themselves."""
    from compliance.cli.installation import acting_in, open_installation
    from compliance.operations.people.listing import list_people
    from compliance.operations.people.tokens import list_tokens

    with open_installation() as services, services.database.reading() as tx:
        now = services.clock()
        actor = acting_in(tx, slug)
        names = {each.user_id: each.username for each in list_people(tx, actor=actor, now=now)}
        for each in list_tokens(tx, actor=actor):
            state = _state(each.revoked_at, each.expires_at, now)
            who = names.get(each.user_id, each.user_id)
            scopes = ",".join(each.scopes)
            click.echo(f"{each.token_id}  {who:<20}  {scopes:<22}  {state}  {each.label}")


def _state(revoked_at: datetime | None, expires_at: datetime | None, now: datetime) -> str:
    if revoked_at is not None:
        return f"revoked {revoked_at:%Y-%m-%d}"
    if expires_at is None:
        return "no end"
    return f"{'expired' if expires_at <= now else 'until'} {expires_at:%Y-%m-%d}"


@token.command()
@click.argument("token_id")
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Where it is good.")
def revoke(token_id: str, slug: str) -> None:
    """End a token at once, by the id that the list shows."""
    from compliance.cli.installation import acting_in, open_installation
    from compliance.operations.people.tokens import revoke_token

    with open_installation() as services, services.database.writing() as tx:
        actor = acting_in(tx, slug)
        revoke_token(tx, token_id, actor=actor, now=services.clock())
    click.echo(f"Revoked {token_id}")
