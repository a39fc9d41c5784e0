"""Sterilizers, cycles, indicators, imports and recalls over the API."""

from __future__ import annotations

import io
import itertools
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from web.api.calling import Api, problem, read

from compliance.operations.auditing import audit_clinic
from givens import ROOT, Clock

DATA = ROOT / "tests" / "data"
SCENARIO = json.loads((DATA / "sterilization" / "recall_scenario.json").read_text("utf-8"))
PROGRAM = {
    "name": "134 °C",
    "hold_decicelsius": 1340,
    "upper_decicelsius": 1370,
    "hold_seconds": 180,
}
BEGIN = datetime(2025, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(BEGIN)


def add(api: Api, code: str, **more: Any) -> Any:
    body = {
        "code": code,
        "name": f"Autoclave {code}",
        "type": "B",
        "serial": f"SN-{code}",
        "programs": [PROGRAM],
        "installed_on": "2024-01-02",
        **more,
    }
    return read(api.post("/sterilizers", body, by="manager"), 201)


def run(api: Api, sterilizer: str, number: str, **more: Any) -> Any:
    """A good run that began now, as the operator enters it."""
    body = {
        "sterilizer": sterilizer,
        "number": number,
        "program": "134 °C",
        "started_at": api.clock.now.isoformat(),
        "lowest_decicelsius": 1343,
        "highest_decicelsius": 1352,
        "hold_seconds": 200,
        "indicators": [{"type": 5, "changed": True}],
        **more,
    }
    return read(api.post("/cycles", body, by="operator"), 201)


def pack(api: Api, code: str, sterilizer: str, number: str, device: str | None = None) -> None:
    body = {
        "code": code,
        "device_id": device,
        "contents": "roller",
        "sterilizer": sterilizer,
        "cycle_number": number,
        "sterilized_on": api.clock.now.date().isoformat(),
    }
    read(api.post("/packs", body, by="operator"), 201)


def release(api: Api, cycle: Any) -> Any:
    return api.post(f"/cycles/{cycle['id']}/release", by="operator")


def spore(api: Api, cycle: Any, result: str, control: str | None = "growth") -> Any:
    body = {
        "cycle_id": cycle["id"],
        "lot": "BI-7",
        "control_lot": "BI-7",
        "expires_on": "2027-12-31",
        "result": result,
        "control": control,
    }
    return read(api.post("/indicators", body, by="operator"), 201)


def state_of(api: Api, code: str) -> str:
    return str(read(api.get(f"/sterilizers/{code}"))["state"])


def move(api: Api, code: str, to: str, **more: Any) -> Any:
    body = {"to": to, "reason": "As the plan says.", **more}
    return api.post(f"/sterilizers/{code}/move", body, by="manager")


def treat(api: Api, client: str, evidence: list[dict[str, Any]], device: str) -> str:
    """A treatment that has begun."""
    session = api.open(device, client_ref=client)
    read(api.answer(session, "device_sterilized_before", "yes", evidence=evidence))
    api.answer_phase(session, "before", device)
    assert api.step(session, "start").status_code == 200
    return session


def piece(code: str) -> list[dict[str, Any]]:
    return [{"component": "roller", "kind": "pack", "ref": code}]


def audited(api: Api) -> list[str]:
    result = audit_clinic(api.house.database, api.house.clinic_id)
    return [f"{each.table}: {each.reason}" for each in result.problems]


def play(api: Api, event: dict[str, Any], cycles: dict[str, Any]) -> str | None:
    """One event of the scenario at its time; returns the refusal's code if it is refused."""
    api.clock.now = datetime.fromisoformat(event["t"]).replace(tzinfo=UTC)
    if event["k"] == "bi":
        name = event["cycle"]
        cycles[name] = run(api, event["st"], name)
        spore(api, cycles[name], "pending", None)
    elif event["k"] == "cycle":
        cycles[event["id"]] = run(api, event["st"], event["id"])
        for code in event["packs"]:
            pack(api, code, event["st"], event["id"])
        assert sorted(read(release(api, cycles[event["id"]]))["packs"]) == event["packs"]
    elif "cartridge" in event:
        ref = {
            "lot": event["cartridge"]["lot"],
            "udi": event["cartridge"]["gtin"],
            "expires_on": "2026-12-31",
        }
        evidence = [{"component": "tip", "kind": "lot", "ref": ref}]
        treat(api, event["client"], evidence, "TIP-1")
    elif "note" in event:
        session = api.open("ROLLER-1", client_ref=event["client"])
        refused = api.answer(
            session, "device_sterilized_before", "yes", evidence=piece(event["packs"][0])
        )
        assert "is recalled" in problem(refused, 422, "evidence_refused")["detail"]
        return str(event["id"])
    else:
        treat(api, event["client"], piece(event["packs"][0]), "ROLLER-1")
    return None


def test_the_recall_scenario_comes_out_to_the_letter(api: Api) -> None:
    for code in SCENARIO["sterilizers"]:
        add(api, code)
    cycles: dict[str, Any] = {}
    events = [*SCENARIO["events"]]
    events += [
        {"t": f"{event['read']}T09:00", "k": "read", "of": event}
        for event in SCENARIO["events"]
        if event["k"] == "bi"
    ]
    blocked = []
    for event in sorted(events, key=lambda each: each["t"]):
        if event["k"] == "read":
            api.clock.now = datetime.fromisoformat(event["t"]).replace(tzinfo=UTC)
            told = event["of"]
            spore(api, cycles[told["cycle"]], told["result"], told["control"])
        elif (refused := play(api, event, cycles)) is not None:
            blocked.append(refused)

    expected = SCENARIO["expect"]
    (line,) = read(api.get("/recalls", by="operator"))["items"]
    recall = read(api.get(f"/recalls/{line['id']}"))
    assert recall["sterilizer"] == "A1"
    assert recall["window"]["since"] == "2025-03-03T08:00:00.000Z"
    assert recall["window"]["last_negative"] == cycles["A1-100"]["id"]
    assert [cycle["number"] for cycle in recall["cycles"]] == expected["recalled_cycles"]
    assert recall["packs_to_pull"] == expected["recalled_unused_packs"]
    assert recall["packs_used"] == expected["used_packs"]
    assert recall["clients_to_notify"] == expected["clients_to_notify"]
    spared = {each["client_ref"]: each["reason"] for each in recall["not_affected"]}
    assert spared == expected["not_affected"]
    assert blocked == expected["blocked"]
    assert state_of(api, "A1") == "suspended"
    assert state_of(api, "A2") == "in_service"
    assert audited(api) == []


def test_a_pack_in_a_draft_is_pulled_and_the_start_is_blocked(api: Api) -> None:
    add(api, "A1")
    cycle = run(api, "A1", "1")
    pack(api, "P-1", "A1", "1")
    read(release(api, cycle))
    session = api.open("ROLLER-1")
    read(api.answer(session, "device_sterilized_before", "yes", evidence=piece("P-1")))
    api.answer_phase(session, "before", "ROLLER-1")
    api.clock.tick(hours=1)
    spore(api, cycle, "growth")

    blockers = problem(api.step(session, "start"), 409, "blocked")["blockers"]

    assert [each["code"] for each in blockers] == ["pack_recalled"]
    (line,) = read(api.get("/recalls"))["items"]
    recall = read(api.get(f"/recalls/{line['id']}"))
    assert recall["packs_to_pull"] == ["P-1"]
    assert recall["clients_to_notify"] == []
    assert (
        api.send("DELETE", f"/sessions/{session}/items/device_sterilized_before").status_code < 300
    )
    assert read(api.get("/packs/P-1"))["state"] == "recalled"
    assert audited(api) == []


def test_a_late_answer_is_refused_and_its_client_is_to_be_notified(api: Api) -> None:
    add(api, "A1")
    cycle = run(api, "A1", "1")
    pack(api, "P-1", "A1", "1")
    read(release(api, cycle))
    session = api.open("ROLLER-1", client_ref="C-7")
    done = api.clock.tick(minutes=1)
    spore(api, cycle, "growth")
    api.clock.tick(hours=1)
    sent = {"evidence": piece("P-1"), "performed_at": done.isoformat()}

    for _ in range(2):
        answered = api.answer(session, "device_sterilized_before", "yes", **sent)
        problem(answered, 422, "evidence_refused")

    (line,) = read(api.get("/recalls"))["items"]
    recall = read(api.get(f"/recalls/{line['id']}"))
    assert recall["clients_to_notify"] == ["C-7"]
    (met,) = recall["sessions"]
    assert met["packs"] == ["P-1"]
    ((late, used),) = [(each, each["used"]) for each in met["refused"]]
    assert [each["code"] for each in used] == ["P-1"]
    assert datetime.fromisoformat(late["performed_at"]) == done
    assert datetime.fromisoformat(late["refused_at"]) == api.clock.now
    assert audited(api) == []


def test_the_way_back_leads_through_a_valid_negative_retest(api: Api) -> None:
    add(api, "A1")
    first = run(api, "A1", "1")
    pack(api, "P-1", "A1", "1")
    read(release(api, first))
    session = treat(api, "C-9", piece("P-1"), "ROLLER-1")
    api.clock.tick(hours=2)
    spore(api, first, "growth")
    problem(move(api, "A1", "in_service"), 409, "conflict")
    read(move(api, "A1", "retest"))
    problem(move(api, "A1", "in_service"), 409, "conflict")
    api.clock.tick(hours=1)
    spore(api, run(api, "A1", "2"), "growth")
    assert state_of(api, "A1") == "suspended"
    problem(move(api, "A1", "retest"), 409, "conflict")
    read(move(api, "A1", "retest", cause="A worn door seal, replaced."))
    api.clock.tick(hours=1)
    spore(api, run(api, "A1", "3"), "no_growth")

    assert read(move(api, "A1", "in_service"))["state"] == "in_service"

    (line,) = read(api.get("/recalls"))["items"]
    assert line["positives"] == 2
    recall = f"/recalls/{line['id']}"
    assert [cycle["number"] for cycle in read(api.get(recall))["cycles"]] == ["1", "2"]
    problem(api.post(f"{recall}/close", by="manager"), 409, "conflict")
    call = {"session_id": session, "outcome": "reached", "note": "She is well."}
    read(api.post(f"{recall}/calls", call), 201)
    assert read(api.post(f"{recall}/close", by="manager"))["state"] == "closed"
    assert read(api.get(recall))["sessions"][0]["calls"][0]["outcome"] == "reached"
    api.clock.tick(hours=1)
    read(release(api, run(api, "A1", "4")))
    assert audited(api) == []


def test_a_failed_or_unreleased_load_yields_no_usable_pack(api: Api) -> None:
    add(api, "A1")
    failed = run(api, "A1", "1", hold_seconds=100, set_hold_seconds=180)
    pack(api, "P-1", "A1", "1")

    assert failed["outcome"] == "failed"
    codes = {each["code"] for each in problem(release(api, failed), 409, "blocked")["blockers"]}
    assert codes == {"cycle_failed", "flag_undecided"}
    problem(api.post("/packs/P-1/release", by="operator"), 409, "conflict")
    session = api.open("ROLLER-1")
    refused = api.answer(session, "device_sterilized_before", "yes", evidence=piece("P-1"))
    problem(refused, 422, "evidence_refused")


def test_indicators_are_demanded_when_a_load_is_released(api: Api) -> None:
    add(api, "A1")
    cycle = run(api, "A1", "1", indicators=[])
    assert cycle["outcome"] == "passed"
    blockers = problem(release(api, cycle), 409, "blocked")["blockers"]
    assert [each["code"] for each in blockers] == ["indicator_missing"]
    strip = {"type": 4, "changed": True}
    body = {"kind": "chemical", "cycle_id": cycle["id"], "chemical": [strip]}
    assert read(api.post("/indicators", body, by="operator"), 201)["outcome"] == "passed"

    assert read(release(api, cycle))["cycle"]["released_by"] == api.house.operator.user_id
    problem(release(api, cycle), 409, "conflict")
    assert audited(api) == []


def test_a_release_ends_the_wait_of_a_session(api: Api) -> None:
    add(api, "A1")
    read(release(api, run(api, "A1", "1")))
    api.clock.tick(hours=1)
    first = run(api, "A1", "2")
    pack(api, "P-1", "A1", "2", "ROLLER-1")
    read(release(api, first))
    session = api.closed("ROLLER-1")
    assert read(api.get(f"/sessions/{session}"))["state"] == "awaiting_reprocessing"
    api.clock.tick(hours=1)
    later = run(api, "A1", "3", contents=[{"device": "ROLLER-1"}])
    pack(api, "P-2", "A1", "3", "ROLLER-1")

    assert read(release(api, later))["closed_sessions"] == [session]

    assert read(api.get(f"/sessions/{session}"))["state"] == "closed"
    assert audited(api) == []


def upload(api: Api, content: bytes, name: str = "log.txt", sterilizer: str = "DAC") -> Any:
    return api.client.post(
        "/api/v1/imports",
        data={"file": (io.BytesIO(content), name), "sterilizer": sterilizer},
        headers={"Authorization": f"Bearer {api.tokens['operator']}"},
    )


def dac(name: str) -> bytes:
    return (DATA / "autoclave" / name).read_bytes()


def test_the_three_real_logs_and_a_clone(api: Api) -> None:
    add(api, "DAC", serial="601362")
    good = dac("dac_DACLogOK.TXT")
    outcomes = []
    for name in ("dac_DACLogOK.TXT", "dac_DACLogFehler.TXT", "dac_DACLogFehlerII.TXT"):
        lines = read(upload(api, dac(name), name), 201)["lines"]
        spans = [(line["first"], line["last"]) for line in lines]
        assert spans[0][0] == 1
        assert all(a[1] + 1 == b[0] for a, b in itertools.pairwise(spans))
        outcomes += [line["outcome"] for line in lines if line["use"] == "cycle"]
    assert outcomes == ["passed", "failed", "failed"]
    problem(upload(api, good), 409, "conflict")

    clone = good.replace(b"601362", b"601399").replace(b"Zyklus:     13", b"Zyklus:     457")
    clone = clone.replace(b"16-03-2016", b"27-02-2025")
    (line,) = (each for each in read(upload(api, clone), 201)["lines"] if each["use"] == "cycle")

    assert {"identical_curve", "other_serial"} <= set(line["flags"])
    blockers = problem(
        api.post(f"/cycles/{line['cycle_id']}/release", by="operator"), 409, "blocked"
    )["blockers"]
    assert "flag_undecided" in {each["code"] for each in blockers}
    decision = {"flag": "identical_curve", "accepted": False, "reason": "It is a copy."}
    decided = read(api.post(f"/cycles/{line['cycle_id']}/flags", decision, by="operator"))
    assert [f["decision"]["accepted"] for f in decided["flags"] if f["decision"]] == [False]
    assert audited(api) == []


def test_a_log_that_grows_is_imported_without_doubling(api: Api) -> None:
    add(api, "DAC", serial="601362")
    good = dac("dac_DACLogOK.TXT")
    read(upload(api, good), 201)

    again = read(upload(api, good + b"\r\n" + dac("dac_DACLogFehler.TXT")), 201)["lines"]

    assert [each["use"] for each in again if each["use"] != "noise"] == ["known", "cycle"]
    assert len(read(api.get("/cycles?sterilizer=DAC"))["items"]) == 2


def test_a_lot_notice_blocks_the_lot_and_finds_its_clients(api: Api) -> None:
    met = api.treated("TIP-1", client_ref="C-7")
    draft = api.open("TIP-1", client_ref="C-8")
    api.answer_phase(draft, "before")
    lot = "L1"
    notice = read(api.post("/recalls", {"lot": lot}, by="manager"), 201)

    recall = read(api.get(f"/recalls/{notice['id']}"))
    assert recall["clients_to_notify"] == ["C-7"]
    assert [each["session_id"] for each in recall["sessions"]] == [met]
    blockers = problem(api.step(draft, "start"), 409, "blocked")["blockers"]
    assert [each["code"] for each in blockers] == ["lot_recalled"]
    assert api.step(met, "close").status_code == 200
    problem(api.post("/recalls", {"lot": lot}, by="manager"), 409, "conflict")
    assert audited(api) == []


def test_a_notice_with_an_article_says_how_each_client_was_found(api: Api) -> None:
    gtin = "09506000134352"
    for client, udi in (("C-1", gtin), ("C-2", "04012345678901"), ("C-3", None)):
        ref = {"lot": "L7", "udi": udi, "expires_on": "2028-01-31"}
        treat(api, client, [{"component": "tip", "kind": "lot", "ref": ref}], "TIP-1")

    notice = read(api.post("/recalls", {"lot": f"(01){gtin}(10)L7"}, by="manager"), 201)

    assert (notice["lot"], notice["gtin"]) == ("L7", gtin)
    met = read(api.get(f"/recalls/{notice['id']}"))["sessions"]
    found = {each["client_ref"]: each["found_by"] for each in met}
    assert found == {"C-1": "article_and_lot", "C-3": "lot"}
    by_lot = read(api.get("/meetings?kind=lot&ref=L7"))["items"]
    assert {each["client_ref"] for each in by_lot} == {"C-1", "C-2", "C-3"}


def test_the_search_goes_both_ways(api: Api) -> None:
    add(api, "A1")
    cycle = run(api, "A1", "1")
    pack(api, "P-1", "A1", "1")
    read(release(api, cycle))
    session = treat(api, "C-9", piece("P-1"), "ROLLER-1")
    operator = api.house.operator.user_id

    for kind, ref in (
        ("device", "ROLLER-1"),
        ("pack", "P-1"),
        ("cycle", cycle["id"]),
        ("operator", operator),
        ("client", "C-9"),
    ):
        (found,) = read(api.get(f"/meetings?kind={kind}&ref={ref}"))["items"]
        assert (found["session_id"], found["client_ref"]) == (session, "C-9")
        assert found["evidence"][0]["ref"]["code"] == "P-1"


def test_a_repair_makes_a_spore_test_due_now(api: Api) -> None:
    added = add(api, "A1")
    assert added["spore_test"]["overdue"] is True
    spore(api, run(api, "A1", "1"), "no_growth")
    assert read(api.get("/sterilizers/A1"))["spore_test"]["due_at"] is None
    api.clock.tick(days=1)
    on = (api.clock.now - timedelta(days=1)).date().isoformat()

    repaired = read(
        api.post("/sterilizers/A1/service", {"service": "repair", "on": on}, by="manager")
    )

    assert repaired["spore_test"]["overdue"] is True
    assert re.match("after installation or repair", repaired["spore_test"]["rule"])
    assert audited(api) == []


def test_a_release_says_that_the_spore_test_is_overdue_and_by_which_rule(api: Api) -> None:
    add(api, "A1")
    first = run(api, "A1", "1")
    (new,) = read(release(api, first))["warnings"]
    assert new["text"] == "The spore test of A1 is overdue: after installation or repair."
    spore(api, first, "no_growth")
    api.clock.tick(hours=1)
    assert read(release(api, run(api, "A1", "2")))["warnings"] == []

    with api.house.database.writing() as tx:
        tx.execute(text('UPDATE clinic SET profiles = \'["US-CDC-dental","ASEPTRAIL-BASE"]\''))
    api.clock.tick(days=8)
    (late,) = read(release(api, run(api, "A1", "3")))["warnings"]

    assert late == {
        "code": "spore_test_overdue",
        "text": "The spore test of A1 is overdue: a spore test at least weekly, with a control of the"
        " same lot.",
        "rule": "US-CDC-dental/1 spore_test_max_days",
        "source": late["source"],
    }
    assert late["source"].startswith("cdc.gov")


def start(api: Api, *scans: str) -> Any:
    contents = [{"scan": scan} for scan in scans] + [{"text": "Tweezers and bowl"}]
    return api.post("/loads", {"sterilizer": "A1", "contents": contents}, by="operator")


def test_a_load_is_started_read_out_and_released_with_the_packs_it_makes(api: Api) -> None:
    add(api, "A1")
    load = read(start(api, "ROLLER-1"), 201)
    assert (load["program"], load["ended_at"]) == ("134 °C", None)
    assert [each["text"] for each in load["contents"]] == ["Roller 1", "Tweezers and bowl"]
    assert [each["id"] for each in read(api.get("/loads"))["items"]] == [load["id"]]
    busy = problem(start(api), 409, "blocked")["blockers"]
    assert [each["code"] for each in busy] == ["sterilizer_running"]

    values = {
        "number": "1",
        "lowest_decicelsius": 1343,
        "hold_seconds": 190,
        "indicators": [{"type": 5, "changed": True}],
    }
    api.clock.tick(hours=1)
    cycle = read(api.post(f"/loads/{load['id']}/read-out", values, by="operator"), 201)
    assert cycle["outcome"] == "passed"
    assert read(api.get(f"/loads/{load['id']}"))["cycle_id"] == cycle["id"]
    problem(api.post(f"/loads/{load['id']}/read-out", values, by="operator"), 409, "conflict")

    path = f"/cycles/{cycle['id']}/release"
    foreign = {"packs": [{"contents": "pen", "device": "PEN-1"}]}
    refused = problem(api.post(path, foreign, by="operator"), 422, "invalid_value")
    assert "was not in cycle 1" in refused["detail"]
    made = {
        "packs": [
            {"contents": "roller", "device": "ROLLER-1", "code": "P-7"},
            {"contents": "Tweezers and bowl", "expires_on": "2025-03-10"},
        ]
    }
    done = read(api.post(path, made, by="operator"))

    assert sorted(done["packs"]) == ["250301-01", "P-7"]
    kept = read(api.get("/packs/250301-01"))
    assert (kept["state"], kept["expires_on"]) == ("released", "2025-03-10")
    assert audited(api) == []


def test_a_load_that_has_no_cycle_says_why_and_frees_the_sterilizer(api: Api) -> None:
    add(api, "A1")
    load = read(start(api, "ROLLER-1"), 201)
    path = f"/loads/{load['id']}/given-up"

    problem(api.post(path, {"reason": "no"}, by="operator"), 422, "invalid_fields")
    ended = read(api.post(path, {"reason": "The power failed."}, by="operator"))

    assert ended["cycle_id"] is None
    assert ended["ended_at"] is not None
    assert read(api.get("/loads"))["items"] == []
    problem(api.post(path, {"reason": "The power failed."}, by="operator"), 409, "conflict")
    assert read(start(api), 201)["id"] != load["id"]
    assert audited(api) == []


def test_what_does_not_belong_into_a_load_is_refused_with_what_it_is(api: Api) -> None:
    add(api, "A1")
    body: dict[str, Any] = {"sterilizer": "A1", "contents": [{"scan": "TIP-1"}]}
    tip = problem(api.post("/loads", body, by="operator"), 422, "invalid_value")
    assert "no part that is sterilized with steam" in tip["detail"]
    twice = problem(start(api, "ROLLER-1", "ROLLER-1"), 422, "invalid_value")
    assert "in this load already" in twice["detail"]
    both = {**body, "contents": [{"scan": "ROLLER-1", "text": "roller"}]}
    problem(api.post("/loads", both, by="operator"), 422, "invalid_value")
    other = {**body, "contents": [{"text": "bowl"}], "program": "121 °C"}
    problem(api.post("/loads", other, by="operator"), 422, "invalid_value")
    empty = problem(api.post("/loads", {**body, "contents": []}, by="operator"), 409, "blocked")
    assert [each["code"] for each in empty["blockers"]] == ["contents_missing"]
    assert read(api.get("/loads"))["items"] == []


def test_only_a_fitting_cycle_of_a_log_becomes_that_of_the_load(api: Api) -> None:
    add(api, "DAC", serial="601362")
    body = {"sterilizer": "DAC", "contents": [{"scan": "ROLLER-1"}]}
    path = f"/loads/{read(api.post('/loads', body, by='operator'), 201)['id']}"
    api.clock.tick(hours=20)
    log = dac("dac_DACLogOK.TXT").replace(b"16-03-2016", b"02-03-2025")
    (cycle,) = [
        each["cycle_id"] for each in read(upload(api, log), 201)["lines"] if each["cycle_id"]
    ]
    stranger = run(api, "DAC", "9999")

    def name(cycle_id: str) -> Any:
        return api.post(f"{path}/logged", {"cycle_id": cycle_id}, by="operator")

    problem(name(stranger["id"]), 409, "conflict")
    problem(name("019aa000-0000-7000-8000-00000000dead"), 404, "not_found")
    taken = read(name(cycle))

    assert [each["text"] for each in taken["contents"]] == ["Roller 1"]
    assert read(api.get(path))["cycle_id"] == cycle


@pytest.mark.postgresql
def test_the_scenario_comes_out_the_same_on_postgresql(postgresql_api: Api) -> None:
    test_the_recall_scenario_comes_out_to_the_letter(postgresql_api)
