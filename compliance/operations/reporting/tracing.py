"""Making the signed file of a recall, or of who met something."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.serialization import Encoding

from compliance.domain.access import Action, Actor
from compliance.errors import Conflict
from compliance.keys.storage import load_clinic_keys
from compliance.ledger.entry import format_time
from compliance.ledger.proofs import inclusion_proof
from compliance.operations.clinics import clinic_of
from compliance.operations.identifiers import new_id
from compliance.operations.people.listing import read_names
from compliance.operations.reporting.parts import clinic_values
from compliance.operations.reporting.seal import root_fingerprint, seal_file
from compliance.operations.reporting.standing import always_quoted
from compliance.operations.reporting.trees import Tree, sign_tree
from compliance.operations.reporting.workshop import Workshop, software_name
from compliance.operations.sealing import append, hold_log, node_reader
from compliance.operations.sterilization.affected import RecallRow
from compliance.report.front_page import Evidence
from compliance.report.trace import TraceContent, TraceList, build_trace, draw_trace
from compliance.report.verifying.traced import MOST_CALLS, MOST_REFUSED
from compliance.store import log, recalls, session_notes
from compliance.store.clinics import ClinicRow
from compliance.store.session import Tx

__all__ = ["TraceList"]

MOST_LINES: Final = 2000
"""Of one list; a longer one is no paper to hand out, and goes out as CSV."""

MOST_QUOTED: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTrace:
    """What the file says; whoever asks has read it from one snapshot."""

    purpose: str
    """``recall`` or ``search``."""
    title: str
    sentences: tuple[str, ...]
    lists: tuple[TraceList, ...]
    size: int
    """Of the log in that snapshot, see `read_size`; nothing later is quoted."""
    sessions: tuple[str, ...]
    """Whose signed endings are quoted with their proofs."""
    recall: RecallRow | None
    output: Path
    """Replaced if it exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedTrace:
    """The file made."""

    path: Path
    sha256: str
    pages: int


def export_trace(
    workshop: Workshop, command: ExportTrace, *, actor: Actor, now: datetime
) -> ExportedTrace:
    """Make, sign and enter the file; short transactions, none while drawing.

    A crash leaves a file without an entry, never an entry without a file.

    Raises:
        NotPermitted: the actor may not export.
        Conflict: a list is too long for paper.
        RollbackDetected: the log does not continue what was signed before.
    """
    actor.require(Action.EXPORT_REPORTS)
    if any(len(each.rows) > MOST_LINES for each in command.lists):
        raise Conflict(f"a list has more than {MOST_LINES} lines; save it as CSV instead")
    with workshop.database.reading() as tx:
        clinic = clinic_of(tx, actor)
    keys = load_clinic_keys(workshop.keys_folder, clinic.clinic_id)
    with workshop.database.writing() as tx:
        # Else a longer log could be signed meanwhile, and this one would look like a log put back.
        hold_log(tx, clinic.clinic_id)
        # Its name at the size that is signed; it may have changed since the first look.
        clinic = clinic_of(tx, actor)
        tree = sign_tree(tx, clinic, keys)
        log.insert_checkpoint(tx, clinic.clinic_id, tree.size, tree.root, tree.note)
    with workshop.database.reading() as tx:
        maker = read_names(tx, clinic_id=clinic.clinic_id).get(actor.user_id, actor.user_id)
        entries = _quote(tx, clinic.clinic_id, command, tree)
    content = _content(clinic, command, tree, maker, now)
    audit_json = build_trace(content, _proof(clinic, command, tree, entries, actor))
    fingerprint = root_fingerprint(workshop.keys_folder)
    with tempfile.TemporaryDirectory(prefix="aseptrail-export-") as folder:
        unsigned = Path(folder) / "unsigned.pdf"
        drawn = draw_trace(
            content,
            audit_json=audit_json,
            fonts=workshop.fonts,
            evidence=Evidence(checkpoint_note=tree.note, root_fingerprint=fingerprint),
            output=unsigned,
        )
        sha256 = seal_file(
            unsigned,
            command.output,
            workshop=workshop,
            clinic=clinic,
            keys=tree.keys,
            reason=command.title,
            now=now,
        )
    _enter(workshop, clinic, command, tree, sha256, actor=actor, now=now)
    return ExportedTrace(path=command.output, sha256=sha256, pages=drawn.pages)


