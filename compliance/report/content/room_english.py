"""The fixed words of the pages about sterilization in English."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from compliance.report.content.room_words import RoomWords

ENGLISH_ROOM: Final = RoomWords(
    sterilizers="Sterilizers",
    sterilizers_text=(
        "Every sterilizer the record knows, with the state in which it entered the period and "
        "each change since."
    ),
    state_heads=("Entry", "When", "State or service", "Why", "Who"),
    type="type {type} (EN 13060)",
    serial="serial {serial}",
    chamber="{litres} litres",
    installed="installed {day}",
    program="Program {name}: {lower} to {upper}, held at least {hold} s",
    added="entered into the record",
    states=MappingProxyType(
        {
            "in_service": "in service",
            "suspended": "suspended",
            "retest": "retest",
            "presterilized_only": "presterilized articles only",
            "retired": "retired",
        }
    ),
    services=MappingProxyType(
        {
            "maintenance": "maintenance",
            "repair": "repair",
            "validation": "validation",
            "installation": "installation",
        }
    ),
    cause="Cause: {cause}",
    proof="Proved by the spore test of entry {entry}.",
    after_growth="Spores grew in the test of entry {entry}.",
    cycles="Sterilization cycles",
    cycles_text=(
        "Production loads recorded in the period. A load is judged by what was achieved, never "
        "by what was set; a release is a signature."
    ),
    no_cycles="No production load was recorded in this period.",
    cycle_heads=("Entry", "Cycle", "Set", "Achieved", "Contents, indicators", "Result"),
    cycle_kinds=MappingProxyType(
        {
            "production": "production load",
            "day_test": "day test",
            "vacuum_test": "vacuum test",
        }
    ),
    outcomes=MappingProxyType({"passed": "passed", "failed": "FAILED"}),
    at_least="at least {value}",
    seconds="{seconds} s",
    not_recorded="not recorded",
    indicator_ok="Indicator type {type}: reached",
    indicator_not="Indicator type {type}: NOT reached",
    spore_in="Spore test: {outcome}, entry {entry}.",
    from_log="From a log, lines {first} to {last}, SHA-256 {sha256} …",
    entered_by="Entered by {who}.",
    released="Released by {who}, {when}, {auth}, entry {entry}.",
    not_released="Not released.",
    flags=MappingProxyType(
        {
            "identical_curve": "identical curve",
            "overlap": "overlap",
            "counter_jump": "counter jump",
            "counter_reset": "counter reset",
            "future_date": "date in the future",
            "old_date": "old date",
            "no_date": "no date",
            "set_not_achieved": "set values not achieved",
            "off_steam_line": "off the steam line",
            "no_end_line": "no end line",
            "other_serial": "other serial",
        }
    ),
    undecided="Nobody has decided on this flag.",
    flag_accepted="Accepted by {who}, entry {entry}: {reason}",
    flag_refused="Refused by {who}, entry {entry}: {reason}",
    undecided_short="not decided",
    decided_short="decided",
    curves="Steam curves",
    curves_text=(
        "Of every cycle that failed, was flagged or held a spore test, and of the others where "
        "they are few. Saturated steam of the measured pressure lies within 2 K of the "
        "temperature, or there was air. The readings are in the attached audit.json, under the "
        "SHA-256 that the log names."
    ),
    curve_alt=(
        "Curve of {count} readings from {lowest} to {highest} °C; {off} of them are more than "
        "2 K off saturated steam."
    ),
    curve_limits="The program asks for {lower} to {upper} °C.",
    curve_warm="temperature",
    curve_steam="saturated steam",
    curve_limit="limits of the program",
    curve_off="more than 2 K off",
    curve_time="min",
    tests="Day tests",
    tests_text="Bowie-Dick, Helix and vacuum tests recorded in the period.",
    test_heads=("Entry", "Cycle", "When", "Test", "Achieved", "Result"),
    spores="Spore tests",
    spores_text=(
        "A test counts only if its control of the same lot grew. Every load since the run of the "
        "last valid negative test is recalled when spores grow."
    ),
    spore_heads=("Entry", "Cycle", "Lot", "Test", "Control", "Read", "Result"),
    growths=MappingProxyType(
        {"growth": "growth", "no_growth": "no growth", "pending": "in incubation"}
    ),
    spore_outcomes=MappingProxyType(
        {
            "pass": "negative",
            "fail": "FAILED: spores grew",
            "invalid": "not valid",
            "pending": "in incubation",
            "reject": "not valid: no normal load",
        }
    ),
    no_control="no control",
    not_read="not read yet",
    recalls="Recalls",
    recalls_text=(
        "What was taken back, and every session shown whose client met it. Sessions of earlier "
        "periods are listed as far as this file quotes them."
    ),
    recall_loads="Loads of {sterilizer}",
    recall_lot="Lot {lot}",
    recall_article="Lot {lot} of article {gtin}",
    recall_open="open",
    recall_closed="closed {when}, entry {entry}",
    met_late="{by}: entered late, and refused (entry {entry})",
    fact_opened="Opened",
    fact_since="After the run of",
    fact_until="Before the run of",
    fact_positives="Tests with growth",
    fact_loads="Loads",
    fact_packs="Packs not opened",
    packs_found="{count}, of these put aside: {pulled}, not found: {missing}",
    fact_put_aside="Put aside",
    fact_missing="Not found",
    pack_found="{pack}: {when}, {who}, entry {entry}",
    no_negative="there was no valid negative test before: every load",
    no_retest="no valid negative retest yet",
    met_heads=("Record", "Client", "Ended", "Met", "Calls"),
    nobody_met="No session shown met what was taken back.",
    not_shown="session … {session}, not quoted here",
    call="{when}: {outcome}, {who}, entry {entry}.",
    call_outcomes=MappingProxyType(
        {
            "reached": "reached",
            "not_reached": "not reached",
            "letter_sent": "letter sent",
            "declined": "wants no call",
        }
    ),
    nobody_called="NOT CALLED",
    files="Imported logs",
    files_text="The bytes of each file are kept by the clinic under this SHA-256.",
    file="{size} bytes, read as {adapter}",
    file_heads=("Entry", "Arrived", "File", "Cycles found"),
    rules_in_force="Rules in force",
    rules_text=(
        "Of the profiles the clinic has taken, the strictest value of each rule. The log holds "
        "the profiles' names; their values are those of the software that made this report."
    ),
    rule_heads=("Rule", "Value", "Profile", "Source"),
    rules=MappingProxyType(
        {
            "pack_max_shelf_days": "Shelf life of a pack, at most",
            "spore_test_max_days": "Spore test at least every",
            "spore_test_max_run_hours": "Spore test at least every, in hours of operation",
            "late_after_minutes": "An entry counts as late after",
            "records_years": "Records are kept at least",
            "skin_disinfectant_evidence": "Skin disinfectant and contact time recorded",
            "barrier_required": "Fresh barrier on what cannot be sterilized",
            "day_test_required": "Day test before the first load",
            "integrator_required": "Type 5 integrator in each load",
        }
    ),
    units=MappingProxyType(
        {
            "_days": "{value} days",
            "_hours": "{value} h",
            "_minutes": "{value} min",
            "_years": "{value} years",
        }
    ),
    second_hand="(second-hand)",
    trace="load: entry {entry}, released: entry {released}",
    trace_unreleased="load: entry {entry}, NOT released",
    recall_sentence="{what}. Sessions that met it: {sessions}, called about: {called}. Recall {state}.",
    spore_failed="Spores grew in {cycle}, run {when}. Its loads are recalled.",
    spore_not_valid="The spore test of {cycle}, run {when}, does not count: {outcome}.",
    cycle_failed="{cycle} failed. {faults}",
    flag_open="{cycle} is flagged and nobody has decided. {reasons}",
    spore_late=(
        "{sterilizer}: a spore test was due by {due} and ran {ran}, with loads in between ({rule})."
    ),
    spore_never="{sterilizer}: no valid spore test since its installation or repair of {when}.",
    spore_overdue=(
        "{sterilizer}: a spore test was due by {due}; the last valid one ran {ran} ({rule})."
    ),
    day_test_missing="{sterilizer}: a load of {day} was released without a passed day test ({rule}).",
)
