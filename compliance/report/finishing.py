"""From a drawn file to PDF/A-3a and PDF/UA-1 with the record inside, the same bytes for the same content."""

from __future__ import annotations

import hashlib
import struct
import zlib
from array import array
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final
from xml.sax.saxutils import escape

from PIL import ImageCms

from compliance.report.cross_reference import read_table, write_table
from compliance.report.document import PRODUCT
from compliance.report.payload import ATTACHMENT_NAME
from compliance.report.structure import text_string

_PROFILE_DATE: Final = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
_CHUNK: Final = 1 << 20

_EXTENSION: Final = """
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
 <pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
  <pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema>
  <pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
  <pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
  <pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
   <pdfaProperty:name>part</pdfaProperty:name>
   <pdfaProperty:valueType>Integer</pdfaProperty:valueType>
   <pdfaProperty:category>internal</pdfaProperty:category>
   <pdfaProperty:description>Indicates which part of ISO 14289 is followed</pdfaProperty:description>
  </rdf:li></rdf:Seq></pdfaSchema:property>
 </rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>"""
"""PDF/A allows a property it does not know only with its description."""


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
    """Add everything that makes a drawn and tagged file a PDF/A-3a and PDF/UA-1 report.

    The drawn objects are copied as they are: a library that takes them apart would need a
    kilobyte of memory for each of the hundred thousand elements of a long report.
    """
    if isinstance(output, Path):
        with output.open("wb") as file:
            _finish(drawn, file, audit_json, metadata)
    else:
        _finish(drawn, output, audit_json, metadata)


def _finish(drawn: Path, output: BinaryIO, audit_json: bytes, metadata: Metadata) -> None:
    with drawn.open("rb") as source:
        table = read_table(source)
        writer = _Writer(output, table.places)
        source.seek(0)
        writer.copy(source, table.catalog_at)
        source.seek(table.catalog_at)
        catalog = source.read(table.start - table.catalog_at).split(b"\n")[1]
    info = writer.put(_information(metadata))
    profile = writer.put_stream("/N 3/Alternate/DeviceRGB", zlib.compress(_srgb_profile()))
    packet = _xmp(hashlib.sha256(audit_json).hexdigest(), metadata).encode("utf-8")
    described = writer.put_stream("/Type/Metadata/Subtype/XML", packet, packed=False)
    attached = _attach(writer, audit_json, metadata.created)
    entries = (
        f"/Lang<{text_string(metadata.language)}>/ViewerPreferences<</DisplayDocTitle true>>"
        f"/Metadata {described} 0 R/AF[{attached} 0 R]"
        f"/Names<</EmbeddedFiles<</Names[({ATTACHMENT_NAME}){attached} 0 R]>>>>"
        "/OutputIntents[<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier"
        "(sRGB IEC61966-2.1)/Info(sRGB IEC61966-2.1)/RegistryName(http://www.color.org)"
        f"/DestOutputProfile {profile} 0 R>>]"
    )
    body = catalog.decode("ascii").removesuffix(">>") + entries + ">>"
    writer.put(body, number=table.catalog)
    writer.end(root=table.catalog, info=info)


class _Writer:
    """Writes the last objects of a file and knows the hash of all before them."""

    def __init__(self, file: BinaryIO, places: array[int]) -> None:
        self._file = file
        # The drawn file's own table, whose number is the last, is not copied.
        self._places = places[:-1]
        self._position = 0
        self._hash = hashlib.sha256()

    def copy(self, source: BinaryIO, size: int) -> None:
        while size:
            data = source.read(min(size, _CHUNK))
            self._write(data)
            size -= len(data)

    def put(self, value: str, *, number: int = 0) -> int:
        """Write an object and return its number."""
        number = self._begin(number)
        self._write(f"{number} 0 obj\n{value}\nendobj\n".encode("ascii"))
        return number

    def put_stream(self, entries: str, data: bytes, *, packed: bool = True) -> int:
        number = self._begin(0)
        filtered = "/Filter/FlateDecode" if packed else ""
        head = f"{number} 0 obj\n<<{entries}{filtered}/Length {len(data)}>>\nstream\n"
        self._write(head.encode("ascii"))
        self._write(data)
        self._write(b"\nendstream\nendobj\n")
        return number

    def end(self, *, root: int, info: int) -> None:
        identity = self._hash.hexdigest()[:32]
        start = self._position
        number = self._begin(0)
        more = f"/Info {info} 0 R/ID[<{identity}><{identity}>]"
        write_table(
            self._file, number=number, start=start, places=self._places, root=root, more=more
        )

    def _begin(self, number: int) -> int:
        if not number:
            number = len(self._places)
            self._places.append(0)
        self._places[number] = self._position
        return number

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self._position += len(data)


def _attach(writer: _Writer, data: bytes, created: datetime) -> int:
    """Embed the record and return the number of its file specification."""
    when = _date(created)
    # PDF defines this checksum as MD5; it guards against accidents, not against people.
    checksum = hashlib.md5(data, usedforsecurity=False).hexdigest()
    stream = writer.put_stream(
        "/Type/EmbeddedFile/Subtype/application#2Fjson"
        f"/Params<</Size {len(data)}/CreationDate({when})/ModDate({when})/CheckSum<{checksum}>>>",
        zlib.compress(data),
    )
    return writer.put(
        f"<</Type/Filespec/F({ATTACHMENT_NAME})/UF({ATTACHMENT_NAME})"
        "/Desc(The signed record of this report, canonical JSON)/AFRelationship/Source"
        f"/EF<</F {stream} 0 R/UF {stream} 0 R>>>>"
    )


def _srgb_profile() -> bytes:
    """Return an sRGB profile out of Pillow, so that no file need be shipped."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # littlecms writes the clock into bytes 24 to 35; two reports would never be alike.
    return made[:24] + _PROFILE_DATE + made[36:]


def _date(when: datetime) -> str:
    return f"D:{when:%Y%m%d%H%M%S}+00'00'"


def _information(metadata: Metadata) -> str:
    when = _date(metadata.created)
    texts = (
        ("Title", metadata.title),
        ("Author", metadata.author),
        ("Creator", metadata.software),
        ("Producer", PRODUCT),
    )
    said = "".join(f"/{name}<{text_string(_plain(text))}>" for name, text in texts)
    return f"<<{said}/CreationDate({when})/ModDate({when})>>"


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
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
 <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
 <dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
 <dc:language><rdf:Bag><rdf:li>{metadata.language}</rdf:li></rdf:Bag></dc:language>
 <dc:format>application/pdf</dc:format>
 <xmp:CreateDate>{when}</xmp:CreateDate><xmp:ModifyDate>{when}</xmp:ModifyDate>
 <xmp:MetadataDate>{when}</xmp:MetadataDate><xmp:CreatorTool>{software}</xmp:CreatorTool>
 <pdf:Producer>{PRODUCT}</pdf:Producer><xmpMM:DocumentID>uuid:{number}</xmpMM:DocumentID>
 <pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>
 <pdfuaid:part>1</pdfuaid:part>
</rdf:Description>{_EXTENSION}</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def _xml_text(text: str) -> str:
    return escape(_plain(text))


def _plain(text: str) -> str:
    """Return text that XML can hold, which has no way to write most control characters."""
    return "".join(one if one.isprintable() else " " for one in text)
