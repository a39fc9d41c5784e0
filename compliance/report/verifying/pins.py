"""Whom outside the clinic an inspector takes the word of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509

from compliance.ledger.policy import Policy, parse_policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """Nobody, unless the inspector says so."""

    authorities: tuple[x509.Certificate, ...] = ()
    """Certificates of time-stamp authorities, or of their issuers."""

    policy: Policy | None = None
    """The witnesses, and how many make a quorum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinFiles:
    """The same as the bytes of the files an inspector holds."""

    authorities: Sequence[bytes] = ()
    """In PEM; several certificates to a file are allowed."""

    policy: bytes | None = None

    def read(self) -> Pins:
        """Read them.

        Raises:
            ValueError: a file holds no certificate.
            BadPolicy: the policy is none.
        """
        found: list[x509.Certificate] = []
        for pem in self.authorities:
            found += x509.load_pem_x509_certificates(pem)
        policy = None if self.policy is None else parse_policy(self.policy)
        return Pins(authorities=tuple(found), policy=policy)

    def to_json(self) -> dict[str, Any]:
        """Return them as plain values, for a process of our own."""
        policy = self.policy
        return {
            "authorities": [pem.decode("latin-1") for pem in self.authorities],
            "policy": None if policy is None else policy.decode("latin-1"),
        }


def pin_files_from_json(content: Mapping[str, Any]) -> PinFiles:
    """Read what `PinFiles.to_json` returned."""
    policy = content["policy"]
    return PinFiles(
        authorities=[text.encode("latin-1") for text in content["authorities"]],
        policy=None if policy is None else policy.encode("latin-1"),
    )
