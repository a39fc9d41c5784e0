"""A session from opening to closing, on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from compliance.domain.gate import Blocked
from compliance.domain.words import SessionState
from compliance.operations.treatments.loading import SessionEnded
from compliance.operations.treatments.reading import SessionRecord, read_history, read_session
from compliance.store.session import Database
from givens import NOON
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


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return build_house(database, tmp_path, now=NOON)


def read(house: House, session_id: str) -> SessionRecord:
    with house.database.reading() as tx:
        return read_session(
            tx, session_id, actor=house.practitioner, now=NOON, keyring=house.keyring
        )


def test_a_complete_session_closes(house: House) -> None:
    session_id = closed_session(house, NOON)

    record = read(house, session_id)

    assert record.row.state is SessionState.CLOSED
    assert record.client_ref == "C-1001"


def test_starting_too_soon_names_every_blocker_at_once(house: House) -> None:
    session_id = open_one(house, NOON)

    with pytest.raises(Blocked) as caught:
        step(house, "start", session_id, NOON)

    items = {blocker.item for blocker in caught.value.blockers}
    assert {"gloves_worn", "mask_worn", "needle_material", "device_sterilized_before"} <= items
    assert all(b.reason and b.rule and b.fix for b in caught.value.blockers)


def test_a_pen_needs_evidence_for_both_parts(house: House) -> None:
    session_id = closed_session(house, NOON, device="PEN-1")

    assert read(house, session_id).row.state is SessionState.CLOSED


def test_a_steam_device_waits_until_a_later_pack_is_released(house: House) -> None:
    released_pack(house, "P-1", "ROLLER-1", NOON)
    session_id = closed_session(house, NOON, device="ROLLER-1")
    assert read(house, session_id).row.state is SessionState.AWAITING_REPROCESSING

    released_pack(house, "P-2", "ROLLER-1", NOON + timedelta(hours=2))

    assert read(house, session_id).row.state is SessionState.CLOSED


def test_nothing_is_added_after_closing(house: House) -> None:
    session_id = closed_session(house, NOON)

    with pytest.raises(SessionEnded):
        answer(house, session_id, "gloves_worn", "no", NOON)


def test_the_history_tells_every_step_in_order(house: House) -> None:
    session_id = closed_session(house, NOON)

    with house.database.reading() as tx:
        history = read_history(tx, session_id, actor=house.manager)

    kinds = [line.kind for line in history]
    assert kinds[0] == "session.opened"
    assert kinds[-1] == "session.closed"
    assert [line.index for line in history] == sorted(line.index for line in history)


def test_a_no_is_kept_and_blocks(house: House) -> None:
    session_id = open_one(house, NOON)
    answer_before(house, session_id, NOON)
    answer(house, session_id, "gloves_worn", "no", NOON)

    with pytest.raises(Blocked) as caught:
        step(house, "start", session_id, NOON)

    assert [(b.item, b.code) for b in caught.value.blockers] == [("gloves_worn", "answered_no")]
