"""Everybody outside the building, within the test: authorities that can be made to fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from timing_authorities import Bought, buy_authority

from compliance.keys.posting import NoAnswer
from compliance.keys.time_authority import TimeAuthority, answer_query
from compliance.ledger.policy import Policy
from compliance.operations.anchoring.plan import AnchorPlan, Authority
from givens import NOON, Clock


@dataclass
class Outside:
    """Two authorities whose stamps are bought, and how often each was asked."""

    clock: Clock
    first: Bought = field(default_factory=lambda: buy_authority(NOON, name="Harbour Time"))
    second: Bought = field(default_factory=lambda: buy_authority(NOON, name="Bay Time"))
    asked: list[str] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    """Targets that do not answer."""

    def authority(self, target: str, bought: Bought) -> Authority:
        return Authority(
            target=target,
            pinned=(bought.root,),
            independent=True,
            ask=self.asking(target, bought.authority),
        )

    def asking(self, target: str, authority: TimeAuthority) -> Callable[[bytes, float], bytes]:
        def ask(query: bytes, _seconds: float) -> bytes:
            self.asked.append(target)
            if target in self.silent:
                raise NoAnswer("it does not answer: no route")
            return answer_query(authority, query, clock=self.clock)

        return ask

    def plan(self, policy: Policy | None = None) -> AnchorPlan:
        both = (("https://one", self.first), ("https://two", self.second))
        return AnchorPlan(
            authorities=tuple(self.authority(target, bought) for target, bought in both),
            policy=policy,
        )

    @property
    def roots(self) -> list[x509.Certificate]:
        return [self.first.root, self.second.root]


def check(verdict: Any, code: str) -> Any:
    """The check of a verdict with this code."""
    return next(one for one in verdict.checks if one.code == code)
