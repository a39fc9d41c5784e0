"""Two hundred closes, and the process killed in the middle of them: nothing is lost or doubled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from auditing import audit
from sqlalchemy import text

from compliance.store.session import Database, Tx
from givens import NOON, ROOT, open_sqlite
from harbour import House, answer_before, answer_rest, build_house, open_one

CLOSES = 200
KILLS = (40, 160, 270)
"""So many acknowledgements, retries included, are there when each process is killed."""

PATIENCE_SECONDS = 60


class OneTransaction:
    """Two hundred sessions are prepared in one transaction: only closing them is tested."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    @contextmanager
    def writing(self) -> Iterator[Tx]:
        yield self._tx


@pytest.fixture
def prepared(sqlite_path: Path, tmp_path: Path) -> Iterator[tuple[House, list[str]]]:
    database = open_sqlite(sqlite_path)
    house = build_house(database, tmp_path, now=NOON)
    with database.writing() as tx:
        inside = replace(house, database=cast("Database", OneTransaction(tx)))
        ids = []
        for number in range(CLOSES):
            session_id = open_one(inside, NOON, client=f"C-{number % 7}")
            answer_before(inside, session_id, NOON)
            answer_rest(inside, session_id, NOON)
            ids.append(session_id)
    yield house, ids
    database.dispose()


def start(database: Path, work: Path, acknowledged: Path) -> subprocess.Popen[bytes]:
    worker = Path(__file__).with_name("closing_worker.py")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    return subprocess.Popen(
        [sys.executable, str(worker), str(database), str(work), str(acknowledged)],
        env=environment,
    )


def count(acknowledged: Path) -> int:
    return acknowledged.read_bytes().count(b"\n") if acknowledged.exists() else 0


def kill_after(process: subprocess.Popen[bytes], acknowledged: Path, wanted: int) -> bool:
    """Kill the process once it has acknowledged enough; false if it was done before."""
    until = time.monotonic() + PATIENCE_SECONDS
    while count(acknowledged) < wanted and process.poll() is None:
        assert time.monotonic() < until, "the worker does not get on"
        time.sleep(0.002)
    was_running = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return was_running


def read_acknowledged(path: Path) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        session_id, index = line.split()
        found.setdefault(session_id, set()).add(int(index))
    return found


def test_a_kill_loses_nothing_acknowledged_and_a_retry_returns_the_same_entry(
    prepared: tuple[House, list[str]], sqlite_path: Path, tmp_path: Path
) -> None:
    house, ids = prepared
    work, acknowledged = tmp_path / "work.json", tmp_path / "acknowledged"
    plan = {"clinic": house.clinic_id, "user": house.practitioner.user_id, "sessions": ids}
    work.write_text(json.dumps(plan), encoding="utf-8")

    killed = [
        kill_after(start(sqlite_path, work, acknowledged), acknowledged, wanted) for wanted in KILLS
    ]
    before = read_acknowledged(acknowledged)
    last = start(sqlite_path, work, acknowledged)

    assert last.wait(PATIENCE_SECONDS) == 0
    assert any(killed)
    after = read_acknowledged(acknowledged)
    assert set(after) == set(ids)
    assert all(len(indexes) == 1 for indexes in after.values())
    assert all(after[session_id] == indexes for session_id, indexes in before.items())
    with house.database.reading() as tx:
        rows = tx.execute(
            text("SELECT session_id, closed_index FROM treatment_session WHERE state = 'closed'")
        ).all()
        kinds = tx.execute(
            text("SELECT count(*) FROM log_place WHERE kind = 'session_closed'")
        ).scalar_one()
    assert {row[0]: {row[1]} for row in rows} == after
    assert kinds == CLOSES
    assert audit(house).problems == ()
