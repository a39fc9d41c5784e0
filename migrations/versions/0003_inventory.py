"""Add the inventory, invitations, qualifications and drafts of checklists, with their guards.

A published checklist must hold the seven fixed items, each always asked. The
trigger repeats what the domain checks, so that no path around it weakens one.

A revision never imports from ``compliance``: it must still mean the same thing
when the code has moved on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEPT = ("lot", "sharps_container", "room", "qualification", "staff_document", "thing_entry")
"""Tables whose rows a record or an entry speaks of: nothing is ever deleted from them."""

FROZEN = ("staff_document", "thing_entry")

FIXED = {
    "device_sterilized_before": ("before", "evidence"),
    "gloves_worn": ("before", "attestation"),
    "mask_worn": ("before", "attestation"),
    "skin_disinfected_before": ("before", "attestation"),
    "needle_material": ("before", "choice"),
    "skin_disinfected_after": ("after", "attestation"),
    "device_sterilized_after": ("after", "evidence"),
}
MATERIALS = ("titanium", "surgical_steel")
REFUSAL = "a checklist lacks or weakens a fixed item"


def upgrade() -> None:
    _create_people()
    _create_things()
    _create_drafts()
    _add_columns()
    if op.get_bind().dialect.name == "sqlite":
        for name, body in _sqlite_triggers().items():
            op.execute(f"CREATE TRIGGER {name} {body}")
    else:
        _guard_postgresql()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in _sqlite_triggers():
            op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute("DROP TRIGGER template_version_fixed_items ON template_version")
        op.execute("DROP FUNCTION aseptrail_guard_template()")
        for table in KEPT:
            op.execute(f"DROP TRIGGER {table}_kept ON {table}")
    _drop()


def _create_people() -> None:
    op.create_table(
        "invitation",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("invitation_id", sa.String(length=36), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("display_name", sa.String(length=120), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("entitled_override", sa.Boolean(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("purpose IN ('join','reset')", name=op.f("ck_invitation_purpose_known")),
        sa.PrimaryKeyConstraint("clinic_id", "invitation_id", name=op.f("pk_invitation")),
    )
    op.create_index(op.f("ix_invitation_token_hash"), "invitation", ["token_hash"], unique=True)
    op.create_table(
        "qualification",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("qualification_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("depth_limit_mm", sa.String(length=8), nullable=True),
        sa.Column("document_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('licence','certificate','training')", name=op.f("ck_qualification_kind_known")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "qualification_id", name=op.f("pk_qualification")),
    )
    op.create_index(
        op.f("ix_qualification_clinic_id_user_id_valid_from"),
        "qualification",
        ["clinic_id", "user_id", "valid_from"],
        unique=False,
    )
    op.create_table(
        "staff_document",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "document_id", name=op.f("pk_staff_document")),
    )


def _create_things() -> None:
    op.create_table(
        "lot",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("lot_id", sa.String(length=36), nullable=False),
        sa.Column("product_id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("discard_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "quantity IS NULL OR quantity >= 0", name=op.f("ck_lot_quantity_not_negative")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "lot_id", name=op.f("pk_lot")),
    )
    op.create_index(
        op.f("ix_lot_clinic_id_expires_on_lot_id"),
        "lot",
        ["clinic_id", "expires_on", "lot_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_lot_clinic_id_product_id_code"),
        "lot",
        ["clinic_id", "product_id", "code"],
        unique=True,
    )
    op.create_table(
        "room",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("room_id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("clinic_id", "room_id", name=op.f("pk_room")),
    )
    op.create_index(op.f("ix_room_clinic_id_code"), "room", ["clinic_id", "code"], unique=True)
    op.create_table(
        "sharps_container",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("container_id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("room_id", sa.String(length=36), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("full_at", sa.BigInteger(), nullable=True),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("clinic_id", "container_id", name=op.f("pk_sharps_container")),
    )
    op.create_index(
        op.f("ix_sharps_container_clinic_id_code"),
        "sharps_container",
        ["clinic_id", "code"],
        unique=True,
    )
    op.create_table(
        "thing_entry",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("thing", sa.String(length=36), nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "thing", "idx", name=op.f("pk_thing_entry")),
        sqlite_with_rowid=False,
    )


def _create_drafts() -> None:
    op.create_table(
        "staged_import",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("import_id", sa.String(length=36), nullable=False),
        sa.Column("family", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("encoding", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "import_id", name=op.f("pk_staged_import")),
    )
    op.create_index(
        op.f("ix_staged_import_clinic_id_created_at"),
        "staged_import",
        ["clinic_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "template_draft",
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("draft_id", sa.String(length=36), nullable=False),
        sa.Column("base_id", sa.String(length=60), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "draft_id", name=op.f("pk_template_draft")),
    )


def _add_columns() -> None:
    op.add_column("device", sa.Column("settings", sa.String(length=400), nullable=True))
    op.add_column("product", sa.Column("maker", sa.String(length=120), nullable=True))
    op.add_column("product", sa.Column("listing", sa.String(length=120), nullable=True))
    op.add_column("product", sa.Column("material", sa.String(length=20), nullable=True))
    op.add_column("product", sa.Column("open_days", sa.Integer(), nullable=True))
    op.create_index(
        "ix_treatment_session_template",
        "treatment_session",
        ["clinic_id", "template_id", "template_version", "opened_at", "session_id"],
        unique=False,
    )


def _drop() -> None:
    op.drop_index("ix_treatment_session_template", table_name="treatment_session")
    op.drop_column("product", "open_days")
    op.drop_column("product", "material")
    op.drop_column("product", "listing")
    op.drop_column("product", "maker")
    op.drop_column("device", "settings")
    op.drop_table("thing_entry")
    op.drop_table("template_draft")
    op.drop_index(op.f("ix_staged_import_clinic_id_created_at"), table_name="staged_import")
    op.drop_table("staged_import")
    op.drop_table("staff_document")
    op.drop_index(op.f("ix_sharps_container_clinic_id_code"), table_name="sharps_container")
    op.drop_table("sharps_container")
    op.drop_index(op.f("ix_room_clinic_id_code"), table_name="room")
    op.drop_table("room")
    op.drop_index(op.f("ix_qualification_clinic_id_user_id_valid_from"), table_name="qualification")
    op.drop_table("qualification")
    op.drop_index(op.f("ix_lot_clinic_id_product_id_code"), table_name="lot")
    op.drop_index(op.f("ix_lot_clinic_id_expires_on_lot_id"), table_name="lot")
    op.drop_table("lot")
    op.drop_index(op.f("ix_invitation_token_hash"), table_name="invitation")
    op.drop_table("invitation")


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
    item = "json_extract(item.value, '$.{}')"
    fixed = " OR ".join(
        f"({item.format('code')} = '{code}' AND {item.format('phase')} = '{phase}'"
        f" AND {item.format('kind')} = '{kind}')"
        for code, (phase, kind) in FIXED.items()
    )
    held = (
        f"SELECT count(*) * 100 + count(DISTINCT {item.format('code')}) FROM json_each(NEW.body, '$.items') AS item"
        f" WHERE {item.format('required_when')} IS NULL AND ({fixed})"
    )
    materials = (
        "SELECT group_concat(json_extract(option.value, '$.value'))"
        " FROM json_each(NEW.body, '$.items') AS item, json_each(item.value, '$.options') AS option"
        f" WHERE {item.format('code')} = 'needle_material'"
    )
    triggers["template_version_fixed_items"] = (
        f"BEFORE INSERT ON template_version WHEN ({held}) <> {len(FIXED) * 101}"
        f" OR ({materials}) IS NOT '{','.join(MATERIALS)}'"
        f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )
    return triggers


def _guard_postgresql() -> None:
    for table in KEPT:
        changes = "UPDATE OR DELETE" if table in FROZEN else "DELETE"
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE {changes} ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION aseptrail_refuse()"
        )
    fixed = " OR ".join(
        f"(item->>'code' = '{code}' AND item->>'phase' = '{phase}' AND item->>'kind' = '{kind}')"
        for code, (phase, kind) in FIXED.items()
    )
    items = "jsonb_array_elements(NEW.body::jsonb->'items') AS item"
    op.execute(
        "CREATE FUNCTION aseptrail_guard_template() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF (SELECT count(*) * 100 + count(DISTINCT item->>'code') FROM {items}"
        f" WHERE item->>'required_when' IS NULL AND ({fixed})) <> {len(FIXED) * 101}"
        " OR (SELECT string_agg(option->>'value', ',' ORDER BY place)"
        f" FROM {items}, jsonb_array_elements(item->'options') WITH ORDINALITY AS o(option, place)"
        f" WHERE item->>'code' = 'needle_material') IS DISTINCT FROM '{','.join(MATERIALS)}'"
        f" THEN RAISE EXCEPTION '{REFUSAL}'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER template_version_fixed_items BEFORE INSERT ON template_version"
        " FOR EACH ROW EXECUTE FUNCTION aseptrail_guard_template()"
    )
