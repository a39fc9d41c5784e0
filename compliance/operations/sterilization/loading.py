"""Putting a load together by scanning, and starting it.

What is being put together is no part of the record. The start is an entry of its
own: what was inside is on record before anybody knows how the run ends, and a run
that failed cannot be left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from compliance.domain.access import Action, Actor
from compliance.domain.gate import Blocked, Blocker
from compliance.domain.sterilization.words import SterilizerState
from compliance.errors import Conflict, Refused
from compliance.operations.identifiers import new_id
from compliance.operations.sealing import append, hold_log
from compliance.operations.sterilization.cycles import MOST_CONTENTS
from compliance.operations.sterilization.entering import house_of
from compliance.operations.sterilization.machines import SterilizerRow, find_sterilizer
from compliance.operations.sterilization.recognising import Recognised, recognise
from compliance.operations.sterilization.releasing import (
    certificate_blockers,
    day_blockers,
    state_blocker,
)
from compliance.store import loads, things
from compliance.store.loads import DraftRow, LoadRow
from compliance.store.session import Tx

__all__ = ["DraftRow", "LoadRow"]

_MAY_RUN = frozenset({SterilizerState.IN_SERVICE, SterilizerState.RETEST})
"""A retest is a load with a spore test in it: it runs, and nothing of it is released."""


def read_draft(tx: Tx, *, actor: Actor, now: datetime) -> DraftRow:
    """What the actor is putting together; an empty load when that is nothing yet."""
    actor.require(Action.REGISTER_PACKS)
    found = loads.find_draft(tx, actor.clinic_id, actor.user_id)
    return found or DraftRow(
        clinic_id=actor.clinic_id,
        user_id=actor.user_id,
        sterilizer_id=None,
        program="",
        contents=[],
        changed_at=now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What a scan did: put something into the load, or chose its sterilizer."""

    text: str
    into_load: bool
    ended_waits: int = 0
    """Sessions that wait for this device; they close when the load is released."""


def scan_in(tx: Tx, scan: str, *, actor: Actor, now: datetime) -> Scanned:
    """Take what was scanned into the actor's load.

    Raises:
        Refused: it does not belong into a load, with what it is and what to do.
    """
    draft = read_draft(tx, actor=actor, now=now)
    found = recognise(tx, scan, actor=actor, now=now)
    if found.sterilizer is not None:
        machine = find_sterilizer(tx, found.sterilizer, actor=actor)
        _save(
            tx, replace(draft, sterilizer_id=found.sterilizer, program=only_program(machine)), now
        )
        return Scanned(text=found.text, into_load=False)
    refuse_twice(tx, draft, found, actor=actor)
    _add(tx, draft, device=found.device, text=found.text, now=now)
    waits = things.list_waits(tx, actor.clinic_id, found.device) if found.device else ()
    return Scanned(text=found.text, into_load=True, ended_waits=len(waits))


def refuse_twice(tx: Tx, draft: DraftRow, found: Recognised, *, actor: Actor) -> None:
    """Raise ``Refused`` for a device that is in this load already, or in one that runs."""
    if found.device is None:
        return
    if any(each["device"] == found.device for each in draft.contents):
        raise Refused("scan", found.text, f"{found.text} is in this load already")
    for load in loads.running_loads(tx, actor.clinic_id):
        if any(each["device"] == found.device for each in load.contents):
            machine = find_sterilizer(tx, load.sterilizer_id, actor=actor)
            raise Refused(
                "scan",
                found.text,
                f"{found.text} is in the load that runs in {machine.code}",
                allowed="read that load out first",
            )


def write_in(tx: Tx, text: str, *, actor: Actor, now: datetime) -> str:
    """Take in a set of instruments that has no code.

    Raises:
        Refused: no text, or a longer one than a label holds.
    """
    clean = text.strip()
    if not 1 <= len(clean) <= 200:
        raise Refused("text", text, "is missing", allowed="1 to 200 characters")
    _add(tx, read_draft(tx, actor=actor, now=now), device=None, text=clean, now=now)
    return clean


def _add(tx: Tx, draft: DraftRow, *, device: str | None, text: str, now: datetime) -> None:
    if len(draft.contents) >= MOST_CONTENTS:
        raise Refused("scan", text, "does not fit", allowed=f"up to {MOST_CONTENTS} in one load")
    row = 1 + max((each["row"] for each in draft.contents), default=0)
    contents = [*draft.contents, {"row": row, "device": device, "text": text}]
    _save(tx, replace(draft, contents=contents), now)


def take_out(tx: Tx, row: int, *, actor: Actor, now: datetime) -> None:
    """Undo one scan; taking out twice is the same as once."""
    draft = read_draft(tx, actor=actor, now=now)
    _save(tx, replace(draft, contents=[each for each in draft.contents if each["row"] != row]), now)


