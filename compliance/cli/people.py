"""``compliance user``: adding people and listing them."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import click

from compliance.domain.access import Actor, Role
from compliance.store.session import Tx


@click.group()
def user() -> None:
    """Add people, list them, rename them, switch them off."""


@user.command()
@click.argument("username")
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Where they work.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([role.value for role in Role]),
    help="Repeat it for several; admin is administrator of the whole installation.",
)
@click.option("--name", required=True, help="Printed beside signatures.")
@click.option("--may-override", is_flag=True, help="May decide on screened contraindications.")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Last day of the access, in the clinic's time zone; for inspectors.",
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(
    username: str,
    slug: str,
    roles: tuple[str, ...],
    name: str,
    until: datetime | None,
    *,
    may_override: bool,
    password_stdin: bool,
) -> None:
    """Add a person; the password is asked for, never given as an argument.

    The person chooses a tablet PIN themselves, on their account page.
    """
    from compliance.cli.installation import acting_in, open_installation
    from compliance.cli.secrets_input import read_secret
    from compliance.operations.clinics import clinic_of
    from compliance.operations.people.accounts import CreatePerson, create_person
    from compliance.operations.people.passwords import hash_password

    with open_installation() as services:
        with services.database.reading() as tx:
            actor = acting_in(tx, slug)
            zone = ZoneInfo(clinic_of(tx, actor).time_zone)
        password = read_secret(f"Password for {username}", stdin=password_stdin, confirm=True)
        command = CreatePerson(
            username=username,
            display_name=name,
            password_hash=hash_password(password, username=username),
            roles=frozenset(Role(role) for role in roles) - {Role.ADMIN},
            entitled_override=may_override,
            valid_to=None if until is None else _end_of(until, zone),
            admin=Role.ADMIN.value in roles,
        )
        with services.database.writing() as tx:
            create_person(tx, command, keyring=services.keyring, actor=actor, now=services.clock())
    click.echo(f"Added {username} to {slug} as {', '.join(roles)}")


def _end_of(day: datetime, zone: ZoneInfo) -> datetime:
    """Midnight after the last day."""
    return datetime.combine(day.date() + timedelta(days=1), time(), tzinfo=zone)


@user.command("list")
@click.option("--clinic", "slug", metavar="SLUG", help="Only this one.")
def list_(slug: str | None) -> None:
    """List people with their roles, clinic by clinic."""
    from compliance.cli.installation import acting_in, open_installation
    from compliance.operations.people.listing import list_people
    from compliance.operations.system.overview import list_clinics

    with open_installation() as services, services.database.reading() as tx:
        slugs = [clinic.slug for clinic in list_clinics(tx)] if slug is None else [slug]
        for each in slugs:
            actor = acting_in(tx, each)
            for person in list_people(tx, actor=actor, now=services.clock()):
                roles = ", ".join(sorted(role.value for role in person.roles)) or "no role now"
                until = (
                    ""
                    if person.valid_to is None
                    else f" until {person.valid_to:%Y-%m-%d %H:%M} UTC"
                )
                state = "  switched off" if person.disabled else ""
                click.echo(
                    f"{each:<20}  {person.username:<20}  {person.display_name}  "
                    f"[{roles}{until}]{state}"
                )


@user.command()
@click.argument("username")
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Where they work.")
def disable(username: str, slug: str) -> None:
    """Switch an account off: its browsers and API tokens end at once.

    Nothing is deleted; what the person recorded keeps their name.
    """
    _switch(username, slug, off=True)
    click.echo(f"Switched {username} off; their browsers and tokens have ended")


@user.command()
@click.argument("username")
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Where they work.")
def enable(username: str, slug: str) -> None:
    """Switch an account on again; its former browsers and tokens stay ended."""
    _switch(username, slug, off=False)
    click.echo(f"Switched {username} on again")


@user.command()
@click.argument("username")
@click.option("--clinic", "slug", required=True, metavar="SLUG", help="Where they work.")
@click.option("--name", required=True, help="Printed beside signatures from now on.")
def rename(username: str, slug: str, name: str) -> None:
    """Set a person's name right, from now on; the username stays.

    The log keeps both names sealed, and reports tell the former one.
    """
    from compliance.cli.installation import acting_in, open_installation
    from compliance.operations.people.renaming import RenamePerson, rename_person

    with open_installation() as services, services.database.writing() as tx:
        actor, now = acting_in(tx, slug), services.clock()
        command = RenamePerson(user_id=_find(tx, username, actor, slug, now), display_name=name)
        rename_person(tx, command, keyring=services.keyring, actor=actor, now=now)
    click.echo(f"{username} is called {' '.join(name.split())} from now on")


def _switch(username: str, slug: str, *, off: bool) -> None:
    from compliance.cli.installation import acting_in, open_installation
    from compliance.operations.people.accounts import disable_person, enable_person

    with open_installation() as services, services.database.writing() as tx:
        actor, now = acting_in(tx, slug), services.clock()
        switch = disable_person if off else enable_person
        switch(tx, _find(tx, username, actor, slug, now), actor=actor, now=now)


def _find(tx: Tx, username: str, actor: Actor, slug: str, now: datetime) -> str:
    """The id of somebody who works in the clinic; raises ``NotFound``."""
    from compliance.errors import NotFound
    from compliance.operations.people.listing import list_people

    found = {each.username: each.user_id for each in list_people(tx, actor=actor, now=now)}
    if username not in found:
        raise NotFound(f"nobody named {username!r} works in {slug}")
    return found[username]
