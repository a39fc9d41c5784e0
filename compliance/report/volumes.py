"""The signed index of a report in volumes: what belongs together, and each file's fingerprint."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from compliance.report.content.source import AuditSource
from compliance.report.content.values import ReportContent
from compliance.report.document import PRODUCT, Document, grouped
from compliance.report.finishing import Metadata, finish_pdf
from compliance.report.front_page import Evidence, draw_checkpoint
from compliance.report.making import DrawnReport
from compliance.report.pieces import Piece
from compliance.report.styles import (
    BODY,
    BODY_QUIET,
    BODY_STRONG,
    BODY_TEXT,
    CLINIC,
    HAIR,
    HEX,
    LEFT,
    PERIOD,
    RIGHT,
)

_TEXT: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": MappingProxyType(
            {
                "title": "Index of volumes",
                "lead": "This report has {count} volumes, and this index is its last part. Each is a signed report of its own, to be"
                " checked by itself. A volume belongs to this index only if its SHA-256 is the one"
                " printed here, counted over as many bytes as are stated: an archive time-stamp that"
                " is added later comes after them. The volumes follow one another without a gap: entries {start} to"
                " {end} of the log.",
                "digest": "SHA-256 of {bytes} bytes: {digest}",
                "entries": "entries {start} to {end}, {sessions} sessions, {pages} pages",
            }
        ),
        "de": MappingProxyType(
            {
                "title": "Verzeichnis der Bände",
                "lead": "Dieser Bericht hat {count} Bände, und dieses Verzeichnis ist sein letzter"
                " Teil. Jeder ist ein eigener signierter Bericht"
                " und wird für sich geprüft. Ein Band gehört nur dann zu diesem Verzeichnis, wenn"
                " sein SHA-256 der hier gedruckte ist. Die Bände folgen lückenlos aufeinander:"
                " Einträge {start} bis {end} des Protokolls. Der SHA-256 gilt für die angegebene"
                " Zahl von Bytes: Ein Archivzeitstempel, der später hinzukommt, steht danach.",
                "digest": "SHA-256 über {bytes} Bytes: {digest}",
                "entries": "Einträge {start} bis {end}, {sessions} Sitzungen, {pages} Seiten",
            }
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeLine:
    """One volume as the index names it."""

    name: str
    start: int
    end: int
    """Exclusive."""
    sessions: int
    """Closed and aborted ones."""
    pages: int
    size: int
    """Bytes of the signed file, before anything was added to it."""
    sha256: str
    """Of these bytes, in hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexProof:
    """What the index carries beside the list: its own ``audit.json`` and the checkpoint."""

    audit_json: bytes
    checkpoint_note: str
    root_fingerprint: str
    """SHA-256 of the root certificate in hex."""
    countersign: bool = False
    """Leaves a field for the inspector's own signature."""


def draw_index(
    audit: AuditSource,
    *,
    content: ReportContent,
    volumes: Sequence[VolumeLine],
    proof: IndexProof,
    fonts: Path,
    output: Path,
) -> DrawnReport:
    """Write the unsigned index as PDF/A-3a and PDF/UA-1.

    Args:
        audit: of the empty range after the last volume.
        content: read from ``audit``.
        volumes: in order.
        proof: embedded and printed.
        fonts: the folder with the TrueType files.
        output: a path that is overwritten.

    Raises:
        FontsMissing: if the folder lacks a file.
    """
    text = _TEXT.get(content.language, _TEXT["en"])
    with tempfile.TemporaryDirectory(prefix="aseptrail-index-") as folder:
        drawn = Path(folder) / "drawn.pdf"
        with drawn.open("wb") as file:
            document = Document(file, fonts, content)
            document.new_page()
            _draw_head(document, content, volumes, text)
            for volume in volumes:
                document.place(_volume(document, volume, text), after=4)
            draw_checkpoint(
                document,
                content,
                Evidence(
                    checkpoint_note=proof.checkpoint_note,
                    root_fingerprint=proof.root_fingerprint,
                    countersign=proof.countersign,
                ),
            )
            pages = document.finish()
        metadata = Metadata(
            title=f"{PRODUCT} {text['title']}: {content.clinic}, {content.period}",
            author=content.clinic,
            language=content.language,
            created=datetime.fromisoformat(content.made_at.utc).astimezone(UTC),
            software=str(audit.data["software"]),
        )
        finish_pdf(drawn, output, audit_json=proof.audit_json, metadata=metadata)
    return DrawnReport(pages=pages)


def _draw_head(
    document: Document,
    content: ReportContent,
    volumes: Sequence[VolumeLine],
    text: Mapping[str, str],
) -> None:
    lead = text["lead"].format(count=len(volumes), start=volumes[0].start, end=volumes[-1].end - 1)
    document.place(document.type.paragraph(content.clinic, CLINIC, left=LEFT), after=2)
    period = document.type.paragraph(content.period, PERIOD, left=LEFT)
    document.place(period, after=4 if content.formerly else 8)
    for name in content.formerly:
        last = name == content.formerly[-1]
        document.place(document.type.paragraph(name, BODY_QUIET, left=LEFT), after=10 * last)
    document.heading(text["title"], explained=lead, has_cover=False)


def _volume(document: Document, volume: VolumeLine, text: Mapping[str, str]) -> Piece:
    piece = Piece()
    name = document.type.wrap(volume.name, RIGHT - LEFT, BODY_STRONG)
    y = piece.add(LEFT, 4, name, BODY_STRONG)
    said = text["entries"].format(
        start=volume.start,
        end=volume.end - 1,
        sessions=volume.sessions,
        pages=volume.pages,
    )
    y = piece.add(BODY, y, document.type.wrap(said, RIGHT - BODY, BODY_TEXT), BODY_TEXT)
    digest = text["digest"].format(bytes=volume.size, digest=grouped(volume.sha256))
    piece.add(BODY, y, document.type.wrap(digest, RIGHT - BODY, HEX), HEX)
    piece.height += 3
    piece.rule(piece.height, HAIR)
    return piece
