"""What is known about a file while it is judged, and the verdict that follows at each end."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from compliance.ledger.entry import parse_time
from compliance.report.payload import AuditFile
from compliance.report.verifying.pins import Pins
from compliance.report.verifying.signatures import SignatureFindings
from compliance.report.verifying.time_stamps import TimeFindings
from compliance.report.verifying.verdict import Check, KnownCheckpoint, Outcome, Verdict
from compliance.report.verifying.witnessed import WitnessFindings
from compliance.report.verifying.wording import (
    Shown,
    accepted_sentence,
    limits_of,
    rejected_sentence,
)

_OF_ANY: Final = frozenset(
    {"readable", "signed", "byte_range", "digest", "signature_form", "signature", "trusted"}
    | {"covers_file", "changes", "attachment", "payload", "seal_form", "clinic_certificate"}
    | {
        "note_key",
        "checkpoint",
        "disclosures",
        "history",
        "entries",
        "identity",
        "keys",
        "challenge",
    }
    | {
        "incarnation",
        "sessions",
        "amendments",
        "time_stamps",
        "witnesses",
        "seal_time",
        "revocation",
    }
)

REQUIRED: Final = _OF_ANY | (
    {"range", "context", "period", "clock", "open_sessions"} | {"loads", "curves"}
)
"""The codes of the checks without which no report is accepted."""

REQUIRED_OF_SESSION: Final = _OF_ANY | {"inclusion", "belongs"}
"""The codes of the checks without which no file of one session is accepted."""

REQUIRED_OF_TRACE: Final = (_OF_ANY - {"sessions", "amendments"}) | {
    "inclusion",
    "belongs",
    "lists",
}
"""The codes of the checks without which no file of a recall or a search is accepted."""

_HEADER: Final = b"%PDF-"

_HEADER_WITHIN: Final = 1024
"""Bytes; where readers still look for the header."""


class NotJudgeable(Exception):
    """The file is not a report of a kind this software knows."""

    def __init__(self, code: str, name: str, reason: str) -> None:
        super().__init__(reason)
        self.check = Check(code=code, name=name, holds=False, reason=reason)


@dataclass(slots=True, kw_only=True)
class Judging:
    """What is known so far about the file."""

    data: bytes
    trust_roots: tuple[x509.Certificate, ...]
    known: tuple[KnownCheckpoint, ...]
    pins: Pins = field(default_factory=Pins)
    challenge: str | None = None
    checks: list[Check] = field(default_factory=list)
    findings: SignatureFindings | None = None
    audit: AuditFile | None = None
    times: TimeFindings | None = None
    witnesses: WitnessFindings | None = None

    def finished(self) -> Verdict:
        """Return the verdict when every step was taken and no check failed."""
        if self.audit is None or _required(self.audit) - {check.code for check in self.checks}:
            # A step that was skipped by mistake must not pass for one that held.
            return self.broken()
        shown = Shown(
            times=self.times is not None and self.times.covers,
            own_word=self.times is not None and not self.times.independent,
            one_history=self.witnesses is not None and self.witnesses.reached,
            met_before=any(c.code == "history" and c.holds for c in self.checks),
            challenged=any(c.code == "challenge" and c.holds for c in self.checks),
        )
        return self._verdict(
            Outcome.ACCEPTED,
            accepted_sentence(self.audit, shown),
            level=shown.level,
            does_not_prove=limits_of(self.audit, shown),
            checkpoint=_checkpoint_of(self.audit, self._root_fingerprint() or ""),
        )

    def rejected(self) -> Verdict:
        """Return the verdict when the last check failed."""
        return self._verdict(Outcome.REJECTED, rejected_sentence(self.checks))

    def not_judged(self, error: NotJudgeable) -> Verdict:
        """Return the verdict on what is not a report of ours."""
        self.checks.append(error.check)
        sentence = f"This file cannot be judged. {error.check.reason}"
        return self._verdict(Outcome.CANNOT_BE_JUDGED, sentence)

    def broken(self) -> Verdict:
        """Return the verdict on a file whose reading ended in an error."""
        reason = "No: the file is damaged, or made to look like a report."
        check = Check(code="readable", name="The file can be read", holds=False, reason=reason)
        self.checks.append(check)
        # A file that carries the marks of a signed report claims to be one.
        signs = b"/ByteRange" in self.data and has_header(self.data)
        claims = self.findings is not None or signs
        if claims:
            return self._verdict(Outcome.REJECTED, rejected_sentence(self.checks))
        sentence = "This file cannot be judged. It is not a PDF that can be read."
        return self._verdict(Outcome.CANNOT_BE_JUDGED, sentence)

    def _verdict(
        self,
        outcome: Outcome,
        sentence: str,
        *,
        level: int | None = None,
        does_not_prove: tuple[str, ...] = (),
        checkpoint: KnownCheckpoint | None = None,
    ) -> Verdict:
        audit = self.audit
        seal = None if self.findings is None else self.findings.first
        return Verdict(
            outcome=outcome,
            level=level,
            checks=tuple(self.checks),
            sentence=sentence,
            signed_by=None if seal is None else seal.signer.subject.rfc4514_string(),
            signed_at=None if seal is None else seal.signed_at,
            root_fingerprint=self._root_fingerprint(),
            clinic=None if audit is None else audit.text("clinic", "name"),
            period=None if audit is None or not audit.has_range else _period(audit),
            about=_about(audit),
            does_not_prove=does_not_prove,
            checkpoint=checkpoint,
            time_stamps=() if self.times is None else self.times.stamps,
            brackets=() if self.times is None else self.times.brackets,
            witnessed=self._witnessed(),
            audit=audit,
        )

    def _witnessed(self) -> tuple[str, ...]:
        found = () if self.witnesses is None else self.witnesses.cosignatures
        return tuple(one.witness.name for one in found)

    def _root_fingerprint(self) -> str | None:
        if self.findings is None or not self.findings.hold or self.findings.first is None:
            return None
        return fingerprint_of(self.findings.first.path[0])


def _required(audit: AuditFile) -> frozenset[str]:
    if audit.trace is not None:
        return REQUIRED_OF_TRACE
    return REQUIRED if audit.single is None else REQUIRED_OF_SESSION


def _about(audit: AuditFile | None) -> str | None:
    if audit is None:
        return None
    if audit.trace is not None:
        return audit.trace.purpose
    return "period" if audit.single is None else audit.single.purpose


def has_header(data: bytes) -> bool:
    """Return whether the bytes begin as a PDF does."""
    return _HEADER in data[:_HEADER_WITHIN]


def _checkpoint_of(audit: AuditFile, root_fingerprint: str) -> KnownCheckpoint:
    return KnownCheckpoint(
        clinic_id=audit.text("clinic", "id"),
        slug=audit.text("clinic", "slug"),
        root_fingerprint=root_fingerprint,
        size=audit.size,
        root=audit.root,
        note=audit.text("checkpoint"),
        made_at=parse_time(audit.text("made_at")),
    )


def _period(audit: AuditFile) -> tuple[str, str]:
    return audit.text("period", "from"), audit.text("period", "to")


def fingerprint_of(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate in groups of four digits, as it is printed."""
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))
