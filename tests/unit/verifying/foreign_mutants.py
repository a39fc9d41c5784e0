"""Reports countersigned by hand-made increments: in every way that programs are known to do it, and with an edit beside."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pikepdf
from pikepdf import Array, Dictionary, Name, String
from pyhanko.sign.signers import SimpleSigner
from timing_authorities import buy_authority

from compliance.report.payload import build_audit
from compliance.report.signing import SigningIdentity, _CachedSigner, sign_report
from unit.verifying.building import SIGNED_AT, draw, make_keys, parts_of
from unit.verifying.foreign_increments import (
    PACKED,
    STREAM,
    TABLE,
    Increment,
    put_signature,
    seal_by_hand,
)
from unit.verifying.foreign_signers import signers
from unit.verifying.lasting_mutants import Bench
from unit.verifying.mutants import Maker, Mutant

Edit = Callable[[Increment], None]

_HELD: Final = 777_777_777
_CORNERS: Final = (100, 100, 340, 150)
_FORM: Final = "/BBox[0 0 240 50]/FormType 1/Subtype/Form/Type/XObject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A report that invites, and who signs it."""

    tabled: bytes
    """With classical tables of objects."""
    streamed: bytes
    """With packed ones."""
    signer: SimpleSigner

    def sign(
        self, kind: str = TABLE, edit: Edit | None = None, *, marked: bool = False, **how: bool
    ) -> bytes:
        """Sign in the inspector's field; ``how`` is for `fill_field`."""
        increment = Increment(self.tabled if kind == TABLE else self.streamed)
        fill_field(increment, **how)
        if edit is not None:
            edit(increment)
        return seal_by_hand(increment.write(kind), self.signer, marked=marked)


def receive(maker: Maker) -> Visit:
    """Seal the report of March twice, on pages that leave a field, and let an inspector come."""
    folder = maker.folder / "by-hand"
    folder.mkdir(exist_ok=True)
    _, keys = make_keys(folder)
    identity = SigningIdentity(
        certificate=keys.certificate, chain=keys.chain, private_key=keys.private_key
    )
    audit = build_audit(parts_of(maker.clinic))
    tabled, streamed = (
        _sealed(maker, _inviting(draw(audit), packed=packed), folder / "sealed.pdf")
        for packed in (False, True)
    )
    return Visit(tabled=tabled, streamed=streamed, signer=_CachedSigner(identity))


def _sealed(maker: Maker, pdf: bytes, output: Path) -> bytes:
    sign_report(
        pdf,
        identity=maker.clinic.identity(),
        reason="Sealed audit report",
        location="",
        signed_at=SIGNED_AT,
        output=output,
        countersign=True,
    )
    return output.read_bytes()


def _inviting(drawn: bytes, *, packed: bool) -> bytes:
    """Give a drawn page what reports have: a second page, a tree, descriptions, a field."""
    mode = pikepdf.ObjectStreamMode.generate if packed else pikepdf.ObjectStreamMode.disable
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(drawn)) as pdf:
        pdf.add_blank_page()
        shown = pdf.make_stream(b"", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 240, 50])
        field = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T=String("Inspector"))
        field.update({"/TU": String("Gegenzeichnung der prüfenden Person"), "/F": 4})
        field.update({"/Rect": Array(_CORNERS), "/P": pdf.pages[0].obj})
        field["/AP"] = Dictionary(N=shown)
        field = pdf.make_indirect(field)
        pdf.pages[0].obj.Annots = Array([field])
        form = Dictionary(Fields=Array([field]), SigFlags=3)
        pdf.Root.AcroForm = pdf.make_indirect(form)
        part = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.P, K=0))
        pdf.Root.StructTreeRoot = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot, K=part))
        pdf.Root.Metadata = pdf.make_stream(b"<x:xmpmeta/>", Type=Name.Metadata, Subtype=Name.XML)
        pdf.docinfo["/Title"] = "Report of März"
        pdf.save(out, deterministic_id=True, object_stream_mode=mode)
    return out.getvalue()


def fill_field(
    increment: Increment,
    *,
    adobe: bool = False,
    state: bool = False,
    described_anew: bool = False,
) -> None:
    """Write the signature and the field that names it.

    Args:
        adobe: with everything that Adobe's programs write besides.
        state: with the appearance under a state, and the state named.
        described_anew: with the descriptions as new objects, and not in the place of the old ones.
    """
    more = _adobe_details(increment) if adobe else ""
    signature = put_signature(increment, more)
    shown = increment.put_stream(_FORM + "/Resources<<>>", b"0 0 240 50 re S")
    looks = f"<</N<</Signed {shown} 0 R>>>>" if state else f"<</N {shown} 0 R>>"
    changes = {"V": f"{signature} 0 R", "AP": looks}
    if state:
        changes |= {"AS": "/Signed", "M": "(D:20260503101500Z)"}
    if adobe:
        changes |= _adobe_field(increment)
    increment.rewrite(increment.field_of("Inspector"), **changes)
    if adobe or described_anew:
        _describe(increment, anew=described_anew)


