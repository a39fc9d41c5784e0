"""Compare a lot together with the article it is of, where both are known.

Two makers may use the same lot number. What a session met now holds the GTIN that its
evidence named, and a maker's notice the GTIN of its code.

A revision never imports from ``compliance``: it must still mean the same thing
when the code has moved on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BATCH = 5000
ENDS = ("session.closed", "session.aborted")
UPDATES = "session_evidence_refuses_update"
REFUSAL = "BEFORE UPDATE ON session_evidence BEGIN SELECT RAISE(ABORT, 'append-only'); END"


def upgrade() -> None:
    op.add_column("recall", sa.Column("gtin", sa.String(length=14), nullable=True))
    op.add_column(
        "session_evidence",
        sa.Column("gtin", sa.String(length=14), server_default=sa.text("''"), nullable=False),
    )
    _let_update(allowed=True)
    _fill()
    _let_update(allowed=False)


def downgrade() -> None:
    op.drop_column("session_evidence", "gtin")
    op.drop_column("recall", "gtin")


def _let_update(*, allowed: bool) -> None:
    """The rows are never changed; only this column of theirs is new."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {UPDATES}" if allowed else f"CREATE TRIGGER {UPDATES} {REFUSAL}")
    else:
        verb = "DISABLE" if allowed else "ENABLE"
        op.execute(f"ALTER TABLE session_evidence {verb} TRIGGER session_evidence_kept")


def _fill() -> None:
    bind = op.get_bind()
    update = sa.text(
        "UPDATE session_evidence SET gtin = :gtin WHERE clinic_id = :clinic AND kind = 'lot'"
        " AND value = :value AND session_id = :session AND idx = :idx"
    )
    for (clinic,) in bind.execute(sa.text("SELECT clinic_id FROM log_head")).fetchall():
        live: dict[str, Any] = {}
        for index, entry in _entries(bind, clinic):
            session = entry["data"].get("session")
            articles: dict[str, set[str]] = {}
            for value, gtin in _met(entry["kind"], entry["data"], live):
                articles.setdefault(value, set()).add(gtin)
            rows = [
                {"gtin": gtin, "clinic": clinic, "value": value, "session": session, "idx": index}
                for value, gtins in articles.items()
                for gtin in gtins
                # A lot of two articles in one entry is found by the lot alone.
                if gtin and len(gtins) == 1
            ]
            if rows:
                bind.execute(update, rows)


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
            if b'"kind":"session.' in bytes(body):
                yield index, json.loads(bytes(body))
        last = found[-1][0]


def _met(kind: str, data: Mapping[str, Any], live: dict[str, Any]) -> Iterator[tuple[str, str]]:
    session = data.get("session")
    if kind == "session.opened":
        live[str(session)] = {"answers": {}, "started": False}
    elif kind == "session.amended":
        yield from _lots(data["evidence_new"])
    elif kind in ENDS:
        live.pop(str(session), None)
    elif session in live:
        yield from _step(kind, data, live[session])


def _step(kind: str, data: Mapping[str, Any], state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if kind == "session.answered":
        state["answers"][data["item"]] = [] if data["undo"] else data["evidence"]
        if state["started"]:
            yield from _lots(data["evidence"])
    elif kind == "session.started":
        state["started"] = True
        for pieces in state["answers"].values():
            yield from _lots(pieces)


def _lots(pieces: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for piece in pieces:
        lot = "".join(str(piece["ref"].get("lot") or "").split()).upper()[:160]
        if lot:
            yield lot, _gtin(piece["ref"].get("udi"))


def _gtin(udi: object) -> str:
    digits = udi.strip().removeprefix("(01)").strip() if isinstance(udi, str) else ""
    is_gtin = digits.isascii() and digits.isdigit() and len(digits) in (8, 12, 13, 14)
    return digits.zfill(14) if is_gtin else ""
