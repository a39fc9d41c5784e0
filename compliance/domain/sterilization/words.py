"""The words of the sterilization room, stored and hashed by value."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


class SterilizerType(enum.StrEnum):
    """Of small steam sterilizers, EN 13060: B for all loads, N for unwrapped solids, S as stated."""

    B = "B"
    N = "N"
    S = "S"


class SterilizerState(enum.StrEnum):
    """Where a sterilizer stands; only ``in_service`` yields usable packs."""

    IN_SERVICE = "in_service"
    SUSPENDED = "suspended"
    RETEST = "retest"
    PRESTERILIZED_ONLY = "presterilized_only"
    RETIRED = "retired"


MOVES: Final[Mapping[SterilizerState, frozenset[SterilizerState]]] = MappingProxyType(
    {
        SterilizerState.IN_SERVICE: frozenset(
            {
                SterilizerState.SUSPENDED,
                SterilizerState.RETEST,
                SterilizerState.PRESTERILIZED_ONLY,
                SterilizerState.RETIRED,
            }
        ),
        SterilizerState.SUSPENDED: frozenset(
            {
                SterilizerState.RETEST,
                SterilizerState.PRESTERILIZED_ONLY,
                SterilizerState.RETIRED,
            }
        ),
        SterilizerState.RETEST: frozenset(
            {SterilizerState.IN_SERVICE, SterilizerState.SUSPENDED, SterilizerState.RETIRED}
        ),
        SterilizerState.PRESTERILIZED_ONLY: frozenset(
            {SterilizerState.RETEST, SterilizerState.RETIRED}
        ),
        SterilizerState.RETIRED: frozenset(),
    }
)
"""Which state may follow which. The way back into service always leads through a retest."""


class CycleKind(enum.StrEnum):
    """What a run was for; only a production load yields packs and takes a spore test."""

    PRODUCTION = "production"
    DAY_TEST = "day_test"
    VACUUM_TEST = "vacuum_test"


class CycleOutcome(enum.StrEnum):
    """What the achieved values and indicators say, whatever the printout claims."""

    PASSED = "passed"
    FAILED = "failed"


class SporeOutcome(enum.StrEnum):
    """The verdict of a biological indicator with its control."""

    PASS = "pass"  # noqa: S105 (a verdict, not a secret)
    FAIL = "fail"
    INVALID = "invalid"
    PENDING = "pending"
    REJECT = "reject"


class Growth(enum.StrEnum):
    GROWTH = "growth"
    NO_GROWTH = "no_growth"
    PENDING = "pending"
