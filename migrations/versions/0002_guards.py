"""Refuse to change the log and ended sessions, and repeat the gate where a database can.

The triggers stop a mistake in our own code, not a database administrator: that
is what the hashes and the checkpoints kept elsewhere are for.

A revision never imports from ``compliance``: it must still mean the same thing
when the code has moved on.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# log_body may lose a row to a purge or an erasure, which an entry announces; that
# right is given by a later revision, together with the operation that uses it.
FROZEN = (
    "log_entry",
    "log_body",
    "log_node",
    "log_place",
    "log_mention",
    "checkpoint",
    "template_version",
    "session_amendment",
    "session_note",
    "clinic_event",
    "attachment",
)
GUARDED = ("treatment_session", "session_answer")
"""Tables that change while a session is open, and are never emptied."""

KEYS = {
    "log_entry": ("clinic_id", "idx"),
    "log_body": ("clinic_id", "idx"),
    "log_node": ("clinic_id", "level", "idx"),
}
FIXED = (
    "device_sterilized_before",
    "gloves_worn",
    "mask_worn",
    "skin_disinfected_before",
    "skin_disinfected_after",
    "device_sterilized_after",
)
KEPT = (
    "clinic_id",
    "session_id",
    "state",
    "version",
    "template_id",
    "template_version",
    "client_id",
    "device_id",
    "practitioner_id",
    "opened_at",
    "opened_index",
    "started_at",
    "finished_at",
    "ended_at",
    "signed_index",
    "closed_index",
    "needle_material",
    "late",
    "warnings",
    "follow_up_on",
)
ENDED = "('closed','aborted')"


def _incomplete(alias: str) -> str:
    """True when the session lacks one of the seven fixed items or one was answered no."""
    items = ",".join(f"'{item}'" for item in FIXED)
    answers = (
        f"SELECT count(*) FROM session_answer a WHERE a.clinic_id = {alias}.clinic_id"
        f" AND a.session_id = {alias}.session_id"
    )
    return (
        f"({answers} AND a.item IN ({items}) AND a.result = '\"yes\"') < {len(FIXED)}"
        f" OR ({answers} AND a.item = 'needle_material') < 1"
        f" OR {alias}.signed_index IS NULL AND {alias}.closed_index IS NULL"
    )


def _ended(alias: str) -> str:
    """True when the answer's session is closed or aborted."""
    return (
        f"EXISTS (SELECT 1 FROM treatment_session s WHERE s.clinic_id = {alias}.clinic_id"
        f" AND s.session_id = {alias}.session_id AND s.state IN {ENDED})"
    )


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _upgrade_sqlite()
    else:
        _upgrade_postgresql()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in _sqlite_triggers():
            op.execute(f"DROP TRIGGER {name}")
        return
    for table in FROZEN:
        op.execute(f"DROP TRIGGER {table}_frozen ON {table}")
    for table in (*FROZEN, *GUARDED):
        op.execute(f"DROP TRIGGER {table}_not_truncated ON {table}")
    op.execute("DROP TRIGGER treatment_session_guard ON treatment_session")
    op.execute("DROP TRIGGER session_answer_guard ON session_answer")
    op.execute("DROP FUNCTION aseptrail_refuse()")
    op.execute("DROP FUNCTION aseptrail_guard_session()")
    op.execute("DROP FUNCTION aseptrail_guard_answer()")


