"""One round over all clinics: tokens and cosignatures for whoever is due."""

from __future__ import annotations

from datetime import datetime

from compliance.operations.anchoring.anchoring import (
    Checkpointed,
    begin_round,
    stamp_checkpoint,
)
from compliance.operations.anchoring.witnessing import collect_cosignatures
from compliance.operations.reporting.workshop import Workshop
from compliance.store import clinics

REPORT_SECONDS = 5.0
"""While a report is made, nobody outside is waited for longer than this."""


def anchor_due(workshop: Workshop, *, now: datetime) -> int:
    """Ask everybody outside who is due, for every clinic; return how many tokens came.

    Never raises for one who does not answer: it is noted, logged, and asked again later.
    Short transactions, none while an answer is waited for.
    """
    plan = workshop.anchors
    if not plan.asks_anybody:
        return 0
    with workshop.database.reading() as tx:
        found = clinics.list_clinics(tx)
    count = 0
    for clinic in found:
        due = begin_round(workshop, plan, clinic, now=now)
        if due is None:
            continue
        for authority in due.authorities:
            count += stamp_checkpoint(workshop, due.stated, authority, now=now)
        if due.witnesses:
            collect_cosignatures(workshop, plan, due.stated, now=now)
    return count


def anchor_report(
    workshop: Workshop, stated: Checkpointed, *, covered: bool, now: datetime
) -> None:
    """Get tokens and cosignatures for the checkpoint of a report that is about to be made.

    Args:
        covered: whether a token over this much of the log is there already; then only the
            witnesses are asked.
    """
    plan = workshop.anchors
    if not covered:
        for authority in plan.authorities:
            stamp_checkpoint(workshop, stated, authority, now=now, seconds=REPORT_SECONDS)
    collect_cosignatures(workshop, plan, stated, now=now, seconds=REPORT_SECONDS)
