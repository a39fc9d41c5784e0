"""The record that the verifier in one file draws: in the sentences of /verify, usable by everybody."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from browser.desking import find_grave_faults, sticks_out
from browser.verifying_page import away_from_the_browser, opened_verifier
from cryptography.hazmat.primitives.serialization import Encoding
from playwright.sync_api import Browser, Page, expect

from compliance.ledger.canonical import canonical_bytes
from compliance.ledger.entry import format_time
from compliance.report.payload import ContextEntry, build_audit
from compliance.report.verifier_page import bundle, installed_sources
from compliance.report.verifying.curves import Curve
from compliance.web.verifying.drawing import MOST_SESSIONS, Redrawn, redraw
from unit.report_drawing.audit_fixture import FixtureAudit
from unit.report_drawing.audit_fixture import build_audit as build_plain_audit
from unit.report_drawing.renamed_fixture import rename, rename_person
from unit.report_drawing.room_fixture import build_room_audit
from unit.verifying.building import Clinic, draw, make_clinic, parts_of, sign
from unit.verifying.test_verifying_traced import trace_of

REDRAW = """([script, audit]) => {
  const { redraw } = new Function(`${script}return content_reading;`)();
  const encoder = new TextEncoder();
  const bodies = (list) => list.map(([index, body]) => ({ index, body: encoder.encode(body) }));
  const drawn = redraw({
    data: audit.data,
    entries: bodies(audit.entries),
    context: bodies(audit.context),
    disclosures: new Map(Object.entries(audit.disclosures)),
    curves: new Map(Object.entries(audit.curves)),
    single: null,
    trace: null,
  });
  return JSON.stringify(drawn);
}"""


def by_hours_and_article() -> FixtureAudit:
    """The same days with a rule of hours, long runs between valid tests, and a maker's notice."""
    audit = build_room_audit()
    hours = {"spore_test_max_days": 90, "spore_test_max_run_hours": 1}
    profiles = [{**each, "values": hours} for each in audit.data["profiles"]]
    return replace(
        audit,
        data={**audit.data, "profiles": profiles},
        entries=[(at, None if body is None else _changed(body)) for at, body in audit.entries],
    )


def _changed(body: bytes) -> bytes:
    entry = json.loads(body)
    data = entry["data"]
    if entry["kind"] in ("cycle.recorded", "cycle.imported"):
        end = datetime.fromisoformat(data["run_at"]) + timedelta(hours=2)
        data["ended_at"] = format_time(end)
    elif entry["kind"] == "indicator.read" and data["indicator"] == "spore":
        data["outcome"] = "pass"
    elif entry["kind"] == "sterilizer.serviced":
        data["service"] = "maintenance"  # A repair would ask for a test at once.
    elif entry["kind"] == "recall.opened":
        data.update(kind="lot", sterilizer=None, lot="h 2291", gtin="09506000134352")
    return canonical_bytes(entry)


AUDITS = {
    "English": build_room_audit(),
    "by hours and article": by_hours_and_article(),
    "German": build_room_audit(language="de"),
    "long": build_room_audit(more_cycles=MOST_SESSIONS),
    "without a room": build_plain_audit(),
    "renamed": rename(build_plain_audit(), "Second name {x}", "Third name"),
    "a colleague renamed": rename_person(build_plain_audit(), "Aoife Byrne", "Aoife Nolan"),
    "renamed often": rename(build_plain_audit(), *"ABCDE", language="de"),
}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("record")


@pytest.fixture(scope="module")
def clinic(room: Path) -> Clinic:
    return make_clinic(room / "keys")


@pytest.fixture(scope="module")
def verifier(chromium: Browser, room: Path, clinic: Clinic) -> Iterator[Page]:
    """The page, with the clinic's root in it."""
    root = room / "ROOT.pem"
    root.write_bytes(clinic.root.certificate.public_bytes(Encoding.PEM))
    with opened_verifier(chromium, room) as opened:
        opened.set_input_files("#root-file", root)
        expect(opened.locator("#roots li")).to_have_count(1)
        yield opened


def drawn_by_page(page: Page, audit: FixtureAudit) -> Any:
    plain = {
        "data": audit.data,
        "entries": [[index, (body or b"").decode()] for index, body in audit.entries],
        "context": [[index, body.decode()] for index, body in audit.context],
        "disclosures": dict(audit.disclosures),
        "curves": dict(audit.curves),
    }
    script = bundle(installed_sources().verifier, "content/reading.js")
    return json.loads(page.evaluate(REDRAW, [script, plain]))


