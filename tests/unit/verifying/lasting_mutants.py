"""Reports with archive time-stamps, renewed, countersigned or damaged, for comparing verdicts."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, NameObject, NumberObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from timing_authorities import Bought, buy_authority

from compliance.keys.time_authority import answer_query
from compliance.report.lasting import PlainWriter, Stamps, add_archive_stamp
from compliance.report.payload import build_audit
from compliance.report.signing import SigningIdentity, _CachedSigner, sign_report
from unit.verifying.building import SIGNED_AT, draw, make_keys, parts_of
from unit.verifying.mutants import SEED, Maker, Mutant

DAMAGED: Final = 10
"""Files with one byte changed in what was added after the seal, but for the time-stamps."""

Edit = Callable[[Any], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where seals are stamped, and by whom."""

    maker: Maker
    bought: Bought

    def stamps(self, hours: int) -> Stamps:
        at = SIGNED_AT + timedelta(hours=hours, seconds=2)
        return Stamps(
            ask=lambda query: answer_query(self.bought.authority, query, clock=lambda: at),
            pinned=(self.bought.root,),
            roots=(self.maker.clinic.root.certificate,),
        )

    def seal(self, audit: bytes | None = None, *, countersign: bool = False) -> bytes:
        output = self.maker.folder / "lasting.pdf"
        sign_report(
            draw(audit or build_audit(parts_of(self.maker.clinic))),
            identity=self.maker.clinic.identity(),
            reason="Sealed audit report",
            location="",
            signed_at=SIGNED_AT,
            output=output,
            countersign=countersign,
            stamps=self.stamps(0),
        )
        return output.read_bytes()

    def extend(self, data: bytes, number: int) -> bytes:
        path = self.maker.folder / "extended.pdf"
        path.write_bytes(data)
        now = SIGNED_AT + timedelta(hours=2 * number)
        add_archive_stamp(path, self.stamps(2 * number), now=now)
        return path.read_bytes()


def lasting_mutants(maker: Maker) -> Iterator[Mutant]:
    """Good ones and edited ones, judged with and without the authority's word."""
    bench = Bench(maker=maker, bought=buy_authority(SIGNED_AT))
    sealed = bench.seal()
    once = bench.extend(sealed, 1)
    twice = bench.extend(once, 2)
    for name, data in (("archived", once), ("archived twice", twice)):
        plain = maker.mutant(name, data)
        yield plain
        yield replace(plain, name=f"{name}, pinned", authorities=(bench.bought.root,))
        yield maker.mutant(f"{name}, tail", data + b"\n")
    other = buy_authority(SIGNED_AT, name="Bay Time").root
    yield replace(maker.mutant("archived, other pinned", once), authorities=(other,))
    yield from _edited(bench, sealed, once)
    yield from _countersigned(bench)
    yield from _damaged(maker, sealed, twice)


