"""Setting right what a clinic is called and in which language it reports; the log keeps both."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from compliance.domain.access import Action, Actor
from compliance.errors import Conflict
from compliance.keys.certificates import LONGEST_NAME, name_on_seal
from compliance.keys.storage import KeysMissing, read_seal_certificate
from compliance.ledger.entry import parse_time
from compliance.operations.clinics import check_description, clinic_of
from compliance.operations.sealing import CLINIC_CHANGED, append, hold_log
from compliance.store import clinics, log
from compliance.store.clinics import ClinicRow
from compliance.store.names import display_names
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeClinic:
    """What the clinic is called from now on; None leaves what stands there."""

    name: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicChange:
    """One entry of the log that changed name or language."""

    index: int
    at: datetime
    user: str
    """The person's name, or ``system:NAME``."""
    old_name: str
    new_name: str
    old_language: str
    new_language: str


def change_clinic(tx: Tx, command: ChangeClinic, *, actor: Actor, now: datetime) -> ClinicRow:
    """Change name or language from now on; entered as ``clinic.changed`` with old and new.

    Id and slug stay: checkpoints, file names and what inspectors keep hang on them. So
    does the time zone: a report's days are counted in it, and one log cannot have two.

    Raises:
        NotPermitted: the actor's role may not change the clinic.
        Refused: an empty or too long name, an unknown language.
        Conflict: name and language are those in force.
    """
    actor.require(Action.CHANGE_CLINIC)
    # Two managers at once: the second one's "old" must be the first one's "new".
    hold_log(tx, actor.clinic_id)
    clinic = clinic_of(tx, actor)
    old = {"name": clinic.name, "language": clinic.language}
    new = {
        "name": clinic.name if command.name is None else _spell(command.name),
        "language": command.language or clinic.language,
    }
    if new == old:
        raise Conflict("the clinic has this name and this language already")
    check_description(new["name"], new["language"])
    append(tx, actor, CLINIC_CHANGED, {"old": old, "new": new}, now=now)
    clinics.update_description(tx, actor.clinic_id, **new)
    return clinic_of(tx, actor)


def list_changes(tx: Tx, *, actor: Actor) -> tuple[ClinicChange, ...]:
    """Every change of the clinic's name and language, the newest first.

    Raises:
        NotPermitted: the actor's role may not read what the clinic has.
    """
    actor.require(Action.READ_THINGS)
    indexes = [index for _, index in log.list_places(tx, actor.clinic_id, CLINIC_CHANGED)]
    bodies = log.read_bodies(tx, actor.clinic_id, sorted(indexes)) if indexes else {}
    entries = {index: json.loads(body) for index, body in bodies.items()}
    names = display_names(tx, (entry["by"]["user"] for entry in entries.values()))
    return tuple(
        ClinicChange(
            index=index,
            at=parse_time(entry["at"]),
            user=names.get(entry["by"]["user"], entry["by"]["user"]),
            old_name=entry["data"]["old"]["name"],
            new_name=entry["data"]["new"]["name"],
            old_language=entry["data"]["old"]["language"],
            new_language=entry["data"]["new"]["language"],
        )
        for index, entry in sorted(entries.items(), reverse=True)
    )


def find_former_seal(keys_folder: Path, clinic: ClinicRow) -> str | None:
    """The former name that the clinic's seal still bears; None where it bears the present one.

    Such a seal goes on being accepted: a verifier asks for the clinic's id in it. But PDF
    readers show its name, and the next rotation takes the name of its day. A certificate
    made elsewhere says what its issuer wrote, and is not told of.
    """
    try:
        certificate = read_seal_certificate(keys_folder, clinic.clinic_id)
    except KeysMissing:
        return None
    name = name_on_seal(certificate, clinic.clinic_id)
    return None if name == clinic.name[:LONGEST_NAME] else name


def _spell(name: str) -> str:
    """One spelling of what looks the same, as the log demands it."""
    return unicodedata.normalize("NFC", " ".join(name.split()))