def told_tables(tables: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each table without the kinds of its columns, which the page does not need."""
    told = json.loads(json.dumps([dict(table) for table in tables]))
    for table in told:
        table["heads"] = [head if isinstance(head, str) else head[0] for head in table["heads"]]
    return list(told)


def numbers_of(curve: Mapping[str, Any]) -> list[float]:
    """Every number of a picture, in order."""
    found = [curve[key] for key in ("warm", "steam", "limits", "degrees", "minutes", "off")]
    return [float(one) for one in re.findall(r"-?\d+(?:\.\d+)?", json.dumps(found))]


def compare_rooms(drawn: Any, expected: Redrawn) -> None:
    assert expected.room is not None
    room = dataclasses.asdict(expected.room)
    assert told_tables(drawn["room"]["tables"]) == told_tables(room["tables"])
    assert told_tables(drawn["room"]["rules"]) == told_tables(room["rules"])
    assert len(drawn["room"]["curves"]) == len(room["curves"])
    for ours, theirs in zip(drawn["room"]["curves"], room["curves"], strict=True):
        for key in ("title", "note", "described"):
            assert ours[key] == theirs[key]
        assert numbers_of(ours) == pytest.approx(numbers_of(theirs), abs=0.11)


@pytest.mark.parametrize("kind", AUDITS)
def test_the_record_is_told_as_the_page_of_the_product_tells_it(verifier: Page, kind: str) -> None:
    # The drawing asks of an audit only what the fixture has.
    expected = redraw(AUDITS[kind])  # type: ignore[arg-type]
    assert expected is not None

    drawn = drawn_by_page(verifier, AUDITS[kind])

    assert drawn["unreadable"] is False
    compare_rooms(drawn, expected)
    assert [
        (line["kind"], line["number"], line["sentence"], line["when"] and line["when"]["text"])
        for line in drawn["content"]["exceptions"]
    ] == [
        (line.kind.value, line.number, line.sentence, line.when and line.when.text)
        for line in expected.content.exceptions
    ]
    counted = dataclasses.asdict(expected.content.counts)
    assert drawn["content"]["counts"].items() <= counted.items()
    assert drawn["content"]["formerly"] == list(expected.content.formerly)
    assert [(block["number"], block["practitioner"]) for block in drawn["blocks"]] == [
        (block.number, block.practitioner) for block in expected.blocks
    ]


def test_hours_of_operation_and_articles_are_judged_in_that_record() -> None:
    told = redraw(AUDITS["by hours and article"])  # type: ignore[arg-type]

    assert told is not None
    assert told.room is not None
    sentences = [line.sentence for line in told.content.exceptions]
    assert any("spore_test_max_run_hours" in each for each in sentences)
    assert any("Lot h 2291 of article 09506000134352" in each for each in sentences)
    assert any("Sessions that met it: 1" in each for each in sentences)


def sealed_room(clinic: Clinic, folder: Path) -> bytes:
    """The same room sealed without its proofs: rejected, and drawn all the same."""
    audit = AUDITS["English"]
    curves = [Curve(sha256=key, readings=readings) for key, readings in audit.curves.items()]
    context = [ContextEntry(index=at, body=body, proof=()) for at, body in audit.context]
    parts = replace(
        parts_of(clinic),
        entries=[body for _, body in audit.entries],
        start=audit.entries[0][0],
        end=audit.entries[-1][0] + 1,
        leaf_hashes=[bytes(32)] * len(audit.entries),
        context=context,
        curves=curves,
        profiles=audit.data["profiles"],
        open_sessions=[],
    )
    return sign(draw(build_audit(parts)), clinic, folder)


def judge_file(page: Page, file: Path) -> None:
    if page.locator("#result").is_visible():
        page.get_by_role("button", name="Check another file").click()
    page.set_input_files("#file", file)
    expect(page.locator("#verdict")).to_be_visible()


def everybody_can_read(page: Page) -> None:
    for scheme in ("light", "dark"):
        for width, height in ((1024, 768), (768, 1024)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": height})
            assert not sticks_out(page)
        assert find_grave_faults(page) == []


def test_the_room_is_shown_with_its_curves_and_everybody_can_read_it(
    verifier: Page, clinic: Clinic, room: Path
) -> None:
    file = room / "room.pdf"
    file.write_bytes(away_from_the_browser(lambda: sealed_room(clinic, room)))

    judge_file(verifier, file)

    expect(verifier.locator("#verdict")).to_have_attribute("data-outcome", "rejected")
    record = verifier.locator("#result")
    for said in (
        "A1 · Autoclave A1",
        "FAILED: spores grew",
        "Loads of A1, open",
        "Rules in force: 16 Nov 2026 to 30 Nov 2026",
    ):
        expect(record).to_contain_text(said)
    expect(record.locator("figure svg")).to_have_count(2)
    expect(record.locator("figure path[d*='l6 6m0-6l-6 6']")).to_have_count(11)
    expect(record.locator("[style]")).to_have_count(0)
    verifier.get_by_role("link", name="Curves").click()
    expect(verifier.locator("#curves-record")).to_be_in_viewport()
    everybody_can_read(verifier)


def test_the_lists_of_a_recall_are_shown_as_they_were_signed(
    verifier: Page, clinic: Clinic, room: Path
) -> None:
    content = canonical_bytes(trace_of(clinic))
    file = room / "recall.pdf"
    file.write_bytes(away_from_the_browser(lambda: sign(draw(content), clinic, room)))

    judge_file(verifier, file)

    expect(verifier.locator("#verdict")).to_have_attribute("data-outcome", "accepted")
    expect(verifier.locator("#verdict")).to_contain_text(
        "They do not show that nothing was left out"
    )
    table = verifier.get_by_role("table", name="Clients affected (2)")
    expect(table.get_by_role("row")).to_have_count(3)
    expect(table).to_contain_text("Not reached, 1 May 2026, 11:05, Ada")
    expect(verifier.locator("#result")).to_contain_text("which nobody can show to be complete")
    everybody_can_read(verifier)
