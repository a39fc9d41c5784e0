"""An inspector's challenge: what nobody could have prepared a record for."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from compliance.domain.access import Action, Actor
from compliance.errors import Refused
from compliance.ledger.entry import parse_time
from compliance.operations.sealing import CHALLENGE, append
from compliance.store import log
from compliance.store.session import Tx

SHORTEST: Final = 4
LONGEST: Final = 200
MOST_LISTED: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    index: int
    text: str
    at: datetime
    user_id: str


def enter_challenge(tx: Tx, text: str, *, actor: Actor, now: datetime) -> Challenge:
    """Enter a challenge as one entry, in plain; the next report quotes it.

    A log that was prepared beforehand cannot hold what an inspector makes up on the
    spot. The challenge is nobody's name and is not committed but written out.

    Raises:
        NotPermitted: the actor is neither inspector nor manager.
        Refused: too short, too long, or not plain text.
    """
    actor.require(Action.ENTER_CHALLENGE)
    clean = unicodedata.normalize("NFC", " ".join(text.split()))
    if not SHORTEST <= len(clean) <= LONGEST or not clean.isprintable():
        raise Refused(
            "challenge",
            text,
            "is no challenge",
            allowed=f"{SHORTEST} to {LONGEST} printable characters",
        )
    index = append(tx, actor, CHALLENGE, {"challenge": clean}, now=now)
    return Challenge(index=index, text=clean, at=now, user_id=actor.user_id)


def list_challenges(tx: Tx, *, actor: Actor) -> list[Challenge]:
    """The newest first, at most 50."""
    actor.require(Action.ENTER_CHALLENGE)
    indexes = [index for _, index in log.list_places(tx, actor.clinic_id, CHALLENGE)]
    newest = sorted(indexes)[-MOST_LISTED:]
    found = []
    for index, body in sorted(log.read_bodies(tx, actor.clinic_id, newest).items(), reverse=True):
        entry = json.loads(body)
        found.append(
            Challenge(
                index=index,
                text=entry["data"]["challenge"],
                at=parse_time(entry["at"]),
                user_id=entry["by"]["user"],
            )
        )
    return found
