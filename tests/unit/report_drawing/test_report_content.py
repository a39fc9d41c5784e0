"""What a report says, before anything is drawn."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from compliance.report.content.languages import words_for
from compliance.report.content.reading import read_content
from compliance.report.content.source import ContentUnreadable
from compliance.report.content.times import LocalTimes
from compliance.report.content.values import ExceptionKind, SessionBlock, SessionState
from compliance.report.payload import AuditFile
from unit.report_drawing.audit_fixture import SESSIONS, FixtureAudit, Wish, build_audit

OF_THE_ROOM = frozenset(
    {
        ExceptionKind.RECALL,
        ExceptionKind.SPORE,
        ExceptionKind.CYCLE,
        ExceptionKind.FLAG,
        ExceptionKind.OVERDUE,
    }
)
"""Found in a log of a sterilization room: test_report_room.py."""


def blocks(audit: FixtureAudit) -> list[SessionBlock]:
    return list(read_content(audit).sessions)


def change_entry(
    audit: FixtureAudit, kind: str, change: Callable[[dict[str, Any]], None]
) -> FixtureAudit:
    """Return the audit with its first entry of a kind changed, as a forger would."""
    entries = list(audit.entries)
    for place, (index, body) in enumerate(entries):
        entry = json.loads(body or b"{}")
        if entry.get("kind") == kind:
            change(entry)
            entries[place] = (index, json.dumps(entry).encode())
            return dataclasses.replace(audit, entries=entries)
    raise LookupError(kind)


def test_counts_name_every_kind_of_session(audit: FixtureAudit) -> None:
    counts = read_content(audit).counts

    assert dataclasses.asdict(counts) == {
        "closed": sum(wish.state == "closed" for wish in SESSIONS),
        "late": 2,
        "amended": 2,
        "aborted": 1,
        "awaiting": 1,
        "still_open": 1,
        "erased": 0,
        "recalled": 0,
        "clock_anomalies": 1,
    }


def test_every_signed_session_is_a_block_and_open_ones_are_not(audit: FixtureAudit) -> None:
    states = [block.state for block in blocks(audit)]

    assert states.count(SessionState.CLOSED) == 11
    assert states.count(SessionState.ABORTED) == 1
    assert states.count(SessionState.AWAITING) == 1


def test_blocks_can_be_read_twice_and_are_counted_without_reading(audit: FixtureAudit) -> None:
    content = read_content(audit)

    assert len(content.sessions) == len(list(content.sessions)) == len(list(content.sessions))


def test_a_session_signed_and_closed_in_the_range_is_one_block() -> None:
    audit = build_audit([Wish(state="awaiting_reprocessing")], incidents=False)
    index, body = audit.entries[-1]
    closing = json.loads(body or b"{}")
    closing["kind"], closing["data"]["state"] = "session.closed", "closed"
    entries = [*audit.entries, (index + 1, json.dumps(closing).encode())]
    content = read_content(
        dataclasses.replace(audit, entries=entries, data={**audit.data, "open_sessions": []})
    )

    assert [block.number for block in content.sessions] == [index + 1]
    assert (content.counts.closed, content.counts.awaiting) == (1, 0)


def test_a_late_item_keeps_both_times(audit: FixtureAudit) -> None:
    late = next(block for block in blocks(audit) if block.late)
    item = next(item for item in late.items if item.late)

    assert item.code == "mask_worn"
    assert item.performed is not None
    assert item.performed.text == "28 Oct 2026, 21:43"
    assert item.when.text == "28 Oct 2026, 22:39"


def test_an_amendment_stands_beside_what_it_amends(audit: FixtureAudit) -> None:
    block = next(block for block in blocks(audit) if block.amendments)
    (amendment,) = block.amendments

    assert (amendment.old, amendment.new) == ("titanium", "surgical steel")
    assert amendment.who == "Aoife Ní Bhriain"
    assert "label says steel" in amendment.reason
    item = next(item for item in block.items if item.amended)
    assert (item.code, item.answer) == ("needle_material", "titanium")


def test_amendments_of_earlier_sessions_are_listed_apart(audit: FixtureAudit) -> None:
    content = read_content(audit)

    (later,) = content.later_amendments
    assert later.closed_index < content.start
    assert later.label == "Needle material"


@pytest.mark.parametrize("kind", sorted(set(ExceptionKind) - {ExceptionKind.ERASED} - OF_THE_ROOM))
def test_each_kind_of_exception_is_found(audit: FixtureAudit, kind: ExceptionKind) -> None:
    assert kind in {line.kind for line in read_content(audit).exceptions}


def test_exceptions_come_in_the_order_of_their_gravity(audit: FixtureAudit) -> None:
    order = list(ExceptionKind)
    kinds = [line.kind for line in read_content(audit).exceptions]

    assert kinds == sorted(kinds, key=order.index)


def test_an_erased_entry_is_counted_and_said(audit: FixtureAudit) -> None:
    (first, _), *rest = audit.entries
    content = read_content(dataclasses.replace(audit, entries=[(first, None), *rest]))

    assert content.counts.erased == 1
    assert content.exceptions[-1].kind is ExceptionKind.ERASED
    assert content.exceptions[-1].number == first


def test_filters_change_what_is_drawn_and_not_what_is_counted(audit: FixtureAudit) -> None:
    practitioner = "01991111-0000-7000-8000-000000000003"
    filtered = read_content(
        dataclasses.replace(audit, data={**audit.data, "filters": {"practitioner": practitioner}})
    )

    assert {block.practitioner for block in filtered.sessions} == {"Żaneta Wiśniewska"}
    assert filtered.counts == read_content(audit).counts
    assert filtered.filters == ("Practitioner Żaneta Wiśniewska",)


def test_what_is_not_disclosed_is_said_and_still_told_apart(audit: FixtureAudit) -> None:
    clients = [block.client for block in blocks(audit)]

    assert "not disclosed (00000006)" in clients


def test_an_erased_client_names_the_entry_that_erased(audit: FixtureAudit) -> None:
    hidden = next(block for block in blocks(audit) if block.client.startswith("not disclosed"))
    entry = json.loads(dict(audit.entries)[hidden.number] or b"{}")

    def erase(anomaly: dict[str, Any]) -> None:
        anomaly["kind"] = "erasure"
        anomaly["data"] = {"subject": entry["data"]["client"]["id"]}

    erased = blocks(change_entry(audit, "clock.anomaly", erase))

    found = next(block for block in erased if block.number == hidden.number)
    assert found.client.startswith("erased on 31 Oct 2026, 20:33, entry 222")


def test_a_signature_by_token_says_so(audit: FixtureAudit) -> None:
    assert "by token, not re-authenticated" in {block.signature.auth for block in blocks(audit)}


def test_german_clinics_get_german_words_and_labels() -> None:
    content = read_content(build_audit([Wish()], language="de-AT", incidents=False))
    (block,) = content.sessions

    assert block.protocol == "Microneedling, kosmetisch, Fassung 3"
    assert block.items[3].label == "Handschuhe getragen"
    assert block.items[3].answer == "ja"
    assert content.period == "29. Okt. 2026 bis 30. Nov. 2026"


def test_other_languages_fall_back_to_english() -> None:
    assert words_for("fr") is words_for("en-IE")


def test_an_item_without_template_keeps_its_code(audit: FixtureAudit) -> None:
    orphan = dataclasses.replace(
        audit,
        context=[
            (index, body) for index, body in audit.context if b"template.published" not in body
        ],
    )

    assert blocks(orphan)[0].items[3].label == "gloves worn"


def test_the_hour_that_happens_twice_carries_its_offset() -> None:
    times = LocalTimes.in_zone("Europe/Dublin", words_for("en"))

    assert times.moment("2026-10-25T00:30:00.000Z").clock == "01:30 (UTC+0100)"
    assert times.moment("2026-10-25T01:30:00.000Z").clock == "01:30 (UTC+0000)"
    assert times.moment("2026-10-25T02:30:00.000Z").clock == "02:30"


@pytest.mark.parametrize("recorded", ["2026-10-25T00:30:00", "soon", ""])
def test_a_time_without_offset_is_refused(recorded: str) -> None:
    with pytest.raises(ContentUnreadable):
        LocalTimes.in_zone("Europe/Dublin", words_for("en")).moment(recorded)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        pytest.param("session.closed", "signature", id="no-signature"),
        pytest.param("session.closed", "state", id="no-state"),
        pytest.param("session.closed", "items", id="items-are-a-number"),
        pytest.param("session.amended", "closed_index", id="no-closed-index"),
        pytest.param("incident.recorded", "grade", id="no-grade"),
    ],
)
def test_a_broken_entry_is_refused_and_nothing_else_escapes(
    audit: FixtureAudit, kind: str, key: str
) -> None:
    def damage(entry: dict[str, Any]) -> None:
        entry["data"][key] = [7]

    broken = change_entry(audit, kind, damage)

    with pytest.raises(ContentUnreadable):
        list(read_content(broken).sessions)


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "", "Europe"])
def test_an_unknown_zone_is_refused(audit: FixtureAudit, name: str) -> None:
    clinic = {**audit.data["clinic"], "time_zone": name}

    with pytest.raises(ContentUnreadable):
        read_content(dataclasses.replace(audit, data={**audit.data, "clinic": clinic}))


def test_a_parsed_payload_is_a_source() -> None:
    fields = {field.name for field in dataclasses.fields(AuditFile)}

    assert {"data", "entries", "context", "disclosures", "canonical"} <= fields
