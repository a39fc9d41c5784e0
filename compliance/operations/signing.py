"""Signing an act: printed name, time and meaning, bound to exactly what is signed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from compliance.domain.access import Actor, Auth
from compliance.errors import SignatureRequired
from compliance.ledger.canonical import JsonValue, canonical_bytes
from compliance.ledger.entry import format_time
from compliance.operations.people.grants import use_grant
from compliance.store.session import Tx

MEANINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "close": "I performed or supervised this treatment, and this record is true and complete.",
        "abort": "I ended this session without completing it, and the deviation is described"
        " truthfully.",
        "amend": "I correct this closed record for the reason given.",
        "publish": "I have read this checklist and put it into use in this clinic.",
        "erase": "I confirm that the personal data of this person is erased for good, on the legal"
        " basis given.",
        "release": "I have judged this load and release the pack for use.",
    }
)
"""What a signature means, printed beside it. Sentences are part of the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is signed: the verb, the thing and its exact version."""

    verb: str
    thing: str
    version: int

    def hash(self) -> bytes:
        """SHA-256 of the canonical bytes; a grant is bound to it."""
        facts: dict[str, JsonValue] = {
            "act": self.verb,
            "thing": self.thing,
            "version": self.version,
        }
        return hashlib.sha256(canonical_bytes(facts)).digest()


def sign_act(tx: Tx, act: Act, *, actor: Actor, grant: str | None, now: datetime) -> dict[str, Any]:
    """Use up the grant and return the signature as the record keeps it.

    An API token with the scope ``sign`` needs no grant; the record then says
    that the person was not asked for the password.

    Raises:
        SignatureRequired: no grant, a used or late one, or one for another act.
    """
    if actor.auth is Auth.TOKEN:
        if not actor.may_sign:
            raise SignatureRequired("this token lacks the scope 'sign'")
    elif actor.auth is Auth.SYSTEM:
        raise SignatureRequired("the system cannot sign for a person")
    elif grant is None:
        raise SignatureRequired("enter your password to sign")
    else:
        use_grant(tx, grant, actor=actor, act_hash=act.hash(), now=now)
    return {
        "by": actor.user_id,
        "meaning": MEANINGS[act.verb],
        "at": format_time(now),
        "auth": "token" if actor.auth is Auth.TOKEN else "password",
        "grant": grant if actor.auth is not Auth.TOKEN else None,
    }
