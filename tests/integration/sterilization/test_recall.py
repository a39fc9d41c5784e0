"""Recalls take back all of it and nothing else, on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from auditing import audit
from integration.sterilization.recalled import (
    add_machine,
    load,
    lot_piece,
    notice,
    only_recall,
    register,
    room,
    run,
    spore,
    started,
    worklist,
)
from sqlalchemy import text

from compliance.domain.gate import Blocked
from compliance.domain.sterilization.words import Growth
from compliance.errors import Conflict, NotFound
from compliance.operations.packs import release_pack
from compliance.operations.sterilization.affected import find_row
from compliance.operations.sterilization.pulling import pull_pack
from compliance.operations.sterilization.recalling import NoteCall, close_recall, note_call
from compliance.operations.sterilization.releasing import ask_release, warn_release
from compliance.operations.sterilization.searching import count_met, find_things, who_met
from compliance.operations.sterilization.worklist import (
    Place,
    list_affected,
    list_spared,
    list_to_pull,
)
from compliance.operations.treatments.amending import AmendSession, amend_session
from compliance.operations.treatments.closing import AbortSession, abort_session
from compliance.operations.treatments.evidence_reading import EvidenceRefused
from compliance.store.session import Database
from givens import NOON
from harbour import (
    House,
    answer,
    answer_before,
    closed_session,
    evidence_for,
    open_one,
    step,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return room(database, tmp_path)


def failed_week(house: House) -> None:
    """Two loads of four packs, three of which were opened for clients, then growth."""
    add_machine(house, NOON)
    load(house, "1", ("P-1", "P-2"), NOON)
    second = load(house, "2", ("P-3", "P-4"), NOON + HOUR)
    for number, pack in ((1, "P-1"), (2, "P-2"), (3, "P-3")):
        started(house, NOON + 2 * HOUR, client=f"C-{number}", pack=pack)
    started(house, NOON + 2 * HOUR, client="C-9")
    spore(house, second, Growth.GROWTH, NOON + 3 * HOUR)


def test_every_list_is_whole_page_by_page_and_the_counts_are_of_all(house: House) -> None:
    failed_week(house)
    later = NOON + 4 * HOUR

    short = worklist(house, later, first=1)

    assert len(short.affected) == len(short.cycles) == len(short.used) == 1
    counts = short.counts
    assert (counts.cycles, counts.packs_to_pull, counts.packs_used) == (2, 1, 3)
    assert (counts.sessions, counts.clients, counts.clients_to_call) == (3, 3, 3)
    assert counts.not_affected == 1
    found: list[str] = []
    place: Place | None = None
    row = only_recall(house)
    with house.database.reading() as tx:
        while page := list_affected(tx, row, keyring=house.keyring, after=place, limit=1):
            found += [each.client_ref for each in page]
            place = (page[-1].meeting.opened_at, page[-1].meeting.session_id)
        spared = list_spared(tx, row, keyring=house.keyring, now=later, limit=9)
    assert sorted(found) == ["C-1", "C-2", "C-3"]
    assert [(each.client_ref, each.reason) for each in spared] == [
        ("C-9", "pre-sterilised single-use cartridge")
    ]


@pytest.mark.parametrize("word", ["A1", "a1", "Autoclave A1"])
def test_packs_that_name_the_sterilizer_by_word_only_are_taken_back(
    house: House, word: str
) -> None:
    for code, named in (("W-1", word), ("W-2", word), ("W-3", "B7")):
        register(house, code, NOON, sterilizer=named)
        with house.database.writing() as tx:
            release_pack(tx, code, grant=None, actor=house.operator, now=NOON)
    met = started(house, NOON, client="C-1", pack="W-1")
    add_machine(house, NOON + HOUR)
    spore(house, run(house, "1", NOON + HOUR), Growth.GROWTH, NOON + 2 * HOUR)

    found = worklist(house, NOON + 2 * HOUR)

    assert [each.pack.code for each in found.to_pull] == ["W-2"]
    assert [pack.code for pack in found.used] == ["W-1"]
    assert [each.meeting.session_id for each in found.affected] == [met]
    with pytest.raises(EvidenceRefused, match="recalled"):
        started(house, NOON + 3 * HOUR, client="C-2", pack="W-2")
    assert audit(house).problems == ()


def test_a_pack_by_word_from_before_the_last_negative_is_not_taken_back(house: House) -> None:
    early = NOON - timedelta(days=3)
    register(house, "W-1", early)
    with house.database.writing() as tx:
        release_pack(tx, "W-1", grant=None, actor=house.operator, now=early)
    add_machine(house, NOON)
    spore(house, run(house, "1", NOON), Growth.NO_GROWTH, NOON + HOUR)
    spore(house, run(house, "2", NOON + HOUR), Growth.GROWTH, NOON + 2 * HOUR)

    assert worklist(house, NOON + 2 * HOUR).to_pull == ()


def test_what_was_done_offline_before_is_refused_when_it_comes_in_late(house: House) -> None:
    add_machine(house, NOON)
    cycle = load(house, "1", ("P-1",), NOON)
    offline = open_one(house, NOON + HOUR, device="ROLLER-1")
    tip = open_one(house, NOON + HOUR, device="TIP-1")
    spore(house, cycle, Growth.GROWTH, NOON + 2 * HOUR)
    notice(house, "(01)09506000134352(10)L1", NOON + 2 * HOUR)
    late: dict[str, Any] = {"performed_at": NOON + HOUR}

    for session, device in ((offline, "ROLLER-1"), (tip, "TIP-1")):
        with pytest.raises(EvidenceRefused, match="recalled"):
            answer(
                house,
                session,
                "device_sterilized_before",
                "yes",
                NOON + 3 * HOUR,
                evidence=evidence_for(device, "before"),
                **late,
            )
    assert audit(house).problems == ()


def test_a_recalled_lot_is_refused_in_every_spelling_and_for_every_kind_of_product(
    house: House,
) -> None:
    draft = open_one(house, NOON)
    answer_before(house, draft, NOON)
    spray = {"product": "SKIN-60", "contact_seconds": 60, "lot": "s 77"}
    skin = [{"component": "skin", "kind": "disinfection", "ref": spray}]
    answer(house, draft, "skin_disinfected_before", "yes", NOON, evidence=skin)
    notice(house, "S77", NOON + HOUR)

    with pytest.raises(Blocked) as refused:
        step(house, "start", draft, NOON + HOUR)
    with pytest.raises(EvidenceRefused, match="recalled"):
        answer(house, draft, "skin_disinfected_before", "yes", NOON + HOUR, evidence=skin)

    assert [each.code for each in refused.value.blockers] == ["lot_recalled"]
    with pytest.raises(Conflict, match="already"):
        notice(house, "s77", NOON + HOUR)


def test_a_lot_finds_whoever_met_it_even_when_the_answer_was_changed_later(house: House) -> None:
    replaced = started(house, NOON, client="C-1")
    answer(house, replaced, "device_sterilized_before", "yes", NOON, evidence=lot_piece("L2"))
    draft = open_one(house, NOON, client="C-2")
    answer_before(house, draft, NOON)
    answer(house, draft, "device_sterilized_before", "yes", NOON, evidence=lot_piece("L3"))
    step(house, "start", draft, NOON)
    amended = closed_session(house, NOON, client="C-3")
    command = AmendSession(
        session_id=amended,
        item="device_sterilized_before",
        result="yes",
        reason="It was the other box.",
        evidence=lot_piece("l 2"),
    )
    with house.database.writing() as tx:
        signing = house.token_actor(house.practitioner)
        amend_session(tx, command, actor=signing, now=NOON, keyring=house.keyring)
    aborted = open_one(house, NOON, client="C-4")
    answer_before(house, aborted, NOON)
    gone = AbortSession(
        session_id=aborted, what="Left.", why="Afraid.", corrective_action="None.", grant=None
    )
    with house.database.writing() as tx:
        abort_session(tx, gone, actor=signing, now=NOON, keyring=house.keyring)

    assert met(house, "lot", "L1") == {"C-1", "C-3"}
    assert met(house, "lot", "(10)L2") == {"C-1", "C-3"}
    assert met(house, "lot", "L3") == {"C-2"}
    assert met(house, "device", "TIP-1") == {"C-1", "C-2", "C-3"}


def met(house: House, kind: str, ref: str) -> set[str]:
    with house.database.reading() as tx:
        found = who_met(tx, kind, ref, actor=house.operator, keyring=house.keyring, limit=50)
        counted = count_met(tx, kind, ref, actor=house.operator, keyring=house.keyring)
    assert counted[0] == len(found)
    return {each.client_ref for each in found}


def test_one_field_understands_what_is_scanned_or_typed(house: House) -> None:
    failed_week(house)

    def means(said: str) -> list[str]:
        with house.database.reading() as tx:
            found = find_things(tx, said, actor=house.operator, keyring=house.keyring)
        return [thing.kind for thing in found]

    assert means("P-1") == ["pack"]
    assert means("ROLLER-1") == ["device"]
    assert means("c-1") == ["client"]
    assert means("A1-2") == means("A1 2") == means("2") == ["cycle"]
    assert means("(17)280131(10)L1") == means("l1") == ["lot"]
    assert means("operator ó") == ["operator"]
    assert means("nothing") == means("  ") == []
    assert met(house, "operator", house.operator.user_id) == {"C-1", "C-2", "C-3"}
    assert met(house, "client", "C-1") == {"C-1"}
    assert met(house, "pack", "P-3") == {"C-3"}


def test_packs_are_ticked_off_as_found_or_missing(house: House) -> None:
    failed_week(house)
    later = NOON + 4 * HOUR
    recall = only_recall(house).recall_id

    def say(code: str, outcome: str) -> None:
        with house.database.writing() as tx:
            pull_pack(tx, recall, code, outcome, actor=house.operator, now=later)

    say("P-4", "missing")
    say("P-4", "pulled")
    with pytest.raises(Conflict, match="already"):
        say("P-4", "pulled")
    with pytest.raises(NotFound, match="P-1 is not among"):
        say("P-1", "pulled")

    with house.database.reading() as tx:
        (listed,) = list_to_pull(tx, find_row(tx, recall, actor=house.operator), limit=9)
    assert (listed.outcome, listed.by) == ("pulled", house.operator.user_id)
    assert worklist(house, later).counts.packs_looked_for == 1
    assert audit(house).problems == ()
    with house.database.writing() as tx:
        if house.database.is_sqlite:
            tx.execute(text("DROP TRIGGER recall_pull_refuses_update"))
        else:
            tx.execute(text("ALTER TABLE recall_pull DISABLE TRIGGER USER"))
        tx.execute(text("UPDATE recall_pull SET outcome = 'pulled'"))
    assert {problem.table for problem in audit(house).problems} == {"recall_pull"}


def test_a_recall_is_closed_when_the_last_client_was_told(house: House) -> None:
    met_lot = [started(house, NOON, client=f"C-{number}") for number in (1, 2)]
    recall = notice(house, "L1", NOON + HOUR).recall_id

    def call(session: str, outcome: str) -> None:
        command = NoteCall(recall_id=recall, session_id=session, outcome=outcome)
        with house.database.writing() as tx:
            note_call(tx, command, actor=house.practitioner, now=NOON + HOUR, keyring=house.keyring)

    call(met_lot[0], "reached")
    call(met_lot[1], "not_reached")
    with pytest.raises(Conflict, match="1 of the clients"), house.database.writing() as tx:
        close_recall(tx, recall, actor=house.manager, now=NOON + HOUR)
    call(met_lot[1], "letter_sent")
    with house.database.writing() as tx:
        closed = close_recall(tx, recall, actor=house.manager, now=NOON + HOUR)
    assert closed.state == "closed"


def test_an_overdue_spore_test_warns_and_blocks_where_the_clinic_chose_so(house: House) -> None:
    add_machine(house, NOON)
    cycle = run(house, "1", NOON)
    with house.database.reading() as tx:
        assert ask_release(tx, cycle, actor=house.operator, now=NOON) == ()
        (warning,) = warn_release(tx, cycle, actor=house.operator, now=NOON)
    assert warning.text == "The spore test of A1 is overdue: after installation or repair."
    assert warning.rule == ""

    with house.database.writing() as tx:
        tx.execute(text('UPDATE clinic SET profiles = \'["US-CDC-dental","ASEPTRAIL-BASE"]\''))
    with house.database.reading() as tx:
        (cited,) = warn_release(tx, cycle, actor=house.operator, now=NOON)
    assert (cited.text, cited.rule) == (warning.text, "US-CDC-dental/1 spore_test_max_days")
    assert cited.source.startswith("cdc.gov")

    stack = '["ASEPTRAIL-NO-OVERDUE","ASEPTRAIL-BASE"]'
    with house.database.writing() as tx:
        tx.execute(text("UPDATE clinic SET profiles = :stack"), {"stack": stack})
    with house.database.reading() as tx:
        (blocker,) = ask_release(tx, cycle, actor=house.operator, now=NOON)

    assert blocker.code == "spore_test_overdue"
    assert blocker.rule == "ASEPTRAIL-NO-OVERDUE/1 spore_overdue_blocks"