def _content(
    clinic: ClinicRow, command: ExportTrace, tree: Tree, maker: str, now: datetime
) -> TraceContent:
    return TraceContent(
        clinic=clinic.name,
        demo=clinic.demo,
        language=clinic.language,
        zone=clinic.time_zone,
        title=command.title,
        sentences=command.sentences,
        lists=command.lists,
        made_at=format_time(now),
        made_by=maker,
        software=software_name(),
        size=tree.size,
        root=tree.root.hex(),
        incarnation=tree.incarnation,
    )


def _quote(tx: Tx, clinic_id: str, command: ExportTrace, tree: Tree) -> list[Mapping[str, Any]]:
    """The entries of the recall, the endings and refused answers of its sessions, with proofs."""
    indexes = always_quoted(tx, clinic_id, tree.size)
    about = _of_recall(tx, command.recall, command) if command.recall is not None else set()
    about |= _refused(tx, clinic_id, command)
    for kind in ("session_signed", "session_closed"):
        places = log.find_places(tx, clinic_id, kind, list(command.sessions[:MOST_QUOTED]))
        about |= set(places.values())
    # What came after the lists were read would contradict them; the keys are the checkpoint's.
    indexes |= {index for index in about if index < command.size}
    read = node_reader(tx, clinic_id)
    return [
        {
            "index": index,
            "body": body.decode(),
            "proof": [each.hex() for each in inclusion_proof(index, tree.size, read)],
        }
        for index, body in sorted(log.read_bodies(tx, clinic_id, sorted(indexes)).items())
    ]


def _of_recall(tx: Tx, row: RecallRow, command: ExportTrace) -> set[int]:
    """The recall's opening and closing, and the newest calls about the sessions listed."""
    indexes: set[int] = set()
    for kind in ("recall", "recall_closed"):
        indexes |= set(log.find_places(tx, row.clinic_id, kind, [row.recall_id]).values())
    listed = set(command.sessions)
    told = [
        call["idx"]
        for call in recalls.list_calls(tx, row.clinic_id, row.recall_id)
        if call["session_id"] in listed and call["idx"] < command.size
    ]
    return indexes | set(told[-MOST_CALLS:])


def _refused(tx: Tx, clinic_id: str, command: ExportTrace) -> set[int]:
    """The newest refused answers of the sessions listed."""
    refused = session_notes.read_refused(tx, clinic_id, command.sessions)
    places = sorted(note.index for notes in refused.values() for note in notes)
    return set([each for each in places if each < command.size][-MOST_REFUSED:])


def read_size(tx: Tx, actor: Actor) -> int:
    """How many entries the log has in this snapshot."""
    head = log.read_head(tx, actor.clinic_id, lock=False)
    return 0 if head is None else head.size


def _proof(
    clinic: ClinicRow,
    command: ExportTrace,
    tree: Tree,
    entries: Sequence[Mapping[str, Any]],
    actor: Actor,
) -> dict[str, Any]:
    return {
        "clinic": clinic_values(clinic),
        "purpose": command.purpose,
        "recall": None if command.recall is None else command.recall.recall_id,
        "made_by": actor.user_id,
        "checkpoint": tree.note,
        "note_key": tree.keys.note_verifier_key,
        "note_key_certificate": {
            "certificate": tree.keys.certificate.public_bytes(Encoding.PEM).decode(),
            "signature": base64.b64encode(tree.keys.note_certificate_signature).decode(),
        },
        "entries": [dict(each) for each in entries],
    }


def _enter(
    workshop: Workshop,
    clinic: ClinicRow,
    command: ExportTrace,
    tree: Tree,
    sha256: str,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    day = now.astimezone(ZoneInfo(clinic.time_zone)).date().isoformat()
    data = {
        "report": new_id(now),
        "sha256": sha256,
        "from": day,
        "to": day,
        "start": tree.size,
        "end": tree.size,
        "size": tree.size,
        "purpose": command.purpose,
    }
    if command.recall is not None:
        data["recall"] = command.recall.recall_id
    with workshop.database.writing() as tx:
        append(tx, actor, "report.exported", data, now=now)
