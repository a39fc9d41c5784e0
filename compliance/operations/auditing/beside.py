"""What is entered beside a session, also after its end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from compliance.domain.tracing import Mark, find_refused, join_marks
from compliance.ledger.entry import Entry, format_time
from compliance.operations.auditing.expecting import MET, NOTE, Batch
from compliance.store.projection import encode_json
from compliance.store.session_notes import REFUSED

AFTER_THE_END: Final = frozenset(
    {"session.amended", "session.refused"}
    | {"incident.recorded", "followup.recorded", "device.returned"}
)
"""What may speak of a session that has ended, or of none."""


def demand_refused(batch: Batch, entry: Entry) -> None:
    """Demand what is kept of a late answer that was refused."""
    data: Any = entry.data
    kept = {name: data[name] for name in ("item", "used", "performed_at")}
    row = (REFUSED, data["item"], encode_json({**kept, "at": format_time(entry.at)}))
    batch.demand(NOTE, (data["session"], entry.index, *row), entry.index)
    demand_met(batch, data["session"], entry, find_refused(data["used"]))


def demand_met(batch: Batch, session_id: str, entry: Entry, met: Iterable[Mark]) -> None:
    """Demand that what an entry names is found again as what the session met."""
    for mark in join_marks(met):
        batch.demand(MET, (session_id, entry.index, *mark), entry.index)
