"""A small clinic with a log of three months, and reports of it as the product makes them.

The page is a stand-in: verification does not look at it.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
from cryptography.hazmat.primitives.serialization import Encoding
from reportlab.pdfgen.canvas import Canvas

from compliance.keys.checkpoints import CheckpointSigner
from compliance.keys.storage import ClinicKeys, RootKey, ensure_clinic_keys, ensure_root
from compliance.ledger.canonical import JsonValue, canonical_bytes
from compliance.ledger.commitment import commit
from compliance.ledger.entry import encode_entry, format_time
from compliance.ledger.note import Checkpoint, sign_note
from compliance.ledger.proofs import consistency_proof, inclusion_proof, range_proof
from compliance.ledger.tree import hash_leaf, root_hash
from compliance.report.payload import (
    AuditParts,
    ConsistencyStep,
    ContextEntry,
    Disclosure,
    build_audit,
)
from compliance.report.signing import SigningIdentity, sign_report
from compliance.report.verifying.verdict import Outcome, Verdict

CLINIC_ID = "0190a000-0000-7000-8000-000000000001"
USER = "0190a000-0000-7000-8000-0000000000aa"
DEVICE = "0190a000-0000-7000-8000-0000000000dd"
SIGNED_AT = datetime(2026, 5, 2, 9, 30, tzinfo=UTC)
KEYS_MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)

FIXED: dict[str, JsonValue] = {
    "device_sterilized_before": "yes",
    "gloves_worn": "yes",
    "mask_worn": "yes",
    "skin_disinfected_before": "yes",
    "needle_material": "titanium",
    "skin_disinfected_after": "yes",
    "device_sterilized_after": "yes",
}


def item(code: str, required_when: JsonValue = None) -> JsonValue:
    return {"code": code, "phase": "before", "kind": "attestation", "required_when": required_when}


TEMPLATE: dict[str, JsonValue] = {
    "schema": "aseptrail/template/1",
    "id": "microneedling",
    "version": 1,
    "procedure": "microneedling",
    "title": "Microneedling",
    "items": [
        *(item(code) for code in FIXED),
        item("anaesthetic"),
        item("anaesthetic_lot", {"item": "anaesthetic", "is": "yes"}),
    ],
}
TEMPLATE_HASH = hashlib.sha256(canonical_bytes(TEMPLATE)).hexdigest()


@dataclass(slots=True)
class Clinic:
    """A clinic's keys and log."""

    keys: ClinicKeys
    root: RootKey
    bodies: list[bytes] = field(default_factory=list)
    disclosures: list[Disclosure] = field(default_factory=list)

    def append(self, kind: str, at: datetime, data: dict[str, JsonValue]) -> int:
        self.bodies.append(
            encode_entry(
                kind=kind,
                clinic=CLINIC_ID,
                at=format_time(at),
                by={"user": USER, "auth": "password"},
                data=data,
            )
        )
        return len(self.bodies) - 1

    def hide(self, field_name: str, value: str) -> JsonValue:
        salt = hashlib.sha256(value.encode()).digest()
        commitment = commit(field_name, salt, value)
        self.disclosures.append(
            Disclosure(commit=commitment, field=field_name, salt=salt, value=value)
        )
        return {"commit": commitment.hex()}

    def leaves(self) -> list[bytes]:
        return [hash_leaf(body) for body in self.bodies]

    def identity(self) -> SigningIdentity:
        return SigningIdentity(
            certificate=self.keys.certificate,
            chain=self.keys.chain,
            private_key=self.keys.private_key,
        )


def make_keys(
    folder: Path, *, clinic_id: str = CLINIC_ID, now: datetime = KEYS_MADE_AT
) -> tuple[RootKey, ClinicKeys]:
    root = ensure_root(folder, now=now, organisation="Test Organisation")
    keys = ensure_clinic_keys(
        folder, clinic_id=clinic_id, clinic_name="Klinik Łódź", root=root, now=now
    )
    return root, keys


