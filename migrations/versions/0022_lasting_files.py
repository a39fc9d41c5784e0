"""Note which signed files are kept and when a time-stamp over them is due; ask for countersignatures.

Every file of a finished report is due at once: those that have an archive time-stamp get
their next date when they are looked at. Files of one session that were kept before stay as
they are.

A revision never imports from ``compliance``: it must still mean the same thing
when the code has moved on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "report",
        sa.Column("countersign", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    made = op.create_table(
        "lasting_file",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("report", sa.String(length=80), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("stamps", sa.Integer(), nullable=False),
        sa.Column("extend_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("clinic_id", "name", name=op.f("pk_lasting_file")),
    )
    op.create_index(
        op.f("ix_lasting_file_extend_at_clinic_id_name"),
        "lasting_file",
        ["extend_at", "clinic_id", "name"],
    )
    rows = list(_finished())
    if rows:
        op.bulk_insert(made, rows)


def downgrade() -> None:
    op.drop_table("lasting_file")
    op.drop_column("report", "countersign")


def _finished() -> Iterator[dict[str, Any]]:
    """A row for each file of each report that was made."""
    bind = op.get_bind()
    places = bind.execute(
        sa.text("SELECT clinic_id, thing FROM log_place WHERE kind = 'report_extended'")
    )
    extended = {(row[0], row[1]) for row in places}
    found = bind.execute(
        sa.text("SELECT clinic_id, report_id, files, requested_at FROM report WHERE state = 'done'")
    )
    for clinic, report, files, at in found.fetchall():
        for number, file in enumerate(json.loads(files)):
            part = report if number == 0 else f"{report}/{number}"
            yield {
                "clinic_id": clinic,
                "name": file["name"],
                "report": part,
                "sha256": file["sha256"],
                "size": file["bytes"],
                "stamps": int((clinic, part) in extended),
                "extend_at": at,
            }
