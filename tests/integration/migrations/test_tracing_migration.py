"""What sessions met before it was kept in rows of its own is found in the log again."""

from __future__ import annotations

from pathlib import Path

import pytest
from auditing import audit
from sqlalchemy import text

from compliance.operations.treatments.amending import AmendSession, amend_session
from compliance.store.schema import downgrade, upgrade
from compliance.store.session import Database
from givens import NOON, ROOT
from harbour import (
    House,
    answer,
    answer_before,
    build_house,
    closed_session,
    open_one,
    released_pack,
    step,
)

MIGRATIONS = ROOT / "migrations"
ROWS = "SELECT kind, value, session_id, idx, gtin FROM session_evidence ORDER BY 1, 2, 3, 4"


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return build_house(database, tmp_path, now=NOON)


def lot(number: str) -> list[dict[str, object]]:
    ref = {"lot": number, "expires_on": "2027-01-31", "udi": "9506000134352"}
    return [{"component": "tip", "kind": "lot", "ref": ref}]


def test_the_rows_made_from_the_log_are_those_that_the_acts_made(house: House) -> None:
    released_pack(house, "P-1", "ROLLER-1", NOON)
    closed_session(house, NOON, device="ROLLER-1")
    ended = closed_session(house, NOON)
    amendment = AmendSession(
        session_id=ended,
        item="device_sterilized_before",
        result="yes",
        reason="The other box was opened.",
        evidence=lot("ab 77"),
    )
    with house.database.writing() as tx:
        signing = house.token_actor(house.practitioner)
        amend_session(tx, amendment, actor=signing, now=NOON, keyring=house.keyring)
    started = open_one(house, NOON)
    answer_before(house, started, NOON)
    step(house, "start", started, NOON)
    answer(house, started, "device_sterilized_before", "yes", NOON, evidence=lot("L9"))
    answer_before(house, open_one(house, NOON), NOON)
    with house.database.reading() as tx:
        before = tx.execute(text(ROWS)).fetchall()

    downgrade(house.database, MIGRATIONS, "0011")
    upgrade(house.database, MIGRATIONS)

    with house.database.reading() as tx:
        after = tx.execute(text(ROWS)).fetchall()
    assert after == before
    lots = {(row[1], row[2]) for row in after if row[0] == "lot"}
    assert {("L1", ended), ("AB77", ended), ("L1", started), ("L9", started)} <= lots
    assert {row[1] for row in after if row[4] == "09506000134352"} == {"AB77", "L9"}
    assert {row[0] for row in after} == {"device", "lot", "pack"}
    assert audit(house).problems == ()
