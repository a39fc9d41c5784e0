"""Judging a report with nothing but its bytes and what the inspector holds."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from cryptography import x509
from pyhanko.pdf_utils.reader import PdfFileReader

from compliance.report.payload import AuditFile, NotAnAudit, UnknownAuditVersion, parse_audit
from compliance.report.verifying.attachment import BadAttachment, NoAttachment, signed_audit
from compliance.report.verifying.byte_ranges import strip_padding
from compliance.report.verifying.challenged import check_challenge
from compliance.report.verifying.cms import BadSignature, require_exact
from compliance.report.verifying.entries import (
    check_clock,
    check_incarnation,
    check_period,
    read_log,
)
from compliance.report.verifying.history import check_history
from compliance.report.verifying.identity import check_identity
from compliance.report.verifying.judged import JudgedSignature
from compliance.report.verifying.judging import Judging, NotJudgeable, fingerprint_of, has_header
from compliance.report.verifying.limits import MAX_FILE_BYTES
from compliance.report.verifying.loads import check_loads
from compliance.report.verifying.pins import Pins
from compliance.report.verifying.record import check_record
from compliance.report.verifying.rotated import check_keys
from compliance.report.verifying.sessions import check_sessions
from compliance.report.verifying.signatures import (
    SignatureFindings,
    Unsigned,
    judge_reader,
)
from compliance.report.verifying.single import check_single
from compliance.report.verifying.tables import read_at_once
from compliance.report.verifying.time_stamps import judge_time_stamps
from compliance.report.verifying.traced import check_trace
from compliance.report.verifying.verdict import Check, KnownCheckpoint, Verdict
from compliance.report.verifying.witnessed import judge_witnesses

read_at_once()


def verify_report(
    data: bytes,
    *,
    trust_roots: Sequence[x509.Certificate],
    known: Sequence[KnownCheckpoint] = (),
    pins: Pins | None = None,
    challenge: str | None = None,
) -> Verdict:
    """Judge a report. Never raises: whatever goes wrong, the file is not accepted.

    The text on the pages is not looked at. Whoever shows the report draws it anew from
    ``audit`` of the verdict.

    Args:
        data: the file. It is hostile; in a server use `verify_in_subprocess`.
        trust_roots: the certificate authorities the inspector holds.
        known: checkpoints kept from reports accepted earlier.
        challenge: what the inspector had entered on the spot, where they did.
        pins: time-stamp authorities and witnesses whose word is taken, nobody's by default, and
            lists of revoked certificates.
    """
    judging = Judging(
        data=data,
        trust_roots=tuple(trust_roots),
        known=tuple(known),
        pins=pins or Pins(),
        challenge=challenge,
    )
    try:
        for check in _steps(judging):
            judging.checks.append(check)
            if check.holds is False:
                return judging.rejected()
        return judging.finished()
    except NotJudgeable as error:
        return judging.not_judged(error)
    except Exception:  # noqa: BLE001
        # The file is hostile input, and on a damaged one the PDF library lets ValueError,
        # KeyError, zlib.error, MemoryError and more escape. None of them may become a server
        # error, and none may be taken for consent.
        return judging.broken()


def _steps(judging: Judging) -> Iterator[Check]:
    # (1) the file is not larger than any report;
    # (2) it is a PDF, not encrypted, and signed;
    # (3) the signature layer, see `signatures`;
    # (4) it carries exactly one audit.json, the one that was signed;
    # (5) that is canonical and of the known version;
    # (6) the seal has no byte that nobody signed;
    # (7) the ledger layer, see `record`;
    # (8) the log is the one the inspector met before;
    # (9) authorities and witnesses outside saw it, as far as the inspector names any;
    # (10) the meaning layer, see `entries`, `sessions`, `loads`
    #     and, for one session's file, `single`; for a recall's or a search's, `traced`.
    # The order is part of the protection: nothing is interpreted before it is known to be
    # signed, and nothing is believed before it is proved to be in the log.
    yield from prove(judging)
    audit, findings = judging.audit, judging.findings
    if audit is None or findings is None or findings.first is None:
        return
    seal = findings.first
    yield from _check_outside(judging, audit, seal.path[0])
    yield from _check_meaning(audit, seal.signer, judging.challenge)


def prove(judging: Judging) -> Iterator[Check]:
    """Take steps 1 to 8, which show that the entries are those of the log that the clinic signed.

    After a check that does not hold, no further one may be asked for.

    Raises:
        NotJudgeable: if the file is not a report of a kind this software knows.
        Exception: whatever a PDF library lets out on a damaged file; see `verify_report`.
    """
    if len(judging.data) > MAX_FILE_BYTES:
        limit = MAX_FILE_BYTES // (1024 * 1024)
        raise NotJudgeable("size", "The file is of a size we read", f"It exceeds {limit} MiB.")
    if not judging.trust_roots:
        reason = "No root certificate was given, so there is nobody to trust."
        raise NotJudgeable("trust_roots", "You hold a root certificate", reason)
    reader, findings = _open(judging)
    yield Check(code="readable", name="The file can be read", holds=True, reason="It is a PDF.")
    yield from findings.checks
    seal = findings.first
    if seal is None:
        return
    yield from _take_audit(judging, reader, seal)
    audit = judging.audit
    if audit is None:
        return
    yield _seal_form(seal, judging.data)
    yield from check_record(audit, seal.signer)
    fingerprint = fingerprint_of(seal.path[0])
    yield check_history(audit, judging.known, root_fingerprint=fingerprint)


def _check_outside(judging: Judging, audit: AuditFile, root: x509.Certificate) -> Iterator[Check]:
    judging.times = judge_time_stamps(audit, judging.pins.authorities, root=root)
    yield judging.times.check
    judging.witnesses = judge_witnesses(audit, judging.pins.policy)
    yield judging.witnesses.check


def _open(judging: Judging) -> tuple[PdfFileReader, SignatureFindings]:
    name = "The file is a signed PDF"
    if not has_header(judging.data):
        raise NotJudgeable("pdf", name, "It is not a PDF.")
    reader = PdfFileReader(io.BytesIO(judging.data))
    if "/Encrypt" in reader.trailer:
        raise NotJudgeable("pdf", name, "It is encrypted, which a report never is.")
    try:
        judging.findings = judge_reader(reader, judging.data, judging.trust_roots, judging.pins)
    except Unsigned as error:
        raise NotJudgeable("signed", name, "It carries no signature.") from error
    return reader, judging.findings


def _take_audit(judging: Judging, reader: PdfFileReader, seal: JudgedSignature) -> Iterator[Check]:
    name = "The file carries the one audit.json that was signed"
    try:
        content = signed_audit(reader, seal.embedded)
    except NoAttachment as error:
        reason = "It is signed, but carries no audit.json."
        raise NotJudgeable("attachment", name, reason) from error
    except BadAttachment as error:
        yield Check(code="attachment", name=name, holds=False, reason=f"No: {error}.")
        return
    yield Check(code="attachment", name=name, holds=True, reason="It does.")
    name = "Its audit.json is of the known form"
    try:
        judging.audit = parse_audit(content)
    except UnknownAuditVersion as error:
        raise NotJudgeable("payload", name, f"It is of another version: {error}.") from error
    except NotAnAudit as error:
        yield Check(code="payload", name=name, holds=False, reason=f"No: {error}.")
        return
    reason = f"{len(content)} bytes, in canonical form."
    yield Check(code="payload", name=name, holds=True, reason=reason)


def _seal_form(seal: JudgedSignature, data: bytes) -> Check:
    code, name = "seal_form", "The seal has no byte that nobody signed"
    _, gap_start, gap_end, _ = seal.embedded.byte_range
    if not data[int(gap_start) : int(gap_end)].isupper():
        reason = "No: it is spelt in other letters than ours."
        return Check(code=code, name=name, holds=False, reason=reason)
    try:
        require_exact(seal.embedded, strip_padding(seal.embedded.pkcs7_content), seal.path[1:])
    except BadSignature as error:
        return Check(code=code, name=name, holds=False, reason=f"No: {error}.")
    return Check(code=code, name=name, holds=True, reason="It is exactly of its one form.")


def _check_meaning(
    audit: AuditFile, signer: x509.Certificate, challenge: str | None
) -> Iterator[Check]:
    check, log = read_log(audit)
    yield check
    if log is None:
        return
    identity = check_identity(log)
    yield identity
    if not identity.holds:
        return
    yield check_keys(log, signer)
    yield check_incarnation(log)
    yield check_challenge(log, challenge)
    if audit.single is not None:
        # What a range shows, a period, its order and what was left open, cannot be asked of
        # single entries; the verdict says what such a file therefore does not prove.
        yield from check_single(log, audit.single)
    elif audit.trace is not None:
        yield from check_trace(log, audit.trace)
    else:
        yield check_period(log)
        yield check_clock(log)
        yield from check_sessions(log)
        yield from check_loads(log)
