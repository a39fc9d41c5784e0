"""What a manager looks at: lists of cycles by what is asked, and all that hangs on one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from compliance.domain.access import Action, Actor
from compliance.ledger.entry import parse_time
from compliance.operations.personal import Keyring, disclose
from compliance.operations.sterilization.cycles import find_cycle
from compliance.operations.sterilization.machines import find_sterilizer
from compliance.operations.sterilization.standing import tests_of
from compliance.store import cycle_details, runs
from compliance.store.cycle_details import LoadPack
from compliance.store.log import read_bodies
from compliance.store.names import display_names
from compliance.store.runs import CycleFilter, Operation
from compliance.store.session import Tx
from compliance.store.spore_tests import SporeRow
from compliance.store.sterilizers import CycleRow, SterilizerRow

__all__ = ["CycleFilter", "LoadPack", "Operation"]

MOST_PACKS: Final = 200


def search_cycles(
    tx: Tx,
    wanted: CycleFilter,
    *,
    actor: Actor,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[CycleRow]:
    """A keyset page, newest run first."""
    actor.require(Action.READ_THINGS)
    return runs.search_cycles(tx, actor.clinic_id, wanted, after=after, limit=limit)


def count_undecided(tx: Tx, *, actor: Actor) -> int:
    """Cycles with a flag that nobody has decided on."""
    actor.require(Action.READ_THINGS)
    return runs.count_undecided(tx, actor.clinic_id)


def operation_of(tx: Tx, row: SterilizerRow, *, actor: Actor) -> Operation:
    """How long a sterilizer has run since it is on record."""
    actor.require(Action.READ_THINGS)
    return runs.measure_operation(tx, row.clinic_id, row.sterilizer_id)


def newest_tests(tx: Tx, row: SterilizerRow, *, actor: Actor, limit: int = 10) -> list[SporeRow]:
    """The newest spore tests of one sterilizer, by the run of their load."""
    actor.require(Action.READ_THINGS)
    return cycle_details.list_tests(tx, row.clinic_id, row.sterilizer_id, limit=limit)


def names_of(tx: Tx, user_ids: Iterable[str | None]) -> dict[str, str]:
    """Printed names by id; what is no account is left out."""
    return display_names(tx, (each for each in user_ids if each is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a named person made of a flag."""

    flag: str
    accepted: bool
    by: str
    at: datetime
    index: int
    reason: str | None
    """None where the key of its writer was destroyed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeCycle:
    """A cycle with everything that hangs on it."""

    row: CycleRow
    machine: SterilizerRow
    packs: tuple[LoadPack, ...]
    tests: tuple[SporeRow, ...]
    decisions: tuple[Decision, ...]
    file: tuple[str, datetime] | None
    """Name and arrival of the log it came from."""
    names: Mapping[str, str]


def read_whole(tx: Tx, cycle_id: str, *, actor: Actor, keyring: Keyring) -> WholeCycle:
    """Read a cycle's page; raises ``NotFound``."""
    row = find_cycle(tx, cycle_id, actor=actor)
    people = [row.operator_id, row.released_by]
    people += [flag["decision"]["by"] for flag in row.flags if flag["decision"]]
    names = names_of(tx, people)
    packs = cycle_details.list_packs_of(tx, row.clinic_id, row.cycle_id, limit=MOST_PACKS)
    sha256 = row.raw_sha256
    return WholeCycle(
        row=row,
        machine=find_sterilizer(tx, row.sterilizer_id, actor=actor),
        packs=tuple(packs),
        tests=tuple(tests_of(tx, row.cycle_id, actor=actor)),
        decisions=_decisions(tx, row, names, keyring),
        file=None if sha256 is None else cycle_details.find_arrival(tx, row.clinic_id, sha256),
        names=names,
    )


def _decisions(
    tx: Tx, row: CycleRow, names: Mapping[str, str], keyring: Keyring
) -> tuple[Decision, ...]:
    decided = {flag["decision"]["index"]: flag for flag in row.flags if flag["decision"]}
    if not decided:
        return ()
    bodies = read_bodies(tx, row.clinic_id, sorted(decided))
    entries = {index: json.loads(body) for index, body in bodies.items()}
    commits = {index: entry["data"]["reason"]["commit"] for index, entry in entries.items()}
    opened = disclose(tx, keyring, row.clinic_id, commits.values())
    return tuple(
        Decision(
            flag=decided[index]["code"],
            accepted=entry["data"]["accepted"],
            by=names.get(entry["by"]["user"], entry["by"]["user"]),
            at=parse_time(entry["at"]),
            index=index,
            reason=opened[commits[index]].value if commits[index] in opened else None,
        )
        for index, entry in sorted(entries.items())
    )


def open_texts(tx: Tx, commits: Iterable[str], *, actor: Actor, keyring: Keyring) -> dict[str, str]:
    """Reasons that entries committed to, by commitment; erased ones are left out."""
    actor.require(Action.READ_THINGS)
    opened = disclose(tx, keyring, actor.clinic_id, commits)
    return {commit: each.value for commit, each in opened.items()}
