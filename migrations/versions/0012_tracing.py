"""Keep what every session met in rows of its own, and which recalled packs were found.

Until now a lot was looked for inside the text of all answers. The rows are
made from the log, entry by entry, as the operations make them from now on.

A revision never imports from ``compliance``: it must still mean the same thing
when the code has moved on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

FROZEN = ("session_evidence", "recall_pull")
BATCH = 5000
ENDS = ("session.closed", "session.aborted")


def upgrade() -> None:
    op.create_table(
        "session_evidence",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("value", sa.String(length=160), nullable=False),
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint(
            "kind IN ('device','lot','pack')", name=op.f("ck_session_evidence_kind_known")
        ),
        sa.PrimaryKeyConstraint(
            "clinic_id", "kind", "value", "session_id", "idx", name=op.f("pk_session_evidence")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "recall_pull",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("recall_id", sa.String(length=36), nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("pack_id", sa.String(length=36), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('pulled','missing')", name=op.f("ck_recall_pull_outcome_known")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "recall_id", "idx", name=op.f("pk_recall_pull")),
    )
    _fill()
    op.create_index(
        op.f("ix_session_evidence_clinic_id_session_id_idx"),
        "session_evidence",
        ["clinic_id", "session_id", "idx"],
        unique=False,
    )
    for name, columns in INDEXES.items():
        op.create_index(name, name.split("_")[1], columns, unique=False)
    _guard()


INDEXES = {
    "ix_cycle_clinic_id_operator_id_cycle_id": ["clinic_id", "operator_id", "cycle_id"],
    "ix_cycle_clinic_id_released_by_cycle_id": ["clinic_id", "released_by", "cycle_id"],
    "ix_pack_clinic_id_released_by_pack_id": ["clinic_id", "released_by", "pack_id"],
}


def _guard() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, body in _sqlite_triggers().items():
            op.execute(f"CREATE TRIGGER {name} {body}")
        return
    # From a sample PostgreSQL takes most values for common ones and then reads whole tables;
    # in truth a pack meets one client, and a lot a few.
    op.execute("ALTER TABLE session_evidence ALTER COLUMN value SET (n_distinct = -0.3)")
    for table in FROZEN:
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION aseptrail_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_not_truncated BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION aseptrail_refuse()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in _sqlite_triggers():
            op.execute(f"DROP TRIGGER {name}")
    else:
        for table in FROZEN:
            op.execute(f"DROP TRIGGER {table}_kept ON {table}")
            op.execute(f"DROP TRIGGER {table}_not_truncated ON {table}")
    for name in INDEXES:
        op.drop_index(name, table_name=name.split("_")[1])
    op.drop_table("recall_pull")
    op.drop_index(
        op.f("ix_session_evidence_clinic_id_session_id_idx"), table_name="session_evidence"
    )
    op.drop_table("session_evidence")


def _sqlite_triggers() -> dict[str, str]:
    return {
        f"{table}_refuses_{change.lower()}": (
            f"BEFORE {change} ON {table} BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        )
        for table in FROZEN
        for change in ("UPDATE", "DELETE")
    }


def _fill() -> None:
    bind = op.get_bind()
    insert = sa.text(
        "INSERT INTO session_evidence (clinic_id, kind, value, session_id, idx)"
        " VALUES (:clinic, :kind, :value, :session, :idx)"
    )
    for (clinic,) in bind.execute(sa.text("SELECT clinic_id FROM log_head")).fetchall():
        live: dict[str, Any] = {}
        for index, entry in _entries(bind, clinic):
            session = entry["data"].get("session")
            rows = [
                {"clinic": clinic, "kind": kind, "value": value, "session": session, "idx": index}
                for kind, value in sorted(set(_met(entry["kind"], entry["data"], live)))
            ]
            if rows:
                bind.execute(insert, rows)


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
        live[str(session)] = {"device": data["device"]["id"], "answers": {}, "started": False}
    elif kind == "session.amended":
        if data["item"] == "device":
            yield "device", data["new"]["id"]
        yield from _traces(data["evidence_new"])
    elif kind in ENDS:
        live.pop(str(session), None)
    elif session in live:
        yield from _step(kind, data, live[session])


def _step(kind: str, data: Mapping[str, Any], state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if kind == "session.answered":
        state["answers"][data["item"]] = [] if data["undo"] else data["evidence"]
        if state["started"]:
            yield from _traces(data["evidence"])
    elif kind == "session.started":
        state["started"] = True
        yield "device", state["device"]
        for pieces in state["answers"].values():
            yield from _traces(pieces)
    elif kind == "session.corrected" and data["field"] == "device":
        state["device"] = data["new"]["id"]
        if state["started"]:
            yield "device", state["device"]


def _traces(pieces: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for piece in pieces:
        if piece["kind"] == "pack":
            yield "pack", str(piece["ref"]["pack"])
        lot = "".join(str(piece["ref"].get("lot") or "").split()).upper()[:160]
        if lot:
            yield "lot", lot
