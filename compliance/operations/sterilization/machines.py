"""Sterilizers as state machines, their service, and when the next spore test is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from compliance.domain.access import Action, Actor
from compliance.domain.sterilization.judging import Program
from compliance.domain.sterilization.words import MOVES, SterilizerState, SterilizerType
from compliance.errors import Conflict, NotFound, Refused
from compliance.importing.values import DateOrder
from compliance.operations.identifiers import new_id
from compliance.operations.inventory.checking import check_code, check_day, check_label
from compliance.operations.inventory.entering import enter_change
from compliance.operations.personal import Keyring
from compliance.operations.sealing import append, hold_log
from compliance.operations.sterilization.due import SporeDue, spore_test_due
from compliance.operations.sterilization.entering import as_recorded, commit_reason, house_of
from compliance.store import recalls, spore_tests, sterilizers
from compliance.store.session import Tx
from compliance.store.spore_tests import SporeRow
from compliance.store.sterilizers import SterilizerRow

__all__ = ["SporeDue", "SterilizerRow", "spore_test_due"]

SERVICES: Final = ("maintenance", "repair", "validation", "installation")
_COLUMNS: Final = {
    "maintenance": "maintained_on",
    "repair": "repaired_on",
    "validation": "validated_on",
    "installation": "installed_on",
}
_DUE_AGAIN: Final = ("repair", "installation")
"""After these a spore test is due at once (California HSC 119315, DC 25-G310)."""

FIELDS: Final = (
    "code",
    "name",
    "type",
    "serial",
    "chamber_litres",
    "programs",
    "date_order",
    "state",
    "installed_on",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSterilizer:
    """A sterilizer as it stands on the bench."""

    code: str
    name: str
    type: SterilizerType
    serial: str
    programs: tuple[Program, ...]
    installed_on: date
    chamber_litres: int | None = None
    date_order: DateOrder = DateOrder.DAY_MONTH_YEAR


def add_sterilizer(tx: Tx, command: AddSterilizer, *, actor: Actor, now: datetime) -> SterilizerRow:
    """Enter a sterilizer, in service and with a spore test due at once.

    Raises:
        Refused: a bad code, text, day or program.
        Conflict: the code is taken.
    """
    actor.require(Action.MANAGE_DEVICES)
    check_code("code", command.code)
    check_day("installed_on", command.installed_on)
    _check_programs(command.programs)
    hold_log(tx, actor.clinic_id)
    if sterilizers.find_sterilizer(tx, actor.clinic_id, command.code) is not None:
        raise Conflict(f"there is already a sterilizer with the code {command.code!r}")
    row = SterilizerRow(
        clinic_id=actor.clinic_id,
        sterilizer_id=new_id(now),
        code=command.code,
        name=check_label("name", command.name),
        type=command.type.value,
        serial=check_label("serial", command.serial, most=60),
        chamber_litres=command.chamber_litres,
        programs=[asdict(program) for program in command.programs],
        date_order=command.date_order.value,
        state=SterilizerState.IN_SERVICE,
        state_since=now,
        installed_on=command.installed_on,
        spore_due_from=now,
        maintained_on=None,
        repaired_on=None,
        validated_on=None,
        created_at=now,
    )
    sterilizers.insert_sterilizer(tx, row)
    data = {"sterilizer": row.sterilizer_id, **as_recorded(asdict(row), FIELDS)}
    append(tx, actor, "sterilizer.added", data, now=now)
    return row


def _check_programs(programs: Sequence[Program]) -> None:
    if not 1 <= len(programs) <= 40:
        raise Refused("programs", len(programs), "has the wrong length", allowed="1 to 40")
    if len({program.name for program in programs}) != len(programs):
        raise Refused("programs", "", "names a program twice")
    for program in programs:
        check_label("programs.name", program.name)
        if not 1000 <= program.hold_decicelsius <= program.upper_decicelsius <= 1500:
            raise Refused(
                "programs", program.name, "has impossible limits", allowed="100.0 to 150.0 °C"
            )
        if not 1 <= program.hold_seconds <= 7200:
            raise Refused("programs", program.name, "has an impossible hold", allowed="1 to 7200 s")


def find_sterilizer(tx: Tx, sterilizer: str, *, actor: Actor) -> SterilizerRow:
    """Find by id or code; raises ``NotFound``."""
    actor.require(Action.READ_THINGS)
    row = sterilizers.find_sterilizer(tx, actor.clinic_id, sterilizer)
    if row is None:
        raise NotFound(f"there is no sterilizer {sterilizer!r} in this clinic")
    return row


def list_sterilizers(tx: Tx, *, actor: Actor) -> list[SterilizerRow]:
    actor.require(Action.READ_THINGS)
    return sterilizers.list_sterilizers(tx, actor.clinic_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveSterilizer:
    """A manager's decision about where a sterilizer stands."""

    sterilizer: str
    to: SterilizerState
    reason: str
    cause: str | None = None
    """What made the spore tests fail; demanded after a second positive one."""


