"""Reports whose files carry lists of revoked certificates, of every sort."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from timing_authorities import Bought, buy_authority

from compliance.keys.time_authority import answer_query
from compliance.report.lasting import Stamps, add_archive_stamp
from compliance.report.payload import build_audit
from compliance.report.signing import sign_report
from unit.verifying.building import SIGNED_AT, Clinic, draw, make_clinic, parts_of, seal
from unit.verifying.mutants import Maker, Mutant

HOUR = timedelta(hours=1)
AFTER = SIGNED_AT + HOUR
BEFORE = SIGNED_AT - HOUR
LATER = SIGNED_AT + 2 * HOUR
"""When the lists are made and the archive time-stamp is added."""


@dataclass(frozen=True)
class Told:
    """What a list says about the clinic's certificate."""

    since: datetime | None
    reason: x509.ReasonFlags | None = None


def make_list(clinic: Clinic, told: Told, *, by: Clinic | None = None) -> bytes:
    """A list by the root, or by somebody else under the same name, in DER."""
    root = (by or clinic).root
    assert root.private_key is not None
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(clinic.root.certificate.subject)
        .last_update(LATER)
        .next_update(SIGNED_AT + 99 * HOUR)
    )
    if told.since is not None:
        entry = x509.RevokedCertificateBuilder().serial_number(
            clinic.keys.certificate.serial_number
        )
        entry = entry.revocation_date(told.since)
        if told.reason is not None:
            entry = entry.add_extension(x509.CRLReason(told.reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(root.private_key, hashes.SHA256()).public_bytes(Encoding.DER)


def seal_lasting(clinic: Clinic, bought: Bought, crl: bytes, output: Path) -> bytes:
    """Seal with a time-stamp, and add an archive time-stamp with the list two hours later."""

    def asking(at: datetime, *crls: bytes) -> Stamps:
        return Stamps(
            ask=lambda query: answer_query(bought.authority, query, clock=lambda: at),
            pinned=(bought.root,),
            roots=(clinic.root.certificate,),
            crls=crls,
        )

    sign_report(
        draw(build_audit(parts_of(clinic))),
        identity=clinic.identity(),
        reason="Sealed audit report",
        location="",
        signed_at=SIGNED_AT,
        output=output,
        stamps=asking(SIGNED_AT + timedelta(seconds=2)),
    )
    add_archive_stamp(output, asking(LATER, crl), now=LATER)
    return output.read_bytes()


def in_pem(crl: bytes) -> bytes:
    """The same list as an inspector is given it."""
    return x509.load_der_x509_crl(crl).public_bytes(Encoding.PEM)


def revoked_mutants(maker: Maker) -> Iterator[Mutant]:
    """Each list, in the file and at hand, with and without the word of whoever saw the seal."""
    plain = seal(parts_of(maker.clinic), maker.clinic, maker.folder)
    bought = buy_authority(SIGNED_AT)
    stolen, replaced = x509.ReasonFlags.key_compromise, x509.ReasonFlags.superseded
    for name, told in (
        ("nobody", Told(None)),
        ("before", Told(BEFORE)),
        ("after", Told(AFTER, stolen)),
        ("between", Told(SIGNED_AT + timedelta(seconds=1), stolen)),
        ("replaced after", Told(AFTER, replaced)),
        ("replaced before", Told(BEFORE, replaced)),
    ):
        crl = make_list(maker.clinic, told)
        data = seal_lasting(maker.clinic, bought, crl, maker.folder / "lasting.pdf")
        made = maker.mutant(f"revoked {name}", data)
        yield made
        yield replace(made, name=f"{made.name}, pinned", authorities=(bought.root,))
        yield replace(made, name=f"{made.name}, held", data=plain, crls=(in_pem(crl),))
    stranger = make_list(maker.clinic, Told(BEFORE), by=make_clinic(maker.folder / "stranger"))
    held = replace(maker.mutant("a stranger's list", plain), crls=(in_pem(stranger),))
    yield held
    silent = make_list(maker.clinic, Told(None))
    yield replace(held, name="two lists", crls=(in_pem(stranger), in_pem(silent)))
