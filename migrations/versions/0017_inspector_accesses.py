"""Keep what every inspector read, and when.

The rows are no entries of the log: reading changes nothing that a report speaks of. They are
inserted and never changed, like the record itself.

A revision never imports from ``compliance``: it must still mean the same thing
when the code has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLE = "inspector_access"
INDEXES = {
    "ix_inspector_access_clinic_id_at_access_id": ["clinic_id", "at", "access_id"],
    "ix_inspector_access_clinic_id_user_id_at_access_id": [
        "clinic_id",
        "user_id",
        "at",
        "access_id",
    ],
}


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("access_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.String(length=4), nullable=False),
        sa.Column("what", sa.String(length=80), nullable=False),
        sa.Column("thing", sa.String(length=120), nullable=False),
        sa.Column("asked", sa.String(length=160), nullable=False),
        sa.Column("token_id", sa.String(length=36), nullable=True),
        sa.CheckConstraint(
            "way IN ('page','file','api')", name=op.f("ck_inspector_access_way_known")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "access_id", name=op.f("pk_inspector_access")),
    )
    for name, columns in INDEXES.items():
        op.create_index(name, TABLE, columns)
    if op.get_bind().dialect.name == "sqlite":
        for name, body in _sqlite_triggers().items():
            op.execute(f"CREATE TRIGGER {name} {body}")
        return
    op.execute(
        f"CREATE TRIGGER {TABLE}_kept BEFORE UPDATE OR DELETE ON {TABLE}"
        " FOR EACH ROW EXECUTE FUNCTION aseptrail_refuse()"
    )
    op.execute(
        f"CREATE TRIGGER {TABLE}_not_truncated BEFORE TRUNCATE ON {TABLE}"
        " FOR EACH STATEMENT EXECUTE FUNCTION aseptrail_refuse()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in _sqlite_triggers():
            op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute(f"DROP TRIGGER {TABLE}_kept ON {TABLE}")
        op.execute(f"DROP TRIGGER {TABLE}_not_truncated ON {TABLE}")
    for name in INDEXES:
        op.drop_index(name, table_name=TABLE)
    op.drop_table(TABLE)


def _sqlite_triggers() -> dict[str, str]:
    return {
        f"{TABLE}_refuses_{change.lower()}": (
            f"BEFORE {change} ON {TABLE} BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        )
        for change in ("UPDATE", "DELETE")
    }
