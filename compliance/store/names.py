"""Printed names of people, for screens; records hold commitments."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from compliance.store.models.people import UserAccount
from compliance.store.session import Tx


def display_names(tx: Tx, user_ids: Iterable[str]) -> dict[str, str]:
    """Names by user id in one query; ids that are no account are left out."""
    wanted = sorted(set(user_ids))
    if not wanted:
        return {}
    rows = tx.execute(
        select(UserAccount.user_id, UserAccount.display_name).where(UserAccount.user_id.in_(wanted))
    )
    return {row[0]: row[1] for row in rows}
