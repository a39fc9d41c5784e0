"""Keeping two foundings of one installation apart."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from compliance.store.session import Tx

_FOUNDING: Final = 0x4153_4550
"""Any number that nothing else locks under."""


def hold_founding(tx: Tx) -> None:
    """Wait until nobody else is founding, until the transaction ends.

    There is no row yet that could be locked. SQLite has one writer at a time anyway.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _FOUNDING})
