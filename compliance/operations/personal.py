"""Personal data: committed in the log, sealed beside it under keys that can be destroyed."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from compliance.keys.subjects import SubjectKeys, blind_index, seal, unseal
from compliance.ledger.commitment import commit
from compliance.store import disclosures, erasures
from compliance.store.session import Tx

ERASED = "erased"
"""Shown where a value's key was destroyed; see `read_texts` for when and by which entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """What is needed to seal and find personal data; lies outside the database."""

    subjects: SubjectKeys
    index_key: bytes


def commit_value(
    tx: Tx, keyring: Keyring, *, subject: tuple[str, str], field: str, value: str
) -> dict[str, str]:
    """Commit to a personal value and keep salt and value sealed; returns ``{"commit": hex}``.

    Args:
        tx: the caller's transaction.
        keyring: where subject keys live.
        subject: (clinic id, subject id): whose key seals the value.
        field: the commitment field of docs/record-format.md section 4.
        value: the text; it never enters the log.
    """
    clinic_id, subject_id = subject
    salt = secrets.token_bytes(32)
    commitment = commit(field, salt, value)
    plain = json.dumps({"salt": salt.hex(), "value": value}, ensure_ascii=False).encode()
    key = keyring.subjects.key_for(clinic_id, subject_id)
    disclosures.insert_disclosure(
        tx,
        disclosures.SealedValue(
            clinic_id=clinic_id,
            commitment=commitment,
            subject_id=subject_id,
            field=field,
            sealed=seal(key, plain, commitment),
        ),
    )
    return {"commit": commitment.hex()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """An opened commitment, ready for a report."""

    commit: str
    field: str
    salt: str
    value: str


def disclose(
    tx: Tx, keyring: Keyring, clinic_id: str, commitments: Iterable[str]
) -> dict[str, Disclosed]:
    """Open the commitments whose keys still exist; the others are simply missing."""
    opened = {}
    wanted = [bytes.fromhex(commitment) for commitment in commitments]
    for row in disclosures.find_disclosures(tx, clinic_id, wanted):
        key = keyring.subjects.find(clinic_id, row.subject_id)
        if key is None or not row.sealed:
            continue
        plain: Mapping[str, str] = json.loads(unseal(key, row.sealed, row.commitment))
        opened[row.commitment.hex()] = Disclosed(
            commit=row.commitment.hex(), field=row.field, salt=plain["salt"], value=plain["value"]
        )
    return opened


def read_texts(
    tx: Tx, keyring: Keyring, clinic_id: str, commitments: Iterable[str]
) -> dict[str, str]:
    """The text behind each commitment; of an erased one, when and by which entry it was erased.

    A commitment is missing only where its key is gone without an entry that says so, as
    after an older backup was put back.
    """
    wanted = set(commitments)
    texts = {
        commitment: opened.value
        for commitment, opened in disclose(tx, keyring, clinic_id, wanted).items()
    }
    hidden = [bytes.fromhex(commitment) for commitment in wanted - texts.keys()]
    if hidden:
        for commitment, erased in erasures.find_erased_values(tx, clinic_id, hidden).items():
            texts[commitment] = say_erased(erased.at, erased.index, erased.time_zone)
    return texts


def say_erased(at: datetime, index: int, time_zone: str) -> str:
    """What stands where a value was: the day in the clinic's zone, and the entry."""
    day = at.astimezone(ZoneInfo(time_zone))
    return f"{ERASED} on {day.day} {day:%b %Y}, entry {index}"


def find_index(keyring: Keyring, clinic_id: str, field: str, value: str) -> bytes:
    """The keyed blind index under which a value is found again without being stored."""
    return blind_index(keyring.index_key, clinic_id, field, value.strip().casefold())
