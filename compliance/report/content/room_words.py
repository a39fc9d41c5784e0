"""The fixed words of the pages about sterilization, filled in by one module a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomWords:
    """Phrases with braces are filled by ``str.format``; heads are those of a table's columns."""

    sterilizers: str
    sterilizers_text: str
    state_heads: tuple[str, ...]
    type: str
    serial: str
    chamber: str
    installed: str
    program: str
    added: str
    states: Mapping[str, str]
    services: Mapping[str, str]
    cause: str
    proof: str
    after_growth: str
    cycles: str
    cycles_text: str
    no_cycles: str
    cycle_heads: tuple[str, ...]
    cycle_kinds: Mapping[str, str]
    outcomes: Mapping[str, str]
    at_least: str
    seconds: str
    not_recorded: str
    indicator_ok: str
    indicator_not: str
    spore_in: str
    from_log: str
    entered_by: str
    released: str
    not_released: str
    flags: Mapping[str, str]
    undecided: str
    flag_accepted: str
    flag_refused: str
    undecided_short: str
    decided_short: str
    curves: str
    curves_text: str
    curve_alt: str
    curve_limits: str
    curve_warm: str
    curve_steam: str
    curve_limit: str
    curve_off: str
    curve_time: str
    tests: str
    tests_text: str
    test_heads: tuple[str, ...]
    spores: str
    spores_text: str
    spore_heads: tuple[str, ...]
    growths: Mapping[str, str]
    spore_outcomes: Mapping[str, str]
    no_control: str
    not_read: str
    recalls: str
    recalls_text: str
    recall_loads: str
    recall_lot: str
    recall_article: str
    recall_open: str
    recall_closed: str
    met_late: str
    fact_opened: str
    fact_since: str
    fact_until: str
    fact_positives: str
    fact_loads: str
    fact_packs: str
    packs_found: str
    fact_put_aside: str
    fact_missing: str
    pack_found: str
    no_negative: str
    no_retest: str
    met_heads: tuple[str, ...]
    nobody_met: str
    not_shown: str
    call: str
    call_outcomes: Mapping[str, str]
    nobody_called: str
    files: str
    files_text: str
    file: str
    file_heads: tuple[str, ...]
    rules_in_force: str
    rules_text: str
    rule_heads: tuple[str, ...]
    rules: Mapping[str, str]
    units: Mapping[str, str]
    """By the end of a rule's key."""
    second_hand: str
    trace: str
    trace_unreleased: str
    recall_sentence: str
    spore_failed: str
    spore_not_valid: str
    cycle_failed: str
    flag_open: str
    spore_late: str
    spore_never: str
    spore_overdue: str
    day_test_missing: str
