"""Cycles as they are recorded: judged by what they achieved, flagged where they look wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from compliance.domain.access import Action, Actor
from compliance.domain.sterilization.flags import Flag
from compliance.domain.sterilization.judging import ChemicalIndicator, Reading
from compliance.domain.sterilization.words import CycleKind, CycleOutcome
from compliance.errors import NotFound, Refused
from compliance.operations.identifiers import new_id
from compliance.operations.sealing import append, hold_log
from compliance.operations.sterilization.entering import as_recorded
from compliance.operations.sterilization.judging import (
    Claimed,
    Stored,
    curve_hash,
    flag_run,
    judge_row,
)
from compliance.operations.sterilization.machines import find_sterilizer
from compliance.store import sterilizers, things
from compliance.store.session import Tx
from compliance.store.sterilizers import CycleRow, SterilizerRow

__all__ = ["CycleRow"]

FIELDS: Final = (
    "number",
    "kind",
    "program",
    "run_at",
    "ended_at",
    "set_decicelsius",
    "set_hold_seconds",
    "lowest_decicelsius",
    "highest_decicelsius",
    "lowest_centibar",
    "hold_seconds",
    "ended",
    "machine_failed",
    "contents",
    "indicators",
    "outcome",
    "faults",
    "flags",
    "curve_sha256",
    "raw_sha256",
    "raw_lines",
)
MOST_CONTENTS: Final = 100
MOST_READINGS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCycle:
    """One run as an operator or a log tells it."""

    sterilizer: str
    number: str
    program: str
    run_at: datetime | None
    """None for a log without a readable date."""
    ended_at: datetime | None = None
    kind: CycleKind = CycleKind.PRODUCTION
    set_decicelsius: int | None = None
    set_hold_seconds: int | None = None
    lowest_decicelsius: int | None = None
    highest_decicelsius: int | None = None
    hold_seconds: int | None = None
    lowest_centibar: int | None = None
    ended: bool = True
    machine_failed: bool = False
    curve: tuple[Reading, ...] = ()
    contents: tuple[Mapping[str, Any], ...] = ()
    """``{"device": id or code or None, "text": str}``: what went in."""
    indicators: tuple[ChemicalIndicator, ...] = ()
    serial: str = ""
    """As the log names it."""
    raw_sha256: str | None = None
    raw_lines: tuple[int, int] | None = None


def record_cycle(tx: Tx, command: RecordCycle, *, actor: Actor, now: datetime) -> CycleRow:
    """Enter a run, judged by its achieved values and flagged by its neighbours.

    Raises:
        NotFound: no such sterilizer or device.
        Refused: a value that no run has.
    """
    actor.require(Action.REGISTER_PACKS)
    hold_log(tx, actor.clinic_id)
    machine = find_sterilizer(tx, command.sterilizer, actor=actor)
    check_run(command, now)
    flags = flag_run(Stored(tx, machine), machine, claimed(command), now=now)
    contents = _contents(tx, command, actor)
    row = draft_row(command, machine, flags, contents=contents, actor=actor, now=now)
    verdict = judge_row(tx, row, machine, actor=actor)
    row = replace(row, outcome=verdict.outcome, faults=list(verdict.faults))
    sterilizers.insert_cycle(tx, row)
    append(tx, actor, *entry_of(row), now=now)
    return row


def draft_row(
    command: RecordCycle,
    machine: SterilizerRow,
    flags: Sequence[Flag],
    *,
    contents: Sequence[Mapping[str, Any]] = (),
    actor: Actor,
    now: datetime,
) -> CycleRow:
    """The row of a run that is still to be judged; until then it counts as failed."""
    return CycleRow(
        clinic_id=actor.clinic_id,
        cycle_id=new_id(now),
        sterilizer_id=machine.sterilizer_id,
        number=command.number.strip(),
        kind=command.kind,
        program=command.program.strip(),
        run_at=command.run_at or now,
        ended_at=command.ended_at,
        set_decicelsius=command.set_decicelsius,
        set_hold_seconds=command.set_hold_seconds,
        lowest_decicelsius=command.lowest_decicelsius,
        highest_decicelsius=command.highest_decicelsius,
        lowest_centibar=_lowest_centibar(command),
        hold_seconds=command.hold_seconds,
        ended=command.ended,
        machine_failed=command.machine_failed,
        contents=list(contents),
        indicators=[asdict(indicator) for indicator in command.indicators],
        outcome=CycleOutcome.FAILED,
        faults=[],
        flags=[
            {"code": flag.code.value, "reason": flag.reason, "decision": None} for flag in flags
        ],
        curve=[[each.at_seconds, each.decicelsius, each.centibar] for each in command.curve],
        curve_sha256=curve_hash(command.curve),
        raw_sha256=command.raw_sha256,
        raw_lines=None if command.raw_lines is None else list(command.raw_lines),
        version=1,
        recorded_at=now,
        operator_id=actor.user_id,
        released_at=None,
        released_by=None,
    )


def entry_of(row: CycleRow) -> tuple[str, dict[str, Any]]:
    """Kind and data of the entry that records a judged run."""
    values = {name: getattr(row, name) for name in FIELDS}
    kind = "cycle.recorded" if row.raw_sha256 is None else "cycle.imported"
    return kind, {
        "cycle": row.cycle_id,
        "sterilizer": row.sterilizer_id,
        **as_recorded(values, FIELDS),
    }


def claimed(command: RecordCycle) -> Claimed:
    """What a run says of itself."""
    return Claimed(
        number=command.number.strip(),
        serial=command.serial,
        run_at=command.run_at,
        ended_at=command.ended_at,
        set_decicelsius=command.set_decicelsius,
        set_hold_seconds=command.set_hold_seconds,
        lowest_decicelsius=command.lowest_decicelsius,
        hold_seconds=command.hold_seconds,
        ended=command.ended,
        curve=command.curve,
    )


def check_run(command: RecordCycle, now: datetime) -> None:
    """Raise ``Refused`` for a value that no run has."""
    for field, text, most in (("number", command.number, 40), ("program", command.program, 120)):
        if len(text.strip()) > most or (field == "number" and not text.strip()):
            raise Refused(field, text, "is missing or too long", allowed=f"1 to {most} characters")
    began, ended = command.run_at, command.ended_at
    if began is not None and ended is not None and ended < began:
        raise Refused("ended_at", ended.isoformat(), "lies before the start")
    from_a_log = command.raw_sha256 is not None
    if command.run_at is not None and command.run_at > now and not from_a_log:
        raise Refused("started_at", command.run_at.isoformat(), "lies in the future")
    if len(command.contents) > MOST_CONTENTS:
        raise Refused("contents", len(command.contents), "is too long", allowed="up to 100")
    if len(command.curve) > MOST_READINGS:
        raise Refused("curve", len(command.curve), "is too long", allowed="up to 20000")


def _lowest_centibar(command: RecordCycle) -> int | None:
    if command.lowest_centibar is not None:
        return command.lowest_centibar
    return min((reading.centibar for reading in command.curve), default=None)


def _contents(tx: Tx, command: RecordCycle, actor: Actor) -> list[dict[str, Any]]:
    contents = []
    for each in command.contents:
        device = None
        if each.get("device"):
            device = things.find_device(tx, actor.clinic_id, str(each["device"]))
            if device is None:
                raise NotFound(f"there is no device {each['device']!r} in this clinic")
        text = str(each.get("text") or (device.label if device else "")).strip()
        if not 1 <= len(text) <= 200:
            raise Refused("contents.text", text, "is missing", allowed="1 to 200 characters")
        contents.append({"device": device.device_id if device else None, "text": text})
    return contents


def find_cycle(tx: Tx, cycle_id: str, *, actor: Actor) -> CycleRow:
    """Raises ``NotFound``."""
    actor.require(Action.READ_THINGS)
    row = sterilizers.find_cycle(tx, actor.clinic_id, cycle_id)
    if row is None:
        raise NotFound("there is no such cycle in this clinic")
    return row


def list_cycles(
    tx: Tx,
    *,
    actor: Actor,
    sterilizer: str | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[CycleRow]:
    """A keyset page, newest run first."""
    actor.require(Action.READ_THINGS)
    machine = None if sterilizer is None else find_sterilizer(tx, sterilizer, actor=actor)
    return sterilizers.list_cycles(
        tx,
        actor.clinic_id,
        sterilizer_id=None if machine is None else machine.sterilizer_id,
        after=after,
        limit=limit,
    )
