"""When a sterilizer's next spore test is due, and how long it has run since the last one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from compliance.domain.access import Actor
from compliance.domain.rules import Citation, EffectiveRules
from compliance.domain.sterilization.due import DueBy, SporeFacts, find_due, reached_at
from compliance.operations.sterilization.entering import house_of
from compliance.store import runs, spore_tests
from compliance.store.runs import Operation
from compliance.store.session import Tx
from compliance.store.spore_tests import SporeRow
from compliance.store.sterilizers import SterilizerRow

DAYS: Final = "spore_test_max_days"
RUN_HOURS: Final = "spore_test_max_run_hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class SporeDue:
    """When the next spore test must have run, and the rule that says so."""

    due_at: datetime | None
    overdue: bool
    rule: str
    citation: Citation | None
    """The strictest profile that asks for tests in this way; None where no profile does."""
    by: DueBy | None
    last: SporeRow | None
    """The last valid negative test."""
    operation: Operation
    """Since the run of that test; since the beginning where there is none."""
    most_run_hours: int | None
    """The limit of the clinic's rules, if one of them counts hours of operation."""


def spore_test_due(tx: Tx, row: SterilizerRow, *, actor: Actor, now: datetime) -> SporeDue:
    """The due time by the clinic's rules; nothing but a valid negative test moves it."""
    last = spore_tests.last_negative(tx, row.clinic_id, row.sterilizer_id)
    rules = house_of(tx, actor, now).rules
    since = None if last is None else last.run_at
    operation = runs.measure_operation(tx, row.clinic_id, row.sterilizer_id, since)
    most = rules.values.get(RUN_HOURS)
    reached = None
    if most is not None and since is not None and operation.seconds >= int(most) * 3600:
        spans = runs.list_spans(tx, row.clinic_id, row.sterilizer_id, since, now)
        later = ((start, end) for start, _, _, end in spans if start > since)
        reached = reached_at(later, timedelta(hours=int(most)))
    days = rules.values.get(DAYS)
    facts = SporeFacts(due_from=row.spore_due_from, last_negative=since, hours_reached_at=reached)
    due = find_due(facts, most_days=None if days is None else int(days))
    return SporeDue(
        due_at=due.at,
        overdue=due.is_over(now),
        rule=_cite(rules, due.by),
        citation=_citation(rules, due.by),
        by=due.by,
        last=last,
        operation=operation,
        most_run_hours=None if most is None else int(most),
    )


def _cite(rules: EffectiveRules, by: DueBy | None) -> str:
    match by:
        case DueBy.NEW_OR_REPAIRED:
            return "after installation or repair"
        case DueBy.DAYS:
            return str(rules.cite(DAYS))
        case DueBy.RUN_HOURS:
            return str(rules.cite(RUN_HOURS))
        case _:
            return ""


def _citation(rules: EffectiveRules, by: DueBy | None) -> Citation | None:
    # A test after installation or repair is the first of those that the interval asks for.
    key = RUN_HOURS if by is DueBy.RUN_HOURS else DAYS
    return None if rules.values.get(key) is None else rules.cite(key)
