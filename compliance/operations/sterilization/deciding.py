"""What people add to a recorded cycle: indicators that they read, and decisions on flags."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime

from compliance.domain.access import Action, Actor
from compliance.domain.sterilization.judging import ChemicalIndicator
from compliance.errors import Conflict, NotFound
from compliance.operations.personal import Keyring
from compliance.operations.sealing import append, hold_log
from compliance.operations.sterilization.cycles import find_cycle
from compliance.operations.sterilization.entering import commit_reason
from compliance.operations.sterilization.judging import judge_row
from compliance.operations.sterilization.machines import find_sterilizer
from compliance.store import sterilizers
from compliance.store.session import Tx
from compliance.store.sterilizers import CycleRow


def read_chemical(
    tx: Tx,
    cycle_id: str,
    indicators: tuple[ChemicalIndicator, ...],
    *,
    actor: Actor,
    now: datetime,
) -> CycleRow:
    """Add chemical indicators to a load and judge it again.

    Raises:
        Conflict: the load was released already.
    """
    actor.require(Action.REGISTER_PACKS)
    hold_log(tx, actor.clinic_id)
    row = find_cycle(tx, cycle_id, actor=actor)
    if row.released_at is not None:
        raise Conflict(f"cycle {row.number} was released; its indicators are on record")
    added = [*row.indicators, *(asdict(indicator) for indicator in indicators)]
    machine = find_sterilizer(tx, row.sterilizer_id, actor=actor)
    read = replace(row, indicators=added, version=row.version + 1)
    verdict = judge_row(tx, read, machine, actor=actor)
    values = {
        "indicators": added,
        "outcome": verdict.outcome.value,
        "faults": list(verdict.faults),
    }
    data = {"indicator": "chemical", "cycle": row.cycle_id, **values}
    append(tx, actor, "indicator.read", data, now=now)
    sterilizers.update_cycle(tx, row, {**values, "version": row.version + 1})
    return find_cycle(tx, row.cycle_id, actor=actor)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideFlag:
    """What a named person makes of a flag."""

    cycle_id: str
    flag: str
    accepted: bool
    """True: the run is what it says in spite of the flag."""
    reason: str


def decide_flag(
    tx: Tx, command: DecideFlag, *, actor: Actor, now: datetime, keyring: Keyring
) -> CycleRow:
    """Decide on a flag once; a load with an undecided or refused flag is never released.

    Raises:
        NotFound: the cycle has no such flag.
        Conflict: it was decided already.
        Refused: no reason.
    """
    actor.require(Action.RELEASE_PACKS)
    hold_log(tx, actor.clinic_id)
    row = find_cycle(tx, command.cycle_id, actor=actor)
    flag = next((each for each in row.flags if each["code"] == command.flag), None)
    if flag is None:
        raise NotFound(f"cycle {row.number} has no flag {command.flag!r}")
    if flag["decision"] is not None:
        raise Conflict(f"the flag {command.flag} was decided already")
    data = {
        "cycle": row.cycle_id,
        "flag": command.flag,
        "accepted": command.accepted,
        "reason": commit_reason(tx, keyring, command.reason, actor=actor),
    }
    index = append(tx, actor, "cycle.flag_decided", data, now=now)
    decision = {"accepted": command.accepted, "by": actor.user_id, "index": index}
    flags = [
        {**each, "decision": decision} if each["code"] == command.flag else dict(each)
        for each in row.flags
    ]
    sterilizers.update_cycle(tx, row, {"flags": flags, "version": row.version + 1})
    return find_cycle(tx, row.cycle_id, actor=actor)