def choose_run(
    tx: Tx, sterilizer: str, program: str | None, *, actor: Actor, now: datetime
) -> None:
    """Choose sterilizer and program; a program that the sterilizer lacks is forgotten.

    Raises:
        NotFound: no such sterilizer.
    """
    draft = read_draft(tx, actor=actor, now=now)
    machine = find_sterilizer(tx, sterilizer, actor=actor)
    known = program is not None and any(each["name"] == program for each in machine.programs)
    chosen = program if known and program is not None else only_program(machine)
    _save(tx, replace(draft, sterilizer_id=machine.sterilizer_id, program=chosen), now)


def only_program(machine: SterilizerRow) -> str:
    """The program, where there is nothing to choose."""
    return str(machine.programs[0]["name"]) if len(machine.programs) == 1 else ""


def _save(tx: Tx, draft: DraftRow, now: datetime) -> None:
    loads.save_draft(tx, replace(draft, changed_at=now))


def ask_start(
    tx: Tx, draft: DraftRow, machine: SterilizerRow | None, *, actor: Actor, now: datetime
) -> tuple[Blocker, ...]:
    """Everything in the way of starting this load; empty when it may start."""
    house = house_of(tx, actor, now)
    found = [*_unfinished(draft, machine)]
    if machine is not None:
        if machine.state not in _MAY_RUN:
            found.append(state_blocker(machine))
        if machine.state is SterilizerState.IN_SERVICE:
            found.extend(day_blockers(tx, machine, house))
        running = loads.running_loads(tx, actor.clinic_id)
        if any(load.sterilizer_id == machine.sterilizer_id for load in running):
            found.append(_running(machine))
    found.extend(certificate_blockers(tx, actor, house.today))
    return tuple(found)


def _unfinished(draft: DraftRow, machine: SterilizerRow | None) -> Iterator[Blocker]:
    if machine is None:
        yield _missing("sterilizer_missing", "No sterilizer is chosen.", "Choose one.")
    elif not draft.program:
        yield _missing("program_missing", "No program is chosen.", "Choose what you set.")
    if not draft.contents:
        yield _missing("contents_missing", "Nothing is in the load.", "Scan what goes in.")


def _missing(code: str, reason: str, fix: str) -> Blocker:
    # No rule says so: it is not finished yet.
    return Blocker(item="load", code=code, reason=reason, rule="", fix=fix)


def _running(machine: SterilizerRow) -> Blocker:
    return Blocker(
        item="sterilizer",
        code="sterilizer_running",
        reason=f"A load runs in {machine.code} and was not read out.",
        rule="",
        fix="Read it out first, or say that it was broken off.",
    )


def start_load(tx: Tx, *, actor: Actor, now: datetime) -> LoadRow:
    """Start the load that the actor put together.

    Raises:
        Blocked: everything that is in the way, at once.
    """
    actor.require(Action.REGISTER_PACKS)
    hold_log(tx, actor.clinic_id)
    row = start_draft(tx, read_draft(tx, actor=actor, now=now), actor=actor, now=now)
    loads.delete_draft(tx, actor.clinic_id, actor.user_id)
    return row


def start_draft(tx: Tx, draft: DraftRow, *, actor: Actor, now: datetime) -> LoadRow:
    """Start what was put together, inside a transaction that holds the log; raises ``Blocked``."""
    machine = None
    if draft.sterilizer_id is not None:
        machine = find_sterilizer(tx, draft.sterilizer_id, actor=actor)
    blockers = ask_start(tx, draft, machine, actor=actor, now=now)
    if blockers or machine is None:
        raise Blocked(blockers)
    row = LoadRow(
        clinic_id=actor.clinic_id,
        load_id=new_id(now),
        sterilizer_id=machine.sterilizer_id,
        program=draft.program,
        contents=_plain(draft.contents),
        started_at=now,
        started_by=actor.user_id,
        ended_at=None,
        cycle_id=None,
    )
    data = {
        "load": row.load_id,
        "sterilizer": row.sterilizer_id,
        "program": row.program,
        "contents": list(row.contents),
    }
    append(tx, actor, "load.started", data, now=now)
    loads.insert_load(tx, row)
    return row


def _plain(contents: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"device": each["device"], "text": each["text"]} for each in contents]


def list_running(tx: Tx, *, actor: Actor) -> list[LoadRow]:
    """Loads that were started and not read out, oldest first."""
    actor.require(Action.READ_THINGS)
    return loads.running_loads(tx, actor.clinic_id)


def demand_running(row: LoadRow) -> None:
    """Raises ``Conflict`` when the load has ended."""
    if row.ended_at is not None:
        raise Conflict("this load was read out or given up already")
