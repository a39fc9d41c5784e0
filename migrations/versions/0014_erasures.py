"""Add erasures: asked for by one person, confirmed by another, and what is then emptied.

A sealed attachment may be emptied once the log says that its person was erased; until now
nothing could change one.

A revision never imports from ``compliance``: it must still mean the same thing
when the code has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEPT = (
    "clinic_id",
    "attachment_id",
    "session_id",
    "subject_id",
    "kind",
    "media_type",
    "sha256",
    "idx",
)
FIXED = (
    "clinic_id",
    "erasure_id",
    "subject_id",
    "what",
    "basis",
    "requested_by",
    "requested_at",
    "requested_index",
    "ended_by",
    "ended_at",
    "ended_index",
    "state",
)
OVER = "('erased','withdrawn')"
SQLITE_EMPTY = "x''"
POSTGRESQL_EMPTY = "''::bytea"


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("erasure_id", sa.String(length=36), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("what", sa.String(length=12), nullable=False),
        sa.Column("basis", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("requested_by", sa.String(length=80), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("requested_index", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_index", sa.BigInteger(), nullable=True),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('requested','withdrawn','erased')", name=op.f("ck_erasure_state_known")
        ),
        sa.CheckConstraint(
            "state <> 'erased' OR ended_by <> requested_by", name=op.f("ck_erasure_two_persons")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "erasure_id", name=op.f("pk_erasure")),
    )
    op.create_index(op.f("ix_erasure_clinic_id_subject_id"), "erasure", ["clinic_id", "subject_id"])
    if op.get_bind().dialect.name == "sqlite":
        _upgrade_sqlite()
    else:
        _upgrade_postgresql()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in _sqlite_triggers():
            op.execute(f"DROP TRIGGER {name}")
        op.execute(
            "CREATE TRIGGER attachment_refuses_update BEFORE UPDATE ON attachment"
            " BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        )
    else:
        op.execute("DROP TRIGGER attachment_frozen ON attachment")
        op.execute("DROP TRIGGER erasure_guard ON erasure")
        op.execute("DROP TRIGGER erasure_not_truncated ON erasure")
        op.execute("DROP FUNCTION aseptrail_guard_attachment()")
        op.execute("DROP FUNCTION aseptrail_guard_erasure()")
        op.execute(
            "CREATE TRIGGER attachment_frozen BEFORE UPDATE OR DELETE ON attachment"
            " FOR EACH ROW EXECUTE FUNCTION aseptrail_refuse()"
        )
    op.drop_index(op.f("ix_erasure_clinic_id_subject_id"), table_name="erasure")
    op.drop_table("erasure")


def _emptied(different: str, empty: str) -> str:
    """True for an update that does anything but empty what an erasure speaks of."""
    changed = " OR ".join(f"OLD.{column} {different} NEW.{column}" for column in KEPT)
    erased = (
        "EXISTS (SELECT 1 FROM erasure e WHERE e.clinic_id = OLD.clinic_id"
        " AND e.subject_id = OLD.subject_id AND e.state = 'erased')"
    )
    return f"{changed} OR NEW.sealed <> {empty} OR NOT {erased}"


def _sqlite_triggers() -> dict[str, str]:
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in FIXED)
    return {
        "attachment_refuses_update": (
            f"BEFORE UPDATE ON attachment WHEN {_emptied('IS NOT', SQLITE_EMPTY)}"
            " BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        ),
        "erasure_begins_as_request": (
            "BEFORE INSERT ON erasure WHEN NEW.state <> 'requested' OR EXISTS (SELECT 1 FROM"
            " erasure WHERE clinic_id = NEW.clinic_id AND erasure_id = NEW.erasure_id)"
            " BEGIN SELECT RAISE(ABORT, 'an erasure begins as a request'); END"
        ),
        "erasure_refuses_update": (
            f"BEFORE UPDATE ON erasure WHEN OLD.state IN {OVER} AND ({changed})"
            " BEGIN SELECT RAISE(ABORT, 'the erasure is over'); END"
        ),
        "erasure_refuses_delete": (
            "BEFORE DELETE ON erasure BEGIN SELECT RAISE(ABORT, 'kept for the record'); END"
        ),
    }


def _upgrade_sqlite() -> None:
    op.execute("DROP TRIGGER attachment_refuses_update")
    for name, body in _sqlite_triggers().items():
        op.execute(f"CREATE TRIGGER {name} {body}")


def _upgrade_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION aseptrail_guard_attachment() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'append-only'; END IF;"
        f" IF {_emptied('IS DISTINCT FROM', POSTGRESQL_EMPTY)} THEN"
        " RAISE EXCEPTION 'append-only'; END IF; RETURN NEW; END $$"
    )
    op.execute("DROP TRIGGER attachment_frozen ON attachment")
    op.execute(
        "CREATE TRIGGER attachment_frozen BEFORE UPDATE OR DELETE ON attachment"
        " FOR EACH ROW EXECUTE FUNCTION aseptrail_guard_attachment()"
    )
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in FIXED)
    op.execute(
        "CREATE FUNCTION aseptrail_guard_erasure() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'kept for the record'; END IF;"
        " IF TG_OP = 'INSERT' THEN IF NEW.state <> 'requested' THEN"
        " RAISE EXCEPTION 'an erasure begins as a request'; END IF; RETURN NEW; END IF;"
        f" IF OLD.state IN {OVER} AND ({changed}) THEN"
        " RAISE EXCEPTION 'the erasure is over'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER erasure_guard BEFORE INSERT OR UPDATE OR DELETE ON erasure"
        " FOR EACH ROW EXECUTE FUNCTION aseptrail_guard_erasure()"
    )
    op.execute(
        "CREATE TRIGGER erasure_not_truncated BEFORE TRUNCATE ON erasure"
        " FOR EACH STATEMENT EXECUTE FUNCTION aseptrail_refuse()"
    )
