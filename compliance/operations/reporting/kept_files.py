"""Files of one session that are kept, so that a request sent again gets the very same file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from compliance.errors import Conflict
from compliance.operations.once import Keyed, answer_once
from compliance.operations.reporting.lasting import keep_lasting
from compliance.operations.reporting.workshop import Workshop, clinic_folder
from compliance.store import lasting_files
from compliance.store.session import Tx

SESSION_FILE: Final = "session-"


class FileGone(Conflict):
    """The file that this request was answered with is on this machine no longer."""

    code = "file_gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedSession:
    """The file made."""

    report_id: str
    path: Path
    sha256: str
    pages: int
    record: int
    """Index of the entry that ended the session, or signed it: the record's number."""
    replayed: bool = False
    """Made for an earlier request with the same key; ``path`` is where it is kept."""


@dataclass(frozen=True, slots=True)
class Entering:
    """How a file gets its entry."""

    keyed: Keyed | None
    """With a key the file is kept, and the same request gets it again without another entry."""
    append: Callable[[Tx], object]


def enter_once(
    workshop: Workshop,
    clinic_id: str,
    made: ExportedSession,
    entering: Entering,
    *,
    now: datetime,
) -> ExportedSession:
    """Append the file's entry, or return what another request with the same key made meanwhile.

    Opens one write transaction. The file is durable before its entry: a crash between leaves
    a file that nobody asks for, never an answer without its file.

    Raises:
        IdempotencyMismatch: the key came meanwhile with another body.
        FileGone: what the other request made is kept no longer.
    """
    kept = None if entering.keyed is None else _kept_path(workshop, clinic_id, made.report_id)
    if kept is not None:
        keep_file(made.path, kept)

    def produce() -> dict[str, Any]:
        entering.append(tx)
        if kept is not None:
            keep_lasting(tx, clinic_id, kept, report=made.report_id, sha256=made.sha256, now=now)
        return {
            "report_id": made.report_id,
            "sha256": made.sha256,
            "pages": made.pages,
            "record": made.record,
        }

    with workshop.database.writing() as tx:
        answer, replayed = answer_once(tx, entering.keyed, produce, now=now)
    if not replayed:
        return made
    if kept is not None:
        kept.unlink()
    return replay_file(workshop, clinic_id, answer)


def replay_file(workshop: Workshop, clinic_id: str, known: Mapping[str, Any]) -> ExportedSession:
    """The file that an earlier request with the same key was answered with.

    Raises:
        FileGone: a client it names was erased since, or the folder was lost.
    """
    path = _kept_path(workshop, clinic_id, known["report_id"])
    if not path.is_file():
        raise FileGone(
            "the file made for this key is kept no longer; ask with a new key for another one"
        )
    with workshop.database.reading() as tx:
        # An archive time-stamp may have been added since; what was handed out begins the file.
        newest = lasting_files.find_file(tx, clinic_id, path.name)
    return ExportedSession(
        report_id=known["report_id"],
        path=path,
        sha256=known["sha256"] if newest is None else newest.sha256,
        pages=known["pages"],
        record=known["record"],
        replayed=True,
    )


def _kept_path(workshop: Workshop, clinic_id: str, report_id: str) -> Path:
    """Beside the reports, where backups carry it and the erasure of a client finds it."""
    return clinic_folder(workshop, clinic_id) / kept_name(report_id)


def kept_name(report_id: str) -> str:
    """What the kept file of one session is called."""
    return f"{SESSION_FILE}{report_id}.pdf"


def report_of(path: Path) -> str:
    """The report in the name of a kept file of one session, or of a list."""
    return path.stem.partition("-")[2]


def keep_file(made: Path, kept: Path) -> None:
    """Write a private copy that outlives a crash; there must be none of this name yet."""
    handle = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as target:
        target.write(made.read_bytes())
        target.flush()
        os.fsync(target.fileno())
