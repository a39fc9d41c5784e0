"""Mappings by words and by columns, samples, and the makes that are not read."""

from __future__ import annotations

import io
from datetime import date, datetime

import pytest

from compliance.errors import Refused
from compliance.importing.decoding import read_lines
from compliance.importing.previewing import MOST_SAMPLE_LINES, preview_mapping, sample_of
from compliance.importing.scican import SCICAN
from compliance.importing.text_mapping import (
    MappedText,
    TextMapping,
    check_mapping,
    read_mapping,
)
from compliance.importing.values import DateOrder, ImportOptions, LineUse, LoggedCycle
from compliance.importing.wh_lisa import WH_LISA, describe_lisa, read_lisa_name

WORDS = TextMapping(
    begins_with="BEGIN",
    ends_with="END",
    values={
        "number": "No",
        "date": "When",
        "time": "When",
        "end_time": "END",
        "lowest_temperature": "T",
        "hold": "Hold",
    },
    date_order=DateOrder.MONTH_DAY_YEAR,
)
LISA = "040128 28-01-04 08_41_22 A99 22E02-0095 01898 B&D _ HELIX TEST .txt"


def cycle_of(text: str, mapping: TextMapping) -> LoggedCycle:
    lines = read_lines(io.BytesIO(text.encode()))
    found = list(MappedText(mapping).read(lines, ImportOptions()))
    (cycle,) = [each for each in found if isinstance(each, LoggedCycle)]
    return cycle


def test_a_date_and_its_time_may_stand_behind_the_same_words() -> None:
    cycle = cycle_of("BEGIN\nNo 7\nWhen: 11/20/2026 23:50\nT 134.2\nHold 3:30\nEND 00:25", WORDS)

    assert cycle.started_at == datetime(2026, 11, 20, 23, 50)  # noqa: DTZ001 (the machine's own)
    assert cycle.ended_at == datetime(2026, 11, 21, 0, 25)  # noqa: DTZ001 (past midnight)


def test_the_mapping_names_the_order_of_dates_and_not_the_sterilizer() -> None:
    text = "BEGIN\nNo 7\nWhen: 03/04/2026 08:00\nT 134.2\nHold 3:30\nEND"

    assert cycle_of(text, WORDS).started_at == datetime(2026, 3, 4, 8)  # noqa: DTZ001 (the same)


def test_a_mapping_survives_being_kept() -> None:
    assert read_mapping(WORDS.to_json()) == WORDS


@pytest.mark.parametrize(
    "mapping",
    [
        TextMapping(begins_with="", ends_with="", values=WORDS.values),
        TextMapping(begins_with="B", ends_with="", values={"number": "No"}),
        TextMapping(begins_with="B", ends_with="x" * 81, values=WORDS.values),
        TextMapping(begins_with="B", ends_with="", values={**WORDS.values, "colour": "C"}),
        TextMapping(begins_with="", ends_with="", values=WORDS.values, separator="x"),
        TextMapping(begins_with="", ends_with="", values=WORDS.values, separator=";"),
    ],
)
def test_a_mapping_that_could_find_nothing_is_refused(mapping: TextMapping) -> None:
    with pytest.raises(Refused):
        check_mapping(mapping)


def test_a_preview_tells_of_every_line_what_it_is() -> None:
    sample = "noise\nBEGIN\nNo 7\nEND\nBEGIN\nempty\nEND"

    preview = preview_mapping(sample, WORDS)

    assert preview.uses == ("noise", "cycle", "cycle", "cycle", *("unreadable",) * 3)
    assert (len(preview.cycles), len(preview.refused), preview.noise) == (1, 1, 1)


def test_a_sample_is_text_whatever_the_file_holds() -> None:
    sample = sample_of(b"T 134\xb0C\x00\x1b[2J\r\n" + b"x\r\n" * 1000)

    assert sample.startswith("T 134°C  [2J\nx")
    assert len(sample.splitlines()) == MOST_SAMPLE_LINES
    assert sample_of("T 134°C".encode("utf-16")) == "T 134°C"


def test_the_name_of_a_lisa_file_is_read_by_the_published_scheme() -> None:
    told = read_lisa_name(LISA)

    assert told is not None
    assert (told.day, told.model, told.serial) == (date(2004, 1, 28), "MB22", "02-0095")
    assert (told.number, told.alarm) == ("01898", "99")
    assert "cycle 01898 of 2004-01-28, ended by alarm 99" in describe_lisa(LISA)
    assert read_lisa_name(LISA.replace("A99 ", "")) is not None


@pytest.mark.parametrize("name", ["", "log.txt", LISA.replace("040128", "049928")])
def test_another_name_tells_nothing(name: str) -> None:
    assert describe_lisa(name) == ""


@pytest.mark.parametrize("make", [WH_LISA, SCICAN], ids=lambda make: make.name)
def test_a_make_that_is_not_published_accounts_for_all_lines_and_reads_none(make: object) -> None:
    assert make in (WH_LISA, SCICAN)
    found = list((WH_LISA if make is WH_LISA else SCICAN).read(iter("abc"), ImportOptions()))

    assert [
        (each.first, each.last, each.use) for each in found if not isinstance(each, LoggedCycle)
    ] == [(1, 3, LineUse.UNREADABLE)]
    assert not WH_LISA.verified
    assert not SCICAN.verified
