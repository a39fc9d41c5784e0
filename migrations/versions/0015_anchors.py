"""Add time-stamp tokens, cosignatures of witnesses, and how asking for them went.

A revision never imports from ``compliance``: it must still mean the same thing
when the code has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

FROZEN = ("anchor", "cosignature")
KEYS = {"anchor": ("clinic_id", "idx"), "cosignature": ("clinic_id", "size", "witness")}


def upgrade() -> None:
    op.create_table(
        "anchor",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("issuer", sa.String(length=64), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("independent", sa.Boolean(), nullable=False),
        sa.Column("gen_time", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint("kind = 'rfc3161'", name=op.f("ck_anchor_kind_known")),
        sa.PrimaryKeyConstraint("clinic_id", "idx", name=op.f("pk_anchor")),
    )
    op.create_table(
        "cosignature",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("witness", sa.String(length=200), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "size", "witness", name=op.f("pk_cosignature")),
    )
    op.create_table(
        "outside_attempt",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("target", sa.String(length=300), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("retry_at", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("clinic_id", "target", name=op.f("pk_outside_attempt")),
    )
    _guard()


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in FROZEN:
        for name in ("refuses_update", "refuses_delete", "refuses_replace"):
            if sqlite:
                op.execute(f"DROP TRIGGER {table}_{name}")
        if not sqlite:
            op.execute(f"DROP TRIGGER {table}_frozen ON {table}")
            op.execute(f"DROP TRIGGER {table}_not_truncated ON {table}")
    for table in ("outside_attempt", "cosignature", "anchor"):
        op.drop_table(table)


def _guard() -> None:
    for table in FROZEN:
        if op.get_bind().dialect.name != "sqlite":
            op.execute(
                f"CREATE TRIGGER {table}_not_truncated BEFORE TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION aseptrail_refuse()"
            )
            op.execute(
                f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION aseptrail_refuse()"
            )
            continue
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table}"
                " BEGIN SELECT RAISE(ABORT, 'append-only'); END"
            )
        same = " AND ".join(f"{key} = NEW.{key}" for key in KEYS[table])
        # REPLACE INTO deletes the old row first; refusing the insert keeps it.
        op.execute(
            f"CREATE TRIGGER {table}_refuses_replace BEFORE INSERT ON {table}"
            f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"
            " BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        )
