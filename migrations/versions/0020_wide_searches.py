"""Answer wide searches from indexes alone.

Who met the work of a person, or one device, may be a tenth of all sessions; looking
each pack and session up in its table costs more than all the rest of the search.

A revision never imports from ``compliance``: it must still mean the same thing
when the code has moved on.
"""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NEW = (
    ("pack", ("clinic_id", "cycle_id", "pack_id")),
    ("pack", ("clinic_id", "released_by", "cycle_id", "pack_id")),
    ("treatment_session", ("clinic_id", "session_id", "client_id", "opened_at")),
)
OLD = (
    ("pack", ("clinic_id", "cycle_id")),
    ("pack", ("clinic_id", "released_by", "pack_id")),
)


def upgrade() -> None:
    _replace(OLD, NEW)


def downgrade() -> None:
    _replace(NEW, OLD)


def _replace(
    former: tuple[tuple[str, tuple[str, ...]], ...], later: tuple[tuple[str, tuple[str, ...]], ...]
) -> None:
    for table, columns in former:
        op.drop_index(_name(table, columns), table_name=table)
    for table, columns in later:
        op.create_index(_name(table, columns), table, list(columns), unique=False)


def _name(table: str, columns: tuple[str, ...]) -> str:
    return op.f(f"ix_{table}_{'_'.join(columns)}")
