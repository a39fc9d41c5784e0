"""Revoking a certificate that sealed a clinic's reports, so that everybody learns not to trust it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from compliance.domain.access import system_actor
from compliance.errors import Conflict, NotFound, Refused
from compliance.keys.retiring import RetiringKeys, load_retiring
from compliance.keys.revocation import fresh_crl
from compliance.keys.revoking import (
    clinic_certificates,
    is_issued_by,
    note_revocation,
    revocation_of,
)
from compliance.keys.rotating import NewKeys, prepare_rotation, put_in_place
from compliance.keys.storage import ClinicKeys, KeysMissing, RootKey, load_root
from compliance.ledger.entry import format_time, parse_time
from compliance.ledger.revocation import COMPROMISED, BadRevocation, Revocation
from compliance.ledger.rotation import Rotation
from compliance.operations.revocations import read_revocations, settle_revocations
from compliance.operations.rotating import read_chain, settle_rotation
from compliance.operations.sealing import REVOKED, ROTATED, append
from compliance.store import log
from compliance.store.clinics import ClinicRow
from compliance.store.session import Database, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeCertificate:
    """What is not to be trusted any more, and why."""

    reason: str
    """One of `compliance.ledger.revocation.REASONS`."""
    since: datetime | None = None
    """From when on nothing it sealed counts; the moment of revoking where nothing is said."""
    certificate: str | None = None
    """How the SHA-256 of an earlier certificate begins; the one in force where nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """A file that was sealed with the revoked certificate after it was lost."""

    index: int
    first: str
    last: str
    """Its period: dates in the clinic's zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    index: int
    """Of the entry ``key.revoked``."""
    revocation: Revocation
    certificate: x509.Certificate
    keys: ClinicKeys | None
    """The new ones, where the certificate was in force."""
    void: tuple[SealedFile, ...]
    """Who holds the list accepts these no more; they can be made again."""


def revoke_certificate(
    database: Database,
    clinic: ClinicRow,
    command: RevokeCertificate,
    *,
    keys_folder: Path,
    system_user: str,
    now: datetime,
) -> Revoked:
    """Revoke a certificate; one in force is replaced in the same write transaction.

    After a compromise the key that signs the log is replaced too: it lay beside the other.
    A crash before the entries are durable leaves everything as it was; after one the next start
    puts the new keys in place and the revocation on the list.

    Raises:
        Refused: the time is not between the certificate's beginning and now, or the
            certificate is by somebody else, who alone can revoke it.
        NotFound: the clinic never had such a certificate.
        Conflict: it is revoked already, and this would say no more than before.
        KeysMissing: the clinic's keys or the root's private key are not here.
    """
    settle_rotation(database, clinic.clinic_id, keys_folder=keys_folder)
    settle_revocations(database, clinic.clinic_id, keys_folder=keys_folder)
    root = load_root(keys_folder)
    old = load_retiring(keys_folder, clinic.clinic_id)
    certificate = _find(keys_folder, old, command.certificate)
    revocation = revocation_of(certificate, reason=command.reason, since=command.since or now)
    _check(certificate, revocation, root, now=now)
    with database.reading() as tx:
        _require_stricter(tx, clinic.clinic_id, revocation)
        void = tuple(_sealed_since(tx, clinic.clinic_id, certificate, revocation.since))
        in_force = _in_force(tx, old, revocation)
    rotation = None
    if in_force:
        what = NewKeys(note=command.reason == COMPROMISED, seal=True)
        rotation = prepare_rotation(
            keys_folder, old, what, clinic_name=clinic.name, root=root, now=now
        )
    index = _enter(database, clinic.clinic_id, rotation, revocation, system_user, now)
    keys = put_in_place(keys_folder, clinic.clinic_id) if in_force else None
    note_revocation(keys_folder, clinic.clinic_id, revocation)
    fresh_crl(keys_folder, now=now)
    return Revoked(
        index=index, revocation=revocation, certificate=certificate, keys=keys, void=void
    )


def _enter(
    database: Database,
    clinic_id: str,
    rotation: Rotation | None,
    revocation: Revocation,
    system_user: str,
    now: datetime,
) -> int:
    actor = system_actor(clinic_id, system_user)
    with database.writing() as tx:
        if rotation is not None:
            append(tx, actor, ROTATED, rotation.to_data(), now=now)
        return append(tx, actor, REVOKED, revocation.to_data(), now=now)


def _find(keys_folder: Path, keys: RetiringKeys, wanted: str | None) -> x509.Certificate:
    if wanted is None:
        return keys.certificate
    begin = wanted.replace(" ", "").replace(":", "").lower()
    certificates = [keys.certificate, *clinic_certificates(keys_folder, keys.clinic_id)]
    # A crash may have left a copy of the one in force among the former ones.
    named = {each.fingerprint(SHA256()).hex(): each for each in certificates}
    found = [each for sha256, each in named.items() if sha256.startswith(begin)]
    if not begin or len(found) != 1:
        raise NotFound(
            f"{len(found)} certificates of this clinic have a SHA-256 that begins with {wanted!r};"
            " compliance key list names them"
        )
    return found[0]


def _check(
    certificate: x509.Certificate, revocation: Revocation, root: RootKey, *, now: datetime
) -> None:
    if not is_issued_by(certificate, root):
        raise Refused(
            "certificate",
            certificate.subject.rfc4514_string(),
            "is certified by somebody else, who alone can revoke it; ask them to, and seal with"
            " another one meanwhile: compliance key rotate",
        )
    if root.private_key is None:
        raise KeysMissing(
            "the root key is not on this machine, and it alone can sign a list of revoked"
            " certificates; bring it back for as long as this takes"
        )
    if not certificate.not_valid_before_utc <= revocation.since <= now.astimezone(UTC):
        raise Refused(
            "since",
            format_time(revocation.since),
            "is not between the beginning of the certificate and now",
            allowed=f"{format_time(certificate.not_valid_before_utc)} to {format_time(now)}",
        )


def _require_stricter(tx: Tx, clinic_id: str, revocation: Revocation) -> None:
    for _, former in read_revocations(tx, clinic_id):
        if former.serial == revocation.serial:
            try:
                revocation.require_stricter_than(former)
            except BadRevocation as error:
                raise Conflict(str(error)) from error


def _in_force(tx: Tx, keys: RetiringKeys, revocation: Revocation) -> bool:
    """Whether the keys folder or the log still has it in use."""
    chain = read_chain(tx, keys.clinic_id)
    used = {keys.certificate.fingerprint(SHA256()).hex()}
    if chain is not None:
        used.add(chain.certificate_sha256)
    return revocation.certificate_sha256 in used


def _sealed_since(
    tx: Tx, clinic_id: str, certificate: x509.Certificate, since: datetime
) -> list[SealedFile]:
    """The files of which the log says that they were made while the certificate was in use."""
    found = []
    sha256 = certificate.fingerprint(SHA256()).hex()
    chain = read_chain(tx, clinic_id)
    retired = None if chain is None else chain.certificate_retired_at(sha256)
    indexes = sorted(index for _, index in log.list_places(tx, clinic_id, "report"))
    for index, body in sorted(log.read_bodies(tx, clinic_id, indexes).items() if indexes else ()):
        entry = json.loads(body)
        if parse_time(entry["at"]) >= since and (retired is None or index < retired):
            data = entry["data"]
            found.append(SealedFile(index=index, first=data["from"], last=data["to"]))
    return found
