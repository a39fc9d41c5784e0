"""Forgetting, once an hour, what nobody needs: ended sign-ins and old attempts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Final

from compliance.jobs.rounds import going_round
from compliance.operations.people.tidying import forget_old_sign_ins
from compliance.store.session import Database

EVERY_SECONDS: Final = 3600.0


def tidying_up(database: Database, clock: Callable[[], datetime]) -> AbstractContextManager[None]:
    """Forget at once and then every hour, in a thread, until the block ends."""
    return going_round("tidying", lambda: tidy_up(database, clock), every_seconds=EVERY_SECONDS)


def tidy_up(database: Database, clock: Callable[[], datetime]) -> int:
    """Forget everything that is old enough; returns how many rows went.

    A transaction for each few hundred, so that a tablet never waits for it.
    """
    total = 0
    while True:
        with database.writing() as tx:
            gone = forget_old_sign_ins(tx, now=clock())
        total += gone
        if not gone:
            return total
