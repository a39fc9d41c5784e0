"""Releasing a load: the signed decision that its packs may be used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from compliance.domain.access import Action, Actor
from compliance.domain.gate import Blocked, Blocker
from compliance.domain.sterilization.due import DueBy
from compliance.domain.sterilization.words import CycleKind, CycleOutcome, SterilizerState
from compliance.errors import Conflict
from compliance.operations.packs import release_signed
from compliance.operations.sealing import append, hold_log
from compliance.operations.signing import Act, sign_act
from compliance.operations.sterilization.cycles import find_cycle
from compliance.operations.sterilization.entering import House, house_of
from compliance.operations.sterilization.judging import judge_row
from compliance.operations.sterilization.machines import find_sterilizer, spore_test_due
from compliance.store import recalls, staff, sterilizers, things
from compliance.store.session import Tx
from compliance.store.sterilizers import CycleRow, SterilizerRow

_CERTIFICATE: Final = "certificate"
_LEVELS: Final = {CycleKind.PRODUCTION: "batch"}
"""Everything else is a release of the procedure; a single pack's is ``pack.released``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """What whoever releases a load should know, and the rule it rests on."""

    code: str
    text: str
    rule: str
    """``PROFILE/VERSION key``; empty where no profile of the clinic speaks of it."""
    source: str

    def __str__(self) -> str:
        place = f" ({self.rule}; source: {self.source})" if self.rule else ""
        return f"{self.text}{place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What a release did."""

    cycle: CycleRow
    packs: tuple[str, ...]
    closed_sessions: tuple[str, ...]
    warnings: tuple[Caution, ...] = ()
    """What was known when it was signed and did not forbid it."""


def release_act(cycle: CycleRow) -> Act:
    """What a grant for this release must be bound to."""
    return Act(verb="release", thing=cycle.cycle_id, version=cycle.version)


def release_cycle(
    tx: Tx, cycle_id: str, *, grant: str | None, actor: Actor, now: datetime
) -> Released:
    """Release a load with a signature, and with it every pack registered to it.

    Sessions that waited for a device of the load close.

    Raises:
        Blocked: everything that is in the way, at once.
        Conflict: it was released already.
        SignatureRequired: no valid grant.
    """
    actor.require(Action.RELEASE_PACKS)
    hold_log(tx, actor.clinic_id)
    row = find_cycle(tx, cycle_id, actor=actor)
    if row.released_at is not None:
        raise Conflict(f"cycle {row.number} was released already")
    blockers = ask_release(tx, row, actor=actor, now=now)
    if blockers:
        raise Blocked(blockers)
    warnings = warn_release(tx, row, actor=actor, now=now)
    signature = sign_act(tx, release_act(row), actor=actor, grant=grant, now=now)
    data = {
        "cycle": row.cycle_id,
        "level": _LEVELS.get(row.kind, "procedure"),
        "signature": signature,
    }
    append(tx, actor, "cycle.released", data, now=now)
    values = {"released_at": now, "released_by": actor.user_id, "version": row.version + 1}
    sterilizers.update_cycle(tx, row, values)
    packs: list[str] = []
    closed: list[str] = []
    for pack in things.list_registered(tx, row.clinic_id, row.cycle_id):
        released, sessions = release_signed(tx, pack, signature, actor=actor, now=now)
        packs.append(released.code)
        closed.extend(sessions)
    return Released(
        cycle=find_cycle(tx, row.cycle_id, actor=actor),
        packs=tuple(packs),
        closed_sessions=tuple(closed),
        warnings=warnings,
    )


def ask_release(tx: Tx, row: CycleRow, *, actor: Actor, now: datetime) -> tuple[Blocker, ...]:
    """Everything in the way of a release; empty when it may be signed."""
    machine = find_sterilizer(tx, row.sterilizer_id, actor=actor)
    house = house_of(tx, actor, row.run_at)
    return (
        *_outcome_blockers(tx, row, machine, actor),
        *_flag_blockers(row),
        *_state_blockers(tx, row, machine),
        *(day_blockers(tx, machine, house) if row.kind is CycleKind.PRODUCTION else ()),
        *_overdue_blockers(tx, row, machine, actor, now),
        *certificate_blockers(tx, actor, house_of(tx, actor, now).today),
    )


def _outcome_blockers(
    tx: Tx, row: CycleRow, machine: SterilizerRow, actor: Actor
) -> Iterator[Blocker]:
    verdict = judge_row(tx, row, machine, actor=actor, releasing=True)
    if verdict.outcome is CycleOutcome.PASSED:
        return
    for fault in verdict.faults:
        missing = "was read" in fault
        yield Blocker(
            item="cycle",
            code="indicator_missing" if missing else "cycle_failed",
            reason=fault,
            rule="integrator_required" if "integrator" in fault else "steam_pack",
            fix="Read the indicator of this load and enter it."
            if missing
            else "Do not use the load: pack the instruments anew and run them again.",
        )


