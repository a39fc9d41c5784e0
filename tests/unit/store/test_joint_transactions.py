"""Writers that wait share one flush, and nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event

from compliance.store import session
from compliance.store.session import Database, StorageRefused, TransactionLost, Tx
from givens import open_sqlite


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Database]:
    database = open_sqlite(tmp_path / "shared.sqlite3")
    with database.writing() as tx:
        tx.exec_driver_sql("CREATE TABLE word (text TEXT PRIMARY KEY)")
    yield database
    database.dispose()


def put(tx: Tx, text: str) -> None:
    tx.exec_driver_sql("INSERT INTO word VALUES (?)", (text,))


def stored(database: Database) -> set[str]:
    with database.reading() as tx:
        return set(tx.exec_driver_sql("SELECT text FROM word").scalars())


def flushes(database: Database) -> list[object]:
    """A list that grows with every commit."""
    seen: list[object] = []
    event.listen(database.engine, "commit", seen.append)
    return seen


def write_together(
    database: Database, *blocks: Callable[[Tx], None], first: Callable[[Tx], None]
) -> list[Future[None]]:
    """Let all blocks queue up, in order, while the first one works; returns how all ended."""

    def write(block: Callable[[Tx], None]) -> None:
        with database.writing() as tx:
            block(tx)

    entered, go_on = threading.Event(), threading.Event()

    def held(tx: Tx) -> None:
        try:
            first(tx)
        finally:
            entered.set()
            go_on.wait()

    with ThreadPoolExecutor(len(blocks) + 1) as pool:
        ended = [pool.submit(write, held)]
        entered.wait()
        for number, block in enumerate(blocks, start=1):
            ended.append(pool.submit(write, block))
            while len(database._queue._waiting) < number:
                time.sleep(0)
        go_on.set()
    return ended


def test_writers_that_wait_are_flushed_together(shared: Database) -> None:
    seen = flushes(shared)

    ended = write_together(
        shared,
        lambda tx: put(tx, "two"),
        lambda tx: put(tx, "three"),
        first=lambda tx: put(tx, "one"),
    )

    assert [each.exception() for each in ended] == [None, None, None]
    assert len(seen) == 1
    assert stored(shared) == {"one", "two", "three"}


def test_a_block_ends_only_when_its_work_is_visible_to_others(shared: Database) -> None:
    seen_at_end = []

    def write(text: str) -> None:
        with shared.writing() as tx:
            put(tx, text)
        seen_at_end.append(text in stored(shared))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, [str(number) for number in range(200)]))

    assert seen_at_end == [True] * 200


def test_a_refusal_undoes_its_own_work_and_no_other(shared: Database) -> None:
    def refuse(tx: Tx) -> None:
        put(tx, "refused")
        raise LookupError("not today")

    ended = write_together(
        shared, refuse, lambda tx: put(tx, "three"), first=lambda tx: put(tx, "one")
    )

    assert isinstance(ended[1].exception(), LookupError)
    assert ended[0].exception() is None
    assert ended[2].exception() is None
    assert stored(shared) == {"one", "three"}


def test_a_refusal_of_the_first_writer_does_not_reach_the_second(shared: Database) -> None:
    def refuse(tx: Tx) -> None:
        put(tx, "refused")
        raise LookupError("not today")

    ended = write_together(shared, lambda tx: put(tx, "two"), first=refuse)

    assert isinstance(ended[0].exception(), LookupError)
    assert ended[1].exception() is None
    assert stored(shared) == {"two"}


def test_a_broken_constraint_is_refused_alone(shared: Database) -> None:
    ended = write_together(
        shared,
        lambda tx: put(tx, "one"),
        lambda tx: put(tx, "three"),
        first=lambda tx: put(tx, "one"),
    )

    assert type(ended[1].exception()) is StorageRefused
    assert stored(shared) == {"one", "three"}


def test_a_failed_flush_is_told_to_everybody_who_took_part(shared: Database) -> None:
    def fail(_connection: object) -> None:
        raise OSError("the disk is full")

    def refuse(_tx: Tx) -> None:
        raise LookupError("because of what the first one did")

    event.listen(shared.engine, "commit", fail)
    ended = write_together(
        shared, lambda tx: put(tx, "two"), refuse, first=lambda tx: put(tx, "one")
    )
    event.remove(shared.engine, "commit", fail)

    assert [type(each.exception()) for each in ended] == [TransactionLost] * 3
    assert stored(shared) == set()
    with shared.writing() as tx:
        put(tx, "afterwards")
    assert stored(shared) == {"afterwards"}


def test_a_transaction_that_the_database_gave_up_is_lost_for_all(shared: Database) -> None:
    def give_up(tx: Tx) -> None:
        put(tx, "two")
        # A full disk or a lack of memory makes SQLite do the same.
        tx.exec_driver_sql("ROLLBACK")

    ended = write_together(
        shared, give_up, lambda tx: put(tx, "three"), first=lambda tx: put(tx, "one")
    )

    assert isinstance(ended[0].exception(), TransactionLost)
    assert isinstance(ended[1].exception(), TransactionLost)
    assert ended[2].exception() is None
    assert stored(shared) == {"three"}


def test_a_flush_does_not_wait_for_endless_newcomers(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MOST_JOINED", 2)
    seen = flushes(shared)

    write_together(
        shared,
        lambda tx: put(tx, "two"),
        lambda tx: put(tx, "three"),
        first=lambda tx: put(tx, "one"),
    )

    assert len(seen) == 2
    assert stored(shared) == {"one", "two", "three"}


def test_a_lock_that_cannot_be_had_does_not_stop_the_next_writer(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_database: Database) -> None:
        raise OSError("no such folder")

    with monkeypatch.context() as patched:
        patched.setattr(Database, "_lock", refuse)
        with pytest.raises(OSError, match="no such folder"), shared.writing():
            pass

    with shared.writing() as tx:
        put(tx, "next")
    assert stored(shared) == {"next"}
