"""Judging a cycle by what it achieved, and a spore test by its control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from compliance.domain.sterilization.steam import LARGEST_GAP_KELVIN, steam_gap
from compliance.domain.sterilization.words import CycleKind, CycleOutcome, Growth, SporeOutcome

CHEMICAL_TYPES: Final = (1, 2, 3, 4, 5, 6)
"""ISO 11140-1. Type 1 tells only that an item went through a process; it never releases alone."""

INTEGRATOR: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What a program must reach, in tenths of a degree, hundredths of a bar and seconds."""

    name: str
    hold_decicelsius: int
    """The lowest temperature of the hold, inclusive."""
    upper_decicelsius: int
    """The highest temperature of the hold, inclusive; the usual band is +3 K (EN 285)."""
    hold_seconds: int
    """The shortest hold, inclusive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One moment of the hold."""

    at_seconds: int
    """Since the start of the cycle."""
    decicelsius: int
    centibar: int
    """Absolute pressure in hundredths of a bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChemicalIndicator:
    """A strip of ISO 11140-1 and whether it reached its end point."""

    type: int
    changed: bool
    lot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleReadings:
    """What a run achieved. Set values are no evidence and are not here."""

    lowest_decicelsius: int | None
    highest_decicelsius: int | None
    hold_seconds: int | None
    curve: tuple[Reading, ...] = ()
    ended: bool = True
    """The log has its end line."""
    machine_failed: bool = False
    """The machine itself reported an error."""
    indicators: tuple[ChemicalIndicator, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleVerdict:
    """The outcome with every fault found, not only the first."""

    outcome: CycleOutcome
    faults: tuple[str, ...]


def judge_cycle(
    program: Program,
    readings: CycleReadings,
    *,
    kind: CycleKind = CycleKind.PRODUCTION,
    integrator_required: bool = False,
) -> CycleVerdict:
    """Judge a cycle by its achieved values, the steam curve and its indicators.

    Args:
        program: the limits, inclusive.
        readings: what was achieved.
        kind: only production loads demand chemical indicators; those read count for any run.
        integrator_required: the clinic's rules ask for a type 5 or 6 in each load.
    """
    faults = [*_value_faults(program, readings), *_curve_faults(readings.curve)]
    faults.extend(_unchanged_faults(readings.indicators))
    if kind is CycleKind.PRODUCTION:
        faults.extend(_missing_faults(readings.indicators, integrator_required))
    if readings.machine_failed:
        faults.append("The sterilizer itself reported an error.")
    if not readings.ended:
        faults.append("The log has no end line.")
    outcome = CycleOutcome.FAILED if faults else CycleOutcome.PASSED
    return CycleVerdict(outcome=outcome, faults=tuple(faults))


def _value_faults(program: Program, readings: CycleReadings) -> Sequence[str]:
    faults = []
    lowest, highest, hold = (
        readings.lowest_decicelsius,
        readings.highest_decicelsius,
        readings.hold_seconds,
    )
    if lowest is None or hold is None:
        faults.append("The achieved temperature or hold time is not recorded.")
    if lowest is not None and lowest < program.hold_decicelsius:
        faults.append(
            f"The lowest temperature was {lowest / 10:.1f} °C,"
            f" below {program.hold_decicelsius / 10:.1f} °C."
        )
    if highest is not None and highest > program.upper_decicelsius:
        faults.append(
            f"The highest temperature was {highest / 10:.1f} °C,"
            f" above {program.upper_decicelsius / 10:.1f} °C."
        )
    if hold is not None and hold < program.hold_seconds:
        faults.append(f"The hold lasted {hold} s, shorter than {program.hold_seconds} s.")
    return faults


def _curve_faults(curve: Sequence[Reading]) -> Sequence[str]:
    off = [
        reading
        for reading in curve
        if reading.centibar <= 0
        or abs(steam_gap(reading.decicelsius / 10, reading.centibar / 100)) > LARGEST_GAP_KELVIN
    ]
    if not off:
        return ()
    worst = off[0]
    first = f"{worst.decicelsius / 10:.1f} °C at {worst.centibar / 100:.2f} bar"
    fault = (
        f"{len(off)} of {len(curve)} readings are more than 2 K off saturated steam, first {first}."
    )
    return (fault,)


def _unchanged_faults(indicators: Sequence[ChemicalIndicator]) -> Sequence[str]:
    """Of any run: a Bowie-Dick or Helix that did not change is a failed day test."""
    return [
        f"The chemical indicator of type {indicator.type} did not reach its end point."
        for indicator in indicators
        if not indicator.changed
    ]


def _missing_faults(
    indicators: Sequence[ChemicalIndicator], integrator_required: bool
) -> Sequence[str]:
    best = max((indicator.type for indicator in indicators), default=0)
    if best <= 1:
        return ["No chemical indicator beyond type 1 was read; type 1 never releases alone."]
    if integrator_required and best < INTEGRATOR:
        return ["The rules ask for a type 5 integrator in each load; none was read."]
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class SporeReading:
    """A biological indicator and its control, as read after incubation."""

    test: Growth
    control: Growth | None
    same_lot: bool
    expired: bool
    """The indicator had expired when the load ran."""
    in_normal_load: bool = True


def judge_spore_test(reading: SporeReading) -> SporeOutcome:
    """The law of the truth table: a test counts only with a growing control of the same lot.

    Growth always fails, also with a dead control: until a retest the load is
    treated as not sterile. Source: CDC guidance and California HSC 119315(b)(2).
    """
    if not reading.in_normal_load:
        return SporeOutcome.REJECT
    if reading.test is Growth.PENDING:
        return SporeOutcome.PENDING
    if reading.test is Growth.GROWTH:
        return SporeOutcome.FAIL
    if reading.control is not Growth.GROWTH or not reading.same_lot or reading.expired:
        return SporeOutcome.INVALID
    return SporeOutcome.PASS