def _sqlite_triggers() -> dict[str, str]:
    triggers = {}
    for table in FROZEN:
        for change in ("UPDATE", "DELETE"):
            triggers[f"{table}_refuses_{change.lower()}"] = (
                f"BEFORE {change} ON {table} BEGIN SELECT RAISE(ABORT, 'append-only'); END"
            )
    for table, keys in KEYS.items():
        same = " AND ".join(f"{key} = NEW.{key}" for key in keys)
        # REPLACE INTO deletes the old row first; refusing the insert keeps it.
        triggers[f"{table}_refuses_replace"] = (
            f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"
            " BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        )
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in KEPT)
    triggers["treatment_session_ended"] = (
        f"BEFORE UPDATE ON treatment_session WHEN OLD.state IN {ENDED} AND ({changed})"
        " BEGIN SELECT RAISE(ABORT, 'the session has ended'); END"
    )
    triggers["treatment_session_refuses_delete"] = (
        "BEFORE DELETE ON treatment_session"
        " BEGIN SELECT RAISE(ABORT, 'sessions are never deleted'); END"
    )
    triggers["treatment_session_refuses_replace"] = (
        "BEFORE INSERT ON treatment_session WHEN EXISTS (SELECT 1 FROM treatment_session"
        " WHERE clinic_id = NEW.clinic_id AND session_id = NEW.session_id)"
        " BEGIN SELECT RAISE(ABORT, 'the session exists'); END"
    )
    triggers["treatment_session_gate"] = (
        "BEFORE UPDATE OF state ON treatment_session"
        " WHEN NEW.state IN ('closed','awaiting_reprocessing') AND OLD.state <> NEW.state"
        f" AND ({_incomplete('NEW')})"
        " BEGIN SELECT RAISE(ABORT, 'the checklist is not complete'); END"
    )
    triggers["treatment_session_begins_as_draft"] = (
        "BEFORE INSERT ON treatment_session WHEN NEW.state <> 'draft'"
        " BEGIN SELECT RAISE(ABORT, 'a session begins as a draft'); END"
    )
    # An answer may neither leave an ended session nor be moved into one.
    either = f"{_ended('OLD')} OR {_ended('NEW')}"
    for change, refused in (
        ("INSERT", _ended("NEW")),
        ("UPDATE", either),
        ("DELETE", _ended("OLD")),
    ):
        triggers[f"session_answer_refuses_{change.lower()}"] = (
            f"BEFORE {change} ON session_answer WHEN {refused}"
            " BEGIN SELECT RAISE(ABORT, 'the session has ended'); END"
        )
    return triggers


def _upgrade_sqlite() -> None:
    for name, body in _sqlite_triggers().items():
        op.execute(f"CREATE TRIGGER {name} {body}")


def _upgrade_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION aseptrail_refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION 'append-only'; END $$"
    )
    for table in (*FROZEN, *GUARDED):
        op.execute(
            f"CREATE TRIGGER {table}_not_truncated BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION aseptrail_refuse()"
        )
    for table in FROZEN:
        op.execute(
            f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION aseptrail_refuse()"
        )
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in KEPT)
    op.execute(
        "CREATE FUNCTION aseptrail_guard_session() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'sessions are never deleted'; END IF;"
        " IF TG_OP = 'INSERT' THEN IF NEW.state <> 'draft' THEN"
        " RAISE EXCEPTION 'a session begins as a draft'; END IF; RETURN NEW; END IF;"
        f" IF OLD.state IN {ENDED} AND ({changed}) THEN"
        " RAISE EXCEPTION 'the session has ended'; END IF;"
        " IF NEW.state IN ('closed','awaiting_reprocessing') AND OLD.state <> NEW.state"
        f" AND ({_incomplete('NEW')}) THEN"
        " RAISE EXCEPTION 'the checklist is not complete'; END IF;"
        " RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER treatment_session_guard"
        " BEFORE INSERT OR UPDATE OR DELETE ON treatment_session"
        " FOR EACH ROW EXECUTE FUNCTION aseptrail_guard_session()"
    )
    op.execute(
        "CREATE FUNCTION aseptrail_guard_answer() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN"
        f" IF TG_OP <> 'INSERT' AND {_ended('OLD')} THEN"
        " RAISE EXCEPTION 'the session has ended'; END IF;"
        # An answer may neither leave an ended session nor be moved into one.
        f" IF TG_OP <> 'DELETE' AND {_ended('NEW')} THEN"
        " RAISE EXCEPTION 'the session has ended'; END IF;"
        " IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER session_answer_guard BEFORE INSERT OR UPDATE OR DELETE ON session_answer"
        " FOR EACH ROW EXECUTE FUNCTION aseptrail_guard_answer()"
    )
