"""What tests take as given: a time, a clock that is told the time, and databases on the spot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine

from compliance.store.session import Database, engine_options, prepare_engine

ROOT: Final = Path(__file__).resolve().parent.parent
NOON: Final = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Clock:
    """The time a test says it is; ``tick`` moves it."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def tick(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


def open_sqlite(path: Path) -> Database:
    url = f"sqlite:///{path}"
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    return Database(engine, lock_file=path.with_suffix(".lock"))


def database_url(server_url: str, name: str) -> str:
    """The URL of another database on the same server."""
    head, _, query = server_url.partition("?")
    base = head.rsplit("/", 1)[0]
    return f"{base}/{name}" + (f"?{query}" if query else "")
