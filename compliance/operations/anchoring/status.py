"""How long ago somebody outside last saw the log, for the manager's page and the doctor."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from compliance.operations.anchoring.plan import AnchorPlan
from compliance.store import anchors, log
from compliance.store.anchors import Attempt, LastAnchor
from compliance.store.clinics import find_clinic
from compliance.store.session import Tx

AMBER: Final = timedelta(hours=24)
RED: Final = timedelta(days=7)


class Gap(enum.StrEnum):
    """How long nobody outside has seen the log."""

    OFF = "off"
    """The settings name no authority."""

    NONE = "none"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorStatus:
    """One clinic's time-stamps as of now."""

    gap: Gap
    last: LastAnchor | None
    since: datetime | None
    """When the gap began: the newest time-stamp, else when asking began."""

    failing: tuple[Attempt, ...]
    """Authorities and witnesses that did not answer when they were asked last."""


def read_status(tx: Tx, clinic_id: str, plan: AnchorPlan, *, now: datetime) -> AnchorStatus:
    """Read how a clinic's log stands with those outside."""
    last = anchors.find_last(tx, clinic_id)
    attempts = anchors.list_attempts(tx, clinic_id)
    named = {authority.target for authority in plan.authorities}
    if plan.policy is not None:
        named |= {f"witness:{one.key.name}" for one in plan.policy.witnesses.values()}
    failing = tuple(one for one in attempts if one.failures and one.target in named)
    if not plan.authorities:
        return AnchorStatus(gap=Gap.OFF, last=last, since=None, failing=failing)
    since = last.gen_time if last is not None else _began(tx, clinic_id)
    if since is None or now - since <= AMBER:
        gap = Gap.NONE
    else:
        gap = Gap.RED if now - since > RED else Gap.AMBER
    return AnchorStatus(gap=gap, last=last, since=since, failing=failing)


def _began(tx: Tx, clinic_id: str) -> datetime | None:
    clinic = find_clinic(tx, clinic_id)
    head = log.read_head(tx, clinic_id, lock=False)
    return None if clinic is None or head is None else clinic.created_at
