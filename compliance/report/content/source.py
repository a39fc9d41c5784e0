"""The shape of what a report is read from, so that reading needs no file and no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from compliance.errors import ComplianceError


class ContentUnreadable(ComplianceError):
    """An entry or ``audit.json`` lacks a field that the record's version demands."""

    code = "content_unreadable"


class AuditSource(Protocol):
    """A parsed ``audit.json``; proofs and commitments are judged before it gets here."""

    @property
    def data(self) -> Mapping[str, Any]:
        """The parsed object. Its values are plain JSON, checked where they are read."""

    @property
    def entries(self) -> Sequence[tuple[int, bytes | None]]:
        """Index and body, in order and without gaps; None where only the leaf remains."""

    @property
    def context(self) -> Sequence[tuple[int, bytes]]:
        """Entries outside the range that the range refers to."""

    @property
    def disclosures(self) -> Mapping[str, str]:
        """Commitment in hex to the disclosed value."""

    @property
    def curves(self) -> Mapping[str, str]:
        """Readings of cycles by their SHA-256 in hex, each hashed again."""

    @property
    def canonical(self) -> bytes:
        """The bytes of ``audit.json``."""
