"""Once an hour: forgetting what nobody needs, and fixing in the log what inspectors read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Final

from compliance.jobs.rounds import going_round
from compliance.operations.access_seals import enter_days_that_ended
from compliance.operations.people.tidying import forget_old_sign_ins
from compliance.store.session import Database

EVERY_SECONDS: Final = 3600.0


def tidying_up(database: Database, clock: Callable[[], datetime]) -> AbstractContextManager[None]:
    """Look at once and then every hour, in a thread, until the block ends."""
    return going_round("tidying", lambda: look_after(database, clock), every_seconds=EVERY_SECONDS)


def look_after(database: Database, clock: Callable[[], datetime]) -> tuple[int, int]:
    """One round: how many clinics got an entry about their inspectors, and how many rows went."""
    return enter_days_that_ended(database, now=clock()), tidy_up(database, clock)


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
