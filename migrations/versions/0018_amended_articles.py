"""Mark articles with a serial as used that only an amendment names.

Until now an amendment used up the pack that it names, and no such article. What another
session used since keeps that session's mark.

A revision never imports from ``compliance``: it must still mean the same thing
when the code has moved on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

LONGEST = 160


def upgrade() -> None:
    bind = op.get_bind()
    amended = bind.execute(
        sa.text("SELECT clinic_id, session_id, data FROM session_amendment ORDER BY clinic_id, idx")
    )
    known = sa.text(
        "SELECT 1 FROM evidence_use WHERE clinic_id = :clinic AND kind = 'lot' AND ref = :ref"
    )
    insert = sa.text(
        "INSERT INTO evidence_use (clinic_id, kind, ref, session_id)"
        " VALUES (:clinic, 'lot', :ref, :session)"
    )
    for clinic, session, data in amended.fetchall():
        for ref in _serials(json.loads(data)):
            if bind.execute(known, {"clinic": clinic, "ref": ref}).first() is None:
                bind.execute(insert, {"clinic": clinic, "ref": ref, "session": session})


def downgrade() -> None:
    """Leave the marks: what was used stays used."""


def _serials(data: Mapping[str, Any]) -> Iterator[str]:
    for piece in data["evidence_new"]:
        ref = piece["ref"]
        if piece["kind"] == "lot" and ref.get("serial"):
            yield f"{ref['udi'] or ''}|{ref['lot']}|{ref['serial']}"[:LONGEST]
