"""One signature, judged by pyHanko; and whose countersignature it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from pyhanko.keys.internal import translate_pyca_cryptography_cert_to_asn1
from pyhanko.sign.validation import (
    EmbeddedPdfSignature,
    validate_pdf_signature,
    validate_pdf_timestamp,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

from compliance.ledger.entry import format_time
from compliance.report.verifying.cms import claimed_time
from compliance.report.verifying.increments import is_countersignature
from compliance.report.verifying.seal_time import is_archive_stamp
from compliance.report.verifying.verdict import Check

# Stating what a key must be allowed replaces pyHanko's default; forbidding alone is ignored
# by version 0.38, and its default refuses certificates that are for signatures only.
_KEY_USAGE: Final = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"})


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedSignature:
    """One signature as pyHanko judged it; to be believed only if every check holds."""

    embedded: EmbeddedPdfSignature
    status: Any

    signed_at: datetime
    """As the signature claims; aware, UTC."""

    signer: x509.Certificate

    path: tuple[x509.Certificate, ...]
    """From the trusted root down to the signer, both included; empty without trust."""


def judge_one(
    signature: EmbeddedPdfSignature,
    trust_roots: Sequence[x509.Certificate],
    *,
    skip_diff: bool = False,
) -> JudgedSignature:
    """Judge a signature and its certificate as of the time that it claims.

    Args:
        skip_diff: what follows it was found to be harmless already.
    """
    # At this level the signer's own time is all there is. Judging certificates as of that
    # time lets a report be read after they expired, and claims no more than level 0 does.
    claimed = claimed_time(signature)
    context = ValidationContext(
        trust_roots=[translate_pyca_cryptography_cert_to_asn1(root) for root in trust_roots],
        allow_fetching=False,
        moment=claimed,
    )
    if is_archive_stamp(signature):
        status: Any = validate_pdf_timestamp(signature, context, skip_diff=skip_diff)
    else:
        status = validate_pdf_signature(
            signature, context, key_usage_settings=_KEY_USAGE, skip_diff=skip_diff
        )
    path = status.validation_path
    return JudgedSignature(
        embedded=signature,
        status=status,
        signed_at=claimed,
        signer=_from_asn1(signature.signer_cert),
        path=() if path is None else tuple(_from_asn1(item) for item in path),
    )


def _from_asn1(certificate: Any) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate.dump())


def check_countersigned(judged: Sequence[JudgedSignature]) -> Check:
    """Say who signed in the field that the clinic left for it."""
    name = "Somebody else signed it too"
    others = [item for item in judged[1:] if is_countersignature(item.embedded)]
    if not others:
        reason = "The field that the clinic left for a countersignature is empty."
        return Check(code="countersigned", name=name, holds=None, reason=reason)
    if len(others) > 1:
        reason = "No: it is countersigned twice in one field."
        return Check(code="countersigned", name=name, holds=False, reason=reason)
    who = others[0].signer.subject.rfc4514_string()
    when = format_time(others[0].signed_at)
    if others[0].status.trusted and others[0].path:
        reason = f"{who}, at {when} by their own clock; a root you gave certifies them."
        return Check(code="countersigned", name=name, holds=True, reason=reason)
    reason = f"{who}, at {when} by their own clock; no root you gave says who that is."
    return Check(code="countersigned", name=name, holds=None, reason=reason)
