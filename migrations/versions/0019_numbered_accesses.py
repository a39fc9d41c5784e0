"""Number what inspectors read, so that an entry of the log can say how far its hash reaches.

SQLite adds no column that must have a value to a table with rows: there the table is
made anew, with its guards.

A revision never imports from ``compliance``: it must still mean the same thing
when the code has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLE = "inspector_access"
NUMBERS = "ix_inspector_access_clinic_id_number"
INDEXES = {
    "ix_inspector_access_clinic_id_at_access_id": ["clinic_id", "at", "access_id"],
    "ix_inspector_access_clinic_id_user_id_at_access_id": [
        "clinic_id",
        "user_id",
        "at",
        "access_id",
    ],
}
COLUMNS = "clinic_id, access_id, user_id, at, way, what, thing, asked, token_id"
ORDERED = "row_number() OVER (PARTITION BY clinic_id ORDER BY at, access_id)"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _make_anew()
    else:
        op.execute(f"DROP TRIGGER {TABLE}_kept ON {TABLE}")
        op.add_column(TABLE, sa.Column("number", sa.Integer(), nullable=True))
        op.execute(
            f"UPDATE {TABLE} SET number = counted.number"
            f" FROM (SELECT clinic_id, access_id, {ORDERED} AS number FROM {TABLE}) AS counted"
            f" WHERE counted.clinic_id = {TABLE}.clinic_id"
            f" AND counted.access_id = {TABLE}.access_id"
        )
        op.alter_column(TABLE, "number", nullable=False)
        op.execute(
            f"CREATE TRIGGER {TABLE}_kept BEFORE UPDATE OR DELETE ON {TABLE}"
            " FOR EACH ROW EXECUTE FUNCTION aseptrail_refuse()"
        )
    op.create_index(NUMBERS, TABLE, ["clinic_id", "number"], unique=True)


def downgrade() -> None:
    op.drop_index(NUMBERS, table_name=TABLE)
    op.drop_column(TABLE, "number")


def _make_anew() -> None:
    """The guards and the indexes go with the former table."""
    op.rename_table(TABLE, "former_access")
    for name in INDEXES:
        op.drop_index(name, table_name="former_access")
    for change in ("update", "delete"):
        op.execute(f"DROP TRIGGER {TABLE}_refuses_{change}")
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
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "way IN ('page','file','api')", name=op.f("ck_inspector_access_way_known")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "access_id", name=op.f("pk_inspector_access")),
    )
    op.execute(
        f"INSERT INTO {TABLE} ({COLUMNS}, number) SELECT {COLUMNS}, {ORDERED} FROM former_access"
    )
    op.drop_table("former_access")
    for name, columns in INDEXES.items():
        op.create_index(name, TABLE, columns)
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {TABLE}_refuses_{change.lower()} BEFORE {change} ON {TABLE}"
            " BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        )
