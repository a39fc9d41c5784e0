"""A certificate that is not to be trusted any more, as an entry and the list of the root state it.

docs/record-format.md, section 6a.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from compliance.errors import ComplianceError
from compliance.ledger.canonical import NotCanonical
from compliance.ledger.entry import format_time, parse_time

COMPROMISED: Final = "key_compromise"
"""Somebody else may have the key, so what it sealed counts only if it was seen before."""

REASONS: Final = (
    COMPROMISED,
    "superseded",
    "cessation_of_operation",
    "affiliation_changed",
)
"""The names that RFC 5280 gives them, in the spelling of this record."""

_TEXTS: Final = ("certificate_sha256", "serial", "since", "reason")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_SERIAL: Final = re.compile(r"[0-9a-f]{1,40}")


class BadRevocation(ComplianceError):
    """Data that revokes nothing, or a revocation that takes an earlier one back."""

    code = "bad_revocation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """The data of one ``key.revoked`` entry."""

    certificate_sha256: str
    """In hex, of the certificate in DER."""
    serial: str
    """The certificate's, in hex: lists name certificates by it."""
    since: datetime
    """In whole seconds, as lists have them."""
    reason: str
    """One of `REASONS`."""

    def to_data(self) -> dict[str, str]:
        return {
            "certificate_sha256": self.certificate_sha256,
            "serial": self.serial,
            "since": format_time(self.since),
            "reason": self.reason,
        }

    def require_stricter_than(self, former: Revocation) -> None:
        """A revocation may be said again only as more than before, never as less.

        Raises:
            BadRevocation: it begins later, gives a lesser reason, or says the same again.
        """
        lesser = former.reason == COMPROMISED != self.reason
        if self == former:
            raise BadRevocation("the certificate is revoked already, from that time and for that")
        if self.since > former.since or lesser:
            raise BadRevocation(
                f"the certificate is revoked since {format_time(former.since)} for"
                f" {former.reason}, which can be made earlier or graver and never taken back"
            )


def read_revocation(data: Mapping[str, Any]) -> Revocation:
    """Read the data of an entry.

    Raises:
        BadRevocation: if a field is missing or of another form.
    """
    values = {name: data.get(name) for name in _TEXTS}
    if not all(isinstance(value, str) for value in values.values()):
        raise BadRevocation("a revocation lacks a field")
    texts = {name: str(value) for name, value in values.items()}
    try:
        since = parse_time(texts["since"])
    except NotCanonical as error:
        raise BadRevocation("a revocation does not say since when") from error
    known = texts["reason"] in REASONS and not since.microsecond
    named = _SHA256.fullmatch(texts["certificate_sha256"]) and _SERIAL.fullmatch(texts["serial"])
    if not (known and named):
        raise BadRevocation("a revocation is of another form")
    return Revocation(
        certificate_sha256=texts["certificate_sha256"],
        serial=texts["serial"],
        since=since,
        reason=texts["reason"],
    )
