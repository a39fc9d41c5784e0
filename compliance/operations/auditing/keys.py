"""What the entries say about the keys that sign the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from compliance.ledger.entry import Entry
from compliance.ledger.revocation import BadRevocation, Revocation, read_revocation
from compliance.ledger.rotation import BadRotation, KeyChain, read_rotation
from compliance.operations.auditing.erasing import ERASING
from compliance.operations.auditing.problems import Findings


class Keys:
    """The note key in force as the entries so far have made it."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.chain: KeyChain | None = None
        self._revoked: dict[str, Revocation] = {}

    def begin(self, entry: Entry, data: Any) -> None:
        """``log.genesis``."""
        self.chain = KeyChain(
            clinic=entry.clinic,
            note_key=data["note_key"],
            certificate_sha256=data["certificate_sha256"],
        )

    def rotate(self, entry: Entry, data: Any) -> None:
        """``key.rotated``: signed by the key that it retires."""
        if self.chain is None:
            return
        try:
            self.chain.follow(entry.index, read_rotation(data))
        except BadRotation as error:
            self._findings.add("log_body", f"key.rotated: {error}", entry.index)

    def revoke(self, entry: Entry, data: Any) -> None:
        """``key.revoked``: of a certificate that the log had and that seals no more."""
        if self.chain is None:
            return
        try:
            revocation = read_revocation(data)
            _require_retired(self.chain, revocation.certificate_sha256)
            former = self._revoked.get(revocation.certificate_sha256)
            if former is not None:
                revocation.require_stricter_than(former)
            self._revoked[revocation.certificate_sha256] = revocation
        except BadRevocation as error:
            self._findings.add("log_body", f"key.revoked: {error}", entry.index)


def _require_retired(chain: KeyChain, certificate_sha256: str) -> None:
    if certificate_sha256 == chain.certificate_sha256:
        raise BadRevocation("the certificate is in force")
    if chain.certificate_retired_at(certificate_sha256) is None:
        raise BadRevocation("the log never had that certificate")


def _challenge(_stock: Any, entry: Entry, data: Any) -> None:
    """``inspection.challenge`` has no row of its own; its place in the log is compared."""
    if not isinstance(data["challenge"], str):
        raise TypeError(f"entry {entry.index}")


STANDING: Final[Mapping[str, Callable[[Any, Entry, Any], None]]] = MappingProxyType(
    {
        **ERASING,
        "key.rotated": lambda stock, entry, data: stock.keys.rotate(entry, data),
        "key.revoked": lambda stock, entry, data: stock.keys.revoke(entry, data),
        "inspection.challenge": _challenge,
    }
)
"""What is done to the record as a whole, and not in a treatment or with a thing."""