def _adobe_details(increment: Increment) -> str:
    data = increment.root
    parameters = "<</Action/Include/Fields[(Inspector)]/Type/TransformParams/V/1.2>>"
    return (
        "/Name(Ada Inspector)/Prop_Build<</App<</Name/Adobe#20Acrobat#20Reader/OS[/Win]>>>>"
        f"/Reference[<</Data {data} 0 R/DigestMethod/SHA256/TransformMethod/FieldMDP"
        f"/TransformParams{parameters}/Type/SigRef>>]"
    )


def _adobe_field(increment: Increment) -> dict[str, str]:
    """Return the field's entries; its appearance is forms in forms, the innermost with a typeface."""
    face = increment.put("<</BaseFont/Helvetica/Subtype/Type1/Type/Font>>")
    empty = increment.put_stream(_FORM + "/Resources<<>>", b"% DSBlank\n")
    fonts = f"/Resources<</Font<</T1_0 {face} 0 R>>/ProcSet[/PDF/Text]>>"
    text = increment.put_stream(_FORM + fonts, b"BT /T1_0 9 Tf 4 20 Td (Ada Inspector) Tj ET")
    both = f"/Resources<</XObject<</n0 {empty} 0 R/n2 {text} 0 R>>>>"
    inner = increment.put_stream(_FORM + both, b"q /n0 Do Q q /n2 Do Q")
    outer = increment.put_stream(_FORM + f"/Resources<</XObject<</FRM {inner} 0 R>>>>", b"/FRM Do")
    form = increment.number_of(increment.reader.root, "/AcroForm")
    fields = f"<</Encoding<<>>/Font<</Helv {face} 0 R>>>>"
    increment.rewrite(form, DA="(/Helv 0 Tf 0 g )", DR=fields, SigFlags="3")
    level = "<</ADBE<</BaseVersion/1.7/ExtensionLevel 8>>>>"
    increment.rewrite(increment.root, Extensions=level, Version="/1.7")
    increment.rewrite(increment.page(0))
    corners = "[" + " ".join(f"{one}.0" for one in _CORNERS) + "]"
    return {
        "AP": f"<</N {outer} 0 R>>",
        "DA": "(/Helv 0 Tf 0 g )",
        "F": "132",
        "MK": "<<>>",
        "Rect": corners,
    }


def _describe(increment: Increment, *, anew: bool) -> None:
    information = increment.number_of(increment.reader.trailer, "/Info")
    metadata = increment.number_of(increment.reader.root, "/Metadata")
    dated = increment.changed(increment.get(information), ModDate="(D:20260503101500Z)")
    said = "/Subtype/XML/Type/Metadata"
    xmp = b"<x:xmpmeta>signed</x:xmpmeta>"
    if anew:
        increment.trailer["/Info"] = f"{increment.put(dated)} 0 R"
        number = increment.put_stream(said, xmp)
        increment.rewrite(increment.root, Metadata=f"{number} 0 R")
    else:
        increment.put(dated, information)
        increment.put_stream(said, xmp, metadata)


def _inline_form(increment: Increment) -> None:
    form = increment.changed(increment.reader.root["/AcroForm"], SigFlags="3")
    increment.rewrite(increment.root, AcroForm=form)


def _new_form(increment: Increment) -> None:
    form = increment.put(increment.changed(increment.reader.root["/AcroForm"], SigFlags="3"))
    increment.rewrite(increment.root, AcroForm=f"{form} 0 R")


def _separate_fields(increment: Increment) -> None:
    form = increment.reader.root["/AcroForm"]
    fields = increment.put(increment.changed(form)[len("<</Fields") :].partition("]")[0] + "]")
    number = increment.number_of(increment.reader.root, "/AcroForm")
    increment.rewrite(number, Fields=f"{fields} 0 R")


def _store(increment: Increment) -> None:
    """Write what the signature can be judged by, with a part under its hash."""
    one = increment.put_stream("", b"certificate")
    part = increment.put(f"<</Cert[{one} 0 R]/TU(D:20260503101500Z)>>")
    parts = f"<</{'A1' * 20} {part} 0 R>>"
    store = increment.put(f"<</Certs[{one} 0 R]/Type/DSS/VRI {increment.put(parts)} 0 R>>")
    increment.rewrite(increment.root, DSS=f"{store} 0 R")


