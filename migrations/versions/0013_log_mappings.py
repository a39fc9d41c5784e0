"""Add the mappings of text logs, and note what happened to a sterilizer in its history.

A revision never imports from ``compliance``: it must still mean the same thing
when the code has moved on.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BATCH = 5000
KINDS = ("sterilizer.moved", "sterilizer.serviced")


def upgrade() -> None:
    op.create_table(
        "log_mapping",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("sterilizer_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_log_mapping_version_counts")),
        sa.PrimaryKeyConstraint(
            "clinic_id", "sterilizer_id", "version", name=op.f("pk_log_mapping")
        ),
    )
    op.create_index(
        op.f("ix_log_file_clinic_id_arrived_at_sha256"),
        "log_file",
        ["clinic_id", "arrived_at", "sha256"],
        unique=False,
    )
    _fill_history()
    if op.get_bind().dialect.name == "sqlite":
        for name, body in _sqlite_triggers().items():
            op.execute(f"CREATE TRIGGER {name} {body}")
        return
    op.execute(
        "CREATE TRIGGER log_mapping_kept BEFORE UPDATE OR DELETE ON log_mapping"
        " FOR EACH ROW EXECUTE FUNCTION aseptrail_refuse()"
    )
    op.execute(
        "CREATE TRIGGER log_mapping_not_truncated BEFORE TRUNCATE ON log_mapping"
        " FOR EACH STATEMENT EXECUTE FUNCTION aseptrail_refuse()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in _sqlite_triggers():
            op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute("DROP TRIGGER log_mapping_kept ON log_mapping")
        op.execute("DROP TRIGGER log_mapping_not_truncated ON log_mapping")
    op.drop_index(op.f("ix_log_file_clinic_id_arrived_at_sha256"), table_name="log_file")
    op.drop_table("log_mapping")


def _sqlite_triggers() -> dict[str, str]:
    return {
        f"log_mapping_refuses_{change.lower()}": (
            f"BEFORE {change} ON log_mapping BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        )
        for change in ("UPDATE", "DELETE")
    }


def _fill_history() -> None:
    """Note the moves and services that came before in the history of their sterilizers."""
    bind = op.get_bind()
    clinics = bind.execute(sa.text("SELECT DISTINCT clinic_id FROM sterilizer")).fetchall()
    for (clinic,) in clinics:
        last = -1
        while found := bind.execute(
            sa.text(
                "SELECT idx, body FROM log_body WHERE clinic_id = :clinic AND idx > :last"
                " ORDER BY idx LIMIT :most"
            ),
            {"clinic": clinic, "last": last, "most": BATCH},
        ).fetchall():
            last = found[-1][0]
            for index, body in found:
                # Other kinds are passed over without being read: they are most of a log.
                if b'"kind":"sterilizer.' in bytes(body):
                    _note(bind, clinic, index, json.loads(bytes(body)))


def _note(bind: sa.Connection, clinic: str, index: int, entry: dict) -> None:
    if entry["kind"] not in KINDS:
        return
    values = {"clinic": clinic, "thing": entry["data"]["sterilizer"], "at": index}
    same = "clinic_id = :clinic AND thing = :thing AND idx = :at"
    # Going down leaves the rows, for they are kept; going up again finds them.
    if bind.execute(sa.text(f"SELECT 1 FROM thing_entry WHERE {same}"), values).first() is None:
        bind.execute(
            sa.text(
                "INSERT INTO thing_entry (clinic_id, thing, idx) VALUES (:clinic, :thing, :at)"
            ),
            values,
        )
