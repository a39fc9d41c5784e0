"""The small clinic's report, of a clinic that was called otherwise before."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from compliance.ledger.canonical import JsonValue
from compliance.ledger.commitment import commit
from compliance.ledger.entry import encode_entry, format_time
from unit.report_drawing.audit_fixture import FixtureAudit
from unit.report_drawing.fixture_parts import CLINIC, PEOPLE

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


def rename_person(audit: FixtureAudit, *names: str) -> FixtureAudit:
    """Quote one change of the first colleague's name for each further one, the newest first."""
    user, (first, _) = next(iter(PEOPLE.items()))
    disclosures, context = dict(audit.disclosures), list(audit.context)
    commits: list[JsonValue] = []
    for name in (first, *names):
        commitment = commit("user.name", hashlib.sha256(name.encode()).digest(), name).hex()
        disclosures[commitment] = name
        commits.append({"commit": commitment})
    for number, (old, new) in enumerate(pairwise(commits)):
        body = encode_entry(
            kind="user.renamed",
            clinic=CLINIC["id"],
            at=format_time(RENAMED + timedelta(days=number)),
            by={"user": "system:fixture", "auth": "system"},
            data={"user": user, "old": old, "new": new},
        )
        context.insert(0, (audit.entries[-1][0] + 20 + number, body))
    return replace(audit, disclosures=disclosures, context=context)
