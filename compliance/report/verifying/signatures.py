"""The signature layer: who signed which bytes, whether all of them, and whether we trust the signer.

Stricter than pyHanko's own summary, which accepts bytes appended after the last
signature and characters altered in the padding of a signature value.
"""

from __future__ import annotations

import hmac
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cryptography import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DiffResult
from pyhanko.sign.validation import EmbeddedPdfSignature

from compliance.report.verifying.additions import only_adds
from compliance.report.verifying.byte_ranges import BadByteRange, SignedBytes, cut, strip_padding
from compliance.report.verifying.cms import BadSignature, require_plain, stated_digest
from compliance.report.verifying.increments import (
    invites_countersignature,
    is_countersignature,
)
from compliance.report.verifying.judged import JudgedSignature, check_countersigned, judge_one
from compliance.report.verifying.limits import MAX_SIGNATURES
from compliance.report.verifying.pins import Pins
from compliance.report.verifying.revoked import check_revocation
from compliance.report.verifying.seal_time import (
    check_seal_time,
    is_acceptable,
    is_archive_stamp,
    require_one_token,
)
from compliance.report.verifying.verdict import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFindings:
    """What the signature layer found."""

    checks: tuple[Check, ...]

    first: JudgedSignature | None
    """The oldest signature, which is the clinic's; nothing if the file is too damaged."""

    @property
    def hold(self) -> bool:
        """Whether no check fails; at least one signature is among them."""
        return bool(self.checks) and all(check.holds is not False for check in self.checks)


class Unsigned(Exception):
    """There is no signature to judge."""


def judge_signatures(data: bytes, trust_roots: Sequence[x509.Certificate]) -> SignatureFindings:
    """Judge all signatures of a PDF by the strict rule, stopping at the first check that fails.

    Raises:
        Unsigned: if there is no signature.
        Exception: whatever a PDF library lets out on a damaged file; see `verify_report`.
    """
    reader = PdfFileReader(io.BytesIO(data))
    return judge_reader(reader, data, trust_roots)


def judge_reader(
    reader: PdfFileReader,
    data: bytes,
    trust_roots: Sequence[x509.Certificate],
    pins: Pins | None = None,
) -> SignatureFindings:
    """Judge the signatures of an opened PDF; see `judge_signatures`.

    Args:
        pins: time-stamp authorities whose word is taken, and lists of revoked certificates.
    """
    signatures = list(reader.embedded_signatures)
    if not signatures:
        raise Unsigned("the file is not signed")
    state = _State(
        reader=reader,
        data=data,
        signatures=signatures,
        trust_roots=trust_roots,
        pins=pins or Pins(),
    )
    return SignatureFindings(checks=_run(state), first=state.judged[0] if state.judged else None)


@dataclass(slots=True, kw_only=True)
class _State:
    """What the steps hand on to one another."""

    reader: PdfFileReader
    data: bytes
    signatures: list[EmbeddedPdfSignature]
    trust_roots: Sequence[x509.Certificate]
    pins: Pins
    cuts: list[SignedBytes] = field(default_factory=list)
    judged: list[JudgedSignature] = field(default_factory=list)
    only_added: bool = False
    """Nothing follows the seal but what may follow it; found without pyHanko."""


def _run(state: _State) -> tuple[Check, ...]:
    checks: list[Check] = []
    try:
        for check in _steps(state):
            checks.append(check)
            if check.holds is False:
                break
    except Exception:  # noqa: BLE001
        # A signature value is hostile input, and on a damaged one pyHanko and its ASN.1
        # reader let out whatever error the damage leads to. Each means the same thing.
        reason = "No: it cannot be read to its end."
        checks.append(
            Check(code="signature", name="Each signature is valid", holds=False, reason=reason)
        )
    return tuple(checks)


def _steps(state: _State) -> Iterator[Check]:
    # (1) there is a signature, and not an absurd number of them;
    # (2) each leaves out exactly its own value, and nothing hides in that value's padding;
    # (3) the bytes have the digest that the signer signed, by our own computation;
    # (4) each value says nothing besides what is signed or needed to check it;
    # (5) each is cryptographically valid, by pyHanko;
    # (6) each certificate leads to a trusted root and is for signing documents;
    # (7) time-stamps in and after the seal hold, and are by whom the inspector pinned, if by any;
    # (8) the certificate was not revoked when it sealed, by the lists in the file and at hand;
    # (9) the last signature covers the file to its last byte;
    # (10) what came after an earlier signature is what that signature allows.
    yield _count(state)
    yield _ranges(state)
    yield _digests(state)
    yield _forms(state)
    yield _valid(state)
    yield _trusted(state)
    stamped, seen = check_seal_time(state.signatures, state.cuts, state.pins.authorities)
    yield stamped
    seal = state.judged[0]
    yield check_revocation(
        state.reader, seal.path, claimed=seal.signed_at, seen=seen, held=state.pins.crls
    )
    if invites_countersignature(state.signatures[0]):
        yield check_countersigned(state.judged)
    yield _covering(state)
    yield _changes(state)


