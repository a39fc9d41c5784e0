"""The fixed words of a report in English."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from compliance.report.content.room_english import ENGLISH_ROOM
from compliance.report.content.words import Words

ENGLISH: Final = Words(
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    report="Audit report",
    running="Aseptrail audit report",
    period="Period",
    to="to",
    times="All times: {zone}",
    demo="DEMO",
    demo_line="Demo data. Nobody was treated.",
    formerly="Formerly {name}, until {when} (entry {index}).",
    formerly_more="Further names from before stand in the entries: {count}.",
    page="Page",
    of="of",
    volume="Volume {number} of {of}",
    made="Made by {who} on {when}",
    signed_file=(
        "Signed inside the file with the clinic's certificate. Check the file itself: the look of "
        "a page proves nothing."
    ),
    range="Entries of the log",
    range_text="{first} to {last} ({count})",
    size="Size of the log",
    root="Root of the log",
    incarnation="Incarnation",
    profiles="Rules applied",
    no_profile="none",
    software="Software",
    filters="Details drawn",
    filters_text="only {filters}. Counts, exceptions and proof cover the whole period.",
    verdict_clean="{closed} sessions closed. No exception was recorded in this period.",
    verdict_exceptions="{closed} sessions closed. Exceptions to look at: {exceptions}.",
    closed="closed",
    late="with late entries",
    amended="amended",
    aborted="aborted",
    awaiting="awaiting reprocessing",
    still_open="still open",
    erased="entries erased",
    recalled="recalled",
    clock="clock anomalies",
    anchor_gaps="Anchor gaps",
    no_anchors="no anchors: level 0",
    level="Trust level 0",
    level_says=(
        "If a check accepts this file, it has not been altered since the clinic signed it, and "
        "every entry of the period is in it."
    ),
    level_not="Level 0 does not prove",
    level_limits=(
        "that an entry existed at the time it states: no outside time-stamp confirms it;",
        (
            "that the clinic shows everyone the same log, or that its newest entries were not cut "
            "off before the export;"
        ),
        "that what people entered is true.",
    ),
    checkpoint="Checkpoint of the log",
    checkpoint_text=(
        "Keep a copy of this code. A later report must agree with it, or entries were changed."
    ),
    fingerprint="Root certificate, SHA-256",
    fingerprint_text="Compare with the sheet you hold.",
    exceptions="Exceptions",
    exceptions_text=(
        "Everything in the period that is not as it should be, most serious first. "
        "The number is that of the entry in the log."
    ),
    more="and {count} more, from page {page}",
    sessions="Sessions",
    no_sessions="No session was signed, closed or aborted in this period.",
    people="People",
    entry="Entry",
    exports="Reports exported in this period",
    exports_text="Compare these fingerprints with reports you hold.",
    single_exports=MappingProxyType(
        {"inspection": "one session, for inspection", "client_copy": "one session, client's copy"}
    ),
    later_amendments="Later amendments",
    later_text="Made in this period to sessions that were closed before it.",
    record="Record",
    client="Client",
    practitioner="Practitioner",
    device="Device",
    protocol="Protocol",
    version="version {version}",
    opened="opened",
    started="started",
    finished="finished",
    not_started="not started",
    signed="signed",
    consent="Consent",
    no_consent="none recorded",
    consent_text="{text}, version {version}, entry {index}",
    warning="Warning shown",
    item="Item",
    answer="Answer",
    evidence="Evidence",
    who="Who",
    when="When",
    phases=MappingProxyType({"before": "Before", "during": "During", "after": "After"}),
    answers=MappingProxyType({"yes": "yes", "no": "no"}),
    performed="done {when}",
    recorded="entered {when}",
    mark_late="late",
    mark_amended="amended",
    amended_by="Amended by {who}, {when} ({auth}), entry {index}",
    reason="Reason",
    override="Override",
    overridden_by="{item}, by {who}, {when}",
    deviation=("What happened", "Why", "Corrective action"),
    signature="Signed by {name}, {when}, {auth}",
    auth=MappingProxyType(
        {
            "password": "by password",
            "pin": "by PIN",
            "token": "by token, not re-authenticated",
            "system": "by the system",
        }
    ),
    not_disclosed="not disclosed",
    erased_on="erased on {when}, entry {index}",
    pack="pack {code}",
    lot="lot {lot}",
    disinfection="{name}, lot {lot}",
    contact="{seconds} s contact",
    required="min. {seconds} s",
    barrier="fresh barrier",
    no_barrier="no barrier",
    sharps="to sharps container {container}",
    returned="sent back to reprocessing",
    released_as="released as pack {code}, entry {index}",
    serial="serial {serial}",
    cycle="{sterilizer} cycle {number}",
    sterile_until="sterile until {day}",
    expires="expires {day}",
    kinds=MappingProxyType(
        {
            "restored": "The record was put back",
            "recall": "Recalls",
            "spore_failed": "Failed spore tests",
            "cycle_failed": "Failed cycles",
            "flag_undecided": "Flags nobody has decided",
            "test_overdue": "Overdue tests",
            "aborted": "Aborted sessions",
            "incident": "Adverse events",
            "follow_up": "Follow-ups with signs",
            "override": "Overrides",
            "amendment": "Amendments",
            "late": "Late entries",
            "still_open": "Not closed at the end",
            "clock": "Clock anomalies",
            "erased": "Erased entries",
        }
    ),
    late_sentence="{item}: {times} by {who}. Session of {client}.",
    late_from_to="done {performed}, entered {recorded}",
    amendment_sentence="Record {closed}, {item}: {old} became {new}, by {who}. {reason}",
    incident_sentence="{grade}: {signs}. {escalated} {description}",
    escalated="Escalated to a doctor.",
    not_escalated="Not escalated.",
    grades=MappingProxyType({"minor": "Minor", "moderate": "Moderate", "severe": "Severe"}),
    signs=MappingProxyType(
        {
            "bruising": "bruising",
            "peeling": "peeling",
            "infection": "infection",
            "severe_bleeding": "severe bleeding",
            "allergic_reaction": "allergic reaction",
        }
    ),
    no_signs="no sign that calls for a doctor",
    follow_up_sentence="Follow-up of record {cites}: {signs}. {note}",
    restore_sentences=MappingProxyType(
        {
            "backup": "The record was put back to its {size} entries of {when} from a backup.",
            "undo": "A restore was undone: the record before it is in use again.",
            "by_hand": "The database was put back without a backup of this software.",
        }
    ),
    restore_lost="The record that was replaced had {size} entries; see what is missing.",
    clock_sentence="The clock went back from {previous} to {observed}; the log's order counts.",
    erased_sentence="The content was erased or purged; its hash is kept in the proof.",
    still_open_sentence="The session opened with this entry was not closed at the end of the period.",
    awaiting_sentence="The session opened with this entry is signed and awaits reprocessing.",
    room=ENGLISH_ROOM,
    continued="continued",
    root_short="root",
    sha256="SHA-256",
)
