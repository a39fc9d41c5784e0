"""Cycles with their flags, log files with their reports, and mappings."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from web.desk.visiting import Browser
from web.sterilizers.room import MAPPING, TEXT_LOG, Room, bring_in, dac_log

from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.sterilization.cycles import find_cycle
from givens import Clock
from harbour import House

HERE = "/manager/sterilizers/A1/mapping"


def send(manager: Browser, content: bytes, name: str = "log.txt", **more: str) -> Any:
    fields = {"sterilizer": "A1", "adapter": "", **more, "file": (io.BytesIO(content), name)}
    return manager.post("/manager/imports", page="/manager/imports", **fields)


def decide(manager: Browser, cycle_id: str, flag: str, verdict: str, reason: str) -> Any:
    here = f"/manager/cycles/{cycle_id}"
    fields = {f"{flag}-verdict": verdict, f"{flag}-reason": reason}
    return manager.post(f"{here}/flags/{flag}", page=here, **fields)


def test_filters_live_in_the_address(manager: Browser, room: Room) -> None:
    failed = manager.read("/manager/cycles?outcome=failed")
    flagged = manager.read("/manager/cycles?flags=undecided&sterilizer=A1&outcome=passed")
    none = manager.read("/manager/cycles?to=2020-01-01")

    assert f"/manager/cycles/{room.failed}" in failed
    assert f"/manager/cycles/{room.good}" not in failed
    assert f"/manager/cycles/{room.copied}" in flagged
    assert f"/manager/cycles/{room.good}" not in flagged
    assert "No cycle fits" in none


def test_a_filter_that_is_not_understood_is_said_and_left_out(manager: Browser, room: Room) -> None:
    text = manager.read("/manager/cycles?outcome=odd&from=soon")

    assert "“odd” is not one of the choices for outcome." in text
    assert "“soon” is not a date." in text
    assert f"/manager/cycles/{room.good}" in text


def test_the_csv_holds_what_is_seen(manager: Browser, room: Room) -> None:
    answered = manager.get("/manager/cycles?outcome=passed&sterilizer=A1&format=csv")

    assert answered.headers["Content-Disposition"].endswith('cycles-harbour-2026-11-20.csv"')
    lines = answered.text.splitlines()
    assert len(lines) == 1 + 3
    assert "identical_curve (to decide)" in answered.text
    assert "135.3" in answered.text


def test_a_cycle_shows_set_against_achieved_its_curve_and_its_file(
    manager: Browser, room: Room
) -> None:
    text = manager.read(f"/manager/cycles/{room.good}")

    assert "at least 134.0 °C" in text
    assert "3:11 min" in text
    assert "data-curve=" in text
    assert "Every reading lies within 2 K of saturated steam." in text
    assert room.imported.sha256 in text
    assert "lines 1 to 35" in text
    assert "18:48 min" in text


def test_a_failed_cycle_says_why(manager: Browser, room: Room) -> None:
    text = manager.read(f"/manager/cycles/{room.failed}")

    assert "Why it failed" in text
    assert "The sterilizer itself reported an error." in text


def test_a_cycle_typed_by_hand_has_its_pack_its_spore_test_and_no_file(
    manager: Browser, room: Room
) -> None:
    text = manager.read(f"/manager/cycles/{room.tested}")

    assert "P-11" in text
    assert "BI-7" in text
    assert "Type 5 (ISO 11140-1)" in text
    assert "Entered by hand" in text
    assert "Its log holds no readings" in text


def test_a_flag_is_decided_once_by_name_and_with_a_reason(
    manager: Browser, house: House, room: Room
) -> None:
    short = decide(manager, room.copied, "identical_curve", "refuse", "no")
    assert short.status_code == 422
    assert "is no reason" in short.text
    assert decide(manager, room.copied, "identical_curve", "", "Looked.").status_code == 422

    done = decide(manager, room.copied, "identical_curve", "refuse", "It is a copy of 12.")

    assert done.status_code == 303
    text = manager.read(f"/manager/cycles/{room.copied}")
    assert "It is a copy of 12." in text
    assert "Load refused" in text
    again = decide(manager, room.copied, "identical_curve", "accept", "On second thoughts.")
    assert again.status_code == 303
    assert "decided already" in manager.read(f"/manager/cycles/{room.copied}")
    with house.database.reading() as tx:
        row = find_cycle(tx, room.copied, actor=house.manager)
    decided = {flag["code"]: flag["decision"] for flag in row.flags}
    assert decided["identical_curve"]["accepted"] is False
    assert decided["counter_jump"] is None


def test_a_flag_that_the_cycle_has_not_is_not_found(manager: Browser, room: Room) -> None:
    assert decide(manager, room.copied, "overlap", "accept", "Nothing.").status_code == 404


def test_an_upload_is_accounted_for_and_can_be_taken_back_out_byte_for_byte(
    manager: Browser, house: House, room: Room, clock: Clock
) -> None:
    content = b"stray <line>\r\n" + dac_log(number="17", started=clock.now)

    done = send(manager, content, "a <b>.txt")

    assert done.status_code == 303
    address = done.headers["Location"]
    text = manager.read(address)
    assert "a &lt;b&gt;.txt" in text
    assert "between cycles: messages and empty lines" in text
    assert "Lines 1 to 36" in text
    raw = manager.get(f"{address}/raw")
    assert raw.data == content
    assert raw.headers["Content-Disposition"].startswith("attachment")
    assert raw.mimetype == "application/octet-stream"
    assert audit_clinic(house.database, house.clinic_id).clean


@pytest.mark.parametrize(
    ("content", "more", "status", "said"),
    [
        (b"", {}, 422, "is empty or too large"),
        (b"x", {"sterilizer": "Z9"}, 422, "There is no sterilizer"),
        (b"x", {"adapter": "scican"}, 422, "SciCan does not publish"),
        (b"x", {"adapter": "mapped_text"}, 422, "has no mapping for this sterilizer yet"),
        (b"x", {"adapter": "odd"}, 422, "is unknown"),
        (b"END\r\nW&H O.D.Code 00-EC6FF-F6\r\n", {}, 422, "W&amp;H publishes"),
    ],
)
def test_what_is_not_read_is_refused_with_the_way_out(
    manager: Browser, room: Room, content: bytes, more: dict[str, str], status: int, said: str
) -> None:
    answered = send(manager, content, **more)

    assert answered.status_code == status
    assert said in answered.text


def test_the_same_bytes_are_taken_once(manager: Browser, room: Room, clock: Clock) -> None:
    content = dac_log(number="17", started=clock.now)
    assert send(manager, content).status_code == 303

    again = send(manager, content, "other name.txt")

    assert again.status_code == 409
    assert "These bytes arrived already on 2026-11-20." in again.text


def test_the_list_of_files_pages_and_a_broken_place_is_refused(
    manager: Browser, house: House, room: Room, clock: Clock
) -> None:
    for number in range(30):
        clock.tick(minutes=1)
        content = dac_log(number=str(100 + number), started=clock.now)
        bring_in(house, "A1", "log.txt", content, now=clock.now)

    text = manager.read("/manager/imports")
    cursor = text.split("/manager/imports?cursor=")[1].split('"')[0]
    following = manager.read(f"/manager/imports?cursor={cursor}")

    assert text.count("log.txt</a>") == 30
    assert "DAC 2026-11-16.TXT" in following
    assert "log.txt</a>" not in following
    assert manager.get("/manager/imports?cursor=odd").status_code == 422


def test_a_file_of_nobody_is_not_found(manager: Browser, room: Room) -> None:
    assert manager.get("/manager/imports/" + "0" * 64).status_code == 404
    assert manager.get("/manager/imports/" + "0" * 64 + "/raw").status_code == 404


def test_a_mapping_is_previewed_saved_as_a_version_and_then_used(
    manager: Browser, house: House, room: Room
) -> None:
    lines = manager.post(
        f"{HERE}/sample", page=HERE, sample=(io.BytesIO(TEXT_LOG.encode()), "nova.txt")
    )
    assert "Cycle no:  0042" in lines.text
    preview = manager.post(f"{HERE}/preview", page=HERE, sample_text=TEXT_LOG, **MAPPING)
    assert "2 cycles" in preview.text
    assert "134.6 °C" in preview.text
    assert "Failed or cut short" in preview.text

    assert manager.post(HERE, page=HERE, **MAPPING).status_code == 303
    assert "Version 1, saved by" in manager.read(HERE)
    done = send(manager, TEXT_LOG.encode())

    text = manager.read(done.headers["Location"])
    assert "Mapping of this sterilizer, version 1" in text
    assert "This make is unverified" in text
    assert "Cycle 0043, failed" in text
    assert "Mapping of its logs, version 1" in manager.read("/manager/sterilizers/A1")
    assert audit_clinic(house.database, house.clinic_id).clean


def test_a_file_in_which_a_mapping_finds_nothing_is_not_kept_and_may_come_again(
    manager: Browser, room: Room
) -> None:
    wrong = {**MAPPING, "begins_with": "+++ RUN"}
    assert manager.post(HERE, page=HERE, **wrong).status_code == 303

    refused = send(manager, TEXT_LOG.encode())

    assert refused.status_code == 422
    assert "mapping finds" in refused.text
    assert manager.post(HERE, page=HERE, **MAPPING).status_code == 303
    done = send(manager, TEXT_LOG.encode())
    assert "Mapping of this sterilizer, version 2" in manager.read(done.headers["Location"])


def test_a_mapping_that_finds_nothing_says_what_it_lacks(manager: Browser, room: Room) -> None:
    lacking = {**MAPPING, "value-number": "", "value-hold": ""}

    preview = manager.post(f"{HERE}/preview", page=HERE, sample_text=TEXT_LOG, **lacking)
    saved = manager.post(HERE, page=HERE, **lacking)
    beginning = manager.post(HERE, page=HERE, **{**MAPPING, "begins_with": ""})

    assert "The mapping still lacks cycle number, hold reached." in preview.text
    assert saved.status_code == 422
    assert "Say with which words a cycle begins" in beginning.text


def test_a_curve_is_mapped_previewed_judged_and_drawn(
    manager: Browser, house: House, room: Room
) -> None:
    readings = "".join(f"08:2{at}:00 134.5 3.09\n" for at in range(6, 10))
    phases = f"PHASE HOLD\n{readings}PHASE DRY\n08:40:00 100 0.1\n*** END    08:52:10"
    log = TEXT_LOG.replace("*** END    08:52:10", phases)
    curve = {
        "curve-from_words": "PHASE HOLD",
        "curve-until_words": "PHASE DRY",
        "curve-time": "1",
        "curve-temperature": "2",
        "curve-pressure": "3",
    }
    missing = manager.post(HERE, page=HERE, **MAPPING, **{**curve, "curve-pressure": ""})
    unbound = manager.post(HERE, page=HERE, **MAPPING, **{**curve, "curve-from_words": ""})
    preview = manager.post(f"{HERE}/preview", page=HERE, sample_text=log, **MAPPING, **curve)

    assert "The curve needs three different columns" in missing.text
    assert "Say where the hold begins" in unbound.text
    assert "4: 134.5 to 134.5 °C, 3.09 to 3.09 bar" in preview.text
    assert manager.post(HERE, page=HERE, **MAPPING, **curve).status_code == 303
    assert 'value="PHASE HOLD"' in manager.read(HERE)
    done = send(manager, log.replace("08:27:00 134.5 3.09", "08:27:00 134.5 2.60").encode())
    listed = manager.read(done.headers["Location"])
    cycle = re.search(r'href="(/manager/cycles/[^"]+)"', listed)
    assert cycle is not None
    shown = manager.read(cycle[1])
    assert "Temperature and pressure do not belong to saturated steam." in shown
    assert "data-curve" in shown
    assert audit_clinic(house.database, house.clinic_id).clean


def test_columns_are_mapped_by_their_numbers(manager: Browser, room: Room) -> None:
    columns = {
        "separator": ";",
        "date_order": "ymd",
        "value-number": "1",
        "value-date": "2",
        "value-time": "2",
        "value-lowest_temperature": "3",
        "value-hold": "4",
        "failure_words": "FAIL",
    }
    sample = "No;When;T;Hold;Result\n7;2026-11-20 14:05;134.4;210 s;OK\n8;2026-11-20 15:30;120.0;20 s;FAIL\n"

    preview = manager.post(f"{HERE}/preview", page=HERE, sample_text=sample, **columns)
    wrong = manager.post(HERE, page=HERE, **{**columns, "value-number": "first"})

    assert "20 Nov 2026, 14:05:00" in preview.text
    assert "3:30 min" in preview.text
    assert "Failed or cut short" in preview.text
    assert "1 lines outside of cycles" in preview.text
    assert "A column is named by its number" in wrong.text
