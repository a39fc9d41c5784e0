"""A maker's notice is matched by article and lot, and by the lot alone where one names no article."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from auditing import audit
from integration.sterilization.recalled import notice, room
from sqlalchemy import text

from compliance.domain.gate import Blocked
from compliance.domain.tracing import LotNotice, normal_gtin
from compliance.errors import Conflict
from compliance.operations.sterilization.searching import find_things, who_met
from compliance.operations.sterilization.worklist import read_worklist
from compliance.operations.treatments.evidence_reading import EvidenceRefused
from compliance.store.session import Database
from givens import NOON
from harbour import House, answer, answer_before, open_one, step

HOUR = timedelta(hours=1)
OURS = "09506000134352"
OTHER = "04012345678901"


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return room(database, tmp_path)


def tip(gtin: str | None, lot: str = "L7") -> list[dict[str, Any]]:
    ref = {"lot": lot, "expires_on": "2028-01-31", "udi": gtin}
    return [{"component": "tip", "kind": "lot", "ref": ref}]


def draft(house: House, client: str, gtin: str | None) -> str:
    session = open_one(house, NOON, client=client)
    answer_before(house, session, NOON)
    answer(house, session, "device_sterilized_before", "yes", NOON, evidence=tip(gtin))
    return session


def treated(house: House, client: str, gtin: str | None) -> str:
    session = draft(house, client, gtin)
    step(house, "start", session, NOON)
    return session


def affected(house: House, recall: str) -> dict[str, str]:
    """How each client of a recall was found."""
    with house.database.reading() as tx:
        found = read_worklist(
            tx, recall, actor=house.manager, now=NOON + 2 * HOUR, keyring=house.keyring
        )
    meant = found.recall.notice
    assert meant is not None
    assert found.counts.sessions == len(found.affected)
    return {each.client_ref: each.found_by(meant) for each in found.affected}


def test_an_article_of_another_maker_with_the_same_lot_number_is_not_taken_back(
    house: House,
) -> None:
    treated(house, "C-1", OURS)
    treated(house, "C-2", OTHER)
    treated(house, "C-3", None)
    treated(house, "C-4", "9506000134352")

    recall = notice(house, f"(01){OURS}(10)L7", NOON + HOUR)

    assert (recall.lot, recall.gtin) == ("L7", OURS)
    assert affected(house, recall.recall_id) == {
        "C-1": "article_and_lot",
        "C-3": "lot",
        "C-4": "article_and_lot",
    }
    assert audit(house).problems == ()


def test_a_notice_without_an_article_takes_back_the_lot_of_every_maker(house: House) -> None:
    treated(house, "C-1", OURS)
    treated(house, "C-2", OTHER)
    narrow = notice(house, f"(01){OURS}(10)L7", NOON + HOUR)
    assert sorted(affected(house, narrow.recall_id)) == ["C-1"]

    wide = notice(house, "l7", NOON + HOUR)

    assert affected(house, wide.recall_id) == {"C-1": "lot", "C-2": "lot"}
    with pytest.raises(Conflict, match=f"lot L7 of article {OTHER} is recalled already"):
        notice(house, f"(01){OTHER}(10)L7", NOON + HOUR)


def test_only_the_article_that_was_taken_back_is_refused_and_blocks(house: House) -> None:
    ours, other = draft(house, "C-1", OURS), draft(house, "C-2", OTHER)
    unknown = draft(house, "C-3", None)
    notice(house, f"(01){OURS}(10)L7", NOON + HOUR)

    step(house, "start", other, NOON + HOUR)
    for session in (ours, unknown):
        with pytest.raises(Blocked) as blocked:
            step(house, "start", session, NOON + HOUR)
        assert [each.code for each in blocked.value.blockers] == ["lot_recalled"]
        late, pieces = NOON + HOUR, tip(OURS)
        with pytest.raises(EvidenceRefused, match="recalled"):
            answer(house, session, "device_sterilized_before", "yes", late, evidence=pieces)


def test_a_search_by_a_scanned_code_asks_for_the_article_too(house: House) -> None:
    treated(house, "C-1", OURS)
    treated(house, "C-2", OTHER)

    with house.database.reading() as tx:
        (scanned,) = find_things(
            tx, f"(01){OURS}(10)L7", actor=house.operator, keyring=house.keyring
        )
        (typed,) = find_things(tx, "L7", actor=house.operator, keyring=house.keyring)
        met = [
            sorted(
                each.client_ref
                for each in who_met(
                    tx, "lot", ref, actor=house.operator, keyring=house.keyring, limit=9
                )
            )
            for ref in (scanned.ref, typed.ref)
        ]

    assert (scanned.label, typed.label) == (f"Lot L7 of article {OURS}", "Lot L7")
    assert met == [["C-1"], ["C-1", "C-2"]]


def test_a_session_that_met_both_articles_is_found_for_each(house: House) -> None:
    session = treated(house, "C-1", OURS)
    answer(house, session, "device_sterilized_before", "yes", NOON, evidence=tip(OTHER))

    for gtin in (OURS, OTHER):
        recall = notice(house, f"(01){gtin}(10)L7", NOON + HOUR).recall_id
        assert affected(house, recall) == {"C-1": "article_and_lot"}
    assert audit(house).problems == ()


def test_the_audit_finds_an_article_that_was_changed_by_hand(house: House) -> None:
    treated(house, "C-1", OURS)
    with house.database.writing() as tx:
        if house.database.is_sqlite:
            tx.execute(text("DROP TRIGGER session_evidence_refuses_update"))
        else:
            tx.execute(text("ALTER TABLE session_evidence DISABLE TRIGGER USER"))
        tx.execute(text(f"UPDATE session_evidence SET gtin = '{OTHER}' WHERE kind = 'lot'"))

    assert {problem.table for problem in audit(house).problems} == {"session_evidence"}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("9506000134352", OURS),
        (f"(01){OURS}", OURS),
        ("12345670", "00000012345670"),
        ("+H123PROD0", ""),
        ("123", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_gtin_has_one_spelling(said: str | None, meant: str) -> None:
    assert normal_gtin(said) == meant


def test_a_notice_covers_what_says_nothing_more() -> None:
    wide, ours = LotNotice(lot="L7"), LotNotice(lot="L7", gtin=OURS)

    assert wide.covers(ours)
    assert ours.covers(ours)
    assert not ours.covers(wide)
    assert not ours.covers(LotNotice(lot="L7", gtin=OTHER))
    assert not wide.covers(LotNotice(lot="L8"))
