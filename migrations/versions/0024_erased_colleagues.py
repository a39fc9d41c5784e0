"""Let the scan of a licence be emptied once the log says that its person was erased.

Until now nothing could change one.

A revision never imports from ``compliance``: it must still mean the same thing
when the code has moved on.
"""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

KEPT = ("clinic_id", "document_id", "user_id", "media_type", "sha256", "created_at")
SQLITE_TRIGGER = "staff_document_refuses_update"
APPEND_ONLY = "SELECT RAISE(ABORT, 'append-only')"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {SQLITE_TRIGGER}")
        op.execute(
            f"CREATE TRIGGER {SQLITE_TRIGGER} BEFORE UPDATE ON staff_document"
            f" WHEN {_anything_else('IS NOT', _empty_bytes())} BEGIN {APPEND_ONLY}; END"
        )
        return
    op.execute(
        "CREATE FUNCTION aseptrail_guard_staff_document() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'append-only'; END IF;"
        f" IF {_anything_else('IS DISTINCT FROM', _empty_bytes())} THEN"
        " RAISE EXCEPTION 'append-only'; END IF; RETURN NEW; END $$"
    )
    op.execute("DROP TRIGGER staff_document_kept ON staff_document")
    op.execute(
        "CREATE TRIGGER staff_document_kept BEFORE UPDATE OR DELETE ON staff_document"
        " FOR EACH ROW EXECUTE FUNCTION aseptrail_guard_staff_document()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {SQLITE_TRIGGER}")
        op.execute(
            f"CREATE TRIGGER {SQLITE_TRIGGER} BEFORE UPDATE ON staff_document"
            f" BEGIN {APPEND_ONLY}; END"
        )
        return
    op.execute("DROP TRIGGER staff_document_kept ON staff_document")
    op.execute("DROP FUNCTION aseptrail_guard_staff_document()")
    op.execute(
        "CREATE TRIGGER staff_document_kept BEFORE UPDATE OR DELETE ON staff_document"
        " FOR EACH ROW EXECUTE FUNCTION aseptrail_refuse()"
    )


def _empty_bytes() -> str:
    return "x''" if op.get_bind().dialect.name == "sqlite" else "''::bytea"


def _anything_else(different: str, empty: str) -> str:
    """True for an update that does anything but empty what an erasure speaks of."""
    changed = " OR ".join(f"OLD.{column} {different} NEW.{column}" for column in KEPT)
    erased = (
        "EXISTS (SELECT 1 FROM erasure e WHERE e.clinic_id = OLD.clinic_id"
        " AND e.subject_id = OLD.user_id AND e.state = 'erased')"
    )
    return f"{changed} OR NEW.sealed <> {empty} OR NOT {erased}"
