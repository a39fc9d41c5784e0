"""Note where the events of sterilizers, recalls and rules stand in the log.

Reports of a later period quote the last of them; until now nothing led to them.
The rows are made from the log, entry by entry, as the operations make them from now on.

A revision never imports from ``compliance``: it must still mean the same thing
when the code has moved on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BATCH = 5000
EVENTS = {
    "sterilizer.moved": ("sterilizer_moved", "sterilizer"),
    "sterilizer.serviced": ("sterilizer_serviced", "sterilizer"),
    "recall.pulled": ("recall_event", "recall"),
    "recall.positive": ("recall_event", "recall"),
    "recall.called": ("recall_event", "recall"),
    "recall.pack_found": ("recall_event", "recall"),
    "clinic.profiles_set": ("profiles_set", ""),
}
MARKS = tuple(f'"kind":"{kind}"'.encode() for kind in (*EVENTS, "recall.closed", "indicator.read"))


def upgrade() -> None:
    bind = op.get_bind()
    known = sa.text(
        "SELECT idx FROM log_place WHERE clinic_id = :clinic AND kind = :kind AND thing = :thing"
    )
    insert = sa.text(
        "INSERT INTO log_place (clinic_id, kind, thing, idx) VALUES (:clinic, :kind, :thing, :idx)"
    )
    for (clinic,) in bind.execute(sa.text("SELECT clinic_id FROM log_head")).fetchall():
        for index, entry in _entries(bind, clinic):
            place = _place(entry["kind"], entry["data"], index)
            if place is None:
                continue
            row = {"clinic": clinic, "kind": place[0], "thing": place[1]}
            if bind.execute(known, row).first() is None:
                bind.execute(insert, {**row, "idx": index})


def downgrade() -> None:
    """Leave the rows: they may not be deleted, and what does not know them does not look."""


def _entries(bind: sa.Connection, clinic: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    statement = sa.text(
        "SELECT idx, body FROM log_body WHERE clinic_id = :clinic AND idx > :last"
        " ORDER BY idx LIMIT :most"
    )
    last = -1
    while found := bind.execute(
        statement, {"clinic": clinic, "last": last, "most": BATCH}
    ).fetchall():
        for index, body in found:
            # Other kinds are passed over without being read: they are most of a log.
            if any(mark in bytes(body) for mark in MARKS):
                yield index, json.loads(bytes(body))
        last = found[-1][0]


def _place(kind: str, data: Mapping[str, Any], index: int) -> tuple[str, str] | None:
    if kind == "recall.closed":
        return "recall_closed", str(data["recall"])
    if kind == "indicator.read":
        spore = data.get("indicator") == "spore"
        return ("spore_test", f"{data['sterilizer']}/{index}") if spore else None
    event = EVENTS.get(kind)
    if event is None:
        return None
    name, key = event
    return name, f"{data[key]}/{index}" if key else str(index)
