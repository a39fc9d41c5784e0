"""What is forgotten about signing in: personal data is kept no longer than it serves somebody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from compliance.operations.people.sign_in import LIFETIME
from compliance.store import sign_in as store
from compliance.store.session import Tx

KEEP_ATTEMPTS: Final = timedelta(days=400)
"""Longer than a year, so that who looks at last year's holidays still finds them."""

KEEP_LOGINS: Final = timedelta(days=30)
"""After a browser was signed out or its time was over."""

KEEP_GRANTS: Final = timedelta(days=1)
"""After leave to sign has run out. What was signed with it is in the log."""

BATCH: Final = 500


def forget_old_sign_ins(tx: Tx, *, now: datetime) -> int:
    """Delete what is old, at most a batch of each kind; returns how many rows went.

    Nothing of it is part of the record: the log keeps who did what, not who tried to sign in.
    """
    return (
        store.delete_attempts(tx, before=now - KEEP_ATTEMPTS, limit=BATCH)
        + store.delete_logins(tx, begun_before=now - LIFETIME - KEEP_LOGINS, limit=BATCH)
        + store.delete_grants(tx, ended_before=now - KEEP_GRANTS, limit=BATCH)
    )
