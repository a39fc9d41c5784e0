"""The tables of the sterilization room as the audit compares them."""

from __future__ import annotations

from typing import Final

from compliance.operations.auditing.problems import Shape

STERILIZER: Final = Shape(
    table="sterilizer",
    columns=(
        "sterilizer_id",
        "code",
        "name",
        "type",
        "serial",
        "chamber_litres",
        "programs",
        "date_order",
        "state",
        "state_since",
        "installed_on",
        "spore_due_from",
        "maintained_on",
        "repaired_on",
        "validated_on",
        "created_at",
    ),
    keys=1,
)
CYCLE: Final = Shape(
    table="cycle",
    columns=(
        "cycle_id",
        "sterilizer_id",
        "number",
        "kind",
        "program",
        "run_at",
        "ended_at",
        "set_decicelsius",
        "set_hold_seconds",
        "lowest_decicelsius",
        "highest_decicelsius",
        "lowest_centibar",
        "hold_seconds",
        "ended",
        "machine_failed",
        "contents",
        "indicators",
        "outcome",
        "faults",
        "flags",
        "curve_sha256",
        "raw_sha256",
        "raw_lines",
        "version",
        "recorded_at",
        "operator_id",
        "released_at",
        "released_by",
    ),
    keys=1,
)
TEST: Final = Shape(
    table="spore_test",
    columns=(
        "test_id",
        "sterilizer_id",
        "cycle_id",
        "run_at",
        "lot",
        "expires_on",
        "control_lot",
        "result",
        "control",
        "outcome",
        "read_at",
        "read_by",
    ),
    keys=1,
)
RECALL: Final = Shape(
    table="recall",
    columns=(
        "recall_id",
        "kind",
        "sterilizer_id",
        "test_id",
        "lot",
        "gtin",
        "since",
        "last_negative",
        "until",
        "positives",
        "state",
        "opened_at",
        "closed_at",
    ),
    keys=1,
)
CALL: Final = Shape(
    table="recall_call",
    columns=("recall_id", "idx", "session_id", "called_at", "called_by", "outcome", "note"),
    keys=2,
)
PULL: Final = Shape(
    table="recall_pull", columns=("recall_id", "idx", "pack_id", "outcome", "at", "by"), keys=2
)
FILE: Final = Shape(
    table="log_file",
    columns=("sha256", "sterilizer_id", "name", "adapter", "size", "arrived_at", "arrived_by"),
    keys=1,
)
LOAD: Final = Shape(
    table="sterilizer_load",
    columns=(
        "load_id",
        "sterilizer_id",
        "program",
        "contents",
        "started_at",
        "started_by",
        "ended_at",
        "cycle_id",
    ),
    keys=1,
)
MAPPING: Final = Shape(
    table="log_mapping",
    columns=("sterilizer_id", "version", "mapping", "made_at", "made_by"),
    keys=2,
)
