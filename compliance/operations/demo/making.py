"""Making the demo clinic: thirty days of work through the same operations as real use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from compliance.domain.access import Actor, Role, system_actor
from compliance.operations.demo.aftermath import Aftermath
from compliance.operations.demo.cast import (
    DEVICES,
    NAME,
    PIN,
    PLAYERS,
    PRODUCTS,
    PROFILES,
    SLUG,
    TIME_ZONE,
    Player,
)
from compliance.operations.demo.first_report import make_first_report
from compliance.operations.demo.script import STILL_OPEN, Day, plan_days, working_days
from compliance.operations.demo.stage import ZONE, Stage
from compliance.operations.demo.sterilization import SterilizationRoom
from compliance.operations.demo.supplies import Supplies
from compliance.operations.demo.visit import Visit
from compliance.operations.founding import FoundClinic, found_clinic
from compliance.operations.people.accounts import CreatePerson, create_person
from compliance.operations.people.passwords import hash_password, hash_pin
from compliance.operations.personal import Keyring
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.things import add_device, add_product
from compliance.store.session import Database

SEED: Final = 20_260
INSPECTOR_DAYS: Final = 60
"""The inspector's access ends so many days after the demo was made."""

Progress = Callable[[int, int], None]
"""Called with days played and days to play."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeDemo:
    """Where and when the demo is made."""

    database: Database
    keyring: Keyring
    keys_folder: Path
    system_user: str
    now: datetime
    """Everything happens in the thirty days before, nothing after."""

    workshop: Workshop | None = None
    """Where the first report is made; None leaves the demo without one."""


def make_demo(command: MakeDemo, *, progress: Progress | None = None) -> str:
    """Found the demo clinic and play its month; returns the clinic's id.

    One transaction per act. What is drawn by lot comes from a fixed seed, so two
    demos made at the same moment differ only in ids, salts and keys.

    Raises:
        Conflict: there is a clinic of that name already.
    """
    # The choice of a body site needs no cryptographic quality.
    random = Random(SEED)  # noqa: S311
    stage = _found(command, random)
    supplies = Supplies(random)
    room = SterilizationRoom(stage, supplies)
    aftermath = Aftermath(stage)
    today = command.now.astimezone(ZONE).date()
    plan = list(plan_days(today))
    room.load_first()
    for done, day in enumerate(plan):
        if progress is not None:
            progress(done, len(plan))
        _play_day(stage, supplies, room, aftermath, day)
    room.fill_shelf()
    for minutes, case in STILL_OPEN:
        stage.go_to(command.now - timedelta(minutes=minutes))
        Visit(stage, supplies, case).play()
    stage.leave()
    if command.workshop is not None:
        make_first_report(command.workshop, stage, now=command.now)
    if progress is not None:
        progress(len(plan), len(plan))
    return stage.clinic_id


def _play_day(
    stage: Stage, supplies: Supplies, room: SterilizationRoom, aftermath: Aftermath, day: Day
) -> None:
    stage.go_to(stage.local(day.date, 8, 10))
    room.work_off()
    stage.go_to(stage.local(day.date, 9, 0))
    aftermath.catch_up()
    for case, hour in zip(day.cases, (10, 14), strict=True):
        stage.go_to(stage.local(day.date, hour, stage.random.randrange(0, 40)))
        visit = Visit(stage, supplies, case)
        visit.play()
        aftermath.expect(visit)


def _found(command: MakeDemo, random: Random) -> Stage:
    """Found the clinic at the evening before its first day and fill it."""
    today = command.now.astimezone(ZONE).date()
    opening = working_days(today)[0] - timedelta(days=1)
    begin = datetime(opening.year, opening.month, opening.day, 16, 4, 11, 250_000, tzinfo=ZONE)
    found = FoundClinic(slug=SLUG, name=NAME, time_zone=TIME_ZONE, profiles=PROFILES, demo=True)
    clinic = found_clinic(
        command.database,
        found,
        keys_folder=command.keys_folder,
        system_user=command.system_user,
        now=begin,
    )
    stage = Stage(
        database=command.database,
        keyring=command.keyring,
        clinic_id=clinic.clinic_id,
        now=begin,
        random=random,
    )
    system = system_actor(clinic.clinic_id, command.system_user)
    for player in PLAYERS:
        _engage(stage, player, system, command.now)
    _equip(stage, stage.arrive("manager"))
    return stage


def _engage(stage: Stage, player: Player, system: Actor, now: datetime) -> None:
    stage.wait_a_moment()
    ends = now + timedelta(days=INSPECTOR_DAYS) if Role.INSPECTOR in player.roles else None
    command = CreatePerson(
        username=player.username,
        display_name=player.display_name,
        password_hash=hash_password(player.password, username=player.username),
        pin_hash=hash_pin(PIN) if player.pin else None,
        roles=player.roles,
        entitled_override=player.entitled_override,
        valid_to=ends,
        admin=player.admin,
    )
    stage.act(
        lambda tx: create_person(tx, command, keyring=stage.keyring, actor=system, now=stage.now)
    )


def _equip(stage: Stage, manager: Actor) -> None:
    for device in DEVICES:
        stage.wait_a_moment()
        stage.act(partial(add_device, command=device, actor=manager, now=stage.now))
    for product in PRODUCTS:
        stage.wait_a_moment()
        stage.act(partial(add_product, command=product, actor=manager, now=stage.now))
