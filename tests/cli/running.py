"""What the tests of the command line share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from click.testing import Result
from sqlalchemy import create_engine

from compliance.store.session import Database, engine_options, prepare_engine

ROOT: Final = Path(__file__).resolve().parents[2]
NOON: Final = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EVERYWHERE: Final = ".".join("0000")
"""The address that means all addresses of a machine."""

PASSWORD: Final = "a quiet harbour morning"


class Run(Protocol):
    def __call__(self, *arguments: str | Path, stdin: str | None = None) -> Result: ...


def open_sqlite(path: Path) -> Database:
    url = f"sqlite:///{path}"
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    return Database(engine, lock_file=None)


def add_user(run: Run, clinic: str, name: str = "mary", *roles: str) -> Result:
    words = [word for role in roles or ("manager",) for word in ("--role", role)]
    return run(
        "user", "add", name, "--clinic", clinic, "--name", "Mary Byrne", "--password-stdin", *words,
        stdin=PASSWORD + "\n",
    )  # fmt: skip
