"""What is entered beside a session, also after its end."""

from __future__ import annotations

from typing import Any, Final

from compliance.domain.tracing import find_refused
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
    for kind, value in find_refused(data["used"]):
        batch.demand(MET, (data["session"], entry.index, kind, value), entry.index)