def _same_again(increment: Increment) -> None:
    """Write objects anew that did not change."""
    for number in (
        increment.page(0),
        increment.page(1),
        increment.root,
        increment.field_of("Seal"),
    ):
        increment.rewrite(number)


def _contents_stream(increment: Increment) -> None:
    page = increment.get(increment.page(0))
    increment.put_stream("", b"0 0 9 9 re f", increment.number_of(page, "/Contents"))


def _other_contents(increment: Increment) -> None:
    drawn = increment.put_stream("", b"0 0 9 9 re f")
    increment.rewrite(increment.page(0), Contents=f"{drawn} 0 R")


def _note_on_other_page(increment: Increment) -> None:
    note = increment.put("<</Contents(No.)/Rect[9 9 99 99]/Subtype/Text/Type/Annot>>")
    increment.rewrite(increment.page(1), Annots=f"[{note} 0 R]")


def _note_on_own_page(increment: Increment) -> None:
    note = increment.put("<</Contents(No.)/Rect[9 9 99 99]/Subtype/Text/Type/Annot>>")
    annotations = increment.get(increment.page(0))["/Annots"]
    kept = " ".join(f"{one.idnum} 0 R" for one in list.__iter__(annotations))
    increment.rewrite(increment.page(0), Annots=f"[{kept} {note} 0 R]")


def _attachment(increment: Increment) -> None:
    names = increment.reader.root["/Names"]["/EmbeddedFiles"]
    while "/Kids" in names:
        names = names["/Kids"][0]
    held = names["/Names"][1]["/EF"].raw_get("/F")
    increment.put_stream("/Type/EmbeddedFile", b"{}", held.idnum)


def _structure(increment: Increment) -> None:
    tree = increment.reader.root["/StructTreeRoot"]
    increment.rewrite(increment.number_of(tree, "/K"), ActualText="(Nothing)")


def _structure_root(increment: Increment) -> None:
    increment.rewrite(increment.number_of(increment.reader.root, "/StructTreeRoot"), K=None)


def _look_of_seal(increment: Increment) -> None:
    shown = increment.put_stream(_FORM + "/Resources<<>>", b"0 0 9 9 re f")
    increment.rewrite(increment.field_of("Seal"), AP=f"<</N {shown} 0 R>>")


def _look_in_place(increment: Increment) -> None:
    """Draw over the field's former appearance, which may be shown elsewhere too."""
    shown = increment.get(increment.field_of("Seal"))["/AP"].raw_get("/N").idnum
    increment.put_stream(_FORM + "/Resources<<>>", b"0 0 9 9 re f", shown)


def _open_action(increment: Increment) -> None:
    action = increment.put("<</JS(app.alert\\(1\\))/S/JavaScript>>")
    increment.rewrite(increment.root, OpenAction=f"{action} 0 R")


def _names(increment: Increment) -> None:
    increment.rewrite(increment.root, Names="<<>>")


def _moved(increment: Increment) -> None:
    _refill(increment, Rect="[0 0 595 842]")


def _acting(increment: Increment) -> None:
    _refill(increment, AA="<</E<</JS(app.alert\\(1\\))/S/JavaScript>>>>")


def _framed(increment: Increment) -> None:
    _refill(increment, MK="<</BG[0 0 0]/R 90>>")


def _locked(increment: Increment) -> None:
    _refill(increment, Lock="<</Action/All/P 1/Type/SigFieldLock>>")


def _refill(increment: Increment, **changes: str) -> None:
    """Change more of the field, which was written already."""
    number = increment.field_of("Inspector")
    filled = increment.objects[number].decode("latin-1")
    filled = filled.replace("/Rect[100 100 340 150]", "") if "Rect" in changes else filled
    more = "".join(f"/{key}{value}" for key, value in changes.items())
    increment.objects[number] = (filled.removesuffix(">>") + more + ">>").encode("latin-1")


def _free_page(increment: Increment) -> None:
    increment.freed.append(increment.page(1))


def _other_permission(increment: Increment) -> None:
    increment.rewrite(increment.root, Perms=None)


def _page_as_description(increment: Increment) -> None:
    """Let the description be an object that a page shows."""
    page = increment.get(increment.page(0))
    shown = increment.number_of(page, "/Contents")
    increment.put_stream("/Subtype/XML/Type/Metadata", b"0 0 9 9 re f", shown)
    increment.rewrite(increment.root, Metadata=f"{shown} 0 R")


def _other_tree(increment: Increment) -> None:
    pages = increment.number_of(increment.reader.root, "/Pages")
    increment.rewrite(pages, Kids=f"[{increment.page(1)} 0 R]", Count="1")


