"""The file of a recall or of a search: its sentence, its lists, and how far it may be trusted."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from compliance.ledger.canonical import JsonValue, canonical_bytes
from compliance.report.content.languages import words_for
from compliance.report.content.room_reading import no_room
from compliance.report.content.times import LocalTimes
from compliance.report.content.values import Counts, ReportContent
from compliance.report.document import PRODUCT, Document
from compliance.report.finishing import Metadata, finish_pdf
from compliance.report.front_page import Evidence, draw_checkpoint
from compliance.report.making import DrawnReport
from compliance.report.pieces import Piece
from compliance.report.styles import (
    BODY_QUIET,
    BODY_STRONG,
    BODY_TEXT,
    CLINIC,
    FINE,
    HAIR,
    LEFT,
    PERIOD,
    RIGHT,
    SECTION,
)
from compliance.report.verifying.trace_file import TRACE_SCHEMA

_GAP: Final = 8.0
_SAYS: Final = (
    "The clinic's signature shows that the lists are those that the clinic handed out, unaltered. The"
    " entries of the log that the file quotes are in that log: each comes with its proof."
)
_LIMITS: Final = (
    (
        "that the lists are complete: that follows from the whole record, which only a report of the"
        " period proves;"
    ),
    "that an entry existed at the time it states;",
    "that what people entered is true.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceList:
    """One list of the file."""

    title: str
    explained: str
    columns: Sequence[tuple[str, float]]
    """Heading and width; the widths add up to at most 1."""
    rows: Sequence[Sequence[str]]
    empty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceContent:
    """Everything the file prints, as plain values; also what ``audit.json`` holds."""

    clinic: str
    demo: bool
    language: str
    zone: str
    title: str
    sentences: Sequence[str]
    lists: Sequence[TraceList]
    made_at: str
    made_by: str
    software: str
    size: int
    root: str
    incarnation: int
    formerly: Sequence[str] = ()
    """What the clinic was called before, as sentences; the entries quoted say it too."""


def build_trace(content: TraceContent, proof: Mapping[str, JsonValue]) -> bytes:
    """The canonical bytes of the file's ``audit.json``: docs/record-format.md section 5a."""
    said: dict[str, JsonValue] = {
        "schema": TRACE_SCHEMA,
        "title": content.title,
        "sentences": list(content.sentences),
        "lists": [
            {
                "title": each.title,
                "columns": [name for name, _ in each.columns],
                "rows": [list(row) for row in each.rows],
            }
            for each in content.lists
        ],
        "made_at": content.made_at,
        "software": content.software,
        "size": content.size,
        "root": content.root,
        "incarnation": content.incarnation,
        **proof,
    }
    return canonical_bytes(said)


def draw_trace(
    content: TraceContent, *, audit_json: bytes, fonts: Path, evidence: Evidence, output: Path
) -> DrawnReport:
    """Write the unsigned file as PDF/A; the same arguments give the same bytes.

    Raises:
        FontsMissing: if the folder lacks a file.
    """
    frame = _frame(content)
    with tempfile.TemporaryDirectory(prefix="aseptrail-trace-") as folder:
        drawn = Path(folder) / "drawn.pdf"
        with drawn.open("wb") as file:
            document = Document(file, fonts, frame)
            document.new_page(running_header=False)
            document.bookmark(f"{content.title}: {content.clinic}")
            _draw_head(document, frame, content)
            for each in content.lists:
                _draw_list(document, each)
            draw_checkpoint(document, frame, evidence)
            pages = document.finish()
        metadata = Metadata(
            title=f"{PRODUCT} {content.title}: {content.clinic}",
            author=content.clinic,
            language="en",
            created=datetime.fromisoformat(content.made_at).astimezone(UTC),
            software=content.software,
        )
        finish_pdf(drawn, output, audit_json=audit_json, metadata=metadata)
    return DrawnReport(pages=pages)


def _frame(content: TraceContent) -> ReportContent:
    """What every page of a report needs, with nothing of a period in it."""
    words = dataclasses.replace(
        words_for("en"), running=content.title, level_says=_SAYS, level_limits=_LIMITS
    )
    made_at = LocalTimes(zone=ZoneInfo(content.zone), words=words).moment(content.made_at)
    nothing = {field.name: 0 for field in dataclasses.fields(Counts)}
    return ReportContent(
        words=words,
        language="en",
        clinic=content.clinic,
        demo=content.demo,
        zone=content.zone,
        period="",
        filters=(),
        volume="",
        made_at=made_at,
        made_by=content.made_by,
        software=content.software,
        start=0,
        end=0,
        size=content.size,
        root=content.root,
        incarnation=content.incarnation,
        profiles=(),
        counts=Counts(**nothing),
        exceptions=(),
        sessions=(),
        people=(),
        later_amendments=(),
        exports=(),
        room=no_room(),
    )


def _draw_head(document: Document, frame: ReportContent, content: TraceContent) -> None:
    type_, words = document.type, frame.words
    piece = Piece()
    y = piece.add(
        LEFT, 0, type_.wrap(f"{PRODUCT} · Recall and trace", RIGHT - LEFT, SECTION), SECTION
    )
    if content.demo:
        y = piece.add(LEFT, y, (type_.line(words.demo_line, BODY_STRONG),), BODY_STRONG)
    y = piece.add(LEFT, y + 6, type_.wrap(content.title, RIGHT - LEFT, CLINIC), CLINIC)
    y = piece.add(LEFT, y + 1, type_.wrap(content.clinic, RIGHT - LEFT, PERIOD), PERIOD) + 5
    made = f"Made on {frame.made_at.text} by {content.made_by}. {words.times.format(zone=content.zone)}."
    for line in (*content.formerly, *content.sentences, made, words.signed_file):
        style = BODY_TEXT if line in content.sentences else BODY_QUIET
        y = piece.add(LEFT, y + 2, type_.wrap(line, RIGHT - LEFT, style), style)
    document.place(piece, after=16)


def _draw_list(document: Document, listed: TraceList) -> None:
    _draw_list_head(document, listed)
    places = _places(listed)
    for row in listed.rows or ((listed.empty,),):
        piece = Piece()
        said = piece.tag()
        for number, text in enumerate(row):
            left, width = places[number] if listed.rows else (LEFT, RIGHT - LEFT)
            style = BODY_STRONG if number == 0 and listed.rows else BODY_TEXT
            piece.add(left, 2, document.type.wrap(text or "–", width, style), style, said)
        piece.height += 3
        piece.rule(piece.height, HAIR)
        document.place(piece)
    document.top -= 14


def _draw_list_head(document: Document, listed: TraceList) -> None:
    head = Piece()
    title = document.type.wrap(f"{listed.title} ({len(listed.rows)})", RIGHT - LEFT, SECTION)
    y = head.add(LEFT, 0, title, SECTION)
    if listed.explained:
        y = head.add(
            LEFT, y, document.type.wrap(listed.explained, RIGHT - LEFT, BODY_QUIET), BODY_QUIET
        )
    for (name, _), (left, width) in zip(listed.columns, _places(listed), strict=True):
        head.add(left, y + 4, document.type.wrap(name, width, BODY_QUIET), BODY_QUIET)
    head.height += 2
    head.rule(head.height, FINE)
    document.bookmark(listed.title)
    document.place(head)


def _places(listed: TraceList) -> list[tuple[float, float]]:
    """(left, width) of each column."""
    places, left = [], LEFT
    for _, share in listed.columns:
        width = share * (RIGHT - LEFT)
        places.append((left, width - _GAP))
        left += width
    return places
