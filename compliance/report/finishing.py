"""From a drawn file to PDF/A-3b with the record inside, the same bytes for the same content."""

from __future__ import annotations

import enum
import hashlib
import re
import struct
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final
from xml.sax.saxutils import escape

import pikepdf
from pikepdf import Array, Dictionary, Name, String
from PIL import ImageCms

from compliance.report.document import PRODUCT
from compliance.report.payload import ATTACHMENT_NAME

_PROFILE_DATE: Final = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
_CMAP_BLOCK: Final = 100
"""Entries a block of a character map may hold; reportlab writes more."""

_PAIR: Final = re.compile(r"<([0-9A-Fa-f]{2})> <([0-9A-Fa-f]+)>")
_BLOCK: Final = re.compile(r"\d+ beginbfchar.*?endbfchar\n?", re.DOTALL)
_NO_CHARACTER: Final = frozenset({0x0000, 0xFEFF, 0xFFFE})


class Conformance(enum.StrEnum):
    """Levels of PDF/A-3. Level A needs a structure tree, which is not drawn yet."""

    BASIC = "B"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What the file says about itself."""

    title: str
    author: str
    language: str
    created: datetime
    """Aware; the time the report was made, not the clock of the moment."""

    software: str


def finish_pdf(
    drawn: Path, output: Path | BinaryIO, *, audit_json: bytes, metadata: Metadata
) -> None:
    """Add everything that makes a drawn file a PDF/A-3b report.

    The structure tree of a tagged file will be written here too: text and artifacts are
    already told apart in the page streams.
    """
    compressed = zlib.compress(audit_json)
    with pikepdf.open(drawn) as pdf:
        pdf.Root.Lang = String(metadata.language)
        pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
        _rewrite_character_maps(pdf)
        _attach(pdf, audit_json, compressed, metadata.created)
        _add_output_intent(pdf)
        _describe(pdf, hashlib.sha256(audit_json).hexdigest(), metadata)
        pdf.save(
            output,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
        )


def _attach(pdf: pikepdf.Pdf, data: bytes, compressed: bytes, created: datetime) -> None:
    when = String(f"{created:%Y%m%d%H%M%S}".join(("D:", "+00'00'")))
    # Compressed here, because pikepdf would hold the uncompressed bytes a second time.
    stream = pdf.make_stream(compressed, Filter=Name.FlateDecode)
    stream.Type = Name.EmbeddedFile
    stream.Subtype = Name("/application/json")
    stream.Params = Dictionary(
        Size=len(data),
        CreationDate=when,
        ModDate=when,
        # PDF defines this checksum as MD5; it guards against accidents, not against people.
        CheckSum=String(hashlib.md5(data, usedforsecurity=False).digest()),
    )
    attachment = pdf.make_indirect(
        Dictionary(
            Type=Name.Filespec,
            F=String(ATTACHMENT_NAME),
            UF=String(ATTACHMENT_NAME),
            Desc=String("The signed record of this report, canonical JSON"),
            AFRelationship=Name.Source,
            EF=Dictionary(F=stream, UF=stream),
        )
    )
    names = Array([String(ATTACHMENT_NAME), attachment])
    pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=names))
    pdf.Root.AF = pdf.make_indirect(Array([attachment]))


def _add_output_intent(pdf: pikepdf.Pdf) -> None:
    profile = pdf.make_stream(_srgb_profile())
    profile.N = 3
    profile.Alternate = Name.DeviceRGB
    pdf.Root.OutputIntents = Array(
        [
            Dictionary(
                Type=Name.OutputIntent,
                S=Name.GTS_PDFA1,
                DestOutputProfile=profile,
                OutputConditionIdentifier=String("sRGB IEC61966-2.1"),
                Info=String("sRGB IEC61966-2.1"),
                RegistryName=String("http://www.color.org"),
            )
        ]
    )


def _srgb_profile() -> bytes:
    """Return an sRGB profile out of Pillow, so that no file need be shipped."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # littlecms writes the clock into bytes 24 to 35; two reports would never be alike.
    return made[:24] + _PROFILE_DATE + made[36:]


def _describe(pdf: pikepdf.Pdf, identity: str, metadata: Metadata) -> None:
    packet = pdf.make_stream(_xmp(identity, metadata).encode("utf-8"))
    packet.Type, packet.Subtype = Name.Metadata, Name.XML
    pdf.Root.Metadata = packet
    when = String(f"{metadata.created:%Y%m%d%H%M%S}".join(("D:", "+00'00'")))
    pdf.docinfo.Title = String(metadata.title)
    pdf.docinfo.Author = String(metadata.author)
    pdf.docinfo.Creator = String(metadata.software)
    pdf.docinfo.Producer = String(PRODUCT)
    pdf.docinfo.CreationDate = when
    pdf.docinfo.ModDate = when


def _xmp(identity: str, metadata: Metadata) -> str:
    """Return the XMP packet, which must agree with the information dictionary."""
    when = f"{metadata.created:%Y-%m-%dT%H:%M:%S}+00:00"
    title, author, software = (
        _xml_text(text) for text in (metadata.title, metadata.author, metadata.software)
    )
    number = "-".join(
        identity[start:end] for start, end in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
    )
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
 <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
 <dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
 <dc:language><rdf:Bag><rdf:li>{metadata.language}</rdf:li></rdf:Bag></dc:language>
 <dc:format>application/pdf</dc:format>
 <xmp:CreateDate>{when}</xmp:CreateDate><xmp:ModifyDate>{when}</xmp:ModifyDate>
 <xmp:MetadataDate>{when}</xmp:MetadataDate><xmp:CreatorTool>{software}</xmp:CreatorTool>
 <pdf:Producer>{PRODUCT}</pdf:Producer><xmpMM:DocumentID>uuid:{number}</xmpMM:DocumentID>
 <pdfaid:part>3</pdfaid:part><pdfaid:conformance>{Conformance.BASIC}</pdfaid:conformance>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def _xml_text(text: str) -> str:
    """Return text as XML content; XML has no way to write most control characters."""
    return escape("".join(one if one.isprintable() else " " for one in text))


def _rewrite_character_maps(pdf: pikepdf.Pdf) -> None:
    """Keep only real entries of each font's map from codes to characters.

    reportlab maps unused codes to U+0000, which PDF/A forbids, in blocks that are too long.
    """
    page = pdf.Root.Pages
    while "/Kids" in page:
        page = page.Kids[0]
    for font in page.Resources.Font.values():
        if "/ToUnicode" in font:
            source = font.ToUnicode.read_bytes().decode("latin-1")
            font.ToUnicode.write(_without_empty_entries(source).encode("latin-1"))


def _without_empty_entries(source: str) -> str:
    pairs = [
        f"<{code}> <{character}>"
        for block in _BLOCK.findall(source)
        for code, character in _PAIR.findall(block)
        if int(character, 16) not in _NO_CHARACTER
    ]
    blocks = "".join(
        f"{len(chunk)} beginbfchar\n{chr(10).join(chunk)}\nendbfchar\n"
        for chunk in (pairs[at : at + _CMAP_BLOCK] for at in range(0, len(pairs), _CMAP_BLOCK))
    )
    first = _BLOCK.search(source)
    if first is None:
        return source
    return source[: first.start()] + blocks + _BLOCK.sub("", source[first.start() :])
