"""Making the signed file of a recall, or of who met something; it is kept like every report."""

from __future__ import annotations

import base64
import hashlib
import json
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
from compliance.keys.subjects import blind_index
from compliance.ledger.canonical import canonical_value_bytes
from compliance.ledger.entry import format_time
from compliance.operations.clinics import clinic_of
from compliance.operations.people.listing import read_names
from compliance.operations.reporting.parts import clinic_values
from compliance.operations.reporting.seal import root_fingerprint, seal_file
from compliance.operations.reporting.standing import always_quoted
from compliance.operations.reporting.traced_keeping import (
    ExportedTrace,
    KeepTrace,
    enter_trace,
    find_kept,
)
from compliance.operations.reporting.traced_quotes import find_quoted, quote
from compliance.operations.reporting.trees import Tree, sign_tree
from compliance.operations.reporting.workshop import Workshop, software_name
from compliance.operations.sealing import CLINIC_CHANGED, hold_log
from compliance.operations.sterilization.affected import RecallRow
from compliance.report.content.formerly import say_formerly
from compliance.report.content.languages import words_for
from compliance.report.content.times import LocalTimes
from compliance.report.front_page import Evidence
from compliance.report.trace import TraceContent, TraceList, build_trace, draw_trace
from compliance.store import log
from compliance.store.clinics import ClinicRow
from compliance.store.session import Tx

__all__ = ["ExportedTrace", "TraceList"]

MOST_LINES: Final = 2000
"""Of one list; a longer one is no paper to hand out, and goes out as CSV."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTrace:
    """What the file says; whoever asks has read it from one snapshot."""

    title: str
    sentences: tuple[str, ...]
    lists: tuple[TraceList, ...]
    size: int
    """Of the log in that snapshot, see `read_size`; nothing later is quoted."""
    sessions: tuple[str, ...]
    """Whose signed endings are quoted with their proofs."""
    people: frozenset[str]
    """Ids of the clients and colleagues whom it names."""
    recall: RecallRow | None = None
    about: tuple[str, str] | None = None
    """(kind, reference) of what was searched for; exactly one of the two is given."""

    @property
    def purpose(self) -> str:
        return "search" if self.recall is None else "recall"


def export_trace(
    workshop: Workshop, command: ExportTrace, *, actor: Actor, now: datetime
) -> ExportedTrace:
    """Make, sign, keep and enter the file, or return the one that this person was handed before.

    A second press must not make a second file and a second entry with another fingerprint:
    only what would say something else is made anew. Short transactions, none while drawing.
    The file is durable before its entry: a crash between leaves a file without an entry.

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
        maker = read_names(tx, clinic_id=clinic.clinic_id).get(actor.user_id, actor.user_id)
        said = _hash_said(tx, workshop, clinic, command, maker)
        known = find_kept(tx, workshop, clinic.clinic_id, said, actor)
    if known is not None:
        return known
    keys = load_clinic_keys(workshop.keys_folder, clinic.clinic_id)
    with workshop.database.writing() as tx:
        # Else a longer log could be signed meanwhile, and this one would look like a log put back.
        hold_log(tx, clinic.clinic_id)
        # Its name at the size that is signed; it may have changed since the first look.
        clinic = clinic_of(tx, actor)
        tree = sign_tree(tx, clinic, keys)
        log.insert_checkpoint(tx, clinic.clinic_id, tree.size, tree.root, tree.note)
    with workshop.database.reading() as tx:
        entries = quote(tx, clinic.clinic_id, command, tree)
    content = _content(clinic, command, tree, maker, now, _formerly(clinic, entries))
    audit_json = build_trace(content, _proof(clinic, command, tree, entries, actor))
    with tempfile.TemporaryDirectory(prefix="aseptrail-export-") as folder:
        signed = Path(folder) / "signed.pdf"
        sha256 = _draw(workshop, clinic, content, audit_json, tree, signed, now)
        keep = KeepTrace(
            signed=signed,
            sha256=sha256,
            said=said,
            entry=_entry(clinic, command, tree, sha256, now),
            recall_id=None if command.recall is None else command.recall.recall_id,
            about=command.about,
            people=command.people,
        )
        return enter_trace(workshop, clinic.clinic_id, keep, actor=actor, now=now)


def _hash_said(
    tx: Tx, workshop: Workshop, clinic: ClinicRow, command: ExportTrace, maker: str
) -> str:
    """A keyed hash over everything that the file says, but for the moment and the log's size.

    Keyed, for an unkeyed one would answer whether a guessed client stands in it.
    """
    said: dict[str, Any] = {
        "software": software_name(),
        "clinic": clinic.name,
        "maker": maker,
        "purpose": command.purpose,
        "title": command.title,
        "sentences": list(command.sentences),
        "lists": [
            [each.title, each.explained, [list(row) for row in each.rows]] for each in command.lists
        ],
        "about": None if command.about is None else list(command.about),
        "recall": None if command.recall is None else command.recall.recall_id,
        "sessions": list(command.sessions),
        "quoted": sorted(
            find_quoted(tx, clinic.clinic_id, command)
            | always_quoted(tx, clinic.clinic_id, command.size)
        ),
    }
    digest = hashlib.sha256(canonical_value_bytes(said)).hexdigest()
    return blind_index(workshop.keyring.index_key, clinic.clinic_id, "traced.said", digest).hex()


def _draw(
    workshop: Workshop,
    clinic: ClinicRow,
    content: TraceContent,
    audit_json: bytes,
    tree: Tree,
    signed: Path,
    now: datetime,
) -> str:
    """Draw and sign; return the SHA-256."""
    unsigned = signed.with_name("unsigned.pdf")
    fingerprint = root_fingerprint(workshop.keys_folder)
    draw_trace(
        content,
        audit_json=audit_json,
        fonts=workshop.fonts,
        evidence=Evidence(checkpoint_note=tree.note, root_fingerprint=fingerprint),
        output=unsigned,
    )
    return seal_file(
        unsigned,
        signed,
        workshop=workshop,
        clinic=clinic,
        keys=tree.keys,
        reason=content.title,
        now=now,
    )


def _content(
    clinic: ClinicRow,
    command: ExportTrace,
    tree: Tree,
    maker: str,
    now: datetime,
    formerly: Sequence[str],
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
        formerly=formerly,
    )


def _formerly(clinic: ClinicRow, entries: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What the clinic was called before, as far as the entries quoted tell it."""
    times = LocalTimes.in_zone(clinic.time_zone, words_for("en"))
    read = ((each["index"], json.loads(each["body"])) for each in entries)
    changes = [(index, entry) for index, entry in read if entry["kind"] == CLINIC_CHANGED]
    return say_formerly(changes, times)


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


def _entry(
    clinic: ClinicRow, command: ExportTrace, tree: Tree, sha256: str, now: datetime
) -> dict[str, Any]:
    """What the log says of the file, but for its id and name."""
    day = now.astimezone(ZoneInfo(clinic.time_zone)).date().isoformat()
    data: dict[str, Any] = {
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
    if command.about is not None:
        data["about"] = {"kind": command.about[0], "ref": command.about[1]}
    return data