def make_clinic(folder: Path, *, now: datetime = KEYS_MADE_AT) -> Clinic:
    root, keys = make_keys(folder, now=now)
    clinic = Clinic(keys=keys, root=root)
    fill(clinic)
    return clinic


def fill(clinic: Clinic) -> None:
    """Write February to April 2026 into the log; the reports are of March."""
    february = datetime(2026, 2, 10, 9, tzinfo=UTC)
    clinic.append("log.genesis", february, genesis(clinic))
    clinic.append("template.published", february, {"template": TEMPLATE, "hash": TEMPLATE_HASH})
    clinic.append(
        "user.added",
        february,
        {"user": USER, "name": clinic.hide("user.name", "Ada Maß"), "roles": ["practitioner"]},
    )
    first = treat(clinic, "s-february", february + timedelta(hours=1))
    march = datetime(2026, 3, 3, 9, tzinfo=UTC)
    treat(clinic, "s-march-1", march)
    clinic.append(
        "session.amended",
        march + timedelta(hours=3),
        {"session": "s-february", "closed_index": first, "item": "gloves_worn"},
    )
    treat(clinic, "s-march-2", march + timedelta(days=5))
    open_session(clinic, "s-open", march + timedelta(days=20))
    treat(clinic, "s-april", datetime(2026, 4, 4, 9, tzinfo=UTC))


def genesis(clinic: Clinic) -> dict[str, JsonValue]:
    return {
        "name": "Klinik Łódź",
        "slug": "lodz",
        "time_zone": "Europe/Warsaw",
        "language": "pl",
        "demo": False,
        "incarnation": 1,
        "profiles": [],
        "note_key": clinic.keys.note_verifier_key,
        "certificate_sha256": "00" * 32,
    }


def open_session(clinic: Clinic, session: str, at: datetime) -> int:
    return clinic.append(
        "session.opened",
        at,
        {
            "session": session,
            "client": {"id": f"c-{session}", "ref": clinic.hide("client.ref", f"Kundin {session}")},
            "template": {"id": "microneedling", "version": 1, "hash": TEMPLATE_HASH},
        },
    )


def treat(
    clinic: Clinic, session: str, at: datetime, changed: Mapping[str, JsonValue] | None = None
) -> int:
    """Record a whole session and return where it was closed."""
    opened = open_session(clinic, session, at)
    clinic.append("session.started", at + timedelta(minutes=5), {"session": session})
    clinic.append("session.finished", at + timedelta(minutes=45), {"session": session})
    data = closing(session, opened, at)
    data.update(changed or {})
    return clinic.append("session.closed", at + timedelta(minutes=50), data)


def closing(session: str, opened: int, at: datetime) -> dict[str, JsonValue]:
    return {
        "session": session,
        "state": "closed",
        "opened": {"index": opened, "at": format_time(at)},
        "template": {"id": "microneedling", "version": 1, "hash": TEMPLATE_HASH},
        "items": answers(),
        "overrides": [],
    }


def answers(**changed: JsonValue) -> list[JsonValue]:
    """Return a complete checklist's answers; None leaves one out."""
    results = {**FIXED, "anaesthetic": "no", **changed}
    return [{"code": code, "result": value} for code, value in results.items() if value is not None]