def _count(state: _State) -> Check:
    count = len(state.signatures)
    return Check(
        code="signed",
        name="The file is signed",
        holds=0 < count <= MAX_SIGNATURES,
        reason=f"It carries {count} signature{'s' if count > 1 else ''}.",
    )


def _ranges(state: _State) -> Check:
    name = "Each signature leaves out nothing but its own value"
    try:
        for signature in state.signatures:
            state.cuts.append(_cut(state.data, signature))
    except (BadByteRange, ValueError, TypeError) as error:
        return Check(code="byte_range", name=name, holds=False, reason=f"No: {error}.")
    return Check(code="byte_range", name=name, holds=True, reason="Every gap is one signature.")


def _cut(data: bytes, signature: EmbeddedPdfSignature) -> SignedBytes:
    signed = cut(data, [int(number) for number in signature.byte_range])
    strip_padding(signed.contents)
    # The value the PDF library judges must be the one that lies in the gap.
    if signed.contents != signature.pkcs7_content:
        raise BadByteRange("the value left out is not the signature's own")
    return signed


def _digests(state: _State) -> Check:
    name = "The bytes are those that were signed"
    try:
        for signature, signed in zip(state.signatures, state.cuts, strict=True):
            ours = signed.digest(signature.external_md_algorithm)
            if not hmac.compare_digest(ours, stated_digest(signature, ours)):
                return Check(
                    code="digest",
                    name=name,
                    holds=False,
                    reason="No: at least one byte was changed after signing.",
                )
            # So that pyHanko need not hash a large file a second time.
            signature.external_digests[signature.external_md_algorithm] = ours
    except (BadByteRange, BadSignature) as error:
        return Check(code="digest", name=name, holds=False, reason=f"No: {error}.")
    return Check(code="digest", name=name, holds=True, reason="The digests agree.")


def _forms(state: _State) -> Check:
    name = "Each signature value has the one form it can have"
    try:
        for signature, signed in zip(state.signatures, state.cuts, strict=True):
            value = strip_padding(signed.contents)
            require_plain(signature, value)
            require_one_token(signature, value)
    except BadSignature as error:
        return Check(code="signature_form", name=name, holds=False, reason=f"No: {error}.")
    return Check(code="signature_form", name=name, holds=True, reason="Nothing odd was found.")


def _valid(state: _State) -> Check:
    name = "Each signature is valid"
    # One signature alone is compared by nobody: that it covers the file is asked below.
    state.only_added = len(state.signatures) > 1 and only_adds(state.reader, state.signatures)
    for signature in state.signatures:
        judged = judge_one(signature, state.trust_roots, skip_diff=state.only_added)
        state.judged.append(judged)
    if not all(item.status.intact and item.status.valid for item in state.judged):
        reason = "No: the signature was not made by the key in the certificate."
        return Check(code="signature", name=name, holds=False, reason=reason)
    return Check(
        code="signature", name=name, holds=True, reason="The key in the certificate made it."
    )


def _trusted(state: _State) -> Check:
    name = "Each signer is certified by an authority you hold"
    if is_archive_stamp(state.signatures[0]):
        reason = "No: the oldest signature is a time-stamp, which names no clinic."
        return Check(code="trusted", name=name, holds=False, reason=reason)
    for item in state.judged:
        # Whose word an archive time-stamp is, is a question of its own.
        # Nor does anybody's countersignature speak for the clinic.
        if is_archive_stamp(item.embedded) or (
            item is not state.judged[0] and is_countersignature(item.embedded)
        ):
            continue
        if not (item.status.trusted and item.path and item.path[0] in state.trust_roots):
            who = item.signer.subject.rfc4514_string()
            reason = f"No: {who} is not certified by a root you gave."
            return Check(code="trusted", name=name, holds=False, reason=reason)
    return Check(code="trusted", name=name, holds=True, reason="The certificates lead to it.")


def _covering(state: _State) -> Check:
    end, size = max(signed.end for signed in state.cuts), len(state.data)
    # pyHanko lists signatures in the order of signing, but only the ranges decide here.
    return Check(
        code="covers_file",
        name="The last signature covers the whole file",
        holds=end == size,
        reason=(
            "It reaches to the last byte."
            if end == size
            else f"No: {size - end} bytes were added after the last signature."
        ),
    )


def _changes(state: _State) -> Check:
    name = "Nothing was changed between the signatures that the first ones forbid"
    for item in state.judged:
        # A document time-stamp has no permissions of its own, and then nothing is said about them.
        allowed = item.status.docmdp_ok is not False
        compared = isinstance(item.status.diff_result, DiffResult)
        if not (state.only_added or (compared and allowed)):
            reason = "No: a later part of the file changes what was signed earlier."
            return Check(code="changes", name=name, holds=False, reason=reason)
        if not is_acceptable(item.status):
            reason = "No: the signature is not acceptable for a reason of its own form."
            return Check(code="changes", name=name, holds=False, reason=reason)
    return Check(code="changes", name=name, holds=True, reason="Nothing was.")