def _flag_blockers(row: CycleRow) -> Iterator[Blocker]:
    for flag in row.flags:
        decision = flag["decision"]
        if decision is not None and decision["accepted"]:
            continue
        yield Blocker(
            item="cycle",
            code="flag_undecided" if decision is None else "flag_refused",
            reason=flag["reason"],
            rule=f"flag {flag['code']}",
            fix="Look at the log, decide on the flag and say why."
            if decision is None
            else "This load is not used: run the instruments again.",
        )


def state_blocker(machine: SterilizerRow) -> Blocker:
    """What a sterilizer that is not in service says to whoever wants to use its loads."""
    return Blocker(
        item="sterilizer",
        code=f"sterilizer_{machine.state.value}",
        reason=f"{machine.code} is {machine.state.value.replace('_', ' ')}.",
        rule="spore_test",
        fix="Bring it back into service through a retest, or use another sterilizer.",
    )


def _state_blockers(tx: Tx, row: CycleRow, machine: SterilizerRow) -> Iterator[Blocker]:
    if machine.state is not SterilizerState.IN_SERVICE:
        yield state_blocker(machine)
    for recall in recalls.recalls_of(tx, row.clinic_id, row.sterilizer_id):
        if recalls.is_in_window(recall, row.run_at):
            yield Blocker(
                item="cycle",
                code="cycle_recalled",
                reason="The load ran between the last valid negative spore test and the retest.",
                rule="spore_test",
                fix="Pack the instruments anew and run them again.",
            )
            return


def find_day_test(tx: Tx, machine: SterilizerRow, house: House) -> CycleRow | None:
    """The last day test of a sterilizer on the house's day: the passed one, if one passed."""
    start = datetime.combine(house.today, time.min, house.zone)
    runs = sterilizers.list_runs(
        tx, machine.clinic_id, machine.sterilizer_id, start, start + timedelta(days=1)
    )
    tests = [run for run in runs if run.kind is CycleKind.DAY_TEST]
    passed = [run for run in tests if run.outcome is CycleOutcome.PASSED]
    found = passed or tests
    return found[-1] if found else None


def day_blockers(tx: Tx, machine: SterilizerRow, house: House) -> Iterator[Blocker]:
    """No production load before the day's test passed, where the clinic's rules say so."""
    if not house.rules.values.get("day_test_required"):
        return
    test = find_day_test(tx, machine, house)
    if test is not None and test.outcome is CycleOutcome.PASSED:
        return
    citation = house.rules.cite("day_test_required")
    yield Blocker(
        item="sterilizer",
        code="day_test_missing",
        reason=f"No day test of {machine.code} passed on {house.today.isoformat()}."
        f" {citation.text}",
        rule=citation.rule,
        fix="Run the day test, record it, and release the load then.",
    )


def warn_release(tx: Tx, row: CycleRow, *, actor: Actor, now: datetime) -> tuple[Caution, ...]:
    """What a person should know who releases a load all the same.

    An overdue spore test warns: the rules say how often to test, and none that we
    know of forbids loads meanwhile. A clinic that stacks a profile with
    ``spore_overdue_blocks`` is refused instead.
    """
    machine = find_sterilizer(tx, row.sterilizer_id, actor=actor)
    due = spore_test_due(tx, machine, actor=actor, now=now)
    if row.kind is not CycleKind.PRODUCTION or not due.overdue:
        return ()
    cited = due.citation
    by_date = cited is not None and due.by is not DueBy.NEW_OR_REPAIRED
    why = due.rule
    if cited is not None and by_date:
        why = cited.text[:1].lower() + cited.text[1:].rstrip(".")
    return (
        Caution(
            code="spore_test_overdue",
            text=f"The spore test of {machine.code} is overdue: {why}.",
            rule="" if cited is None else cited.rule,
            source="" if cited is None else cited.source,
        ),
    )


def _overdue_blockers(
    tx: Tx, row: CycleRow, machine: SterilizerRow, actor: Actor, now: datetime
) -> Iterator[Blocker]:
    rules = house_of(tx, actor, now).rules
    if row.kind is not CycleKind.PRODUCTION or not rules.values.get("spore_overdue_blocks"):
        return
    due = spore_test_due(tx, machine, actor=actor, now=now)
    if due.overdue:
        citation = rules.cite("spore_overdue_blocks")
        yield Blocker(
            item="sterilizer",
            code="spore_test_overdue",
            reason=f"The spore test of {machine.code} is overdue ({due.rule}). {citation.text}",
            rule=citation.rule,
            fix="Put a spore test into a load, read it, and release then.",
        )


def certificate_blockers(tx: Tx, actor: Actor, today: date) -> Iterator[Blocker]:
    """Whoever has certificates on file needs one that is valid today."""
    held = [
        each
        for each in staff.list_qualifications(tx, actor.clinic_id, user_id=actor.user_id)
        if each.kind == _CERTIFICATE and each.archived_at is None
    ]
    valid = [
        each
        for each in held
        if each.valid_from <= today and (each.valid_to is None or each.valid_to >= today)
    ]
    if held and not valid:
        yield Blocker(
            item="person",
            code="certificate_expired",
            reason="Your certificate is not valid today.",
            rule="qualification",
            fix="Let somebody with a valid certificate release, or renew yours.",
        )
