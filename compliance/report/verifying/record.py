"""The ledger layer: whose log it is, what its signed root is, and that these entries are under it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from compliance.errors import ComplianceError
from compliance.ledger.note import BadNote, open_note, parse_verifier_key
from compliance.ledger.proofs import BadProof, verify_inclusion, verify_range
from compliance.ledger.tree import hash_leaf
from compliance.report.payload import AuditFile
from compliance.report.verifying.verdict import Check

_NOTE_KEY_DOMAIN: Final = "aseptrail/note-key/v1\n"

_CLINIC_URI: Final = "urn:uuid:"


def check_record(audit: AuditFile, signer: x509.Certificate) -> Iterator[Check]:
    """Ask of an ``audit.json`` whether its entries are those of the log it names.

    Args:
        signer: the certificate that sealed the file, already trusted.
    """
    # (1) the certificate that sealed the file is this clinic's;
    # (2) it vouches for the key that signs the log's checkpoints;
    # (3) that key signed the size and root the report states, for this clinic's log;
    # (4) the entries are all those of the range, in order, under that root;
    # (5) the entries quoted from outside the range are under that root, too;
    # (6) the names and texts that are shown are those the entries commit to.
    yield _clinic_certificate(audit, signer)
    yield _note_key(audit, signer)
    yield _checkpoint(audit)
    if audit.has_range:
        yield _range(audit)
        yield _context(audit)
    else:
        # A file of one session or of a recall has no range: every entry in it comes with a proof of its own.
        yield _inclusion(audit)
    yield _disclosures(audit)


def _clinic_certificate(audit: AuditFile, signer: x509.Certificate) -> Check:
    code, name = "clinic_certificate", "The certificate is this clinic's"
    try:
        names = signer.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    except x509.ExtensionNotFound:
        uris = []
    ids = [uri.removeprefix(_CLINIC_URI) for uri in uris if uri.startswith(_CLINIC_URI)]
    if not ids:
        # A certificate bought elsewhere knows nothing of our ids; its subject is what counts.
        subject = signer.subject.rfc4514_string()
        reason = f"It was issued elsewhere, for {subject}: compare that with the clinic's name."
        return Check(code=code, name=name, holds=None, reason=reason)
    holds = ids == [audit.text("clinic", "id")]
    reason = "It names the clinic." if holds else "No: it belongs to another clinic."
    return Check(code=code, name=name, holds=holds, reason=reason)


def _note_key(audit: AuditFile, signer: x509.Certificate) -> Check:
    code, name = "note_key", "The clinic's certificate vouches for the key that signs the log"
    try:
        pem = audit.text("note_key_certificate", "certificate")
        if x509.load_pem_x509_certificate(pem.encode()) != signer:
            reason = "No: another certificate vouches for it than the one that sealed the file."
            return Check(code=code, name=name, holds=False, reason=reason)
        signature = base64.b64decode(audit.text("note_key_certificate", "signature"), validate=True)
        statement = f"{_NOTE_KEY_DOMAIN}{audit.text('note_key')}\n".encode()
        _verify(signer, signature, statement)
    except (InvalidSignature, binascii.Error, ValueError):
        reason = "No: its signature over the key is wrong."
        return Check(code=code, name=name, holds=False, reason=reason)
    return Check(code=code, name=name, holds=True, reason="It signed the key.")


def _verify(signer: x509.Certificate, signature: bytes, statement: bytes) -> None:
    key = signer.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, statement, ec.ECDSA(hashes.SHA256()))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, statement, padding.PKCS1v15(), hashes.SHA256())
    else:
        raise InvalidSignature


def _checkpoint(audit: AuditFile) -> Check:
    code, name = "checkpoint", "The clinic signed the size and root of its log"
    try:
        key_name, _ = parse_verifier_key(audit.text("note_key"))
        stated = open_note(audit.text("checkpoint"), verifier=audit.text("note_key"))
    except BadNote as error:
        return Check(code=code, name=name, holds=False, reason=f"No: {error}.")
    origin = f"aseptrail/{audit.text('clinic', 'id')}"
    problem = None
    if stated.origin != origin or key_name != origin:
        problem = "the signed statement is about another log"
    elif (stated.size, stated.root) != (audit.size, audit.root):
        problem = "the signed statement gives another size or root than the report"
    elif stated.extensions:
        problem = "the signed statement says more than a checkpoint should"
    if problem is not None:
        return Check(code=code, name=name, holds=False, reason=f"No: {problem}.")
    return Check(code=code, name=name, holds=True, reason=f"It has {audit.size} entries.")


def _range(audit: AuditFile) -> Check:
    code, name = "range", "The entries are all those of the range, unaltered and in order"
    try:
        verify_range(
            start=audit.start,
            end=audit.end,
            size=audit.size,
            leaf_hashes=audit.leaf_hashes,
            proof=audit.range_proof,
            root=audit.root,
        )
    except BadProof as error:
        reason = f"No: {error}. An entry was removed, added, altered or moved."
        return Check(code=code, name=name, holds=False, reason=reason)
    reason = f"{audit.end - audit.start} entries, from number {audit.start} on."
    return Check(code=code, name=name, holds=True, reason=reason)


def _context(audit: AuditFile) -> Check:
    name = "The entries quoted from outside the range belong to the same log"
    return _quoted(audit, "context", name)


def _inclusion(audit: AuditFile) -> Check:
    return _quoted(audit, "inclusion", "Every entry shown is in the clinic's log, unaltered")


def _quoted(audit: AuditFile, code: str, name: str) -> Check:
    seen: set[int] = set()
    try:
        for (index, body), proof in zip(audit.context, audit.context_proofs, strict=True):
            if index in seen or audit.start <= index < audit.end:
                raise BadProof(f"entry {index} is given twice")
            seen.add(index)
            verify_inclusion(
                leaf_hash=hash_leaf(body),
                index=index,
                size=audit.size,
                proof=proof,
                root=audit.root,
            )
    except ComplianceError as error:
        return Check(code=code, name=name, holds=False, reason=f"No: {error}.")
    return Check(code=code, name=name, holds=True, reason=f"{len(seen)} entries.")


def _disclosures(audit: AuditFile) -> Check:
    code, name = "disclosures", "The names and texts shown are those that were recorded"
    false = len(audit.false_disclosures)
    if false:
        reason = f"No: {false} of them are not what the entries commit to."
        return Check(code=code, name=name, holds=False, reason=reason)
    reason = f"{len(audit.disclosures)} were checked against the entries' commitments."
    return Check(code=code, name=name, holds=True, reason=reason)