def _damaged(maker: Maker, sealed: bytes, data: bytes) -> Iterator[Mutant]:
    chance = random.Random(SEED)
    values = [found.span(1) for found in re.finditer(rb"/Contents <([0-9A-F]+)>", data)]
    inside = {at for start, end in values for at in range(start, end)}
    places = [at for at in range(len(sealed), len(data)) if at not in inside]
    for number in range(DAMAGED):
        damaged = bytearray(data)
        damaged[chance.choice(places)] ^= 1 << chance.randrange(8)
        yield maker.mutant(f"archived, byte {number}", bytes(damaged))
    for number, (start, end) in enumerate(values[1:]):
        # The last byte of a token is of the authority's signature.
        last = start + len(data[start:end].rstrip(b"0")) - 1
        other = b"1" if data[last] != ord("1") else b"2"
        damaged_token = data[:last] + other + data[last + 1 :]
        yield maker.mutant(f"archive time-stamp {number} damaged", damaged_token)
    yield maker.mutant("archived, cut", data[: (len(sealed) + len(data)) // 2])


def _edited(bench: Bench, sealed: bytes, once: bytes) -> Iterator[Mutant]:
    """The clinic changes something and lets an archive time-stamp cover it."""
    for edit in (turn_page, swap_attachment, hide_seal, show_alone, bare_page, empty_page):
        changed = bench.extend(edited(sealed, edit), 3)
        yield bench.maker.mutant(f"{edit.__name__}, archived", changed)
    for edit in (turn_page, show_stamp, add_action, spoil_store, add_field):
        renewed = bench.extend(edited(once, edit), 3)
        yield bench.maker.mutant(f"archived, {edit.__name__}, archived", renewed)


def _countersigned(bench: Bench) -> Iterator[Mutant]:
    inviting = bench.seal(countersign=True)
    folder = bench.maker.folder / "inspectorate"
    folder.mkdir(exist_ok=True)
    signed = countersigned(inviting, folder)
    yield bench.maker.mutant("countersigned, then archived", bench.extend(signed, 1))
    archived = bench.extend(inviting, 1)
    yield bench.maker.mutant("inviting, archived", archived)
    yield bench.maker.mutant("archived, then countersigned", countersigned(archived, folder))
    turned = countersigned(edited(inviting, turn_page), folder)
    yield bench.maker.mutant("turned, countersigned, archived", bench.extend(turned, 1))


def countersigned(data: bytes, folder: Path) -> bytes:
    """Sign in the field left for it, as somebody whom no root certifies."""
    _, keys = make_keys(folder)
    identity = SigningIdentity(
        certificate=keys.certificate, chain=keys.chain, private_key=keys.private_key
    )
    signer = PdfSigner(PdfSignatureMetadata(field_name="Inspector"), _CachedSigner(identity))
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    return bytes(signer.sign_pdf(writer, existing_fields_only=True).getvalue())


def edited(data: bytes, edit: Edit) -> bytes:
    """Append a revision with an edit in it."""
    writer = PlainWriter(io.BytesIO(data))
    edit(writer)
    out = io.BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]  # pyHanko leaves it out.
    return out.getvalue()


def turn_page(writer: Any) -> None:
    page = writer.root["/Pages"]["/Kids"].raw_get(0)
    page.get_object()["/Rotate"] = NumberObject(90)  # type: ignore[no-untyped-call]
    writer.mark_update(page)


def swap_attachment(writer: Any) -> None:
    names = writer.root["/Names"]["/EmbeddedFiles"]
    while "/Kids" in names:
        names = names["/Kids"][0]
    spec = names["/Names"].raw_get(1)
    spec.get_object()["/AFRelationship"] = NameObject("/Data")
    writer.mark_update(spec)


def hide_seal(writer: Any) -> None:
    field = writer.root["/AcroForm"]["/Fields"].raw_get(0)
    field.get_object()["/F"] = NumberObject(2)  # type: ignore[no-untyped-call]
    writer.mark_update(field)


def show_alone(writer: Any) -> None:
    """Make the catalog ask for another way of showing the file."""
    writer.root["/PageMode"] = NameObject("/FullScreen")
    writer.update_root()


def bare_page(writer: Any) -> None:
    """Take the fields off the page; in the form they stay."""
    page = writer.root["/Pages"]["/Kids"].raw_get(0)
    page.get_object()["/Annots"] = ArrayObject()
    writer.mark_update(page)


def empty_page(writer: Any) -> None:
    """Leave nothing of what the page shows."""
    content = writer.root["/Pages"]["/Kids"][0].raw_get("/Contents")
    content.get_object()._data = b""
    content.get_object()._encoded_data = None
    writer.mark_update(content)


def archive_field(writer: Any) -> Any:
    fields = writer.root["/AcroForm"]["/Fields"]
    return fields.raw_get(len(fields) - 1)


def show_stamp(writer: Any) -> None:
    """Give the field of the time-stamp a place on the page."""
    field = archive_field(writer)
    numbers = [NumberObject(one) for one in (0, 0, 500, 500)]  # type: ignore[no-untyped-call]
    field.get_object()["/Rect"] = ArrayObject(numbers)
    writer.mark_update(field)


def add_action(writer: Any) -> None:
    """Let something happen when the page is opened."""
    action = DictionaryObject({NameObject("/S"): NameObject("/JavaScript")})  # type: ignore[no-untyped-call]
    writer.root["/OpenAction"] = writer.add_object(action)
    writer.update_root()


def spoil_store(writer: Any) -> None:
    """Put something into the security store that is no list of certificates."""
    store = writer.root.raw_get("/DSS")
    store.get_object()["/Odd"] = NumberObject(1)  # type: ignore[no-untyped-call]
    writer.mark_update(store)


def add_field(writer: Any) -> None:
    """Put a field of another kind into the form."""
    field = DictionaryObject({NameObject("/FT"): NameObject("/Tx")})  # type: ignore[no-untyped-call]
    form = writer.root["/AcroForm"]
    form["/Fields"].append(writer.add_object(field))
    writer.mark_update(writer.root.raw_get("/AcroForm"))
