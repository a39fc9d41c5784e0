"""A session may be called closed only with its complete checklist, and time runs forward."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from compliance.ledger.canonical import JsonValue
from compliance.report.verifying.verdict import Outcome
from compliance.report.verifying.verify import verify_report
from unit.verifying.building import (
    answers,
    make_clinic,
    open_session,
    parts_of,
    rejected_for,
    seal,
    treat,
)

Roots = list[x509.Certificate]
MARCH = datetime(2026, 3, 25, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        pytest.param({"items": answers(gloves_worn=None)}, "sessions", id="fixed-item-missing"),
        pytest.param({"items": answers(mask_worn="no")}, "sessions", id="fixed-item-refused"),
        pytest.param({"items": answers(needle_material="nickel")}, "sessions", id="bad-needle"),
        pytest.param({"items": answers(needle_material=None)}, "sessions", id="no-needle"),
        pytest.param({"items": answers(anaesthetic=None)}, "sessions", id="template-item-missing"),
        pytest.param({"items": answers(anaesthetic="yes")}, "sessions", id="condition-satisfied"),
        pytest.param(
            {"items": answers(anaesthetic="yes", anaesthetic_lot="L1")}, None, id="both-answered"
        ),
        pytest.param(
            {"opened": {"index": 1, "at": "2026-03-25T09:00:00.000Z"}},
            "sessions",
            id="opened-elsewhere",
        ),
        pytest.param(
            {"opened": {"index": 999, "at": "2026-03-25T09:00:00.000Z"}},
            "sessions",
            id="opened-later",
        ),
        pytest.param({"session": "s-march-1"}, "sessions", id="closed-twice"),
        pytest.param({"items": "none"}, "readable", id="not-a-list"),
        pytest.param({"template": {"hash": "00" * 32}}, "sessions", id="unknown-template"),
    ],
)
def test_a_closed_session_must_be_complete(
    changed: dict[str, JsonValue], code: str | None, tmp_path: Path
) -> None:
    clinic = make_clinic(tmp_path / "keys")
    # The log is written by the clinic itself, with software that let this through.
    april = clinic.bodies[-4:]
    del clinic.bodies[-4:]
    treat(clinic, "s-incomplete", MARCH, changed)
    clinic.bodies.extend(april)
    parts = parts_of(clinic)
    opened = next(i for i, body in enumerate(clinic.bodies) if b'"s-open"' in body)
    parts = replace(
        parts, open_sessions=[{"session": "s-open", "state": "draft", "opened_index": opened}]
    )
    verdict = verify_report(seal(parts, clinic, tmp_path), trust_roots=[clinic.root.certificate])
    if code is None:
        assert verdict.outcome is Outcome.ACCEPTED, verdict.failed
    else:
        assert rejected_for(verdict) == code


@pytest.mark.parametrize("explained", [True, False])
def test_a_clock_put_back_must_be_on_record(explained: bool, tmp_path: Path) -> None:
    clinic = make_clinic(tmp_path / "keys")
    april = clinic.bodies[-4:]
    del clinic.bodies[-4:]
    before = datetime(2026, 3, 23, 9, tzinfo=UTC)
    if explained:
        clinic.append(
            "clock.anomaly",
            before - timedelta(hours=2),
            {"previous": "2026-03-23T09:00:00.000Z", "observed": "2026-03-23T07:00:00.000Z"},
        )
    opened = open_session(clinic, "s-late", before - timedelta(hours=1))
    clinic.bodies.extend(april)
    first = next(i for i, body in enumerate(clinic.bodies) if b'"s-open"' in body)
    parts = replace(
        parts_of(clinic),
        open_sessions=[
            {"session": "s-open", "state": "draft", "opened_index": first},
            {"session": "s-late", "state": "draft", "opened_index": opened},
        ],
    )
    verdict = verify_report(seal(parts, clinic, tmp_path), trust_roots=[clinic.root.certificate])
    if explained:
        assert verdict.outcome is Outcome.ACCEPTED, verdict.failed
    else:
        assert rejected_for(verdict) == "clock"
