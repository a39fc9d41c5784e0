"""The pages of a recall: read by whoever may, worked off to its end, and back into service."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

from auditing import audit
from integration.sterilization.recalled import add_machine, load, only_recall, run, spore
from web.desk.visiting import Browser

from compliance.domain.sterilization.words import Growth
from compliance.keys.storage import load_root
from compliance.report.verifying.verdict import Outcome
from compliance.report.verifying.verify import verify_report
from compliance.store import log
from givens import Clock
from harbour import House, answer_before, open_one


def words(page: str) -> str:
    """The text of a page as it is read."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_page_says_what_happened_since_when_and_whom_it_concerns(
    manager: Browser, recall: str
) -> None:
    listed = words(manager.read("/recalls"))
    said = words(manager.read(f"/recalls/{recall}"))

    assert "Sterilizer A1" in listed
    assert "Spores grew in load 102 of A1" in said
    assert "valid spore test was negative (load 100)" in said
    for client in ("C-1", "C-2", "C-3"):
        assert f"{client} To call" in said
    assert "C-9 17 Nov 2026, 20:00 Pre-sterilised single-use cartridge" in said
    assert "Two packs are still to be found" in said
    assert re.findall(r"P-\d Still", said) == []
    assert said.count("Still to find") == 2


def test_calls_and_packs_are_ticked_and_refusals_say_why(
    manager: Browser, operator: Browser, recall: str, house: House
) -> None:
    page = f"/recalls/{recall}"
    session = re.search(r'name="session" value="([^"]+)"', manager.read(page))
    assert session is not None

    manager.post(f"{page}/calls", page=page, session=session[1], outcome="not_reached")
    manager.post(
        f"{page}/calls", page=page, session=session[1], outcome="reached", note="She is well."
    )
    operator.post(f"{page}/pulls", page=page, pack="P-4")
    assert "Pack P-4: pulled." in words(operator.read(page))
    operator.post(f"{page}/pulls", page=page, pack="P-1")
    said = words(operator.read(page))

    assert "P-1 is not among the packs to pull" in said
    assert "C-1 Told" in words(manager.read(page))
    assert "Not reached" in said
    assert operator.post(f"{page}/calls", page=page, session=session[1]).status_code == 403
    assert audit(house).problems == ()


def test_the_way_back_leads_over_the_retest_and_a_named_cause_to_the_closed_recall(
    manager: Browser, recall: str, house: House, clock: Clock
) -> None:
    page = f"/recalls/{recall}"

    def move(to: str, **more: str) -> str:
        manager.post(f"{page}/move", page=page, to=to, reason="As planned.", **more)
        return words(manager.read(page))

    assert "from there it can become" in move("in_service")
    assert "The retest of A1 has begun" in move("retest")
    spore(house, run(house, "103", clock.tick(hours=1)), Growth.GROWTH, clock.tick(hours=1))
    assert "name the cause" in move("retest")
    assert "The retest of A1 has begun" in move("retest", cause="A worn seal, replaced.")
    assert "no valid negative spore test" in move("in_service")
    spore(house, run(house, "104", clock.tick(hours=1)), Growth.NO_GROWTH, clock.tick(hours=1))
    assert "A1 is in service again" in move("in_service")

    manager.post(f"{page}/close", page=page)
    assert "have not been told yet" in words(manager.read(page))
    sessions = set(re.findall(r'name="session" value="([^"]+)"', manager.read(page)))
    for number, session in enumerate(sorted(sessions)):
        key = f"call-{number}"
        manager.post(
            f"{page}/calls", page=page, session=session, outcome="reached", idempotency_key=key
        )
    manager.post(f"{page}/close", page=page)
    assert "The recall is closed." in words(manager.read(page))
    assert "Closed" in words(manager.read("/recalls"))
    assert audit(house).problems == ()


