"""Whether the keys that signed the report are those that the log has in force."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from compliance.ledger.rotation import BadRotation, KeyChain, read_rotation
from compliance.report.verifying.entries import ReadLog
from compliance.report.verifying.shape import member
from compliance.report.verifying.verdict import Check

_CODE = "keys"
_NAME = "The keys that signed it are those the log has in force"
_KIND = "key.rotated"


def check_keys(log: ReadLog, signer: x509.Certificate) -> Check:
    """Follow the rotations from the log's first entry on; each is signed by the key it retires.

    Must come after the log's first entry was found.
    """
    genesis = dict(log.by_index[0].data)
    begun = member(genesis, "note_key")
    certificate = genesis.get("certificate_sha256")
    chain = KeyChain(
        clinic=log.audit.text("clinic", "id"),
        note_key=begun if isinstance(begun, str) else "",
        certificate_sha256=certificate if isinstance(certificate, str) else "",
    )
    rotations = [index for index in sorted(log.by_index) if log.by_index[index].kind == _KIND]
    try:
        for index in rotations:
            chain.follow(index, read_rotation(dict(log.by_index[index].data)))
    except BadRotation as error:
        return _answer(False, f"No: {error}.")
    return _answer(*_judge(log, chain, signer.fingerprint(SHA256()).hex()))


def _judge(log: ReadLog, chain: KeyChain, signer: str) -> tuple[bool, str]:
    used = log.audit.text("note_key")
    retired = chain.retired_at(used)
    if retired is not None:
        return False, f"No: the key that signs the log was retired by entry {retired}."
    if used != chain.note_key:
        return False, "No: the log was begun with another signing key."
    gone = chain.certificate_retired_at(signer)
    if gone is not None:
        return False, f"No: the certificate that sealed the file was retired by entry {gone}."
    if not chain.rotated:
        return True, "They are those it was begun with."
    return True, f"The last rotation is entry {chain.rotated[-1][0]}, signed by the key it retired."


def _answer(holds: bool, reason: str) -> Check:
    return Check(code=_CODE, name=_NAME, holds=holds, reason=reason)
