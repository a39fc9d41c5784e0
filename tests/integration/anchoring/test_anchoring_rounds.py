"""When authorities are asked, what is entered, and that nobody ever waits for them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from outside import Outside
from sqlalchemy import text

from compliance.ledger.timestamp import read_token
from compliance.operations.anchoring.plan import AnchorPlan, Authority
from compliance.operations.anchoring.rounds import anchor_due
from compliance.operations.auditing import audit_clinic
from compliance.operations.reporting.workshop import Workshop
from compliance.store import anchors, log
from compliance.store.session import StorageRefused
from givens import NOON, Clock
from harbour import House, closed_session, open_one


def entries(house: House) -> list[dict[str, Any]]:
    with house.database.reading() as tx:
        head = log.read_head(tx, house.clinic_id, lock=False)
        assert head is not None
        rows = log.read_range(tx, house.clinic_id, 0, head.size)
        return [json.loads(body or b"{}") for _, _, body in rows]


def anchored(house: House) -> list[int]:
    return [entry["data"]["size"] for entry in entries(house) if entry["kind"] == "anchor"]


def test_both_authorities_stamp_the_same_checkpoint_and_the_log_says_so(
    workshop: Workshop, house: House, clock: Clock
) -> None:
    size = len(entries(house))

    assert anchor_due(workshop, now=clock()) == 2

    assert anchored(house) == [size, size]
    told = entries(house)[-1]["data"]
    with house.database.reading() as tx:
        kept = anchors.read_anchors(tx, house.clinic_id, [size, size + 1])
    assert [row.authority for row in kept] == ["Harbour Time", "Bay Time"]
    assert kept[0].note == kept[1].note
    assert read_token(kept[1].token).is_over(kept[1].note.encode())
    assert (told["token_sha256"], told["independent"]) == (kept[1].token_sha256, True)
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_authorities_are_asked_every_ten_minutes_while_there_is_activity_and_daily_without(
    workshop: Workshop, house: House, clock: Clock, outside: Outside
) -> None:
    def count(**later: float) -> int:
        clock.tick(**later)
        return anchor_due(workshop, now=clock())

    assert count() == 2
    assert count(minutes=30) == 0, "its own entries are no activity"
    open_one(house, clock())
    assert count(minutes=1) == 2
    open_one(house, clock(), client="C-2")
    assert count(minutes=9) == 0
    assert count(minutes=1) == 2
    assert count(hours=22, minutes=59) == 0
    assert count(minutes=1) == 2
    assert len(outside.asked) == 8


def test_one_authority_that_fails_is_asked_again_later_and_later(
    workshop: Workshop, house: House, clock: Clock, outside: Outside
) -> None:
    outside.silent.add("https://one")
    assert anchor_due(workshop, now=clock()) == 1
    for minutes in (1, 2, 4, 8):
        clock.tick(minutes=minutes, seconds=-1)
        asked = len(outside.asked)
        anchor_due(workshop, now=clock())
        assert len(outside.asked) == asked
        clock.tick(seconds=1)
        anchor_due(workshop, now=clock())
        assert len(outside.asked) == asked + 1
    with house.database.reading() as tx:
        attempt = anchors.find_attempt(tx, house.clinic_id, "https://one")
    assert attempt is not None
    assert attempt.failures == 5
    assert attempt.problem == "it does not answer: no route"

    outside.silent.clear()
    clock.tick(minutes=16)
    assert anchor_due(workshop, now=clock()) == 1
    with house.database.reading() as tx:
        attempt = anchors.find_attempt(tx, house.clinic_id, "https://one")
    assert attempt is not None
    assert (attempt.failures, attempt.problem) == (0, None)


def test_a_closed_session_names_the_newest_token(
    workshop: Workshop, house: House, clock: Clock
) -> None:
    closed_session(house, NOON)
    anchor_due(workshop, now=clock())
    closed_session(house, NOON, client="C-2")

    told = entries(house)
    newest = [entry["data"]["token_sha256"] for entry in told if entry["kind"] == "anchor"][-1]
    assert [e["data"]["anchor"] for e in told if e["kind"] == "session.closed"] == [None, newest]
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_a_token_of_somebody_else_is_not_kept(
    workshop: Workshop, house: House, clock: Clock, outside: Outside
) -> None:
    stranger = replace(
        outside.authority("https://one", outside.first), pinned=(outside.second.root,)
    )
    foreign = replace(workshop, anchors=AnchorPlan(authorities=(stranger,)))

    assert anchor_due(foreign, now=clock()) == 0

    assert anchored(house) == []
    with house.database.reading() as tx:
        attempt = anchors.find_attempt(tx, house.clinic_id, "https://one")
    assert attempt is not None
    assert "nobody pinned its authority" in (attempt.problem or "")


@pytest.mark.parametrize(
    "answer", [b"", b"<html>", b"\x30\x03\x02\x01\x02", b"\x30\x05\x30\x03\x02\x01\x02"]
)
def test_an_answer_that_is_none_is_noted_and_harms_nothing(
    workshop: Workshop, house: House, clock: Clock, answer: bytes
) -> None:
    odd = Authority(target="https://odd", pinned=(), independent=True, ask=lambda *_: answer)
    assert anchor_due(replace(workshop, anchors=AnchorPlan(authorities=(odd,))), now=clock()) == 0
    with house.database.reading() as tx:
        assert [one.failures for one in anchors.list_attempts(tx, house.clinic_id)] == [1]


def test_a_token_that_was_asked_for_before_is_refused(
    workshop: Workshop, house: House, clock: Clock, outside: Outside
) -> None:
    good = outside.authority("https://one", outside.first)
    kept: list[bytes] = []

    def replay(query: bytes, seconds: float) -> bytes:
        kept.append(good.ask(query, seconds))
        return kept[0]

    plan = AnchorPlan(authorities=(replace(good, ask=replay),))
    assert anchor_due(replace(workshop, anchors=plan), now=clock()) == 1
    clock.tick(days=1)
    assert anchor_due(replace(workshop, anchors=plan), now=clock()) == 0
    with house.database.reading() as tx:
        problem = anchors.list_attempts(tx, house.clinic_id)[0].problem
    assert problem == "its token answers another question"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE anchor SET size = 1",
        "DELETE FROM anchor",
        "UPDATE cosignature SET size = 1",
        "DELETE FROM cosignature",
    ],
)
def test_the_database_refuses_to_change_what_came_from_outside(
    workshop: Workshop, house: House, clock: Clock, statement: str
) -> None:
    anchor_due(workshop, now=clock())
    with house.database.writing() as tx:
        row = anchors.CosignatureRow(
            clinic_id=house.clinic_id, size=3, witness="w", line="x\n", at=NOON
        )
        anchors.insert_cosignature(tx, row)
        anchors.insert_cosignature(tx, replace(row, line="y\n"))
        assert [one.line for one in anchors.list_cosignatures(tx, house.clinic_id, 3)] == ["x\n"]
    with pytest.raises(StorageRefused), house.database.writing() as tx:
        tx.execute(text(statement))


def test_the_audit_names_a_token_that_was_exchanged(
    workshop: Workshop, house: House, clock: Clock, tmp_path: Path
) -> None:
    anchor_due(workshop, now=clock())
    with house.database.writing() as tx:
        if tx.dialect.name == "sqlite":
            tx.execute(text("DROP TRIGGER anchor_refuses_update"))
        else:
            tx.execute(text("ALTER TABLE anchor DISABLE TRIGGER anchor_frozen"))
        tx.execute(
            text("UPDATE anchor SET token = :other, note = 'x', gen_time = gen_time + 1"),
            {"other": b"x"},
        )
    problems = audit_clinic(house.database, house.clinic_id).problems
    said = " ".join(problem.reason for problem in problems)
    assert "column gen_time" in said
    assert "column token is not the one named" in said
    assert "column note is not the one named" in said


def test_nothing_is_asked_where_the_settings_name_nobody(
    workshop: Workshop, house: House, clock: Clock
) -> None:
    before = len(entries(house))
    assert anchor_due(replace(workshop, anchors=AnchorPlan()), now=clock()) == 0
    assert len(entries(house)) == before
    assert clock() - NOON == timedelta(0)
