"""How fast a session closes for good: in the database layer, and over HTTP."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from bench.clinic import START, WHOLE, BenchClinic, made_clinic
from bench.loading import MINUTE, load_sessions, record_exemplar
from bench.measuring import SLOW_FLUSH_MS, Figure, flush_rate, machine, median, percentile
from compliance.domain.words import SessionState
from compliance.operations.sealing import append
from compliance.operations.signing import Act, sign_act
from compliance.operations.treatments.closing import CloseSession, close_session, closed_record
from compliance.operations.treatments.loading import Loaded, find_row, load_facts
from compliance.store import sessions

CLIENTS: Final = (1, 8, 32)
ROUNDS: Final = 5
EACH: Final = 250
"""Closings a round for every number of clients."""

LATER: Final = timedelta(days=60)
_WHY: Final = (
    "eight statements through SQLAlchemy and the pages that a close changes in seven tables and"
    " their indexes take the processor longer than this disk takes for a flush."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """One run of many calls."""

    rate: float
    """Calls a second."""
    mean: float
    """Seconds that one call takes, waiting included."""
    p99: float


def run_many(calls: Sequence[Callable[[], object]], clients: int) -> Timed:
    """Make all calls from so many threads, each call once."""
    source: Iterator[Callable[[], object]] = iter(calls)
    guard = threading.Lock()
    waits: list[float] = []

    def work() -> None:
        while True:
            with guard:
                call = next(source, None)
            if call is None:
                return
            start = time.perf_counter()
            call()
            waits.append(time.perf_counter() - start)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - start
    return Timed(
        rate=len(calls) / elapsed, mean=sum(waits) / len(waits), p99=percentile(waits, 0.99)
    )


def closing(clinic: BenchClinic, session_id: str) -> Callable[[], object]:
    """The whole operation: read, ask the gate, sign, record, commit."""

    def close() -> None:
        command = CloseSession(session_id=session_id, grant=None, idempotency_key=session_id)
        with clinic.database.writing() as tx:
            close_session(tx, command, actor=clinic.practitioner, now=START + LATER)

    return close


def storing(clinic: BenchClinic, session_id: str) -> Callable[[], object]:
    """The database layer alone: a record that is ready is appended and projected."""
    actor, now = clinic.practitioner, START + LATER
    with clinic.database.reading() as tx:
        loaded = load_facts(tx, find_row(tx, session_id, actor=actor), now=now)
        act = Act(verb="close", thing=session_id, version=loaded.row.version)
        signature = sign_act(tx, act, actor=actor, grant=None, now=now)
        record = closed_record(tx, loaded, signature=signature, key=session_id)

    def store() -> None:
        with clinic.database.writing() as tx:
            index = append(tx, actor, "session.closed", record, now=now)
            _project(tx, loaded, index)

    return store


def _project(tx: Any, loaded: Loaded, index: int) -> None:
    values = {
        "state": SessionState.CLOSED.value,
        "closed_index": index,
        "ended_at": START + LATER,
    }
    sessions.update_session(tx, loaded.row, values)


def run(folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    """Measure the database layer; returns the figures and the facts of the machine."""
    facts = machine(folder)
    kinds = [(make, clients) for clients in CLIENTS for make in (storing, closing)]
    with made_clinic(folder / "close") as clinic:
        count = (ROUNDS * len(kinds) + 1) * EACH
        exemplar = record_exemplar(clinic, WHOLE, closed=False, now=START + MINUTE)
        fresh = iter(load_sessions(clinic, count, exemplar, first=START + 3 * MINUTE))
        for session_id in itertools.islice(fresh, EACH):
            closing(clinic, session_id)()
        size = _body_size(clinic)
        floors: list[float] = []
        timed: dict[tuple[str, int], list[Timed]] = {}
        for _ in range(ROUNDS):
            floors.append(flush_rate(folder, size, EACH))
            for make, clients in kinds:
                chosen = itertools.islice(fresh, EACH)
                calls = [make(clinic, session_id) for session_id in chosen]
                timed.setdefault((make.__name__, clients), []).append(run_many(calls, clients))
    return _figures(median(floors), timed, facts, size), facts


def _body_size(clinic: BenchClinic) -> int:
    with clinic.database.reading() as tx:
        return int(
            tx.exec_driver_sql(
                "SELECT length(body) FROM log_body ORDER BY idx DESC LIMIT 1"
            ).scalar_one()
        )


def _figures(
    floor: float, timed: dict[tuple[str, int], list[Timed]], facts: dict[str, Any], size: int
) -> list[Figure]:
    shown = f"{floor:.0f}/s"
    slow = facts["flush_ms"] >= SLOW_FLUSH_MS
    figures = []
    for clients in CLIENTS:
        stored = median(each.rate for each in timed["storing", clients])
        whole = median(each.rate for each in timed["closing", clients])
        figures += [
            Figure(
                what=f"durable close, database layer, {clients} client{'s' * (clients > 1)}",
                measured=f"{stored:.0f}/s",
                floor=shown,
                ratio=stored / floor,
                at_least=0.85 if slow else 0.35,
                note=f"The floor appends the entry's {size} bytes to a file and flushes. Measured:"
                " canonical bytes, leaf, tree, projection and commit of a record that is ready."
                if clients == 1
                else "",
                why=_WHY,
            ),
            Figure(
                what=f"the whole operation with reading, gate and signature, {clients}"
                f" client{'s' * (clients > 1)}",
                measured=f"{whole:.0f}/s",
                floor=shown,
                ratio=whole / floor,
            ),
        ]
    eight = timed["closing", 8]
    mean, p99 = median(each.mean for each in eight), median(each.p99 for each in eight)
    figures.append(
        Figure(
            what="99th percentile of the whole operation at 8 clients against the mean wait",
            measured=f"{1000 * p99:.1f} ms",
            floor=f"{1000 * mean:.1f} ms",
            ratio=p99 / mean,
            at_most=4,
        )
    )
    return figures