def parts_of(clinic: Clinic, *, start: int | None = None, end: int | None = None) -> AuditParts:
    """Return the parts of the report of March, or of another range with the same period."""
    bodies, leaves = clinic.bodies, clinic.leaves()
    size = len(bodies)
    march = [at for at, body in enumerate(bodies) if b'"at":"2026-03-' in body]
    start = march[0] if start is None else start
    end = march[-1] + 1 if end is None else end

    def node(level: int, index: int) -> bytes:
        return root_hash(leaves[index << level : (index + 1) << level])

    outside = sorted({0, 1, 2, 6, start - 1, end, *range(3, 7)} - set(range(start, end)))
    quoted = [at for at in outside if 0 <= at < size]
    signer = CheckpointSigner(
        name=clinic.keys.note_name,
        private_key=clinic.keys.note_private_key,
        memory=clinic.keys.memory_path,
    )
    root = root_hash(leaves)
    return AuditParts(
        software="aseptrail 0.1.0",
        clinic={
            "id": CLINIC_ID,
            "name": "Klinik Łódź",
            "slug": "lodz",
            "time_zone": "Europe/Warsaw",
            "language": "pl",
            "demo": False,
        },
        period={
            "from": "2026-03-01",
            "to": "2026-03-31",
            "from_time": "2026-02-28T23:00:00.000Z",
            "to_time": "2026-03-31T22:00:00.000Z",
        },
        made_at=format_time(SIGNED_AT),
        made_by=USER,
        start=start,
        end=end,
        size=size,
        root=root,
        incarnation=1,
        checkpoint=signer.sign(size, root, consistent=lambda _size, _root: True),
        note_key=clinic.keys.note_verifier_key,
        certificate_pem=clinic.keys.certificate.public_bytes(Encoding.PEM).decode(),
        certificate_signature=base64.b64encode(clinic.keys.note_certificate_signature).decode(),
        entries=list(bodies[start:end]),
        leaf_hashes=leaves[start:end],
        range_proof=range_proof(start, end, size, node),
        context=[
            ContextEntry(index=at, body=bodies[at], proof=inclusion_proof(at, size, node))
            for at in quoted
        ],
        open_sessions=[
            {"session": "s-open", "state": "draft", "opened_index": march[-1]},
        ],
        disclosures=clinic.disclosures,
        consistency=[
            ConsistencyStep(
                size=2, root=root_hash(leaves[:2]), proof=consistency_proof(2, size, node)
            )
        ],
        filters={},
    )


def resign(parts: AuditParts, clinic: Clinic) -> AuditParts:
    """Let the clinic itself sign whatever size and root the parts now state."""
    name = clinic.keys.note_name
    text = Checkpoint(origin=name, size=parts.size, root=parts.root).text()
    note = sign_note(
        text,
        name=name,
        sign=clinic.keys.note_private_key.sign,
        public_key=clinic.keys.note_public_key,
    )
    return replace(parts, checkpoint=note)


def draw(audit: bytes | None) -> bytes:
    """Return a one-page PDF with the audit attached as the product attaches it."""
    page = io.BytesIO()
    canvas = Canvas(page, invariant=True)
    canvas.drawString(72, 720, "Stand-in for the drawn report")
    canvas.save()
    with pikepdf.open(page) as pdf:
        if audit is not None:
            spec = pikepdf.AttachedFileSpec(
                pdf,
                audit,
                filename="audit.json",
                description="",
                mime_type="application/json",
                creation_date="D:20260502093000Z",
                mod_date="D:20260502093000Z",
            )
            spec.relationship = pikepdf.Name.Source
            pdf.attachments["audit.json"] = spec
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
    return out.getvalue()


def sign(pdf: bytes, clinic: Clinic, folder: Path) -> bytes:
    output = folder / "report.pdf"
    sign_report(
        pdf,
        identity=clinic.identity(),
        reason="Sealed audit report",
        location="Łódź",
        signed_at=SIGNED_AT,
        output=output,
    )
    return output.read_bytes()


def seal(parts: AuditParts, clinic: Clinic, folder: Path) -> bytes:
    return sign(draw(build_audit(parts)), clinic, folder)


def rejected_for(verdict: Verdict) -> str:
    """Return the code of the one check that failed."""
    assert verdict.outcome is Outcome.REJECTED, verdict.sentence
    assert verdict.exit_code == 1
    assert verdict.level is None
    assert verdict.checkpoint is None
    (failed,) = verdict.failed
    return failed.code
