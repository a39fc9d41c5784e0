"""Making the signed file of one session: for an inspector, or as the client's copy."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.serialization import Encoding

from compliance.domain.access import Action, Actor
from compliance.errors import Conflict, Refused
from compliance.keys.storage import load_clinic_keys
from compliance.ledger.entry import format_time
from compliance.ledger.proofs import inclusion_proof
from compliance.operations.clinics import clinic_of
from compliance.operations.identifiers import new_id
from compliance.operations.once import Keyed, recall_answer
from compliance.operations.people.renaming import find_renamings
from compliance.operations.reporting.kept_files import (
    Entering,
    ExportedSession,
    enter_once,
    kept_name,
    replay_file,
)
from compliance.operations.reporting.outside import (
    join_steps,
    quote_anchors,
    with_cosignatures,
)
from compliance.operations.reporting.parts import (
    Wanted,
    clinic_values,
    open_disclosures,
    profile_values,
)
from compliance.operations.reporting.seal import root_fingerprint, seal_file
from compliance.operations.reporting.standing import always_quoted
from compliance.operations.reporting.trees import Tree, sign_tree
from compliance.operations.reporting.workshop import Workshop, software_name
from compliance.operations.sealing import append, hold_log, node_reader
from compliance.operations.treatments.loading import find_row
from compliance.operations.treatments.reading import find_commitments
from compliance.report.content.reading import read_single
from compliance.report.front_page import Evidence
from compliance.report.payload import parse_audit
from compliance.report.session_payload import SessionParts, build_session
from compliance.report.single import draw_single
from compliance.report.verifying.parts import ContextEntry
from compliance.report.verifying.shape import CLIENT_COPY, INSPECTION, PURPOSES
from compliance.store import log
from compliance.store.clinics import ClinicRow
from compliance.store.session import Tx
from compliance.store.sessions import SessionRow

__all__ = ["CLIENT_COPY", "INSPECTION", "ExportSession", "ExportedSession", "export_session"]

REASONS: Final[Mapping[str, str]] = {
    INSPECTION: "Record of one session",
    CLIENT_COPY: "Client's copy of one session",
}

_COPIED: Final = frozenset(
    {"session.signed", "session.closed", "session.aborted", "session.amended", "consent.signed"}
)
"""What of a session the client's copy quotes; the rest is how the work was done."""


class NotSigned(Conflict):
    """The session was neither signed nor ended, so there is no record to hand out yet."""

    code = "session_not_signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSession:
    """One session's file."""

    session_id: str
    purpose: str
    """``inspection`` or ``client_copy``."""
    output: Path
    """Replaced if it exists."""
    keyed: Keyed | None = None
    """With a key the file is kept, and the same request gets the same file and no new entry."""


@dataclass(slots=True, kw_only=True)
class _Quoted:
    """What the file quotes, and what it opens of it."""

    bodies: dict[int, bytes] = field(default_factory=dict)
    commitments: set[str] = field(default_factory=set)
    span: tuple[int, int] = (0, 0)
    """From the first entry about the session to beyond its last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    workshop: Workshop
    clinic: ClinicRow
    row: SessionRow
    tree: Tree
    purpose: str
    actor: Actor
    now: datetime

    @property
    def day(self) -> date:
        """The day, in the clinic's zone, to which the record belongs."""
        moment = self.row.ended_at or self.row.finished_at or self.row.opened_at
        return moment.astimezone(ZoneInfo(self.clinic.time_zone)).date()


def export_session(
    workshop: Workshop, command: ExportSession, *, actor: Actor, now: datetime
) -> ExportedSession:
    """Make, sign and enter the file of one session; short transactions, none while drawing.

    A crash leaves a file without an entry, never an entry without a file.

    Raises:
        NotPermitted: an inspector's file is the manager's to make.
        NotFound: no such session in this clinic.
        NotSigned: the session is still being worked on.
        Refused: an unknown purpose.
        RollbackDetected: the log does not continue what was signed before.
        IdempotencyMismatch: the key came before with another body.
        FileGone: the key's file is kept no longer.
    """
    actor.require(Action.READ_SESSIONS)
    with workshop.database.reading() as tx:
        clinic = clinic_of(tx, actor)
        row = find_row(tx, command.session_id, actor=actor)
        _check_purpose(command.purpose, actor)
        if row.closed_index is None and row.signed_index is None:
            raise NotSigned("the session is not signed yet, so there is no record to hand out")
        known = None if command.keyed is None else recall_answer(tx, command.keyed)
    if known is not None:
        return replay_file(workshop, clinic.clinic_id, known)
    keys = load_clinic_keys(workshop.keys_folder, clinic.clinic_id)
    with workshop.database.writing() as tx:
        hold_log(tx, clinic.clinic_id)
        # Its name at the size that is signed; it may have changed since the first look.
        clinic = clinic_of(tx, actor)
        tree = sign_tree(tx, clinic, keys)
        log.insert_checkpoint(tx, clinic.clinic_id, tree.size, tree.root, tree.note)
    with workshop.database.reading() as tx:
        job = _Job(
            workshop=workshop,
            clinic=clinic,
            row=row,
            tree=tree,
            purpose=command.purpose,
            actor=actor,
            now=now,
        )
        canonical = build_session(_collect(tx, job))
    pages, record, sha256 = _make_file(job, canonical, command.output)
    made = ExportedSession(
        report_id=new_id(now), path=command.output, sha256=sha256, pages=pages, record=record
    )

    def enter(tx: Tx) -> None:
        data = _entry(job, made)
        if command.keyed is not None:
            data["kept"] = kept_name(made.report_id)
        append(tx, actor, "report.exported", data, now=now)

    return enter_once(workshop, clinic.clinic_id, made, Entering(command.keyed, enter), now=now)


