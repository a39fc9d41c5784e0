"""What the doctor sees of time-stamps and witnesses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from compliance.operations.anchoring.plan import plan_anchors
from compliance.operations.anchoring.status import AnchorStatus, Gap, read_status
from compliance.operations.safekeeping.doctor.findings import Finding, unsafe, warning
from compliance.settings import SettingInvalid, Settings
from compliance.store import clinics
from compliance.store.session import Database


def look_outside(
    settings: Settings, database: Database, keys_folder: Path, now: datetime
) -> Iterator[Finding]:
    """Gaps between time-stamps, and whoever did not answer last; asks nobody."""
    try:
        plan = plan_anchors(settings, keys_folder, lambda: now)
    except SettingInvalid as error:
        yield warning(
            "outside_setting",
            f"{error}.",
            "Nobody outside is asked, and the server does not start.",
            "correct the setting",
        )
        return
    with database.reading() as tx:
        for clinic in clinics.list_clinics(tx):
            status = read_status(tx, clinic.clinic_id, plan, now=now)
            yield from _look(clinic.slug, status)


def _look(slug: str, status: AnchorStatus) -> Iterator[Finding]:
    for attempt in status.failing:
        yield warning(
            "outside_silent",
            f"{attempt.target} gave no answer that counts for {slug}, {attempt.failures} times in a row: "
            f"{attempt.problem}.",
            "It is asked again by itself, at the latest after six hours.",
            "check the address, the connection and COMPLIANCE_TSA_CERTIFICATES",
        )
    if status.gap in (Gap.AMBER, Gap.RED) and status.since is not None:
        say = unsafe if status.gap is Gap.RED else warning
        yield say(
            "anchor_gap",
            f"Nobody outside has seen the log of {slug} since {status.since:%-d %b %Y, %H:%M} UTC.",
            "Whatever was entered since then could still be cut off or written anew unnoticed.",
            "compliance worker  (and check that the authority answers)",
        )
