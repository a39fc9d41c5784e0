"""Licences, certificates and training of people, with validity, scan and depth limit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from compliance.domain.access import Action, Actor
from compliance.errors import NotFound, Refused
from compliance.keys.subjects import seal, unseal
from compliance.operations.identifiers import new_id
from compliance.operations.inventory.checking import check_day, check_depth, check_label, check_note
from compliance.operations.people.accounts import require_member
from compliance.operations.people.erased import refuse_erased
from compliance.operations.personal import Keyring, commit_value
from compliance.operations.sealing import append
from compliance.store import staff
from compliance.store.session import Tx
from compliance.store.staff import DocumentRow
from compliance.store.staff import QualificationRow as QualificationRow

KINDS: Final = ("licence", "certificate", "training")
MOST_SCAN_BYTES: Final = 5 * 1024 * 1024
_MAGIC: Final = (
    (b"%PDF-", "application/pdf", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddQualification:
    """A licence or certificate as it lies on the manager's desk."""

    user_id: str
    kind: str
    title: str
    number: str
    valid_from: date
    valid_to: date | None = None
    """The last day, included."""
    depth_limit_mm: str | None = None
    scan: bytes | None = field(default=None, repr=False)
    """The bytes of a PDF, PNG or JPEG; what they are is read from the bytes alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A scan taken out of its seal."""

    content: bytes = field(repr=False)
    media_type: str
    file_name: str
    """Made by us: the name that came with the upload is not kept."""


def add_qualification(
    tx: Tx, command: AddQualification, *, keyring: Keyring, actor: Actor, now: datetime
) -> str:
    """Record a qualification and return its id; the caller's write transaction.

    The number is committed to in the log, the scan is sealed under the person's key.
    A licence with a depth limit binds the gate from the next question on.

    Raises:
        NotPermitted, NotFound: no such person in the clinic.
        Conflict: the person was erased.
        Refused: kind, texts, days, depth or scan are not acceptable.
    """
    actor.require(Action.MANAGE_PEOPLE)
    require_member(tx, command.user_id, actor=actor)
    refuse_erased(tx, command.user_id)
    qualification_id = new_id(now)
    row = _checked(command, qualification_id, actor=actor, now=now)
    document = _sealed_scan(command, keyring=keyring, actor=actor, now=now)
    if document is not None:
        staff.insert_document(tx, document)
        row = replace(row, document_id=document.document_id)
    staff.insert_qualification(tx, row)
    subject = (actor.clinic_id, command.user_id)
    number = None
    if row.number:
        number = commit_value(
            tx, keyring, subject=subject, field="qualification.number", value=row.number
        )
    data = {
        "qualification": qualification_id,
        "user": row.user_id,
        "kind": row.kind,
        "number": number,
        "valid_from": row.valid_from.isoformat(),
        "valid_to": None if row.valid_to is None else row.valid_to.isoformat(),
        "depth_limit_mm": row.depth_limit_mm,
        "scan_sha256": None if document is None else document.sha256,
    }
    append(tx, actor, "qualification.added", data, now=now)
    return qualification_id


def _checked(
    command: AddQualification, qualification_id: str, *, actor: Actor, now: datetime
) -> QualificationRow:
    if command.kind not in KINDS:
        raise Refused("kind", command.kind, "is unknown", allowed=", ".join(KINDS))
    check_day("valid_from", command.valid_from)
    check_day("valid_to", command.valid_to)
    if command.valid_to is not None and command.valid_to < command.valid_from:
        raise Refused(
            "valid_to",
            command.valid_to.isoformat(),
            "lies before the first day",
            allowed=f"{command.valid_from.isoformat()} or later",
        )
    return QualificationRow(
        clinic_id=actor.clinic_id,
        qualification_id=qualification_id,
        user_id=command.user_id,
        kind=command.kind,
        title=check_label("title", command.title),
        number=check_note("number", command.number, most=80) or "",
        valid_from=command.valid_from,
        valid_to=command.valid_to,
        depth_limit_mm=check_depth("depth_limit_mm", command.depth_limit_mm),
        document_id=None,
        created_at=now,
        archived_at=None,
    )


def _sealed_scan(
    command: AddQualification, *, keyring: Keyring, actor: Actor, now: datetime
) -> DocumentRow | None:
    if not command.scan:
        return None
    media_type, _ = _recognise(command.scan)
    sha256 = hashlib.sha256(command.scan).hexdigest()
    key = keyring.subjects.key_for(actor.clinic_id, command.user_id)
    return DocumentRow(
        clinic_id=actor.clinic_id,
        document_id=new_id(now),
        user_id=command.user_id,
        media_type=media_type,
        sha256=sha256,
        sealed=seal(key, command.scan, sha256.encode()),
        created_at=now,
    )


def _recognise(content: bytes) -> tuple[str, str]:
    """Media type and ending by the first bytes; whatever the upload called itself."""
    if len(content) > MOST_SCAN_BYTES:
        raise Refused("scan", f"{len(content)} bytes", "is too large", allowed="up to 5 MB")
    for magic, media_type, ending in _MAGIC:
        if content.startswith(magic):
            return media_type, ending
    raise Refused("scan", content[:8].hex(), "is no picture or PDF", allowed="PDF, PNG, JPEG")


def withdraw_qualification(
    tx: Tx, qualification_id: str, *, user_id: str, actor: Actor, now: datetime
) -> None:
    """Take a qualification back: it no longer counts, and stays on the list as withdrawn.

    Raises:
        NotPermitted, NotFound: no such qualification of this person in the clinic.
    """
    actor.require(Action.MANAGE_PEOPLE)
    row = _find(tx, qualification_id, user_id=user_id, actor=actor)
    if row.archived_at is None:
        data = {"qualification": qualification_id, "user": user_id}
        append(tx, actor, "qualification.withdrawn", data, now=now)
        staff.archive_qualification(tx, actor.clinic_id, qualification_id, now=now)


def list_qualifications(
    tx: Tx, *, actor: Actor, user_id: str | None = None
) -> list[QualificationRow]:
    """The clinic's qualifications, or one person's; withdrawn ones last."""
    actor.require(Action.MANAGE_PEOPLE)
    return staff.list_qualifications(tx, actor.clinic_id, user_id=user_id)


def read_scan(
    tx: Tx, qualification_id: str, *, user_id: str, actor: Actor, keyring: Keyring
) -> Scan:
    """Take a scan out of its seal.

    Raises:
        NotPermitted, NotFound: no such qualification, none was uploaded, or its key is destroyed.
    """
    actor.require(Action.MANAGE_PEOPLE)
    row = _find(tx, qualification_id, user_id=user_id, actor=actor)
    document = None
    if row.document_id is not None:
        document = staff.find_document(tx, actor.clinic_id, row.document_id)
    key = keyring.subjects.find(actor.clinic_id, user_id)
    if document is None or key is None or not document.sealed:
        raise NotFound("there is no scan of this qualification")
    content = unseal(key, document.sealed, document.sha256.encode())
    ending = next(end for _, media_type, end in _MAGIC if media_type == document.media_type)
    return Scan(
        content=content,
        media_type=document.media_type,
        file_name=f"{row.kind}-{qualification_id}.{ending}",
    )


def _find(tx: Tx, qualification_id: str, *, user_id: str, actor: Actor) -> QualificationRow:
    for row in staff.list_qualifications(tx, actor.clinic_id, user_id=user_id):
        if row.qualification_id == qualification_id:
            return row
    raise NotFound("there is no such qualification of this person")
