"""Whether closing, lists and pages cost the same however many sessions there are."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import event

from bench.clinic import SHORT, START, WHOLE, BenchClinic, made_clinic
from bench.close import closing
from bench.loading import MINUTE, load_sessions, record_exemplar
from bench.measuring import Figure, grouped, machine, median
from compliance.app import create_app, settings_from_environment
from compliance.domain.access import Role, system_actor
from compliance.operations.people.accounts import CreatePerson, create_person
from compliance.operations.people.passwords import hash_password

SMALL: Final = 1_000
USUAL: Final = 100_000
FULL: Final = 1_000_000
CLOSES: Final = 300
REPEATS: Final = 40
NAME: Final = "bench-desk"
PASSWORD: Final = "bench-desk-password"  # noqa: S105 (of a clinic that is thrown away)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Medians of one page or act at one size."""

    milliseconds: float
    statements: int


def run(folder: Path, *, full: bool = False) -> tuple[list[Figure], dict[str, Any]]:
    """Measure at 1 000 and at 100 000 sessions, or 1 000 000 with ``full``."""
    facts = machine(folder)
    large = FULL if full else USUAL
    with _measured(folder / "small", SMALL) as small, _measured(folder / "large", large) as big:
        # The sizes take turns, so that a busy moment of the machine meets both.
        few: dict[str, list[Cost]] = {}
        many: dict[str, list[Cost]] = {}
        for _ in range(REPEATS):
            for name, visit in small.items():
                few.setdefault(name, []).append(visit())
            for name, visit in big.items():
                many.setdefault(name, []).append(visit())
    return [_figure(name, few[name], many[name], large) for name in few], facts


def _figure(name: str, few: list[Cost], many: list[Cost], large: int) -> Figure:
    small, big = median(c.milliseconds for c in few), median(c.milliseconds for c in many)
    asked = (_usual(few), _usual(many))
    return Figure(
        what=f"{name}, {grouped(large)} sessions against {grouped(SMALL)}",
        measured=f"{big:.2f} ms, {asked[1]} statements",
        floor=f"{small:.2f} ms, {asked[0]} statements",
        ratio=big / small,
        at_most=1.5,
        note="" if asked[1] <= asked[0] else "The number of statements grew.",
    )


@contextmanager
def _measured(folder: Path, count: int) -> Iterator[dict[str, Callable[[], Cost]]]:
    """A clinic of so many closed sessions, and what is to be measured in it."""
    with made_clinic(folder) as clinic:
        old = record_exemplar(clinic, SHORT, closed=True, now=START + MINUTE)
        first = START + 10 * MINUTE
        closed = load_sessions(clinic, count, old, first=first)
        end = first + count * MINUTE
        treated = record_exemplar(clinic, WHOLE, closed=False, now=end + MINUTE)
        fresh = load_sessions(clinic, CLOSES, treated, first=end + 3 * MINUTE)
        later = end + (CLOSES + 10) * MINUTE
        with _browser(clinic, later) as (get, counted):
            places = _places(closed, first, count)
            visits: dict[str, Callable[[], Cost]] = {
                name: _page(get, path, counted) for name, path in places.items()
            }
            visits["close"] = _closes(clinic, iter(fresh), counted)
            yield visits


def _places(closed: list[str], first: datetime, count: int) -> dict[str, str]:
    middle = (first + count // 2 * MINUTE).date()
    base = "/manager/sessions"
    return {
        "the manager's day": "/manager",
        "list, first page": base,
        "list of the closed ones": f"{base}?state=closed",
        "list of late ones (no match)": f"{base}?late=1",
        "list up to a day in the middle": f"{base}?to={middle}",
        "a session's page": f"{base}/{closed[count // 2]}",
    }


@contextmanager
def _browser(
    clinic: BenchClinic, now: datetime
) -> Iterator[tuple[Callable[[str], None], Callable[[], int]]]:
    """Sign in as the manager; yields a way to fetch a page and the count of statements so far."""
    command = CreatePerson(
        username=NAME,
        display_name="Desk",
        password_hash=hash_password(PASSWORD, username=NAME),
        roles=frozenset({Role.MANAGER}),
    )
    system = system_actor(clinic.clinic_id, "bench")
    with clinic.database.writing() as tx:
        create_person(tx, command, keyring=clinic.keyring, actor=system, now=now)
    os.environ.update(COMPLIANCE_DATA_DIR=str(clinic.folder), COMPLIANCE_JOBS_URL="inline")
    clock = _Clock(now)
    app = create_app(settings_from_environment(), clock=clock)
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    client = app.test_client()
    answer = client.post("/login", data={"username": NAME, "password": PASSWORD})
    if answer.status_code >= 400:
        raise RuntimeError(f"signing in answered {answer.status_code}")
    asked = [0]

    def count(*_: object) -> None:
        asked[0] += 1

    database = app.extensions["aseptrail"].database
    for engine in (database.engine, clinic.database.engine):
        event.listen(engine, "before_cursor_execute", count)

    def get(path: str) -> None:
        found = client.get(path)
        if found.status_code != 200:
            raise RuntimeError(f"{path} answered {found.status_code}")

    yield get, lambda: asked[0]
    database.dispose()


@dataclass(frozen=True, slots=True)
class _Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now.astimezone(UTC)


def _page(get: Callable[[str], None], path: str, counted: Callable[[], int]) -> Callable[[], Cost]:
    return lambda: _cost(lambda: get(path), counted)


def _closes(
    clinic: BenchClinic, fresh: Iterator[str], counted: Callable[[], int]
) -> Callable[[], Cost]:
    def several() -> Cost:
        costs = [_cost(closing(clinic, next(fresh)), counted) for _ in range(CLOSES // REPEATS)]
        return Cost(
            milliseconds=median(cost.milliseconds for cost in costs),
            statements=costs[0].statements,
        )

    return several


def _cost(work: Callable[[], object], counted: Callable[[], int]) -> Cost:
    before, start = counted(), time.perf_counter()
    work()
    elapsed = time.perf_counter() - start
    return Cost(milliseconds=1000 * elapsed, statements=counted() - before)


def _usual(costs: list[Cost]) -> int:
    # The first visit fills caches; what counts is what every other one asks.
    return int(median(cost.statements for cost in costs))
