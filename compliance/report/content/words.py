"""The fixed words of a report, filled in by one module a language.

A dataclass and not a table, so that the type checker finds a word that one language lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compliance.report.content.room_words import RoomWords


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Phrases with braces are filled by ``str.format``."""

    months: tuple[str, ...]
    report: str
    running: str
    period: str
    to: str
    times: str
    demo: str
    demo_line: str
    formerly: str
    formerly_more: str
    page: str
    of: str
    volume: str
    made: str
    signed_file: str
    range: str
    range_text: str
    size: str
    root: str
    incarnation: str
    profiles: str
    no_profile: str
    software: str
    filters: str
    filters_text: str
    verdict_clean: str
    verdict_exceptions: str
    closed: str
    late: str
    amended: str
    aborted: str
    awaiting: str
    still_open: str
    erased: str
    recalled: str
    clock: str
    anchor_gaps: str
    no_anchors: str
    level: str
    level_says: str
    level_not: str
    level_limits: tuple[str, ...]
    checkpoint: str
    checkpoint_text: str
    fingerprint: str
    fingerprint_text: str
    exceptions: str
    exceptions_text: str
    more: str
    sessions: str
    no_sessions: str
    people: str
    entry: str
    exports: str
    exports_text: str
    single_exports: Mapping[str, str]
    """By the purpose of one session's file."""
    later_amendments: str
    later_text: str
    record: str
    client: str
    practitioner: str
    device: str
    protocol: str
    version: str
    opened: str
    started: str
    finished: str
    not_started: str
    signed: str
    consent: str
    no_consent: str
    consent_text: str
    warning: str
    item: str
    answer: str
    evidence: str
    who: str
    when: str
    phases: Mapping[str, str]
    answers: Mapping[str, str]
    performed: str
    recorded: str
    mark_late: str
    mark_amended: str
    amended_by: str
    reason: str
    override: str
    overridden_by: str
    deviation: tuple[str, str, str]
    signature: str
    auth: Mapping[str, str]
    not_disclosed: str
    erased_on: str
    pack: str
    lot: str
    disinfection: str
    contact: str
    required: str
    barrier: str
    no_barrier: str
    sharps: str
    returned: str
    released_as: str
    serial: str
    cycle: str
    sterile_until: str
    expires: str
    kinds: Mapping[str, str]
    late_sentence: str
    late_from_to: str
    amendment_sentence: str
    incident_sentence: str
    escalated: str
    not_escalated: str
    grades: Mapping[str, str]
    signs: Mapping[str, str]
    no_signs: str
    follow_up_sentence: str
    clock_sentence: str
    restore_sentences: Mapping[str, str]
    """By how the database was put back: ``backup``, ``undo``, ``by_hand``."""
    restore_lost: str
    erased_sentence: str
    still_open_sentence: str
    awaiting_sentence: str
    room: RoomWords
    continued: str
    root_short: str
    sha256: str