def test_a_notice_is_taken_typed_or_scanned_and_refused_twice(
    manager: Browser, recall: str, house: House
) -> None:
    taken = manager.post("/recalls/notices", page="/recalls", lot="(01)09506000134352(10)L1")
    assert taken.status_code == 303
    said = words(manager.read(taken.headers["Location"]))
    assert "took lot L1 of article 09506000134352 back" in said
    assert "found by lot alone, for its record names no article" in said
    assert "C-9" in said
    sheet = manager.get(f"{taken.headers['Location']}/clients.csv").text
    assert "found by lot alone, for its record names no article" in sheet
    page = taken.headers["Location"]
    file = manager.post(f"{page}/file", page=page)
    verdict = verify_report(file.data, trust_roots=[load_root(house.keys_folder).certificate])
    assert [check.reason for check in verdict.failed] == []

    # What names no article takes back more than the code did, once.
    assert manager.post("/recalls/notices", page="/recalls", lot="L1").status_code == 303
    again = manager.post("/recalls/notices", page="/recalls", lot="l1")
    assert again.status_code == 409
    assert "recalled already" in words(again.text)
    assert manager.post("/recalls/notices", page="/recalls", lot=" ").status_code == 422


def test_a_late_answer_from_the_tablet_puts_its_client_on_every_list(
    practitioner: Browser, manager: Browser, house: House, clock: Clock
) -> None:
    begin = clock.now - timedelta(hours=3)
    add_machine(house, begin)
    bad = load(house, "1", ("P-1",), begin)
    draft = open_one(house, begin, device="ROLLER-1", client="C-7")
    spore(house, bad, Growth.GROWTH, clock.now - timedelta(hours=1))
    recall = only_recall(house).recall_id
    page, row = f"/sessions/{draft}", "device_sterilized_before"
    sent = {"kind": "pack", "component": "roller", "ref": "P-1"}

    at_once = practitioner.post(f"{page}/items/{row}", page=page, **sent)
    assert "lists this client" not in words(at_once.text)
    assert "No client met anything" in words(manager.read(f"/recalls/{recall}"))
    late = practitioner.post(f"{page}/items/{row}", page=page, waited="7200", **sent)

    assert late.status_code == 422
    assert "so the recall now lists this client to be called" in words(late.text)
    read = words(manager.read(f"/recalls/{recall}"))
    assert "C-7 To call" in read
    done, refused = (show(clock.now - timedelta(hours=2)), show(clock.now))
    line = f"entered late with pack P-1, done {done}, refused {refused}"
    assert line.capitalize().replace("p-1", "P-1")[:35] in read
    sheet = manager.get(f"/recalls/{recall}/clients.csv").text
    assert line in sheet.splitlines()[1]
    assert line in words(manager.read("/search?q=P-1"))
    assert "entered late with pack P-1, and refused" in words(manager.read(f"/manager{page}"))
    file = manager.post(f"/recalls/{recall}/file", page=f"/recalls/{recall}")
    verdict = verify_report(file.data, trust_roots=[load_root(house.keys_folder).certificate])
    assert [check.reason for check in verdict.failed] == []
    assert audit(house).problems == ()


def show(moment: datetime) -> str:
    """A moment as the clinic reads it."""
    local = moment.astimezone(UTC)
    return f"{local.day} {local:%b %Y, %H:%M}"


def test_an_inspector_reads_and_changes_nothing(
    inspector: Browser, practitioner: Browser, recall: str
) -> None:
    page = f"/recalls/{recall}"
    seen = inspector.read(page)
    assert "<form" not in seen.split("<main")[1].split("</main>")[0]
    for act in ("calls", "pulls", "move", "close", "file"):
        assert inspector.post(f"{page}/{act}", page=page).status_code == 403
    assert practitioner.post(f"{page}/close", page=page).status_code == 403


def test_every_list_goes_out_as_csv(manager: Browser, recall: str) -> None:
    def rows(path: str) -> list[list[str]]:
        answer = manager.get(path)
        assert answer.mimetype == "text/csv"
        return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))[1:]

    assert [row[0] for row in rows(f"/recalls/{recall}/clients.csv")] == ["C-1", "C-2", "C-3"]
    assert [row[0] for row in rows(f"/recalls/{recall}/packs.csv")] == ["P-4", "P-5"]
    assert [row[3] for row in rows(f"/recalls/{recall}/spared.csv")] == [
        "pre-sterilised single-use cartridge"
    ]
    assert [row[0] for row in rows("/search?q=ROLLER-1&format=csv")] == ["C-1", "C-2", "C-3"]


