"""One call from content to the unsigned report."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeAlias

from compliance.report.content.source import AuditSource
from compliance.report.content.values import ReportContent
from compliance.report.document import PRODUCT, Document
from compliance.report.exceptions_pages import draw_exceptions, draw_later_amendments
from compliance.report.finishing import Metadata, finish_pdf
from compliance.report.front_page import Evidence, draw_front_page
from compliance.report.register_pages import draw_exports, draw_people
from compliance.report.room_pages import draw_room
from compliance.report.session_block import BlockSetter
from compliance.report.styles import BODY_TEXT, BOTTOM, LEFT, TOP

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the sessions drawn and their number."""

_BETWEEN_BLOCKS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnReport:
    pages: int


def draw_report(
    audit: AuditSource,
    *,
    content: ReportContent,
    fonts: Path,
    audit_json: bytes,
    root_fingerprint: str,
    checkpoint_note: str,
    output: Path | BinaryIO,
    countersign: bool = False,
    progress: Progress | None = None,
) -> DrawnReport:
    """Write the unsigned report as PDF/A-3a and PDF/UA-1; the same arguments give the same bytes.

    Args:
        audit: what ``content`` was read from.
        fonts: the folder with the TrueType files.
        root_fingerprint: SHA-256 of the root certificate in hex.
        checkpoint_note: the signed note, printed as a QR code.
        output: a path that is overwritten, or a writable and seekable binary file.
        countersign: leaves a field for the inspector's own signature on page 1.

    Raises:
        ContentUnreadable: if a session lacks a field.
        FontsMissing: if the folder lacks a file.
    """
    evidence = Evidence(
        checkpoint_note=checkpoint_note,
        root_fingerprint=root_fingerprint,
        countersign=countersign,
    )
    with tempfile.TemporaryDirectory(prefix="aseptrail-report-") as folder:
        drawn = Path(folder) / "drawn.pdf"
        with drawn.open("wb") as file:
            document = Document(file, fonts, content)
            draw_front_page(document, content, evidence)
            draw_exceptions(document, content)
            draw_later_amendments(document, content)
            _draw_sessions(document, content, progress)
            draw_room(document, content)
            draw_people(document, content)
            draw_exports(document, content)
            pages = document.finish()
        finish_pdf(drawn, output, audit_json=audit_json, metadata=_metadata(audit, content))
    return DrawnReport(pages=pages)


def _draw_sessions(document: Document, content: ReportContent, progress: Progress | None) -> None:
    words = content.words
    document.new_page()
    document.heading(words.sessions)
    total = len(content.sessions)
    if not total:
        document.place(document.type.paragraph(words.no_sessions, BODY_TEXT, left=LEFT))
    setter = BlockSetter(document.type, words)
    day = ""
    for done, block in enumerate(content.sessions, start=1):
        pieces = setter.pieces(block, page=TOP - BOTTOM)
        document.make_room(pieces)
        if block.closed.day != day:
            day = block.closed.day
            document.bookmark(day, level=1)
        document.place_together(
            pieces, continued=partial(setter.continued, block), after=_BETWEEN_BLOCKS
        )
        if progress is not None:
            progress(done, total)


def _metadata(audit: AuditSource, content: ReportContent) -> Metadata:
    software = str(audit.data["software"])
    return Metadata(
        title=f"{PRODUCT} {content.words.report}: {content.clinic}, {content.period}",
        author=content.clinic,
        language=content.language,
        created=datetime.fromisoformat(content.made_at.utc).astimezone(UTC),
        software=software,
    )
