"""What the log says about people. The only module of this package that writes entries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from compliance.domain.access import Actor, Role
from compliance.ledger.entry import format_time
from compliance.operations.personal import Keyring, commit_value
from compliance.operations.sealing import append
from compliance.store.session import Tx
from compliance.store.sign_in import TokenRow

RENAMED: Final = "user.renamed"


def record_added(
    tx: Tx,
    keyring: Keyring,
    person: tuple[str, str],
    roles: Iterable[Role],
    *,
    actor: Actor,
    now: datetime,
) -> int:
    """Enter that a person, given as (user id, name), was added; the name only as a commitment."""
    user_id, name = person
    committed = commit_value(
        tx, keyring, subject=(actor.clinic_id, user_id), field="user.name", value=name
    )
    data = {"user": user_id, "name": committed, "roles": _spelled(roles)}
    return append(tx, actor, "user.added", data, now=now)


def record_changed(
    tx: Tx,
    user_id: str,
    roles: Iterable[Role],
    *,
    entitled_override: bool,
    valid_to: datetime | None,
    actor: Actor,
    now: datetime,
) -> int:
    data = {
        "user": user_id,
        "roles": _spelled(roles),
        "entitled_override": entitled_override,
        "valid_to": None if valid_to is None else format_time(valid_to),
    }
    return append(tx, actor, "user.changed", data, now=now)


def record_renamed(
    tx: Tx, keyring: Keyring, person: tuple[str, str], old: object, *, actor: Actor, now: datetime
) -> int:
    """Enter the name that a person, given as (user id, name), has from now on; ``old`` is committed."""
    user_id, name = person
    committed = commit_value(
        tx, keyring, subject=(actor.clinic_id, user_id), field="user.name", value=name
    )
    data = {"user": user_id, "old": old, "new": committed}
    return append(tx, actor, RENAMED, data, now=now)


def record_plain(tx: Tx, kind: str, user_id: str, *, actor: Actor, now: datetime) -> int:
    """Enter ``user.disabled``, ``user.enabled`` or ``user.password_reset``."""
    return append(tx, actor, kind, {"user": user_id}, now=now)


def record_token_created(tx: Tx, token: TokenRow, *, actor: Actor, now: datetime) -> int:
    """Enter that a token was made. Its label is free text and stays out of the log."""
    data = {
        "token": token.token_id,
        "user": token.user_id,
        "scopes": sorted(token.scopes),
        "expires_at": None if token.expires_at is None else format_time(token.expires_at),
    }
    return append(tx, actor, "token.created", data, now=now)


def record_token_revoked(
    tx: Tx, token_id: str, user_id: str, *, actor: Actor, now: datetime
) -> int:
    data = {"token": token_id, "user": user_id}
    return append(tx, actor, "token.revoked", data, now=now)


def _spelled(roles: Iterable[Role]) -> list[str]:
    return sorted(role.value for role in roles)
