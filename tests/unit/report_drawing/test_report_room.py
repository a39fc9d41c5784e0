"""The report's pages about sterilization: what they say, and how they are drawn."""

from __future__ import annotations

import dataclasses
import itertools
import tracemalloc
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from compliance.ledger.entry import format_time
from compliance.report.content.reading import read_content
from compliance.report.content.source import ContentUnreadable
from compliance.report.content.values import ExceptionKind, ReportContent
from compliance.report.curve_scale import Scale, ticks
from unit.report_drawing.audit_fixture import FixtureAudit, FixtureLog, found_clinic, make_audit
from unit.report_drawing.conftest import Draw
from unit.report_drawing.fixture_parts import CLINIC
from unit.report_drawing.reading_aloud import broken_rules, read_aloud, run
from unit.report_drawing.room_fixture import (
    A1,
    GOOD,
    PROFILES,
    add_sterilizer,
    build_room_audit,
    cycle,
    spore,
)


@pytest.fixture(scope="module")
def room() -> FixtureAudit:
    return build_room_audit()


@pytest.fixture(scope="module")
def content(room: FixtureAudit) -> ReportContent:
    return read_content(room)


@pytest.fixture(scope="module")
def drawn(draw: Draw, room: FixtureAudit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("room") / "room.pdf"
    draw(room, path)
    return path


def said(content: ReportContent, kind: ExceptionKind) -> list[str]:
    return [line.sentence for line in content.exceptions if line.kind is kind]


def test_what_went_wrong_stands_among_the_exceptions(content: ReportContent) -> None:
    (recall,) = said(content, ExceptionKind.RECALL)
    assert recall.startswith("Loads of A1. Sessions that met it: 1, called about: 1.")
    failed, invalid = said(content, ExceptionKind.SPORE)
    assert "Spores grew in A1 cycle 118" in failed
    assert "A1 cycle 126" in invalid
    assert "does not count" in invalid
    (cold,) = said(content, ExceptionKind.CYCLE)
    assert cold.startswith("A1 cycle 120 failed. The lowest temperature was 131.0")
    (flag,) = said(content, ExceptionKind.FLAG)
    assert "A1 cycle 125" in flag
    assert "counter" not in flag, "that flag was decided"
    never, untested = said(content, ExceptionKind.OVERDUE)
    assert "A2: no valid spore test since" in never
    assert "US-CDC-dental/2 day_test_required" in untested


def test_the_session_that_met_a_recalled_load_is_counted(content: ReportContent) -> None:
    assert content.counts.recalled == 1
    (recall,) = content.room.recalls
    met, elsewhere = recall.worklist
    assert met.by == "pack P-0412, A1 cycle 118"
    assert "not reached" in met.calls[0]
    assert met.calls[1].endswith("She feels well; told about the blood test.")
    assert met.told
    assert not elsewhere.told
    assert "not quoted here" in elsewhere.client


def test_a_recall_names_the_packs_that_were_put_aside_and_those_not_found(
    content: ReportContent, room: FixtureAudit
) -> None:
    found = [at for at, body in room.entries if body and b'"kind":"recall.pack_found"' in body]
    facts = dict(content.room.recalls[0].facts)
    assert facts["Packs not opened"].endswith("put aside: 1, not found: 1")
    assert facts["Put aside"].startswith("pack P-0412: ")
    assert facts["Put aside"].endswith(f"entry {found[2]}")
    assert facts["Not found"].startswith("pack … 00000413: ")

    clinic = {**room.data["clinic"], "language": "de"}
    german = read_content(dataclasses.replace(room, data={**room.data, "clinic": clinic}))
    told = dict(german.room.recalls[0].facts)
    assert told["Ungeöffnete Packungen"].endswith("beiseitegelegt: 1, nicht gefunden: 1")
    assert told["Nicht gefunden"].endswith(f"Eintrag {found[1]}")


def test_an_item_names_the_entries_of_the_load_behind_its_pack(
    content: ReportContent, room: FixtureAudit
) -> None:
    (block,) = content.sessions
    line = next(item for item in block.items if item.code == "device_sterilized_before").evidence[0]
    load = next(at for at, body in room.entries if body and b'"number":"118"' in body)
    assert line.endswith(f"load: entry {load}, released: entry {load + 2}")


def test_achieved_values_stand_beside_those_that_were_set(content: ReportContent) -> None:
    (line,) = [line for line in content.room.cycles if line.name == "A1 cycle 118"]
    assert line.set == ("134.0 °C", "180 s")
    assert line.achieved == ("135.2–135.6 °C", "191 s", "at least 3.17 bar")
    assert "Stamp no. 7, forceps" in line.contents
    assert any("Released by" in note for note in line.notes)


def test_a_flag_is_told_with_its_decision(content: ReportContent) -> None:
    (line,) = [line for line in content.room.cycles if line.name == "A1 cycle 125"]
    told = " ".join(line.notes)
    assert "Nobody has decided on this flag." in told
    assert "Four test runs of the engineer." in told
    (file,) = content.room.files
    assert file.cycles[0].endswith("counter jump (decided), off the steam line (not decided)")


def test_the_strictest_rule_of_each_stretch_of_days_is_told_with_its_source(
    content: ReportContent,
) -> None:
    first, second = content.room.rules
    assert (first.days, second.days) == (
        "29 Oct 2026 to 15 Nov 2026",
        "16 Nov 2026 to 30 Nov 2026",
    )
    every = {line.rule: line for line in first.lines}["Spore test at least every"]
    assert (every.value, every.profile) == ("30 days", "US-MN, version 1")
    assert every.source.endswith("(second-hand)")
    weekly = {line.rule: line for line in second.lines}["Spore test at least every"]
    assert (weekly.value, weekly.profile) == ("7 days", "US-CDC-dental, version 2")


def test_a_sterilizer_is_told_with_the_state_it_had_before(content: ReportContent) -> None:
    block, _ = content.room.sterilizers
    assert [line.state for line in block.states] == [
        "in service",
        "suspended",
        "repair, 29 Nov 2026",
        "retest",
    ]
    assert "Spores grew in the test of entry" in block.states[1].why
    assert block.states[0].index < content.start


def test_curves_come_with_limits_and_with_what_lies_off_the_steam_line(
    content: ReportContent,
) -> None:
    good, air = content.room.curves
    assert (good.lower, good.upper, good.off) == (134.0, 137.0, ())
    assert len(good.points) == len(GOOD.split(";"))
    assert len(air.off) == len(air.points)
    assert "11 of them are more than 2 K off" in air.described


def late_tests(*days: int, loads: Sequence[int] = (), repaired: int | None = None) -> list[str]:
    """What is said of spore tests that were negative so many days after the first, of 30 allowed."""
    log = FixtureLog()
    found_clinic(log)
    add_sterilizer(log, A1, "A1")
    begin = log.now
    cycle(log, "c-0", "1")
    spore(log, "t-0", "c-0", "no_growth", "pass")
    start = len(log.bodies)
    events = [(day, "test") for day in days] + [(day, "load") for day in loads]
    if repaired is not None:
        events.append((repaired, "repair"))
    for number, (day, what) in enumerate(sorted(events), start=2):
        log.now = begin + timedelta(days=day)
        if what == "repair":
            log.append(
                "sterilizer.serviced", {"sterilizer": A1, "service": what, "on": "2026-11-20"}
            )
            continue
        run_at = log.time()
        cycle(log, f"c-{number}", str(number), at=run_at)
        if what == "test":
            spore(log, f"t-{number}", f"c-{number}", "no_growth", "pass", run_at=run_at)
    audit = make_audit(log, start, dict(CLINIC), [])
    one = {**PROFILES[0], "in_force": [{"from": "2026-10-01", "to": "2027-06-30"}]}
    end = format_time(begin + timedelta(days=33))
    data = {**audit.data, "profiles": [one], "made_at": end}
    data["period"] = {**data["period"], "to_time": end}
    told = read_content(dataclasses.replace(audit, data=data))
    return said(told, ExceptionKind.OVERDUE)


def test_a_spore_test_in_time_is_no_exception() -> None:
    assert late_tests(29) == []


def test_a_spore_test_that_is_missing_at_the_end_is_overdue() -> None:
    (sentence,) = late_tests()
    assert sentence.startswith("A1: a spore test was due by")
    assert "US-MN/1 spore_test_max_days" in sentence


def test_a_late_spore_test_is_told_if_loads_ran_while_it_was_due() -> None:
    assert late_tests(32) == []
    (sentence,) = late_tests(32, loads=[31])
    assert "with loads in between" in sentence


def test_after_a_repair_a_spore_test_is_due_at_once() -> None:
    (sentence,) = late_tests(20, repaired=25)
    assert "no valid spore test since its installation or repair" in sentence
    assert late_tests(20, 26, repaired=25) == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_pages_keep_both_standards_in_both_languages(
    draw: Draw, tmp_path: Path, language: str
) -> None:
    draw(build_room_audit(language=language), tmp_path / "room.pdf")
    assert broken_rules(tmp_path / "room.pdf") == set()
    text = run("pdftotext", "-layout", tmp_path / "room.pdf", "-")
    heading = {"en": "Rules in force", "de": "Geltende Regeln"}[language]
    assert heading in text
    assert "{" not in text


def test_everything_drawn_is_read_once_and_tables_have_no_holes(drawn: Path) -> None:
    with pikepdf.open(drawn) as pdf:
        heard, used = read_aloud(pdf)
        assert set(used.values()) == {1}
        for table in heard.find("Table"):
            if table.parts[0].parts[0].role != "TH":
                # A session's, which has a column of its own for the phases.
                continue
            widths = {len(row.parts) for row in table.parts}
            assert len(widths) == 1
            assert {cell.role for cell in table.parts[0].parts} == {"TH"}
            assert {row.parts[0].role for row in table.parts} == {"TH"}
        figures = [figure.said for figure in heard.find("Figure")]
    assert sum("The program asks for 134.0 to 137.0 °C." in figure for figure in figures) == 2


def test_no_colour_tells_anything(drawn: Path) -> None:
    with pikepdf.open(drawn) as pdf:
        for sheet in pdf.pages:
            operators = {str(step.operator) for step in pikepdf.parse_content_stream(sheet)}
            assert not operators & {"rg", "RG", "k", "K", "sc", "scn", "SC", "SCN"}


def test_cycles_are_forgotten_once_they_are_read() -> None:
    held = read_content(build_room_audit(more_cycles=600))
    tracemalloc.start()
    count = sum(1 for _ in held.room.cycles)
    _, top = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count > 600
    # Held together they take two megabytes; what is left are lists of free objects.
    assert top < 400_000


def test_a_long_table_has_its_heads_on_every_page(draw: Draw, tmp_path: Path) -> None:
    pages = draw(build_room_audit(more_cycles=120), tmp_path / "many.pdf")
    text = run("pdftotext", "-layout", tmp_path / "many.pdf", "-")
    heads = text.count("Contents, indicators")
    # One on each page that the table reaches, and one for the day tests.
    assert 6 < heads <= pages
    assert all(f"A1 cycle {200 + number}" in text for number in range(120))


@pytest.mark.parametrize(
    "broken",
    [
        {"in_force": [{"from": "tomorrow", "to": "2026-11-30"}]},
        {"values": 3},
        {"valid_from": "soon"},
        {"valid_from": "2027-01-01"},
        {"version": "1"},
    ],
)
def test_rules_that_make_no_sense_are_unreadable(room: FixtureAudit, broken: Any) -> None:
    data = {**room.data, "profiles": [{**PROFILES[0], **broken}]}
    with pytest.raises(ContentUnreadable):
        read_content(dataclasses.replace(room, data=data))


def test_a_report_without_values_of_rules_tells_none(room: FixtureAudit) -> None:
    told = [{"id": "ie-hse", "title": "Ireland", "version": 2}]
    first = dataclasses.replace(room, data={**room.data, "profiles": told})
    assert read_content(first).room.rules == ()


@pytest.mark.parametrize(("low", "high"), [(0, 1), (133.2, 137.9), (0, 59), (0, 3.4), (20, 140)])
def test_scales_are_labelled_at_round_values(low: float, high: float) -> None:
    found = ticks(low, high)
    assert 2 <= len(found) <= 6
    assert low <= found[0] < found[-1] <= high
    steps = {round(later - one, 6) for one, later in itertools.pairwise(found)}
    assert len(steps) == 1
    (step,) = steps
    assert f"{step:e}"[0] in "125"


def test_a_scale_of_equal_values_is_as_wide_as_asked() -> None:
    scale = Scale.over([134.0, 134.0], start=0, end=100, least=4)
    assert scale.at(134.0) == pytest.approx(50)
    assert scale.high - scale.low > 4
