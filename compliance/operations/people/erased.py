"""What can no longer be done with the account of somebody who was erased."""

from __future__ import annotations

from compliance.errors import Conflict
from compliance.store import erased_people
from compliance.store.session import Tx


def refuse_erased(tx: Tx, user_id: str) -> None:
    """Raises ``Conflict`` where a clinic's log says that this person was erased."""
    if erased_people.is_erased(tx, user_id):
        raise Conflict(
            "this person was erased, and the account with them; who comes back gets a new account"
        )
