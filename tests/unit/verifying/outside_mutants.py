"""Reports with the word of others in them: time-stamps, cosignatures, a countersignature."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from timing_authorities import Bought, buy_authority

from compliance.keys.time_authority import answer_query
from compliance.ledger.cosignature import WitnessKey, cosign
from compliance.ledger.note import signature_lines, verifier_key
from compliance.report.lasting import Stamps
from compliance.report.payload import build_audit
from compliance.report.signing import SigningIdentity, _CachedSigner, sign_report
from unit.verifying.building import SIGNED_AT, draw, make_keys, parts_of
from unit.verifying.mutants import Maker, Mutant
from unit.verifying.test_verifying_time_stamps import AT, contradictions, part


def outside_mutants(maker: Maker) -> Iterator[Mutant]:
    """Good and contradictory ones, judged with and without whose word counts."""
    yield from _anchored(maker)
    yield from _cosigned(maker)
    yield from _stamped_seals(maker)
    yield from _countersigned(maker)


def _anchored(maker: Maker) -> Iterator[Mutant]:
    clinic = maker.clinic
    bought, other = buy_authority(AT), buy_authority(AT, name="Bay Time")
    parts = parts_of(clinic)
    good = part(clinic, bought.authority, parts.size)
    half = part(clinic, bought.authority, parts.start + 1)
    own = part(clinic, other.authority, parts.size, authority="Bay Time", independent=False)
    for name, anchors in (
        ("good", (good,)),
        ("half", (half,)),
        ("both", (half, good)),
        ("out of order", (good, half)),
        ("two authorities", (good, own)),
        ("of no size shown", (part(clinic, bought.authority, 1),)),
    ):
        sealed = maker.of_parts(f"anchor {name}", replace(parts, anchors=anchors))
        yield sealed
        for number, pinned in enumerate((bought.root, bought.authority.certificate, other.root)):
            yield replace(sealed, name=f"anchor {name} pinned {number}", authorities=(pinned,))
    for name, change in contradictions(clinic, bought.authority).items():
        yield maker.of_parts(f"anchor {name}", replace(parts, anchors=(change(good),)))


def _cosigned(maker: Maker) -> Iterator[Mutant]:
    parts = parts_of(maker.clinic)
    keys = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2)]
    witnesses = [
        WitnessKey(name=f"witness.example/{number}", public_key=key.public_key().public_bytes_raw())
        for number, key in enumerate(keys)
    ]
    text, _ = signature_lines(parts.checkpoint)
    lines = [cosign(text, key=w, sign=k.sign, at=AT) for w, k in zip(witnesses, keys, strict=True)]
    forged = cosign(text.replace("21", "20", 1), key=witnesses[0], sign=keys[0].sign, at=AT)
    policies = (
        f"witness a {witnesses[0].text()}\nquorum a\n",
        f"witness a {witnesses[0].text()}\nwitness b {witnesses[1].text()}\ngroup g all a b\nquorum g\n",
        f"witness a {witnesses[0].text()}\nwitness b {witnesses[1].text()}\ngroup g any a b\nquorum g\n",
        f"log {parts.note_key}\nwitness a {witnesses[0].text()}\nquorum a\n",
        f"log {verifier_key('other', bytes(range(32)))}\nwitness a {witnesses[0].text()}\nquorum a\n",
        f"# nobody\nwitness a {witnesses[0].text()}\nquorum none\n",
    )
    for name, added in (("one", lines[:1]), ("two", lines), ("forged", [forged]), ("none", [])):
        note = parts.checkpoint + "".join(added)
        sealed = maker.of_parts(f"cosigned {name}", replace(parts, checkpoint=note))
        for number, policy in enumerate(policies):
            named = f"cosigned {name} policy {number}"
            yield replace(sealed, name=named, policy=policy.encode())


def _stamped_seals(maker: Maker) -> Iterator[Mutant]:
    bought = buy_authority(SIGNED_AT)
    for name, audit in (("report", build_audit(parts_of(maker.clinic))), ("nothing", None)):
        data = _seal(maker, draw(audit), bought, SIGNED_AT + timedelta(seconds=2))
        sealed = maker.mutant(f"stamped seal of {name}", data)
        yield sealed
        yield replace(sealed, name=f"{sealed.name} pinned", authorities=(bought.root,))
    value = data.index(b"/Contents <") + 2600
    yield maker.mutant("stamped seal damaged", data[:value] + b"0" + data[value + 1 :])
    yield from _damaged_stamps(maker, data)


def _damaged_stamps(maker: Maker, data: bytes) -> Iterator[Mutant]:
    """Every fiftieth byte of the time-stamp in a seal, altered in one bit."""
    (seal,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
    token = seal.signer_info["unsigned_attrs"][0]["values"][0].dump()
    place = data.index(token.hex().upper().encode())
    for at in range(3, len(token), 50):
        altered = f"{token[at] ^ (1 << at % 8):02X}".encode()
        start = place + 2 * at
        yield maker.mutant(f"stamp byte {at}", data[:start] + altered + data[start + 2 :])


def _seal(maker: Maker, pdf: bytes, bought: Bought, at: datetime) -> bytes:
    output = maker.folder / "stamped.pdf"
    stamps = Stamps(
        ask=lambda query: answer_query(bought.authority, query, clock=lambda: at),
        pinned=(bought.root,),
        roots=(maker.clinic.root.certificate,),
    )
    sign_report(
        pdf,
        identity=maker.clinic.identity(),
        reason="Sealed audit report",
        location="",
        signed_at=SIGNED_AT,
        output=output,
        stamps=stamps,
    )
    return output.read_bytes()


def _countersigned(maker: Maker) -> Iterator[Mutant]:
    output = maker.folder / "inviting.pdf"
    sign_report(
        draw(build_audit(parts_of(maker.clinic))),
        identity=maker.clinic.identity(),
        reason="Sealed audit report",
        location="",
        signed_at=SIGNED_AT,
        output=output,
        countersign=True,
    )
    inviting = output.read_bytes()
    yield maker.mutant("inviting", inviting)
    root, keys = make_keys(_made(maker.folder / "inspectorate"))
    identity = SigningIdentity(
        certificate=keys.certificate, chain=keys.chain, private_key=keys.private_key
    )
    metadata = PdfSignatureMetadata(field_name="Inspector", reason="Seen at the inspection")
    writer = IncrementalPdfFileWriter(io.BytesIO(inviting))
    signer = PdfSigner(metadata, _CachedSigner(identity))
    signed = maker.mutant(
        "countersigned", signer.sign_pdf(writer, existing_fields_only=True).getvalue()
    )
    yield signed
    yield replace(signed, name="countersigned, known", roots=(*signed.roots, root.certificate))
    yield replace(signed, name="countersigned, tail", data=signed.data + b"\n")
    yield replace(signed, name="countersigned, not sealed by us", roots=(root.certificate,))


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder
