"""Sealing a report, beside pyHanko alone on the same bytes with the key at hand."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.keys.internal import (
    translate_pyca_cryptography_cert_to_asn1,
    translate_pyca_cryptography_key_to_asn1,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from bench.clinic import START, WHOLE, made_clinic
from bench.loading import MINUTE, load_sessions, record_exemplar
from bench.measuring import Figure, machine, median, seconds
from bench.report import make_volume
from compliance.keys.storage import ClinicKeys, load_clinic_keys
from compliance.report.signing import SigningIdentity, sign_report

ROUNDS: Final = 15
SIZES: Final = (2, 200, 900)
"""Sessions in the report that is signed."""


class CachedSigner(SimpleSigner):
    """pyHanko's signer with the one change that the key is not parsed for each signature."""

    cached: ec.EllipticCurvePrivateKey

    def sign_raw(self, data: bytes, digest_algorithm: str) -> bytes:  # noqa: ARG002 (the base class fixes the signature)
        return self.cached.sign(data, ec.ECDSA(hashes.SHA256()))


def run(folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    """Measure reports of three sizes; both ways sign the same unsigned bytes."""
    facts = machine(folder)
    figures = []
    with made_clinic(folder / "sign") as clinic:
        exemplar = record_exemplar(clinic, WHOLE, closed=True, now=START + MINUTE)
        load_sessions(clinic, max(SIZES), exemplar, first=START + 3 * MINUTE)
        keys = load_clinic_keys(clinic.folder / "keys", clinic.clinic_id)
        for sessions in SIZES:
            unsigned = folder / "unsigned.pdf"
            make_volume(clinic, sessions).draw(unsigned)
            figures.append(_figure(unsigned, keys, folder / "signed.pdf"))
    return figures, facts


def _figure(unsigned: Path, keys: ClinicKeys, output: Path) -> Figure:
    content = unsigned.read_bytes()
    identity = SigningIdentity(
        certificate=keys.certificate, chain=keys.chain, private_key=keys.private_key
    )
    signer = _signer(keys)

    def ours() -> None:
        sign_report(
            unsigned,
            identity=identity,
            reason="bench",
            location="bench",
            signed_at=START + timedelta(days=60),
            output=output,
        )

    def theirs() -> None:
        metadata = PdfSignatureMetadata(
            field_name="Seal", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
        )
        writer = IncrementalPdfFileWriter(BytesIO(content))
        # Stating the size of the signature saves it from signing twice, as it saves us.
        PdfSigner(metadata, signer).sign_pdf(writer, bytes_reserved=16 * 1024)

    ours()
    theirs()
    mine, floor = [], []
    for _ in range(ROUNDS):
        floor.append(seconds(theirs))
        mine.append(seconds(ours))
    return Figure(
        what=f"signing {len(content) / 1e6:.1f} MB",
        measured=f"{1000 * median(mine):.1f} ms",
        floor=f"{1000 * median(floor):.1f} ms",
        ratio=median(mine) / median(floor),
        at_most=1.5,
        note="The floor is pyHanko in memory; measured is the product's signing, which also"
        " copies the file, certifies it, flushes it to the disk and returns its SHA-256.",
    )


def _signer(keys: ClinicKeys) -> CachedSigner:
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # pyHanko leaves it out.
    store.register_multiple([translate_pyca_cryptography_cert_to_asn1(each) for each in keys.chain])
    signer = CachedSigner(
        signing_cert=translate_pyca_cryptography_cert_to_asn1(keys.certificate),
        signing_key=translate_pyca_cryptography_key_to_asn1(keys.private_key),
        cert_registry=store,
    )
    if not isinstance(keys.private_key, ec.EllipticCurvePrivateKey):
        raise TypeError("a clinic that the bench founds has a P-256 key")
    signer.cached = keys.private_key
    return signer
