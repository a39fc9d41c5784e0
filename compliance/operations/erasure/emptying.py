"""Emptying what the database holds of a person whose erasure is entered."""

from __future__ import annotations

from compliance.operations.personal import ERASED, say_erased
from compliance.store import clinics, erased_people, erasures
from compliance.store.session import Tx


def empty_person(tx: Tx, clinic_id: str, subject_id: str) -> None:
    """Empty what was sealed for a person, and a colleague's account with it.

    Within the caller's transaction; repeating it changes nothing. Where the name of a
    colleague stood, screens say from then on when and by which entry it was erased, or
    only *erased* where an older backup brought back a log that does not know it.
    """
    erasures.empty_sealed(tx, clinic_id, subject_id)
    if erased_people.is_account(tx, subject_id):
        said = _say(tx, clinic_id, subject_id)
        erased_people.empty_account(tx, clinic_id, subject_id, said=said)


def _say(tx: Tx, clinic_id: str, subject_id: str) -> str:
    clinic = clinics.find_clinic(tx, clinic_id)
    for row in erasures.find_erasures_of(tx, clinic_id, subject_id):
        if clinic is not None and row.state == "erased" and row.ended_at and row.ended_index:
            return say_erased(row.ended_at, row.ended_index, clinic.time_zone)
    return ERASED
