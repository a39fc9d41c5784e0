"""Whether a recall, and the search behind it, answer at once however much there is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from bench.clinic import BenchClinic
from bench.measuring import Figure, grouped, machine, median, seconds
from bench.recall_data import (
    Size,
    end_of,
    last_cycle_number,
    made_years,
    open_postgresql,
)
from compliance.domain.access import Actor
from compliance.domain.sterilization.words import Growth
from compliance.operations.sterilization.recalling import list_recalls
from compliance.operations.sterilization.searching import count_met, who_met
from compliance.operations.sterilization.spores import RecordSporeTest, record_spore_test
from compliance.operations.sterilization.worklist import read_worklist
from compliance.store.session import Database

REPEATS: Final = 5
PAGE: Final = 50
DAYS: Final = 31
"""Between two spore tests: the longest that California, DC and Minnesota allow."""

_TRUTH: Final = (
    "Rows are loaded without entries behind them: a recall reads no log. The floor runs the plain"
    " indexed queries that the answer needs, through the driver, and does nothing with the rows."
)
_FLOOR: Final = (
    (
        "SELECT c.cycle_id, c.number, c.run_at FROM cycle c WHERE c.clinic_id = :clinic"
        " AND c.sterilizer_id = :machine AND c.run_at > :since"
    ),
    (
        "SELECT p.pack_id, p.code, p.state FROM cycle c JOIN pack p ON p.clinic_id = c.clinic_id"
        " AND p.cycle_id = c.cycle_id WHERE c.clinic_id = :clinic AND c.sterilizer_id = :machine"
        " AND c.run_at > :since"
    ),
    (
        "SELECT s.session_id, s.client_id, s.opened_at FROM cycle c JOIN pack p"
        " ON p.clinic_id = c.clinic_id AND p.cycle_id = c.cycle_id JOIN session_evidence e"
        " ON e.clinic_id = p.clinic_id AND e.kind = 'pack' AND e.value = p.pack_id"
        " JOIN treatment_session s ON s.clinic_id = e.clinic_id AND s.session_id = e.session_id"
        " WHERE c.clinic_id = :clinic AND c.sterilizer_id = :machine AND c.run_at > :since"
    ),
    (
        "SELECT s.session_id, s.client_id FROM treatment_session s WHERE s.clinic_id = :clinic"
        " AND s.opened_at >= :since"
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """A clinic in which a spore test has just failed."""

    clinic: BenchClinic
    recall_id: str
    now: datetime
    failing: float
    """Seconds that entering the growth took: suspending, computing and pulling."""
    floor: Callable[[], None]


def run(folder: Path, size: Size | None = None) -> tuple[list[Figure], dict[str, Any]]:
    """Measure on both databases, one after the other."""
    facts = machine(folder)
    size = size or Size()
    figures = []
    with _failed(folder / "sqlite", size, None) as found:
        figures += list(_measure("SQLite", found, size))
    with (
        open_postgresql(folder / "server") as database,
        _failed(folder / "postgresql", size, database) as found,
    ):
        figures += list(_measure("PostgreSQL", found, size))
    return figures, facts


@contextmanager
def _failed(folder: Path, size: Size, database: Database | None) -> Iterator[Recalled]:
    with made_years(folder, size, database) as clinic:
        now = end_of(size)
        negative = now - timedelta(days=DAYS)
        with clinic.database.reading() as tx:
            rows = tx.execute(
                text(
                    "SELECT c.cycle_id FROM cycle c JOIN sterilizer s ON s.clinic_id = c.clinic_id"
                    " AND s.sterilizer_id = c.sterilizer_id WHERE s.code = 'S1'"
                    " AND (c.run_at <= :before OR c.number = :last) ORDER BY c.run_at DESC LIMIT 2"
                ),
                {
                    "before": int(negative.timestamp() * 1000),
                    "last": last_cycle_number(size),
                },
            ).scalars()
            failed, good = rows
        _test(clinic, good, Growth.NO_GROWTH, now)
        failing = seconds(lambda: _test(clinic, failed, Growth.GROWTH, now))
        with clinic.database.reading() as tx:
            (recall,) = list_recalls(tx, actor=clinic.manager)
        values = {
            "clinic": clinic.clinic_id,
            "machine": recall.sterilizer_id,
            "since": int(recall.since.timestamp() * 1000) if recall.since else 0,
        }

        def floor() -> None:
            with clinic.database.reading() as tx:
                for statement in _FLOOR:
                    tx.execute(text(statement), values).fetchall()

        yield Recalled(
            clinic=clinic,
            recall_id=recall.recall_id,
            now=now,
            failing=failing,
            floor=floor,
        )


def _test(clinic: BenchClinic, cycle_id: str, result: Growth, now: datetime) -> None:
    command = RecordSporeTest(
        cycle_id=cycle_id,
        lot="BI-1",
        expires_on=date(2099, 1, 1),
        result=result,
        control=Growth.GROWTH,
        control_lot="BI-1",
    )
    with clinic.database.writing() as tx:
        record_spore_test(tx, command, actor=clinic.manager, now=now)


def _measure(name: str, found: Recalled, size: Size) -> Iterator[Figure]:
    clinic, actor = found.clinic, found.clinic.manager

    def page(first: int) -> Callable[[], Any]:
        def read() -> Any:
            with clinic.database.reading() as tx:
                return read_worklist(
                    tx,
                    found.recall_id,
                    actor=actor,
                    now=found.now,
                    keyring=clinic.keyring,
                    first=first,
                )

        return read

    counts = page(1)().counts
    what = (
        f"{name}: a recall of {DAYS} days ({grouped(counts.cycles)} loads,"
        f" {grouped(counts.packs_used + counts.packs_to_pull)} packs,"
        f" {grouped(counts.sessions)} sessions) out of {grouped(size.sessions)} sessions,"
        f" {grouped(size.cycles)} loads and {grouped(size.packs)} packs"
    )
    floor, first = _together(found.floor, page(PAGE))
    yield _ratio(f"{what}, first page and exact counts", first, floor, at_most=6.0)
    yield _limit(f"{name}: the same in seconds", first)
    whole = median(_seconds(page(size.sessions)) for _ in range(3))
    yield _ratio(f"{name}: the same with every line of every list", whole, floor)
    yield _limit(f"{name}: reading the growth, suspending and pulling the packs", found.failing)
    for kind, ref in _searched(size):
        yield _limit(
            f"{name}: who met this {kind}, first page and exact counts",
            median(_seconds(_search(found, actor, kind, ref)) for _ in range(REPEATS)),
            note=_told(found, actor, kind, ref),
        )


def _searched(size: Size) -> Iterator[tuple[str, str]]:
    middle = size.sessions // 2
    yield "lot", f"l{middle // 1000}"
    yield "pack", f"P-{middle}"
    yield "cycle", f"01900003-0000-7000-8000-{middle // 5:012d}"
    yield "device", "D-7"
    yield "operator", f"01900006-0000-7000-8000-{3:012d}"


def _search(found: Recalled, actor: Actor, kind: str, ref: str) -> Callable[[], Any]:
    keyring = found.clinic.keyring

    def look() -> Any:
        with found.clinic.database.reading() as tx:
            who_met(tx, kind, ref, actor=actor, keyring=keyring, limit=PAGE)
            return count_met(tx, kind, ref, actor=actor, keyring=keyring)

    return look


def _told(found: Recalled, actor: Actor, kind: str, ref: str) -> str:
    sessions, clients = _search(found, actor, kind, ref)()
    return f"{grouped(sessions)} sessions of {grouped(clients)} clients."


def _together(floor: Callable[[], Any], work: Callable[[], Any]) -> tuple[float, float]:
    """Medians of both, taking turns."""
    rounds = [(_seconds(floor), _seconds(work)) for _ in range(REPEATS)]
    return median(each[0] for each in rounds), median(each[1] for each in rounds)


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _ratio(what: str, measured: float, floor: float, *, at_most: float | None = None) -> Figure:
    return Figure(
        what=what,
        measured=f"{1000 * measured:.0f} ms",
        floor=f"{1000 * floor:.0f} ms",
        ratio=measured / floor,
        at_most=at_most,
        note=_TRUTH,
    )


def _limit(what: str, measured: float, *, note: str = "") -> Figure:
    said = "Here the ratio is the time in units of the 2 s that an answer may take."
    return Figure(
        what=what,
        measured=f"{1000 * measured:.0f} ms",
        floor="2000 ms allowed",
        ratio=measured / 2,
        at_most=1.0,
        note=f"{note} {said}".strip(),
    )
