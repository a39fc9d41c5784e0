"""What an erasure does outside the database: the key, the report files, the free pages."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from pathlib import Path

from compliance.keys.subjects import SubjectKeys
from compliance.operations.erasure.emptying import empty_person
from compliance.operations.reporting.workshop import Workshop
from compliance.report.disclosed import disclosed_commitments
from compliance.store import clinics, erasures, lasting_files, traced_files
from compliance.store.erasures import ErasureRow
from compliance.store.scrubbing import scrub
from compliance.store.session import Tx


def complete_erasures(workshop: Workshop, *, now: datetime) -> list[ErasureRow]:
    """Finish every erasure whose entry is durable; safe to repeat and to interrupt.

    The key goes first: from then on nothing sealed for the person can be read, wherever
    a copy of it lies. Then the signed files that quote the person are removed (each can
    be made again, and then says when the person was erased), and last the database's
    own file is rid of what was deleted. Returns what was finished.
    """
    with workshop.database.reading() as tx:
        waiting = erasures.list_incomplete(tx)
        quoted = {
            row.erasure_id: erasures.commitments_of(tx, row.clinic_id, row.subject_id)
            for row in waiting
        }
        others = {
            row.erasure_id: traced_files.names_without(tx, row.clinic_id, {row.subject_id})
            for row in waiting
        }
    if not waiting:
        return []
    removed: list[tuple[str, str]] = []
    for row in waiting:
        workshop.keyring.subjects.destroy(row.clinic_id, row.subject_id)
        folder = workshop.reports_folder / row.clinic_id
        gone = remove_files(folder, quoted[row.erasure_id], others[row.erasure_id])
        removed += [(row.clinic_id, path.name) for path in gone]
    scrub(workshop.database)
    with workshop.database.writing() as tx:
        for clinic_id, name in removed:
            lasting_files.delete_file(tx, clinic_id, name)
        for row in waiting:
            erasures.update_erasure(tx, row.clinic_id, row.erasure_id, {"completed_at": now})
    return waiting


def remove_files(
    folder: Path, commitments: AbstractSet[str], others: AbstractSet[str] = frozenset()
) -> list[Path]:
    """Delete the report files that disclose one of the commitments; returns them.

    A file that cannot be read goes too: nobody can tell whom it names, and a report can
    be made again. So does a signed list, which opens nothing and names people all the same.

    Args:
        folder: the clinic's.
        commitments: of those who were erased.
        others: names of lists in which none of them stands.
    """
    removed = []
    for path in sorted(folder.glob("*.pdf")):
        if path.name in others:
            continue
        quoted = disclosed_commitments(path)
        if quoted is None or quoted & commitments:
            path.unlink()
            removed.append(path)
    return removed


def erase_again(tx: Tx, subjects: SubjectKeys, clinic_id: str, erased: AbstractSet[str]) -> None:
    """Erase in a database that was put back whoever was erased in it or since.

    Args:
        tx: the caller's transaction in the restored database.
        subjects: the keys of this machine, which remember whose they destroyed: a backup
            may be older than an erasure.
        clinic_id: whose log it is.
        erased: the persons that the restored log says were erased: an archive of the
            keys may be older than that.
    """
    for subject in sorted({*erased, *subjects.erased(clinic_id)}):
        subjects.destroy(clinic_id, subject)
        empty_person(tx, clinic_id, subject)


def remove_quoting_files(tx: Tx, subjects: SubjectKeys, reports_folder: Path) -> list[Path]:
    """Delete the report files of all clinics that quote anybody whose key was destroyed."""
    removed = []
    for clinic in clinics.list_clinics(tx):
        commitments: set[str] = set()
        erased = set(subjects.erased(clinic.clinic_id))
        for subject in erased:
            commitments |= erasures.commitments_of(tx, clinic.clinic_id, subject)
        if commitments:
            others = traced_files.names_without(tx, clinic.clinic_id, erased)
            removed += remove_files(reports_folder / clinic.clinic_id, commitments, others)
    return removed
