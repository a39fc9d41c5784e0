"""Whom outside the clinic an inspector takes the word of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509

from compliance.ledger.policy import Policy, parse_policy

_PEM: Final = b"-----BEGIN X509 CRL-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """Nobody, unless the inspector says so."""

    authorities: tuple[x509.Certificate, ...] = ()
    """Certificates of time-stamp authorities, or of their issuers."""

    policy: Policy | None = None
    """The witnesses, and how many make a quorum."""

    crls: tuple[x509.CertificateRevocationList, ...] = ()
    """Lists of revoked certificates; they count like those in the file, if the right one signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinFiles:
    """The same as the bytes of the files an inspector holds."""

    authorities: Sequence[bytes] = ()
    """In PEM; several certificates to a file are allowed."""

    policy: bytes | None = None

    crls: Sequence[bytes] = ()
    """Lists of revoked certificates, one to a file, in PEM or DER."""

    def read(self) -> Pins:
        """Read them.

        Raises:
            ValueError: a file holds no certificate, or no list.
            BadPolicy: the policy is none.
        """
        found: list[x509.Certificate] = []
        for pem in self.authorities:
            found += x509.load_pem_x509_certificates(pem)
        policy = None if self.policy is None else parse_policy(self.policy)
        crls = tuple(read_list(data) for data in self.crls)
        return Pins(authorities=tuple(found), policy=policy, crls=crls)

    def to_json(self) -> dict[str, Any]:
        """Return them as plain values, for a process of our own."""
        policy = self.policy
        return {
            "authorities": [pem.decode("latin-1") for pem in self.authorities],
            "policy": None if policy is None else policy.decode("latin-1"),
            "crls": [data.decode("latin-1") for data in self.crls],
        }


def pin_files_from_json(content: Mapping[str, Any]) -> PinFiles:
    """Read what `PinFiles.to_json` returned."""
    policy = content["policy"]
    return PinFiles(
        authorities=[text.encode("latin-1") for text in content["authorities"]],
        policy=None if policy is None else policy.encode("latin-1"),
        crls=[text.encode("latin-1") for text in content["crls"]],
    )


def read_list(data: bytes) -> x509.CertificateRevocationList:
    """Read a list of revoked certificates, in PEM or DER.

    Raises:
        ValueError: it is none.
    """
    if _PEM in data:
        return x509.load_pem_x509_crl(data)
    return x509.load_der_x509_crl(data)
