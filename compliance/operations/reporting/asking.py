"""Asking those outside about the checkpoint of a report, before it is made."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from compliance.operations.anchoring.anchoring import Checkpointed
from compliance.operations.anchoring.rounds import anchor_report
from compliance.operations.reporting.outside import is_covered, with_cosignatures
from compliance.operations.reporting.trees import Tree
from compliance.operations.reporting.workshop import Workshop


def ask_outside(workshop: Workshop, clinic_id: str, tree: Tree, end: int, *, now: datetime) -> Tree:
    """Get a time-stamp over the first ``end`` entries unless there is one, and cosignatures.

    Never raises for somebody who does not answer: the report is made without their word, and
    says so. Transactions of its own, none while an answer is waited for.

    Returns:
        The same tree, with the cosignatures that came.
    """
    if not workshop.anchors.asks_anybody:
        return tree
    with workshop.database.reading() as tx:
        covered = is_covered(tx, clinic_id, end, tree.size)
    stated = Checkpointed(clinic_id=clinic_id, note=tree.note)
    anchor_report(workshop, stated, covered=covered, now=now)
    with workshop.database.reading() as tx:
        cosigned = with_cosignatures(tx, clinic_id, tree.note, tree.size)
    return replace(tree, cosigned=cosigned)
