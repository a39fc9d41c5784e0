"""Add the loads of the sterilization room: drafts, and those that were started.

A revision never imports from ``compliance``: it must still mean the same thing
when the code has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "load_draft",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=80), nullable=False),
        sa.Column("sterilizer_id", sa.String(length=36), nullable=True),
        sa.Column("program", sa.String(length=120), nullable=False),
        sa.Column("contents", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "user_id", name=op.f("pk_load_draft")),
    )
    op.create_table(
        "sterilizer_load",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("load_id", sa.String(length=36), nullable=False),
        sa.Column("sterilizer_id", sa.String(length=36), nullable=False),
        sa.Column("program", sa.String(length=120), nullable=False),
        sa.Column("contents", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("started_by", sa.String(length=80), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("cycle_id", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("clinic_id", "load_id", name=op.f("pk_sterilizer_load")),
    )
    op.create_index(
        op.f("ix_sterilizer_load_clinic_id_cycle_id"),
        "sterilizer_load",
        ["clinic_id", "cycle_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_sterilizer_load_clinic_id_ended_at_started_at"),
        "sterilizer_load",
        ["clinic_id", "ended_at", "started_at"],
        unique=False,
    )
    if op.get_bind().dialect.name == "sqlite":
        for name, body in _sqlite_triggers().items():
            op.execute(f"CREATE TRIGGER {name} {body}")
        return
    op.execute(
        "CREATE TRIGGER sterilizer_load_kept BEFORE DELETE ON sterilizer_load"
        " FOR EACH ROW EXECUTE FUNCTION aseptrail_refuse()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in _sqlite_triggers():
            op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute("DROP TRIGGER sterilizer_load_kept ON sterilizer_load")
    op.drop_index(
        op.f("ix_sterilizer_load_clinic_id_ended_at_started_at"), table_name="sterilizer_load"
    )
    op.drop_index(op.f("ix_sterilizer_load_clinic_id_cycle_id"), table_name="sterilizer_load")
    op.drop_table("sterilizer_load")
    op.drop_table("load_draft")


def _sqlite_triggers() -> dict[str, str]:
    return {
        "sterilizer_load_refuses_delete": (
            "BEFORE DELETE ON sterilizer_load BEGIN SELECT RAISE(ABORT, 'kept for the record'); END"
        )
    }
