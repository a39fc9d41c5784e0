"""Add the signed lists of recalls and searches that are kept.

Lists that were handed out before were not kept, so there is nothing to bring in.

A revision never imports from ``compliance``: it must still mean the same thing
when the code has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TABLE = "traced_file"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("report_id", sa.String(length=36), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("recall_id", sa.String(length=36), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=True),
        sa.Column("ref", sa.String(length=160), nullable=True),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("said", sa.String(length=64), nullable=False),
        sa.Column("people", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "purpose = 'recall' AND recall_id IS NOT NULL AND kind IS NULL AND ref IS NULL"
            " OR purpose = 'search' AND recall_id IS NULL AND kind IS NOT NULL AND ref IS NOT NULL",
            name=op.f("ck_traced_file_purpose_known"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "report_id", name=op.f("pk_traced_file")),
    )
    for columns in (("idx",), ("recall_id", "idx"), ("said", "made_by")):
        names = ["clinic_id", *columns]
        op.create_index(op.f(f"ix_{TABLE}_{'_'.join(names)}"), TABLE, names)
    _guard()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("refuses_update", "refuses_delete", "refuses_replace"):
            op.execute(f"DROP TRIGGER {TABLE}_{name}")
    else:
        op.execute(f"DROP TRIGGER {TABLE}_frozen ON {TABLE}")
        op.execute(f"DROP TRIGGER {TABLE}_not_truncated ON {TABLE}")
    op.drop_table(TABLE)


def _guard() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.execute(
            f"CREATE TRIGGER {TABLE}_not_truncated BEFORE TRUNCATE ON {TABLE}"
            " FOR EACH STATEMENT EXECUTE FUNCTION aseptrail_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER {TABLE}_frozen BEFORE UPDATE OR DELETE ON {TABLE}"
            " FOR EACH ROW EXECUTE FUNCTION aseptrail_refuse()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {TABLE}_refuses_{change.lower()} BEFORE {change} ON {TABLE}"
            " BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        )
    # REPLACE INTO deletes the old row first; refusing the insert keeps it.
    op.execute(
        f"CREATE TRIGGER {TABLE}_refuses_replace BEFORE INSERT ON {TABLE}"
        f" WHEN EXISTS (SELECT 1 FROM {TABLE}"
        " WHERE clinic_id = NEW.clinic_id AND report_id = NEW.report_id)"
        " BEGIN SELECT RAISE(ABORT, 'append-only'); END"
    )
