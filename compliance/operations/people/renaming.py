"""Setting a person's name right: a slip of the pen, a marriage. The log keeps both, as commitments."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from compliance.domain.access import Actor
from compliance.errors import Conflict, Refused
from compliance.operations.people import recording
from compliance.operations.people.accounts import LONGEST_NAME, require_own_person
from compliance.operations.personal import Keyring
from compliance.operations.sealing import hold_log
from compliance.store import clinics, log, people
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class RenamePerson:
    """What a person is called from now on, on screens and beside signatures."""

    user_id: str
    display_name: str


def rename_person(
    tx: Tx, command: RenamePerson, *, keyring: Keyring, actor: Actor, now: datetime
) -> None:
    """Give a person another name; entered in every log that knows the former one.

    The username stays: people sign in with it, and it was never printed.

    Raises:
        NotPermitted: the actor may not manage people, or another clinic depends on the account.
        NotFound: no such person in the clinic.
        Refused: an empty or too long name.
        Conflict: it is their name already, or they were erased.
    """
    account = require_own_person(tx, command.user_id, actor=actor)
    name = _checked(command.display_name)
    if name == account.display_name:
        raise Conflict("this person has that name already")
    # In one order, so that two of these never wait for one another.
    for clinic in sorted(clinics.list_clinics(tx), key=lambda each: each.clinic_id):
        _enter(
            tx, (command.user_id, name), keyring, replace(actor, clinic_id=clinic.clinic_id), now
        )
    people.update_display_name(tx, command.user_id, name)


def _enter(tx: Tx, person: tuple[str, str], keyring: Keyring, actor: Actor, now: datetime) -> None:
    """Enter the name in the actor's clinic, if its log ever said the former one."""
    if log.find_place(tx, actor.clinic_id, "user", person[0]) is None:
        return
    hold_log(tx, actor.clinic_id)
    old = _name_in_force(tx, actor.clinic_id, person[0])
    recording.record_renamed(tx, keyring, person, old, actor=actor, now=now)


def _name_in_force(tx: Tx, clinic_id: str, user_id: str) -> Mapping[str, Any]:
    """The commitment to the name that the log gave last."""
    added = log.find_places(tx, clinic_id, "user", [user_id])
    renamed = find_renamings(tx, clinic_id, {user_id})
    newest = max({*added.values(), *renamed})
    data = json.loads(log.read_bodies(tx, clinic_id, [newest])[newest])["data"]
    said: Mapping[str, Any] = data["new"] if newest in renamed else data["name"]
    return said


def find_renamings(tx: Tx, clinic_id: str, users: set[str]) -> set[int]:
    """Where the log gives one of these people another name."""
    places = log.list_places(tx, clinic_id, "user_renamed")
    return {index for thing, index in places if thing.partition("/")[0] in users}


def _checked(text: str) -> str:
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    odd = any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name)
    if odd or not 1 <= len(name) <= LONGEST_NAME:
        allowed = f"1 to {LONGEST_NAME} characters"
        raise Refused("display_name", name, "is not a name", allowed=allowed)
    return name
