"""Two hands on the same session at the same time: one act wins, and none is half done."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from auditing import audit
from sqlalchemy import text

from compliance.errors import ComplianceError
from compliance.operations.packs import RegisterPack, register_pack, release_pack
from compliance.operations.treatments.answering import undo_answer
from compliance.operations.treatments.evidence_reading import EvidenceRefused
from compliance.store.session import Database
from givens import NOON
from harbour import (
    House,
    answer,
    answer_before,
    answer_rest,
    build_house,
    open_one,
    released_pack,
    step,
)

ROUNDS = 6


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return build_house(database, tmp_path, now=NOON)


def treated(house: House, client: str, *, device: str = "TIP-1", pack: str = "P-1") -> str:
    session_id = open_one(house, NOON, client=client, device=device)
    answer_before(house, session_id, NOON, device=device, pack=pack)
    answer_rest(house, session_id, NOON, device=device)
    return session_id


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Let every act begin at the same moment; an act that is refused gives its error."""
    ready = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        ready.wait()
        try:
            return act()
        except ComplianceError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(run, act) for act in acts]]


def kinds(house: House, session_id: str) -> list[str]:
    statement = text(
        "SELECT b.body FROM log_body b JOIN log_mention m"
        " ON m.clinic_id = b.clinic_id AND m.idx = b.idx WHERE m.thing = :s ORDER BY b.idx"
    )
    with house.database.reading() as tx:
        rows = tx.execute(statement, {"s": session_id}).all()
    return [json.loads(bytes(row[0]))["kind"] for row in rows]


def state(house: House, session_id: str) -> tuple[str, int]:
    statement = text(
        "SELECT s.state, (SELECT count(*) FROM session_answer a WHERE a.session_id = s.session_id)"
        " FROM treatment_session s WHERE s.session_id = :s"
    )
    with house.database.reading() as tx:
        row = tx.execute(statement, {"s": session_id}).one()
    return row[0], row[1]


def test_of_many_who_close_one_does(house: House) -> None:
    for number in range(ROUNDS):
        session_id = treated(house, f"C-{number}")

        outcomes = together(*[lambda s=session_id: step(house, "close", s, NOON)] * 4)

        assert sum(not isinstance(each, ComplianceError) for each in outcomes) == 1
        assert kinds(house, session_id).count("session.closed") == 1
    assert audit(house).problems == ()


@pytest.mark.parametrize("item", ["gloves_worn", "depth"])
def test_nothing_is_taken_back_from_a_session_that_closes(house: House, item: str) -> None:
    for number in range(ROUNDS):
        session_id = treated(house, f"C-{number}")
        whole = state(house, session_id)[1]

        def take_back(session_id: str = session_id) -> None:
            with house.database.writing() as tx:
                undo_answer(tx, session_id, item, actor=house.practitioner, now=NOON)

        closed, taken = together(
            lambda s=session_id: step(house, "close", s, NOON),  # type: ignore[misc]  # As above.
            take_back,
        )

        # Exactly one of the two came first, and the other was refused because of it.
        assert isinstance(closed, ComplianceError) is not isinstance(taken, ComplianceError)
        expected = ("treated", whole - 1) if taken is None else ("closed", whole)
        assert state(house, session_id) == expected
    assert audit(house).problems == ()


def test_a_no_and_a_closing_never_both_count(house: House) -> None:
    for number in range(ROUNDS):
        session_id = treated(house, f"C-{number}")

        closed, refused = together(
            lambda s=session_id: step(house, "close", s, NOON),  # type: ignore[misc]  # As above.
            lambda s=session_id: answer(house, s, "mask_worn", "no", NOON),  # type: ignore[misc]  # As above.
        )

        assert isinstance(closed, ComplianceError) is not isinstance(refused, ComplianceError)
    assert audit(house).problems == ()


def test_every_answer_given_at_once_is_an_entry(house: House) -> None:
    session_id = open_one(house, NOON)
    items = ("gloves_worn", "mask_worn", "consultation_done", "gloves_worn")

    outcomes = together(
        *[lambda item=item: answer(house, session_id, item, "yes", NOON) for item in items]
    )

    assert not [each for each in outcomes if isinstance(each, ComplianceError)]
    assert kinds(house, session_id).count("session.answered") == len(items)
    assert len({each.index for each in outcomes}) == len(items)
    assert sorted(each.version for each in outcomes) == [2, 3, 4, 5]
    assert audit(house).problems == ()


def test_one_pack_serves_one_session(house: House) -> None:
    released_pack(house, "P-1", "ROLLER-1", NOON)
    both = [open_one(house, NOON, device="ROLLER-1", client=f"C-{n}") for n in range(2)]
    piece = [{"component": "roller", "kind": "pack", "ref": "P-1"}]

    outcomes = together(
        *[
            lambda s=each: answer(house, s, "device_sterilized_before", "yes", NOON, evidence=piece)
            for each in both
        ]
    )

    assert sum(isinstance(each, EvidenceRefused) for each in outcomes) == 1
    assert audit(house).problems == ()


def test_two_releases_close_a_waiting_session_once(house: House) -> None:
    released_pack(house, "P-1", "ROLLER-1", NOON)
    session_id = treated(house, "C-1", device="ROLLER-1")
    step(house, "close", session_id, NOON)
    packs = []
    for code in ("P-2", "P-3"):
        command = RegisterPack(
            code=code,
            device="ROLLER-1",
            contents="roller",
            sterilizer="A1",
            cycle_number="7",
            sterilized_on=NOON.date(),
        )
        with house.database.writing() as tx:
            packs.append(register_pack(tx, command, actor=house.operator, now=NOON).pack_id)

    def release(pack: str) -> tuple[str, ...]:
        with house.database.writing() as tx:
            return release_pack(tx, pack, grant=None, actor=house.operator, now=NOON)[1]

    outcomes = together(*[lambda pack=pack: release(pack) for pack in packs])

    assert sorted(outcomes) == [(), (session_id,)]
    assert kinds(house, session_id).count("session.closed") == 1
    assert audit(house).problems == ()