_ALONE: Final[Mapping[str, Edit | None]] = MappingProxyType(
    {
        "alone": None,
        "form in the catalog": _inline_form,
        "form as a new object": _new_form,
        "fields as an object": _separate_fields,
        "security store": _store,
        "unchanged objects": _same_again,
    }
)

_BESIDE: Final[tuple[Edit, ...]] = (
    _contents_stream,
    _other_contents,
    _note_on_other_page,
    _note_on_own_page,
    _attachment,
    _structure,
    _structure_root,
    _look_of_seal,
    _look_in_place,
    _open_action,
    _names,
    _moved,
    _acting,
    _framed,
    _locked,
    _free_page,
    _other_permission,
    _page_as_description,
    _other_tree,
)


def signed_by_hand(visit: Visit) -> Iterator[tuple[str, bytes]]:
    """Name each way to sign in the field that adds nothing else, and do it."""
    for kind in (TABLE, STREAM, PACKED):
        for name, edit in _ALONE.items():
            yield f"{name}, {kind}", visit.sign(kind, edit)
        yield f"as Adobe does, {kind}", visit.sign(kind, adobe=True)
        yield f"described anew, {kind}", visit.sign(kind, described_anew=True)
        yield f"with a state, {kind}", visit.sign(kind, state=True)
        yield f"with marked ends, {kind}", visit.sign(kind, marked=True)


def edited_by_hand(visit: Visit) -> Iterator[tuple[str, bytes]]:
    """Name each edit beside a signature, and make it."""
    for at, edit in enumerate(_BESIDE):
        kind = (TABLE, STREAM, PACKED)[at % 3]
        yield f"{edit.__name__.strip('_')}, {kind}", visit.sign(kind, edit)


def two_faced(maker: Maker, visit: Visit) -> Iterator[tuple[str, bytes]]:
    """Name files that a clinic sealed so that a later revision could show something else."""
    drawn = _inviting(draw(build_audit(parts_of(maker.clinic))), packed=False)
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(drawn)) as pdf:
        # A library would not write such a reference, so its place is held by a number.
        pdf.pages[1].obj.Contents = Array([_HELD])
        pdf.save(out, deterministic_id=True)
    held, place = str(_HELD).encode("ascii"), maker.folder / "by-hand" / "faced.pdf"
    with pikepdf.open(io.BytesIO(out.getvalue())) as pdf:
        described = pdf.Root.Metadata.objgen[0]
    for name, number in (("described by a page", described), ("missing", 999)):
        faced = out.getvalue().replace(held, f"{number} 0 R".encode("ascii").ljust(len(held)))
        sealed = replace(visit, tabled=_sealed(maker, faced, place))
        yield name, sealed.sign(TABLE, adobe=True)


def _damaged(data: bytes) -> bytes:
    """Alter a digit of the last signature's own octets, which come last in its value."""
    end = data.index(b">", data.rindex(b"/Contents<"))
    at = len(data[:end].rstrip(b"0")) - 9
    return data[:at] + (b"1" if data[at] != ord("1") else b"2") + data[at + 1 :]


def foreign_mutants(maker: Maker) -> Iterator[Mutant]:
    """All of them, and cut short or followed by something."""
    visit = receive(maker)
    for name, data in (*signed_by_hand(visit), *edited_by_hand(visit)):
        yield maker.mutant(f"by hand: {name}", data)
    for name, data in two_faced(maker, visit):
        yield maker.mutant(f"by hand: {name}", data)
    for name, signer, certificate in signers():
        signed = maker.mutant(f"by hand: {name}", replace(visit, signer=signer).sign(STREAM))
        yield signed
        yield replace(signed, name=f"{signed.name}, known", roots=(*signed.roots, certificate))
        yield maker.mutant(f"{signed.name}, damaged", _damaged(signed.data))
    bench = Bench(maker=maker, bought=buy_authority(SIGNED_AT))
    for kind in (TABLE, PACKED):
        once = bench.extend(visit.sign(kind, adobe=True), 1)
        yield maker.mutant(f"by hand: archived, {kind}", once)
        yield maker.mutant(f"by hand: archived twice, {kind}", bench.extend(once, 2))
    data = visit.sign(PACKED, adobe=True)
    yield maker.mutant("by hand: tail", data + b"\r\n")
    yield maker.mutant("by hand: cut", data[:-40])
    marked = visit.sign(TABLE, marked=True)
    at = marked.rindex(b"/Contents<") + len(b"/Contents<")
    yield maker.mutant("by hand: no marked end", marked[: at + 2] + b"0F" + marked[at + 4 :])
    end = marked.index(b">", at)
    yield maker.mutant("by hand: marked, odd padding", marked[: end - 2] + b"01" + marked[end:])