def test_one_field_finds_who_met_a_thing_and_what_a_client_met(
    operator: Browser, recall: str, clock: Clock
) -> None:
    clock.tick(hours=timedelta(hours=1).seconds / 3600)
    assert "Who met pack P-1" in words(operator.read("/search?q=P-1"))
    found = words(operator.read("/search?q=A1 101"))
    assert "Who met cycle 101 of A1" in found
    assert "2 sessions of 2 clients" in found
    client = words(operator.read("/search?q=c-3"))
    assert "What client c-3 met" in client
    assert "P-3 (A1, cycle 102)" in client
    assert "Nobody here met" in words(operator.read("/search?q=never seen"))
    several = words(operator.read("/search?q=ó mur"))
    assert "can be several things" in several


def test_the_managers_day_names_the_open_recall(manager: Browser, recall: str) -> None:
    day = manager.read("/manager")

    assert "Because" in day
    assert "one recall is open" in words(day)
    assert f'href="/recalls/{recall}"' in day


def test_a_blocked_row_leads_to_what_was_recalled(
    practitioner: Browser, house: House, clock: Clock
) -> None:
    begin = clock.now - timedelta(hours=3)
    add_machine(house, begin)
    bad = load(house, "1", ("P-1",), begin)
    draft = open_one(house, begin, device="ROLLER-1")
    answer_before(house, draft, begin, device="ROLLER-1")
    spore(house, bad, Growth.GROWTH, clock.now - timedelta(hours=1))

    page = practitioner.read(f"/sessions/{draft}")

    assert "Pack P-1 is recalled." in page
    assert 'href="/recalls"' in page.split("<main")[1]


def last_export(house: House, purpose: str) -> dict[str, Any]:
    """The newest entry about a file with this purpose."""
    with house.database.reading() as tx:
        places = [index for _, index in log.list_places(tx, house.clinic_id, "report")]
        bodies = log.read_bodies(tx, house.clinic_id, places)
    data = [json.loads(bodies[index])["data"] for index in sorted(bodies)]
    found: dict[str, Any] = [each for each in data if each["purpose"] == purpose][-1]
    return found


def test_a_recall_and_a_search_go_out_as_signed_files_that_the_log_knows(
    manager: Browser, recall: str, house: House, tmp_path: Path
) -> None:
    page = f"/recalls/{recall}"
    search = {"kind": "pack", "ref": "P-1"}
    session = re.search(r'name="session" value="([^"]+)"', manager.read(page))
    assert session is not None
    manager.post(f"{page}/calls", page=page, session=session[1], outcome="reached")
    made = manager.post(f"{page}/file", page=page)
    found = manager.post("/search/file", page="/search", **search)

    for answer, purpose in ((made, "recall"), (found, "search")):
        assert answer.mimetype == "application/pdf", answer.text[:300]
        entry = last_export(house, purpose)
        assert entry["sha256"] == hashlib.sha256(answer.data).hexdigest()
        root = load_root(house.keys_folder).certificate
        verdict = verify_report(answer.data, trust_roots=[root])
        assert [check.code for check in verdict.checks if check.holds is False] == []
        assert (verdict.outcome, verdict.about) == (Outcome.ACCEPTED, purpose)
        assert "do not show that nothing was left out" in verdict.sentence
        assert any("a list is complete" in limit for limit in verdict.does_not_prove)
        sent = {"file": (io.BytesIO(answer.data), f"{purpose}.pdf")}
        drawn = words(manager.post("/verify", page="/verify", **sent).text)
        assert "Accepted" in drawn
        assert "C-1" in drawn.rpartition("drawn anew from the signed data")[2]
    file = tmp_path / "recall.pdf"
    file.write_bytes(made.data)
    read = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, check=True)
    text = read.stdout.decode()
    for said in ("C-1", "P-4", "Spores grew", "C-9"):
        assert said in text
    assert audit(house).problems == ()