def _check_purpose(purpose: str, actor: Actor) -> None:
    """Asked after the session was found: what another clinic has is not found, whatever is asked."""
    if purpose not in PURPOSES:
        raise Refused("purpose", purpose, "is unknown", allowed=", ".join(PURPOSES))
    if purpose != CLIENT_COPY or not actor.may(Action.SIGN_SESSION):
        actor.require(Action.EXPORT_REPORTS)


def _collect(tx: Tx, job: _Job) -> SessionParts:
    """Read everything from a consistent snapshot."""
    clinic_id, tree = job.clinic.clinic_id, job.tree
    quoted = _quote(tx, job)
    stamped = quote_anchors(tx, clinic_id, quoted.span, tree.size, has_range=False)
    quoted.bodies |= log.read_bodies(tx, clinic_id, sorted(stamped.indexes))
    read = node_reader(tx, clinic_id)
    return SessionParts(
        software=software_name(),
        clinic=clinic_values(job.clinic),
        session_id=job.row.session_id,
        purpose=job.purpose,
        made_at=format_time(job.now),
        made_by=job.actor.user_id,
        size=tree.size,
        root=tree.root,
        incarnation=tree.incarnation,
        checkpoint=with_cosignatures(tx, clinic_id, tree.note, tree.size),
        note_key=tree.keys.note_verifier_key,
        certificate_pem=tree.keys.certificate.public_bytes(Encoding.PEM).decode(),
        certificate_signature=base64.b64encode(tree.keys.note_certificate_signature).decode(),
        entries=[
            ContextEntry(index=index, body=body, proof=inclusion_proof(index, tree.size, read))
            for index, body in sorted(quoted.bodies.items())
        ],
        disclosures=open_disclosures(tx, job.workshop, clinic_id, quoted.commitments),
        profiles=profile_values(job.clinic, job.day),
        consistency=join_steps(tree.steps, stamped.steps),
        anchors=stamped.parts,
    )


def _quote(tx: Tx, job: _Job) -> _Quoted:
    """The session's entries, those that explain them, and what may be opened of each."""
    clinic_id = job.clinic.clinic_id
    quoted, wanted = _Quoted(), Wanted()
    for index, body in log.read_mentions(tx, clinic_id, job.row.session_id):
        entry: Mapping[str, Any] = json.loads(body)
        if job.purpose == CLIENT_COPY and entry["kind"] not in _COPIED:
            continue
        quoted.bodies[index] = body
        quoted.commitments |= find_commitments(entry["data"])
        wanted.look_at(entry)
    quoted.span = (min(quoted.bodies), max(quoted.bodies) + 1)
    # A client learns who treated them, and nobody else's name.
    users = {job.row.practitioner_id}
    if job.purpose == INSPECTION:
        users |= wanted.users | {job.actor.user_id}
    places = log.find_places(tx, clinic_id, "user", sorted(users))
    people = {*places.values(), *find_renamings(tx, clinic_id, users)}
    people = {index for index in people if index < job.tree.size}
    templates = log.find_places(tx, clinic_id, "template", sorted(wanted.templates))
    always = always_quoted(tx, clinic_id, job.tree.size)
    erased = log.find_places(tx, clinic_id, "erasure", [job.row.client_id, *sorted(users)])
    explaining = always | people | {*templates.values(), *erased.values()}
    for index, body in log.read_bodies(tx, clinic_id, sorted(explaining)).items():
        quoted.bodies[index] = body
    for index in people:
        quoted.commitments |= find_commitments(json.loads(quoted.bodies[index])["data"])
    return quoted


def _make_file(job: _Job, canonical: bytes, output: Path) -> tuple[int, int, str]:
    """Draw and sign; return pages, the record's number and the SHA-256."""
    audit = parse_audit(canonical)
    content = read_single(audit)
    if content.single is None:
        raise NotSigned("the session's record cannot be drawn")
    evidence = Evidence(
        checkpoint_note=job.tree.note,
        root_fingerprint=root_fingerprint(job.workshop.keys_folder),
    )
    with tempfile.TemporaryDirectory(prefix="aseptrail-export-") as folder:
        unsigned = Path(folder) / "unsigned.pdf"
        drawn = draw_single(
            audit,
            content=content,
            single=content.single,
            fonts=job.workshop.fonts,
            evidence=evidence,
            output=unsigned,
        )
        sha256 = seal_file(
            unsigned,
            output,
            workshop=job.workshop,
            clinic=job.clinic,
            keys=job.tree.keys,
            reason=REASONS[job.purpose],
            now=job.now,
        )
    return drawn.pages, content.single.record, sha256


def _entry(job: _Job, made: ExportedSession) -> dict[str, Any]:
    row, day = job.row, job.day.isoformat()
    last = row.closed_index if row.closed_index is not None else row.signed_index
    return {
        "report": made.report_id,
        "sha256": made.sha256,
        "from": day,
        "to": day,
        "start": row.opened_index,
        "end": row.opened_index if last is None else last + 1,
        "size": job.tree.size,
        "session": row.session_id,
        "purpose": job.purpose,
    }
