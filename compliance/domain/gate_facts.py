"""What the gate looks at, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, tzinfo

from compliance.domain.answers import Answer
from compliance.domain.depth import NO_LIMITS, DepthLimits
from compliance.domain.evidence import Component, PackFacts
from compliance.domain.rules import EffectiveRules
from compliance.domain.template import Template
from compliance.domain.tracing import LotNotice
from compliance.domain.words import SessionState
from compliance.errors import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """One thing in the way: what is wrong, why, and what to do now."""

    item: str
    code: str
    reason: str
    rule: str
    fix: str

    def to_json(self) -> dict[str, str]:
        return {
            "item": self.item,
            "code": self.code,
            "reason": self.reason,
            "rule": self.rule,
            "fix": self.fix,
        }


class Blocked(Conflict):
    """The gate refuses; carries every blocker."""

    code = "blocked"

    def __init__(self, blockers: tuple[Blocker, ...]) -> None:
        count = len(blockers)
        super().__init__(f"{count} {'thing is' if count == 1 else 'things are'} in the way")
        self.blockers = blockers


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """Everything the gate looks at; nothing else may influence it."""

    session_id: str
    state: SessionState
    template: Template
    device_id: str
    components: tuple[Component, ...]
    answers: Mapping[str, Answer]
    overridden: frozenset[str]
    packs: Mapping[str, PackFacts]
    """The register's present word on every pack that the evidence names."""
    rules: EffectiveRules
    consent_signed: bool
    today: date
    """The clinic's date, for expiry."""
    zone: tzinfo
    depth_limits: DepthLimits = NO_LIMITS
    recalled_lots: frozenset[LotNotice] = frozenset()
    """What makers have taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAnswer:
    """Every blocker, and the components that only wait for the sterilization room."""

    blockers: tuple[Blocker, ...]
    waiting: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        return not self.blockers
