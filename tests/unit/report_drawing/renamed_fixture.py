"""The small clinic's report, of a clinic that was called otherwise before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from compliance.ledger.entry import encode_entry, format_time
from unit.report_drawing.audit_fixture import FixtureAudit
from unit.report_drawing.fixture_parts import CLINIC

RENAMED: Final = datetime(2026, 12, 5, 9, tzinfo=UTC)


def rename(audit: FixtureAudit, *names: str, language: str | None = None) -> FixtureAudit:
    """Quote one change for each further name, a day apart, after the range; the last is in force."""
    clinic = audit.data["clinic"]
    spoken = language or clinic["language"]
    first = audit.entries[-1][0] + 10
    context = list(audit.context)
    steps = pairwise(
        ({"name": clinic["name"], "language": clinic["language"]}, *_said(names, spoken))
    )
    for number, (old, new) in enumerate(steps):
        body = encode_entry(
            kind="clinic.changed",
            clinic=CLINIC["id"],
            at=format_time(RENAMED + timedelta(days=number)),
            by={"user": "system:fixture", "auth": "system"},
            data={"old": old, "new": new},
        )
        context.append((first + number, body))
    named = {**clinic, "name": names[-1], "language": spoken}
    return replace(audit, data={**audit.data, "clinic": named}, context=context)


def _said(names: tuple[str, ...], language: str) -> list[dict[str, str]]:
    return [{"name": name, "language": language} for name in names]
