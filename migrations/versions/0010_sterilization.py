"""Add the sterilization room: sterilizers, cycles, spore tests, log files and recalls.

A revision never imports from ``compliance``: it must still mean the same thing
when the code has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0003"
branch_labels = None
depends_on = None

KEPT = ("sterilizer", "cycle", "spore_test", "recall", "recall_call", "log_file")
"""Tables whose rows an entry speaks of: nothing is ever deleted from them."""

FROZEN = ("recall_call", "log_file")


def upgrade() -> None:
    op.create_table(
        "cycle",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("cycle_id", sa.String(length=36), nullable=False),
        sa.Column("sterilizer_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("program", sa.String(length=120), nullable=False),
        sa.Column("run_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("set_decicelsius", sa.Integer(), nullable=True),
        sa.Column("set_hold_seconds", sa.Integer(), nullable=True),
        sa.Column("lowest_decicelsius", sa.Integer(), nullable=True),
        sa.Column("highest_decicelsius", sa.Integer(), nullable=True),
        sa.Column("lowest_centibar", sa.Integer(), nullable=True),
        sa.Column("hold_seconds", sa.Integer(), nullable=True),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("machine_failed", sa.Boolean(), nullable=False),
        sa.Column("contents", sa.Text(), nullable=False),
        sa.Column("indicators", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("faults", sa.Text(), nullable=False),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("curve", sa.Text(), nullable=False),
        sa.Column("curve_sha256", sa.String(length=64), nullable=True),
        sa.Column("raw_sha256", sa.String(length=64), nullable=True),
        sa.Column("raw_lines", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("operator_id", sa.String(length=80), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("released_by", sa.String(length=36), nullable=True),
        sa.CheckConstraint(
            "kind IN ('production','day_test','vacuum_test')", name=op.f("ck_cycle_kind_known")
        ),
        sa.CheckConstraint("outcome IN ('passed','failed')", name=op.f("ck_cycle_outcome_known")),
        sa.CheckConstraint(
            "released_at IS NULL OR outcome = 'passed'",
            name=op.f("ck_cycle_only_passed_is_released"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "cycle_id", name=op.f("pk_cycle")),
    )
    op.create_index(
        op.f("ix_cycle_clinic_id_curve_sha256"),
        "cycle",
        ["clinic_id", "curve_sha256"],
        unique=False,
    )
    op.create_index(
        op.f("ix_cycle_clinic_id_run_at_cycle_id"),
        "cycle",
        ["clinic_id", "run_at", "cycle_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_cycle_clinic_id_sterilizer_id_number"),
        "cycle",
        ["clinic_id", "sterilizer_id", "number"],
        unique=False,
    )
    op.create_index(
        op.f("ix_cycle_clinic_id_sterilizer_id_run_at_cycle_id"),
        "cycle",
        ["clinic_id", "sterilizer_id", "run_at", "cycle_id"],
        unique=False,
    )
    op.create_table(
        "log_file",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sterilizer_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("adapter", sa.String(length=40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        sa.Column("arrived_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "sha256", name=op.f("pk_log_file")),
    )
    op.create_table(
        "recall",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("recall_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("sterilizer_id", sa.String(length=36), nullable=True),
        sa.Column("test_id", sa.String(length=36), nullable=True),
        sa.Column("lot", sa.String(length=40), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("last_negative", sa.String(length=36), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("positives", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('spore_test','lot')", name=op.f("ck_recall_kind_known")),
        sa.CheckConstraint("state IN ('open','closed')", name=op.f("ck_recall_state_known")),
        sa.PrimaryKeyConstraint("clinic_id", "recall_id", name=op.f("pk_recall")),
    )
    op.create_index(
        op.f("ix_recall_clinic_id_opened_at_recall_id"),
        "recall",
        ["clinic_id", "opened_at", "recall_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_recall_clinic_id_sterilizer_id_state"),
        "recall",
        ["clinic_id", "sterilizer_id", "state"],
        unique=False,
    )
    op.create_table(
        "recall_call",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("recall_id", sa.String(length=36), nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("called_at", sa.BigInteger(), nullable=False),
        sa.Column("called_by", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("clinic_id", "recall_id", "idx", name=op.f("pk_recall_call")),
    )
    op.create_table(
        "spore_test",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("test_id", sa.String(length=36), nullable=False),
        sa.Column("sterilizer_id", sa.String(length=36), nullable=False),
        sa.Column("cycle_id", sa.String(length=36), nullable=False),
        sa.Column("run_at", sa.BigInteger(), nullable=False),
        sa.Column("lot", sa.String(length=40), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("control_lot", sa.String(length=40), nullable=True),
        sa.Column("result", sa.String(length=10), nullable=False),
        sa.Column("control", sa.String(length=10), nullable=True),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("read_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('pass','fail','invalid','pending','reject')",
            name=op.f("ck_spore_test_outcome_known"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "test_id", name=op.f("pk_spore_test")),
    )
    op.create_index(
        op.f("ix_spore_test_clinic_id_cycle_id"),
        "spore_test",
        ["clinic_id", "cycle_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_spore_test_clinic_id_sterilizer_id_outcome_run_at"),
        "spore_test",
        ["clinic_id", "sterilizer_id", "outcome", "run_at"],
        unique=False,
    )
    op.create_table(
        "sterilizer",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("sterilizer_id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("type", sa.String(length=1), nullable=False),
        sa.Column("serial", sa.String(length=60), nullable=False),
        sa.Column("chamber_litres", sa.Integer(), nullable=True),
        sa.Column("programs", sa.Text(), nullable=False),
        sa.Column("date_order", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.BigInteger(), nullable=False),
        sa.Column("installed_on", sa.Date(), nullable=False),
        sa.Column("spore_due_from", sa.BigInteger(), nullable=False),
        sa.Column("maintained_on", sa.Date(), nullable=True),
        sa.Column("repaired_on", sa.Date(), nullable=True),
        sa.Column("validated_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('in_service','suspended','retest','presterilized_only','retired')",
            name=op.f("ck_sterilizer_state_known"),
        ),
        sa.CheckConstraint("type IN ('B','N','S')", name=op.f("ck_sterilizer_type_known")),
        sa.PrimaryKeyConstraint("clinic_id", "sterilizer_id", name=op.f("pk_sterilizer")),
    )
    op.create_index(
        op.f("ix_sterilizer_clinic_id_code"), "sterilizer", ["clinic_id", "code"], unique=True
    )
    op.add_column("pack", sa.Column("cycle_id", sa.String(length=36), nullable=True))
    op.create_index(
        op.f("ix_pack_clinic_id_cycle_id"), "pack", ["clinic_id", "cycle_id"], unique=False
    )
    op.create_index(
        op.f("ix_pack_clinic_id_sterilizer_sterilized_on"),
        "pack",
        ["clinic_id", "sterilizer", "sterilized_on"],
        unique=False,
    )
    if op.get_bind().dialect.name == "sqlite":
        for name, body in _sqlite_triggers().items():
            op.execute(f"CREATE TRIGGER {name} {body}")
        return
    for table in KEPT:
        changes = "UPDATE OR DELETE" if table in FROZEN else "DELETE"
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE {changes} ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION aseptrail_refuse()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in _sqlite_triggers():
            op.execute(f"DROP TRIGGER {name}")
    else:
        for table in KEPT:
            op.execute(f"DROP TRIGGER {table}_kept ON {table}")
    op.drop_index(op.f("ix_pack_clinic_id_sterilizer_sterilized_on"), table_name="pack")
    op.drop_index(op.f("ix_pack_clinic_id_cycle_id"), table_name="pack")
    op.drop_column("pack", "cycle_id")
    op.drop_index(op.f("ix_sterilizer_clinic_id_code"), table_name="sterilizer")
    op.drop_table("sterilizer")
    op.drop_index(
        op.f("ix_spore_test_clinic_id_sterilizer_id_outcome_run_at"), table_name="spore_test"
    )
    op.drop_index(op.f("ix_spore_test_clinic_id_cycle_id"), table_name="spore_test")
    op.drop_table("spore_test")
    op.drop_table("recall_call")
    op.drop_index(op.f("ix_recall_clinic_id_sterilizer_id_state"), table_name="recall")
    op.drop_index(op.f("ix_recall_clinic_id_opened_at_recall_id"), table_name="recall")
    op.drop_table("recall")
    op.drop_table("log_file")
    op.drop_index(op.f("ix_cycle_clinic_id_sterilizer_id_run_at_cycle_id"), table_name="cycle")
    op.drop_index(op.f("ix_cycle_clinic_id_sterilizer_id_number"), table_name="cycle")
    op.drop_index(op.f("ix_cycle_clinic_id_run_at_cycle_id"), table_name="cycle")
    op.drop_index(op.f("ix_cycle_clinic_id_curve_sha256"), table_name="cycle")
    op.drop_table("cycle")


def _sqlite_triggers() -> dict[str, str]:
    triggers = {}
    for table in KEPT:
        triggers[f"{table}_refuses_delete"] = (
            f"BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, 'kept for the record'); END"
        )
    for table in FROZEN:
        triggers[f"{table}_refuses_update"] = (
            f"BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        )
    return triggers