def move_sterilizer(
    tx: Tx, command: MoveSterilizer, *, actor: Actor, now: datetime, keyring: Keyring
) -> SterilizerRow:
    """Move a sterilizer along its states.

    The way back into service leads through a retest: a valid negative spore test
    whose load ran after the retest began.

    Raises:
        Conflict: not the next state, no valid negative, or a second positive without cause.
        Refused: no reason.
    """
    actor.require(Action.MANAGE_DEVICES)
    hold_log(tx, actor.clinic_id)
    row = find_sterilizer(tx, command.sterilizer, actor=actor)
    if command.to not in MOVES[row.state]:
        allowed = ", ".join(sorted(MOVES[row.state])) or "nothing"
        raise Conflict(f"{row.code} is {row.state.value}; from there it can become: {allowed}")
    proof = _proof(tx, row, now) if command.to is SterilizerState.IN_SERVICE else None
    if command.to is SterilizerState.RETEST:
        _demand_cause(tx, row, command.cause)
    reason = commit_reason(tx, keyring, command.reason, actor=actor)
    cause = commit_reason(tx, keyring, command.cause, actor=actor) if command.cause else None
    return apply_move(
        tx, row, command.to, {"reason": reason, "cause": cause}, proof=proof, actor=actor, now=now
    )


def apply_move(
    tx: Tx,
    row: SterilizerRow,
    to: SterilizerState,
    why: dict[str, Any],
    *,
    proof: SporeRow | None = None,
    actor: Actor,
    now: datetime,
) -> SterilizerRow:
    """Enter the move; a proof ends the windows of the sterilizer's recalls."""
    data = {
        "sterilizer": row.sterilizer_id,
        "from": row.state.value,
        "to": to.value,
        "proof": None if proof is None else proof.test_id,
        **why,
    }
    enter_change(tx, actor, "sterilizer.moved", data, now=now)
    sterilizers.update_sterilizer(tx, row, {"state": to.value, "state_since": now})
    if proof is not None:
        for recall in recalls.recalls_of(tx, row.clinic_id, row.sterilizer_id):
            if recall.until is None:
                recalls.update_recall(tx, recall, {"until": proof.run_at})
    return find_sterilizer(tx, row.sterilizer_id, actor=actor)


def _proof(tx: Tx, row: SterilizerRow, now: datetime) -> SporeRow:
    proof = spore_tests.last_negative(tx, row.clinic_id, row.sterilizer_id)
    if proof is None or proof.run_at < row.state_since or proof.run_at > now:
        raise Conflict(
            f"{row.code} has no valid negative spore test from a load run since its retest began;"
            " run one and read it first"
        )
    return proof


def _demand_cause(tx: Tx, row: SterilizerRow, cause: str | None) -> None:
    unproved = [
        recall
        for recall in recalls.recalls_of(tx, row.clinic_id, row.sterilizer_id)
        if recall.until is None
    ]
    if any(recall.positives > 1 for recall in unproved) and not cause:
        raise Conflict(
            f"{row.code} failed a second spore test: name the cause that was found and mended"
        )


def service_sterilizer(
    tx: Tx, sterilizer: str, service: str, on: date, *, actor: Actor, now: datetime
) -> SterilizerRow:
    """Enter maintenance, repair, validation or installation.

    After a repair or installation a spore test is due at once.

    Raises:
        Refused: an unknown service or a day in the future.
    """
    actor.require(Action.MANAGE_DEVICES)
    if service not in SERVICES:
        raise Refused("service", service, "is unknown", allowed=", ".join(SERVICES))
    hold_log(tx, actor.clinic_id)
    row = find_sterilizer(tx, sterilizer, actor=actor)
    check_day("on", on)
    if on > house_of(tx, actor, now).today:
        raise Refused("on", on.isoformat(), "lies in the future")
    data = {"sterilizer": row.sterilizer_id, "service": service, "on": on.isoformat()}
    enter_change(tx, actor, "sterilizer.serviced", data, now=now)
    values: dict[str, Any] = {_COLUMNS[service]: on}
    if service in _DUE_AGAIN:
        values["spore_due_from"] = now
    sterilizers.update_sterilizer(tx, row, values)
    return find_sterilizer(tx, row.sterilizer_id, actor=actor)
