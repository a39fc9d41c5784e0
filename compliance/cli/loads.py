"""``compliance load``: a load put together, read out, and released by a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

import click

from compliance.domain.sterilization.judging import ChemicalIndicator
from compliance.errors import Refused

if TYPE_CHECKING:
    from compliance.domain.access import Actor
    from compliance.web.context import Services

RUN_FAILED: Final = 4
_CHANGED: Final = {"changed": True, "unchanged": False}

_CLINIC: Final = click.option(
    "--clinic", "slug", required=True, metavar="SLUG", help="Whose records."
)
_AS: Final = click.option(
    "--as",
    "username",
    metavar="NAME",
    help="Act as this person, whose password is asked for; else the record names the system's user.",
)
_STDIN: Final = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input."
)


@click.group()
def load() -> None:
    """Run loads: start, read out, release; what a screen of the sterilization room does."""


@contextmanager
def _acting(slug: str, username: str | None, *, stdin: bool) -> Iterator[tuple[Services, Actor]]:
    from compliance.cli.installation import acting_in, open_installation
    from compliance.cli.person import ask_person

    with open_installation() as services:
        if username is not None:
            yield services, ask_person(services, slug, username, stdin=stdin).actor
            return
        with services.database.reading() as tx:
            actor = acting_in(tx, slug)
        yield services, actor


@contextmanager
def _telling_blockers() -> Iterator[None]:
    """Say everything that is in the way, each with its rule and the way out."""
    from compliance.domain.gate import Blocked

    try:
        yield
    except Blocked as blocked:
        for each in blocked.blockers:
            rule = f" [{each.rule}]" if each.rule else ""
            click.echo(f"Blocked: {each.reason}{rule} {each.fix}", err=True)
        raise


@load.command()
@_CLINIC
@click.option("--sterilizer", required=True, metavar="NAME", help="The sterilizer's code.")
@click.option("--program", metavar="NAME", help="May be left out where it has only one.")
@click.option(
    "--scan", "scans", multiple=True, metavar="CODE", help="A device's or pack's label; repeat it."
)
@click.option(
    "--text", "texts", multiple=True, metavar="WORDS", help="A set without a code; repeat it."
)
@_AS
@_STDIN
def start(
    slug: str,
    sterilizer: str,
    program: str | None,
    scans: tuple[str, ...],
    texts: tuple[str, ...],
    username: str | None,
    *,
    password_stdin: bool,
) -> None:
    """Start a load with what is inside, and print its id."""
    from compliance.operations.sterilization.starting import StartLoad, start_given

    contents = [*({"scan": code} for code in scans), *({"text": words} for words in texts)]
    command = StartLoad(sterilizer=sterilizer, program=program, contents=tuple(contents))
    with (
        _acting(slug, username, stdin=password_stdin) as (services, actor),
        _telling_blockers(),
        services.database.writing() as tx,
    ):
        row = start_given(tx, command, actor=actor, now=services.clock())
    inside = "; ".join(str(each["text"]) for each in row.contents)
    click.echo(f"Started in {sterilizer}, {row.program}: {inside}", err=True)
    click.echo(row.load_id)


@load.command("list")
@_CLINIC
def list_(slug: str) -> None:
    """List the loads that were started and not read out, oldest first."""
    from compliance.ledger.entry import format_time
    from compliance.operations.sterilization.loading import list_running

    with (
        _acting(slug, None, stdin=False) as (services, actor),
        services.database.reading() as tx,
    ):
        rows = list_running(tx, actor=actor)
    for row in rows:
        inside = "; ".join(str(each["text"]) for each in row.contents)
        click.echo(f"{row.load_id}  {format_time(row.started_at)}  {row.program}  {inside}")


@load.command("read-out")
@_CLINIC
@click.argument("load_id", metavar="LOAD")
@click.option("--number", required=True, metavar="TEXT", help="Of the cycle, by its counter.")
@click.option("--lowest", metavar="CELSIUS", help="Lowest temperature of the hold: 134.2")
@click.option("--highest", metavar="CELSIUS", help="Highest temperature of the hold.")
@click.option("--hold", type=int, metavar="SECONDS", help="How long it held.")
@click.option("--pressure", metavar="BAR", help="Lowest absolute pressure of the hold: 3.05")
@click.option("--ended", type=click.DateTime(["%Y-%m-%dT%H:%M"]), help="In the clinic's time zone.")
@click.option("--machine-failed", is_flag=True, help="The sterilizer itself says that it failed.")
@click.option(
    "--indicator",
    "strips",
    multiple=True,
    metavar="TYPE:changed[:LOT]",
    help="A chemical indicator of ISO 11140-1: 5:changed or 5:unchanged:LOT; repeat it.",
)
@_AS
@_STDIN
@click.pass_context
def read_out(
    ctx: click.Context,
    /,
    slug: str,
    load_id: str,
    username: str | None,
    *,
    password_stdin: bool,
    **values: Any,
) -> None:
    """Enter what display or printout says; it is judged by what was achieved.

    Prints the cycle's id. Exit code 0: it passed; 4: it failed, and nothing in it is sterile.
    """
    from zoneinfo import ZoneInfo

    from compliance.operations.clinics import clinic_of
    from compliance.operations.sterilization import ending

    with (
        _acting(slug, username, stdin=password_stdin) as (services, actor),
        services.database.writing() as tx,
    ):
        zone = ZoneInfo(clinic_of(tx, actor).time_zone)
        said = ending.ReadOut(
            number=values["number"],
            lowest_decicelsius=_scaled("lowest", values["lowest"], 10),
            highest_decicelsius=_scaled("highest", values["highest"], 10),
            hold_seconds=values["hold"],
            lowest_centibar=_scaled("pressure", values["pressure"], 100),
            ended_at=_in_zone(values["ended"], zone),
            machine_failed=values["machine_failed"],
            indicators=tuple(_strip(each) for each in values["strips"]),
        )
        row = ending.read_out(tx, load_id, said, actor=actor, now=services.clock())
    click.echo(f"Cycle {row.number}: {row.outcome.value}", err=True)
    for fault in row.faults:
        click.echo(f"  {fault}", err=True)
    click.echo(row.cycle_id)
    if row.faults:
        ctx.exit(RUN_FAILED)


@load.command("give-up")
@_CLINIC
@click.argument("load_id", metavar="LOAD")
@click.option("--reason", required=True, metavar="WORDS", help="Why the load has no cycle.")
@_AS
@_STDIN
def give_up(
    slug: str, load_id: str, reason: str, username: str | None, *, password_stdin: bool
) -> None:
    """Say why a started load has no cycle; nothing in it is sterile."""
    from compliance.operations.sterilization.ending import give_up_load

    with (
        _acting(slug, username, stdin=password_stdin) as (services, actor),
        services.database.writing() as tx,
    ):
        now, keyring = services.clock(), services.keyring
        give_up_load(tx, load_id, reason, actor=actor, now=now, keyring=keyring)
    click.echo("The load is given up; what was inside is packed and run anew.")


@load.command()
@_CLINIC
@click.argument("cycle_id", metavar="CYCLE")
@click.option("--as", "username", required=True, metavar="NAME", help="Who releases it.")
@click.option(
    "--expires", type=click.DateTime(["%Y-%m-%d"]), help="Use-by date; else as long as rules allow."
)
@_STDIN
def release(
    slug: str, cycle_id: str, username: str, expires: datetime | None, *, password_stdin: bool
) -> None:
    """Release a read-out load by a person's signature, and print its packs.

    The password is asked for, and signs this release and nothing else.
    """
    from compliance.cli.installation import open_installation
    from compliance.cli.person import ask_person
    from compliance.operations.sterilization.cycles import find_cycle
    from compliance.operations.sterilization.packing import release_load
    from compliance.operations.sterilization.releasing import release_act

    expires_on: date | None = None if expires is None else expires.date()
    with open_installation() as services:
        person = ask_person(services, slug, username, stdin=password_stdin)
        actor = person.actor
        with services.database.reading() as tx:
            row = find_cycle(tx, cycle_id, actor=actor)
        grant = person.sign(services, release_act(row))
        now = services.clock()
        with _telling_blockers(), services.database.writing() as tx:
            done = release_load(
                tx, row.cycle_id, expires_on=expires_on, grant=grant, actor=actor, now=now
            )
    for warning in done.warnings:
        click.echo(f"Warning: {warning.text}", err=True)
    click.echo(f"Cycle {row.number} is released by {username}.", err=True)
    for code in done.packs:
        click.echo(code)


def _scaled(name: str, text: str | None, parts: int) -> int | None:
    """A decimal number in whole parts of its unit; what is finer than one part is refused."""
    if text is None:
        return None
    try:
        value = Decimal(text.replace(",", ".")) * parts
        whole = int(value)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise Refused(name, text, "is no number", allowed="such as 134.2") from error
    if value != whole:
        raise Refused(name, text, "is too exact", allowed=f"steps of {Decimal(1) / parts}")
    return whole


def _in_zone(moment: datetime | None, zone: Any) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=zone)


def _strip(text: str) -> ChemicalIndicator:
    kind, _, rest = text.partition(":")
    word, _, lot = rest.partition(":")
    if not kind.isdigit() or word not in _CHANGED:
        raise Refused("indicator", text, "is no indicator", allowed="5:changed or 5:unchanged:LOT")
    return ChemicalIndicator(type=int(kind), changed=_CHANGED[word], lot=lot)
