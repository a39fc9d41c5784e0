"""Signed lists that are kept: found again by what they say, listed, and fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from compliance.domain.access import Action, Actor
from compliance.errors import NotFound
from compliance.operations.identifiers import new_id
from compliance.operations.once import Keyed, answer_once, recall_answer
from compliance.operations.reporting.kept_files import FileGone, keep_file
from compliance.operations.reporting.lasting import keep_lasting
from compliance.operations.reporting.workshop import Workshop, clinic_folder
from compliance.operations.sealing import append, hold_log
from compliance.store import lasting_files, traced_files
from compliance.store.session import Tx
from compliance.store.traced_files import ListedFile, TracedRow

__all__ = ["ListedFile", "TracedRow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedTrace:
    """A file made now, or the one that says the same."""

    report_id: str
    path: Path
    """Where it is kept."""
    sha256: str
    """Of its newest bytes."""
    replayed: bool = False
    """It was there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepTrace:
    """A signed file and what is noted of it."""

    signed: Path
    sha256: str
    said: str
    """The keyed hash by which it is found again."""
    entry: Mapping[str, Any]
    """The data of its entry, but for its id and name."""
    recall_id: str | None
    about: tuple[str, str] | None
    people: frozenset[str]
    """Ids of the clients and colleagues whom it names."""


def find_kept(
    tx: Tx, workshop: Workshop, clinic_id: str, said: str, actor: Actor
) -> ExportedTrace | None:
    """What this person was handed out that says the same and still lies here."""
    for row in traced_files.find_said(tx, clinic_id, said, actor.user_id):
        found = _find_bytes(tx, workshop, row)
        if found is not None:
            return found
    return None


def enter_trace(
    workshop: Workshop, clinic_id: str, keep: KeepTrace, *, actor: Actor, now: datetime
) -> ExportedTrace:
    """Keep the file and append its entry, or return what another press made meanwhile.

    Opens one write transaction.
    """
    report_id = new_id(now)
    path = clinic_folder(workshop, clinic_id) / f"list-{report_id}.pdf"
    keep_file(keep.signed, path)
    with workshop.database.writing() as tx:
        # Two presses at once must see each other.
        hold_log(tx, clinic_id)
        known = find_kept(tx, workshop, clinic_id, keep.said, actor)
        if known is None:
            data = {**keep.entry, "report": report_id, "kept": path.name}
            index = append(tx, actor, "report.exported", data, now=now)
            keep_lasting(tx, clinic_id, path, report=report_id, sha256=keep.sha256, now=now)
            row = _row(clinic_id, report_id, path, keep, index, actor, now)
            traced_files.insert_file(tx, row)
    if known is not None:
        path.unlink()
        return known
    return ExportedTrace(report_id=report_id, path=path, sha256=keep.sha256)


def _row(
    clinic_id: str,
    report_id: str,
    path: Path,
    keep: KeepTrace,
    index: int,
    actor: Actor,
    now: datetime,
) -> TracedRow:
    kind, ref = keep.about or (None, None)
    return TracedRow(
        clinic_id=clinic_id,
        report_id=report_id,
        idx=index,
        purpose=keep.entry["purpose"],
        recall_id=keep.recall_id,
        kind=kind,
        ref=ref,
        made_by=actor.user_id,
        made_at=now,
        name=path.name,
        said=keep.said,
        people=sorted({*keep.people, actor.user_id}),
    )


def recall_trace(workshop: Workshop, keyed: Keyed | None) -> ExportedTrace | None:
    """What an earlier request with the same key was answered with, if there was one.

    Raises:
        IdempotencyMismatch: the key came before with another body.
        FileGone: a client it names was erased since, or the folder was lost.
    """
    if keyed is None:
        return None
    with workshop.database.reading() as tx:
        known = recall_answer(tx, keyed)
        return None if known is None else _replay(tx, workshop, keyed, known)


def remember_trace(
    workshop: Workshop, keyed: Keyed | None, made: ExportedTrace, *, now: datetime
) -> ExportedTrace:
    """Keep what a request with a key was answered with, or return what another one was.

    Raises: as `recall_trace` does.
    """
    if keyed is None:
        return made
    with workshop.database.writing() as tx:
        known, replayed = answer_once(tx, keyed, lambda: {"report_id": made.report_id}, now=now)
        return _replay(tx, workshop, keyed, known) if replayed else made


def _replay(tx: Tx, workshop: Workshop, keyed: Keyed, known: Mapping[str, Any]) -> ExportedTrace:
    row = traced_files.find_file(tx, keyed.request.clinic_id, known["report_id"])
    found = None if row is None else _find_bytes(tx, workshop, row)
    if found is None:
        raise FileGone(
            "the file made for this key is kept no longer; ask with a new key for another one"
        )
    return found


def list_traces(
    tx: Tx, *, actor: Actor, after: int | None = None, limit: int = 50
) -> Sequence[ListedFile]:
    """A keyset page by the index of their entries, newest first."""
    actor.require(Action.READ_REPORTS)
    return traced_files.list_files(tx, actor.clinic_id, after=after, limit=limit)


def list_recall_traces(
    tx: Tx, recall_id: str, *, actor: Actor, limit: int = 50
) -> Sequence[ListedFile]:
    """The signed lists of one recall, newest first."""
    actor.require(Action.READ_REPORTS)
    return traced_files.list_of_recall(tx, actor.clinic_id, recall_id, limit=limit)


def fetch_trace(tx: Tx, workshop: Workshop, report_id: str, *, actor: Actor) -> ExportedTrace:
    """A kept list with its newest bytes.

    Raises:
        NotFound: there is none in this clinic, or its file is gone.
    """
    actor.require(Action.READ_REPORTS)
    row = traced_files.find_file(tx, actor.clinic_id, report_id)
    if row is None:
        raise NotFound("there is no such list in this clinic")
    found = _find_bytes(tx, workshop, row)
    if found is None:
        raise NotFound("the file of this list is no longer on this machine")
    return found


def _find_bytes(tx: Tx, workshop: Workshop, row: TracedRow) -> ExportedTrace | None:
    path = workshop.reports_folder / row.clinic_id / row.name
    newest = lasting_files.find_file(tx, row.clinic_id, row.name)
    if newest is None or not path.is_file():
        return None
    # An archive time-stamp may have been added since; what was handed out begins the file.
    return ExportedTrace(report_id=row.report_id, path=path, sha256=newest.sha256, replayed=True)
