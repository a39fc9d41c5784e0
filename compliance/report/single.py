"""The file of one session: its block, what followed, its entries, and how far it may be trusted."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from compliance.report.content.source import AuditSource
from compliance.report.content.values import ExceptionKind, ReportContent, SingleContent
from compliance.report.document import PRODUCT, Document
from compliance.report.finishing import Metadata, finish_pdf
from compliance.report.front_page import Evidence, draw_checkpoint
from compliance.report.making import DrawnReport
from compliance.report.pieces import Piece
from compliance.report.session_block import BlockSetter
from compliance.report.styles import (
    BODY,
    BODY_QUIET,
    BODY_STRONG,
    BODY_TEXT,
    BOTTOM,
    CELL_QUIET,
    CLINIC,
    HAIR,
    LEFT,
    PERIOD,
    RIGHT,
    SECTION,
    TOP,
)
from compliance.report.verifying.shape import CLIENT_COPY

_WHEN: Final = BODY
_WHAT: Final = BODY + 110
_WHO: Final = BODY + 330

_NOT_IN_BLOCK: Final = frozenset(
    {ExceptionKind.RESTORED, ExceptionKind.INCIDENT, ExceptionKind.FOLLOW_UP}
)

_TEXT: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "en": MappingProxyType(
            {
                "inspection": "Record of one session",
                "client_copy": "Client's copy of one session",
                "running": "Aseptrail record of one session",
                "made": "Made on {when}",
                "lead_inspection": "Every entry about this session is quoted in the file, each with its"
                " proof that it is in the clinic's log.",
                "lead_client_copy": "This copy is yours. It shows what was recorded when your treatment was"
                " signed, and every correction since. Names of other people than the practitioner are"
                " left out. Anyone can check the file: open the clinic's page /verify, or run"
                " “compliance verify”.",
                "followed": "What followed",
                "history": "Entries about this session",
                "history_text": "In the order of the log. Numbers between them belong to other matters.",
                "says": "If a check accepts this file, it has not been altered since the clinic signed"
                " it, and every entry in it is in the clinic's log.",
                "limits": (
                    "that no entry about this session was left out: only a report of the period does;",
                    "anything about other sessions, or about any period;",
                    "that an entry existed at the time it states: no outside time-stamp confirms it;",
                    "that what people entered is true.",
                ),
            }
        ),
        "de": MappingProxyType(
            {
                "inspection": "Aufzeichnung einer Sitzung",
                "client_copy": "Kopie einer Sitzung für die Kundin oder den Kunden",
                "running": "Aseptrail Aufzeichnung einer Sitzung",
                "made": "Erstellt am {when}",
                "lead_inspection": "Jeder Eintrag zu dieser Sitzung steht in der Datei, jeder mit dem"
                " Beweis, dass er im Protokoll der Praxis ist.",
                "lead_client_copy": "Diese Kopie gehört Ihnen. Sie zeigt, was bei der Unterschrift unter"
                " Ihre Behandlung aufgezeichnet war, und jede Berichtigung seither. Namen anderer als der"
                " behandelnden Person sind weggelassen. Jeder kann die Datei prüfen: auf der Seite"
                " /verify der Praxis oder mit „compliance verify“.",
                "followed": "Was danach kam",
                "history": "Einträge zu dieser Sitzung",
                "history_text": "In der Reihenfolge des Protokolls. Nummern dazwischen gehören zu anderem.",
                "says": "Wenn eine Prüfung diese Datei annimmt, wurde sie seit der Signatur der Praxis"
                " nicht verändert, und jeder Eintrag darin steht im Protokoll der Praxis.",
                "limits": (
                    "dass kein Eintrag zu dieser Sitzung fehlt: das zeigt nur ein Bericht des Zeitraums;",
                    "etwas über andere Sitzungen oder über einen Zeitraum;",
                    "dass ein Eintrag zu der genannten Zeit bestand: kein Zeitstempel von außen belegt es;",
                    "dass wahr ist, was eingetragen wurde.",
                ),
            }
        ),
    }
)


def draw_single(
    audit: AuditSource,
    *,
    content: ReportContent,
    single: SingleContent,
    fonts: Path,
    evidence: Evidence,
    output: Path,
) -> DrawnReport:
    """Write the unsigned file of one session as PDF/A; the same arguments give the same bytes.

    Args:
        audit: what ``content`` was read from; its bytes are embedded.
        single: of ``content``.
        fonts: the folder with the TrueType files.
        evidence: the checkpoint and the root's fingerprint, which entries do not know.
        output: a path that is overwritten.

    Raises:
        ContentUnreadable: if the session lacks a field.
        FontsMissing: if the folder lacks a file.
    """
    text = _TEXT.get(content.language, _TEXT["en"])
    title = str(text[single.purpose])
    content = dataclasses.replace(content, words=_said(content, text))
    with tempfile.TemporaryDirectory(prefix="aseptrail-session-") as folder:
        drawn = Path(folder) / "drawn.pdf"
        with drawn.open("wb") as file:
            document = Document(file, fonts, content)
            document.new_page(running_header=False)
            document.bookmark(f"{title}: {content.clinic}")
            _draw_head(document, content, single, text)
            _draw_blocks(document, content)
            _draw_followed(document, content, text)
            if single.purpose != CLIENT_COPY:
                _draw_history(document, single, text)
            draw_checkpoint(document, content, evidence)
            pages = document.finish()
        metadata = Metadata(
            title=f"{PRODUCT} {title}: {content.clinic}, {content.period}",
            author=content.clinic,
            language=content.language,
            created=datetime.fromisoformat(content.made_at.utc).astimezone(UTC),
            software=content.software,
        )
        finish_pdf(drawn, output, audit_json=audit.canonical, metadata=metadata)
    return DrawnReport(pages=pages)


def _said(content: ReportContent, text: Mapping[str, Any]) -> Any:
    """Return the words of a report, save those that only a whole period may claim."""
    return dataclasses.replace(
        content.words,
        running=text["running"],
        level_says=text["says"],
        level_limits=text["limits"],
    )


def _draw_head(
    document: Document, content: ReportContent, single: SingleContent, text: Mapping[str, Any]
) -> None:
    words, type_ = content.words, document.type
    piece = Piece()
    kicker = f"{PRODUCT} · {text[single.purpose]}"
    y = piece.add(LEFT, 0, type_.wrap(kicker, RIGHT - LEFT, SECTION), SECTION)
    if content.demo:
        y = piece.add(LEFT, y, (type_.line(words.demo_line, BODY_STRONG),), BODY_STRONG)
    y = piece.add(LEFT, y + 6, type_.wrap(content.clinic, RIGHT - LEFT, CLINIC), CLINIC)
    named = f"{words.record} {single.record} · {content.period}"
    y = piece.add(LEFT, y + 1, type_.wrap(named, RIGHT - LEFT, PERIOD), PERIOD) + 5
    made = text["made"].format(when=content.made_at.text)
    times = words.times.format(zone=content.zone)
    lead = text[f"lead_{single.purpose}"]
    for line in (*content.formerly, f"{made}. {times}.", words.signed_file, lead):
        y = piece.add(LEFT, y, type_.wrap(line, RIGHT - LEFT, BODY_QUIET), BODY_QUIET)
    document.place(piece, after=16)


def _draw_blocks(document: Document, content: ReportContent) -> None:
    setter = BlockSetter(document.type, content.words)
    for block in content.sessions:
        pieces = setter.pieces(block, page=TOP - BOTTOM)
        document.make_room(pieces)
        document.place_together(pieces, continued=partial(setter.continued, block), after=16)


def _draw_followed(document: Document, content: ReportContent, text: Mapping[str, Any]) -> None:
    """Draw adverse events, follow-ups and restores, which the block itself does not show."""
    followed = [line for line in content.exceptions if line.kind in _NOT_IN_BLOCK]
    if not followed:
        return
    document.heading(text["followed"])
    for line in followed:
        piece = Piece()
        row = piece.tag()
        piece.add(LEFT, 2, (str(line.number),), BODY_STRONG, row)
        kind = document.type.wrap(content.words.kinds[line.kind], _WHAT - BODY - 8, BODY_STRONG)
        piece.add(BODY, 2, kind, BODY_STRONG, row)
        said = document.type.wrap(line.sentence, RIGHT - _WHAT, BODY_TEXT)
        piece.add(_WHAT, 2, said, BODY_TEXT, row)
        _underline(piece)
        document.place(piece)


def _draw_history(document: Document, single: SingleContent, text: Mapping[str, Any]) -> None:
    document.heading(text["history"], explained=text["history_text"])
    for line in single.history:
        piece = Piece()
        row = piece.tag()
        piece.add(LEFT, 2, (str(line.index),), CELL_QUIET, row)
        piece.add(_WHEN, 2, (document.type.line(line.when.text, BODY_TEXT),), BODY_TEXT, row)
        what = document.type.wrap(line.what, _WHO - _WHAT - 8, BODY_TEXT)
        piece.add(_WHAT, 2, what, BODY_TEXT, row)
        who = document.type.wrap(line.who, RIGHT - _WHO, BODY_TEXT)
        piece.add(_WHO, 2, who, BODY_TEXT, row)
        _underline(piece)
        document.place(piece)


def _underline(piece: Piece) -> None:
    piece.height += 2
    piece.rule(piece.height, HAIR)
