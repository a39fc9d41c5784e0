"""What a report says of a clinic that was called otherwise while its entries were recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from compliance.report.content.reading import read_content
from compliance.report.volumes import IndexProof, VolumeLine, draw_index
from paper import words_of
from unit.report_drawing.audit_fixture import ROOT_FINGERPRINT, FixtureAudit
from unit.report_drawing.conftest import Draw
from unit.report_drawing.renamed_fixture import rename, rename_person

FORMER = "Formerly Harbour Skin Clinic, until 5 Dec 2026, 09:00 (entry"


def test_each_former_name_is_told_with_its_end_the_newest_first(audit: FixtureAudit) -> None:
    content = read_content(rename(audit, "Second {name}", "Third"))

    newest, oldest = content.formerly
    assert content.clinic == "Third"
    assert newest.startswith("Formerly Second {name}, until 6 Dec 2026, 09:00 (entry ")
    assert oldest.startswith(FORMER)


def test_of_many_names_the_newest_are_told_and_the_rest_counted(audit: FixtureAudit) -> None:
    content = read_content(rename(audit, *"ABCDE"))

    assert [line[:10] for line in content.formerly[:-1]] == [
        "Formerly D",
        "Formerly C",
        "Formerly B",
    ]
    assert content.formerly[-1] == "Further names from before stand in the entries: 2."


def test_another_language_is_no_other_name(audit: FixtureAudit) -> None:
    content = read_content(rename(audit, "Harbour Skin Clinic", language="de"))

    assert content.language == "de"
    assert content.formerly == ()


def test_the_first_page_shows_both_names(audit: FixtureAudit, draw: Draw, tmp_path: Path) -> None:
    output = tmp_path / "renamed.pdf"

    draw(rename(audit, "Second Clinic"), output)

    assert "Second Clinic" in words_of(output)
    assert FORMER in words_of(output)


def test_the_index_of_volumes_shows_names_that_ended_inside_them(
    audit: FixtureAudit, fonts: Path, tmp_path: Path
) -> None:
    renamed = rename(audit, "Second Clinic")
    end = renamed.context[-1][0] + 5
    # The index has the empty range after the last volume, and the change lies before it.
    span = {"start": end, "end": end}
    index = replace(renamed, entries=[], data={**renamed.data, "range": span, "open_sessions": []})
    output = tmp_path / "index.pdf"
    volume = VolumeLine(
        name="a-01.pdf", start=0, end=end, sessions=1, pages=1, size=1, sha256="ab" * 32
    )

    draw_index(
        index,
        content=read_content(index),
        volumes=[volume],
        proof=IndexProof(
            audit_json=renamed.canonical,
            checkpoint_note=renamed.checkpoint_note,
            root_fingerprint=ROOT_FINGERPRINT,
        ),
        fonts=fonts,
        output=output,
    )

    assert FORMER in words_of(output)


def test_a_colleagues_former_names_stand_in_the_list_of_people(
    audit: FixtureAudit, draw: Draw, tmp_path: Path
) -> None:
    renamed = rename_person(audit, "Aoife Byrne", "Aoife Nolan")
    content = read_content(renamed)
    output = tmp_path / "colleague.pdf"

    draw(renamed, output)

    (person,) = [each for each in content.people if each.name == "Aoife Nolan"]
    assert [each.partition(",")[0] for each in person.formerly] == [
        "Formerly Aoife Byrne",
        "Formerly Aoife Ní Bhriain",
    ]
    assert "Aoife Nolan" in {block.practitioner for block in content.sessions}
    assert "manager, practitioner. Formerly Aoife Byrne, until" in words_of(output)
