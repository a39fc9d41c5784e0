"""A clock that goes back stops no work, and the log says that it did."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from auditing import audit
from sqlalchemy import text

from compliance.errors import Refused
from compliance.operations.treatments.reading import read_session
from compliance.store.session import Database
from givens import NOON
from harbour import (
    House,
    answer,
    answer_before,
    answer_rest,
    build_house,
    closed_session,
    open_one,
    step,
)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return build_house(database, tmp_path, now=NOON)


def _to_millisecond(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def entries(house: House) -> list[dict[str, Any]]:
    with house.database.reading() as tx:
        rows = tx.execute(text("SELECT body FROM log_body ORDER BY idx")).all()
    return [json.loads(bytes(row[0])) for row in rows]


def test_a_clock_that_went_back_is_an_entry_before_the_next_one(house: House) -> None:
    closed_session(house, NOON + timedelta(hours=1))
    back = NOON + timedelta(minutes=5)

    session_id = closed_session(house, back, client="C-2")

    told = entries(house)
    places = [at for at, entry in enumerate(told) if entry["kind"] == "clock.anomaly"]
    assert len(places) == 1
    anomaly = told[places[0]]
    assert anomaly["data"] == {
        "previous": "2026-11-20T13:00:00.000Z",
        "observed": "2026-11-20T12:05:00.000Z",
    }
    assert anomaly["at"] == anomaly["data"]["observed"]
    assert told[places[0] + 1]["kind"] == "session.opened"
    assert told[places[0] + 1]["data"]["session"] == session_id
    assert audit(house).problems == ()


def test_the_same_millisecond_is_no_anomaly(house: House) -> None:
    closed_session(house, NOON)

    assert "clock.anomaly" not in {entry["kind"] for entry in entries(house)}


def test_every_step_back_is_told_even_inside_one_session(house: House) -> None:
    now = NOON + timedelta(hours=1)
    session_id = open_one(house, now)
    answer_before(house, session_id, now - timedelta(minutes=1))
    answer_rest(house, session_id, now - timedelta(minutes=2))
    step(house, "close", session_id, now - timedelta(minutes=3))

    kinds = [entry["kind"] for entry in entries(house)]
    assert kinds.count("clock.anomaly") == 3
    assert kinds[-1] == "session.closed"
    assert audit(house).problems == ()


@pytest.mark.parametrize(
    ("claimed", "late"),
    [(0, False), (10, False), (10.001, True), (59, True)],
)
def test_late_is_what_was_claimed_long_before_it_was_entered(
    house: House, claimed: float, late: bool
) -> None:
    opened = NOON
    now = NOON + timedelta(hours=1)
    session_id = open_one(house, opened)
    performed = now - timedelta(minutes=claimed)

    answer(house, session_id, "gloves_worn", "yes", now, performed_at=performed)

    with house.database.reading() as tx:
        record = read_session(
            tx, session_id, actor=house.practitioner, now=now, keyring=house.keyring
        )
    kept = record.loaded.answers["gloves_worn"]
    data = entries(house)[-1]["data"]
    assert data["late"] is late
    assert record.row.late is late
    assert (kept.recorded_at, kept.performed_at) == (now, _to_millisecond(performed))
    assert audit(house).problems == ()


def test_what_belongs_before_the_start_is_late_after_it(house: House) -> None:
    session_id = open_one(house, NOON)
    answer_before(house, session_id, NOON)
    step(house, "start", session_id, NOON)

    answer(house, session_id, "gloves_worn", "yes", NOON)

    assert entries(house)[-1]["data"]["late"] is True


@pytest.mark.parametrize("minutes", [-3, 3])
def test_a_claimed_time_outside_of_the_session_is_refused(house: House, minutes: int) -> None:
    session_id = open_one(house, NOON)
    performed = NOON + timedelta(minutes=minutes)

    with pytest.raises(Refused, match="performed_at"):
        answer(house, session_id, "gloves_worn", "yes", NOON, performed_at=performed)
