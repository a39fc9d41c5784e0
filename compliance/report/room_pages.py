"""The pages about sterilization: sterilizers, cycles, tests, logs, and the rules in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from compliance.report.content.room_values import (
    CycleLine,
    FileLine,
    RuleSpan,
    SporeLine,
    SterilizerBlock,
)
from compliance.report.content.values import ReportContent
from compliance.report.curve_pages import draw_curves
from compliance.report.document import Document, grouped
from compliance.report.pieces import Piece
from compliance.report.recall_pages import draw_recalls
from compliance.report.styles import BODY_QUIET, BODY_TEXT, CELL, LEFT, RIGHT, SECTION
from compliance.report.tables import Row, TableSetter, plain, strong

_STATES: Final = (40.0, 84.0, 116.0, 176.0)
_CYCLES: Final = (36.0, 98.0, 46.0, 70.0, 100.0)
_TESTS: Final = (36.0, 62.0, 84.0, 92.0, 112.0)
_SPORES: Final = (40.0, 92.0, 74.0, 62.0, 78.0, 84.0)
_FILES: Final = (40.0, 78.0, 180.0)
_RULES: Final = (172.0, 62.0, 118.0)

_ROOM_FOR_TITLE: Final = 70.0
"""A title with less under it would stand alone at the foot of a page."""


def draw_room(document: Document, content: ReportContent) -> None:
    """Draw what the record tells of the sterilization room; the rules even where it has none."""
    words, room = content.words.room, content.room
    if room.in_use:
        _draw_sterilizers(document, content)
        document.heading(words.cycles, explained=words.cycles_text)
        if not len(room.cycles):
            document.place(document.type.paragraph(words.no_cycles, BODY_TEXT, left=LEFT))
        else:
            _cycles(document, content).draw(_cycle(line) for line in room.cycles)
    draw_curves(document, content)
    if len(room.tests):
        document.heading(words.tests, explained=words.tests_text)
        TableSetter(document, _TESTS, words.test_heads).draw(_test(line) for line in room.tests)
    if len(room.spores):
        document.heading(words.spores, explained=words.spores_text)
        setter = TableSetter(document, _SPORES, words.spore_heads)
        setter.draw(_spore(line) for line in room.spores)
    draw_recalls(document, content)
    if len(room.files):
        document.heading(words.files, explained=words.files_text)
        setter = TableSetter(document, _FILES, words.file_heads)
        setter.draw(_file(line, content.words.sha256) for line in room.files)
    _draw_rules(document, content)


def _draw_sterilizers(document: Document, content: ReportContent) -> None:
    words, blocks = content.words.room, content.room.sterilizers
    if not blocks:
        return
    document.heading(words.sterilizers, explained=words.sterilizers_text)
    for block in blocks:
        title = _sterilizer(document, block)
        if document.room < title.height + _ROOM_FOR_TITLE:
            document.new_page()
        document.place(title, after=4)
        setter = TableSetter(document, _STATES, words.state_heads)
        setter.draw(_states(block))


def _sterilizer(document: Document, block: SterilizerBlock) -> Piece:
    piece = Piece()
    width = RIGHT - LEFT
    y = piece.add(
        LEFT, 0, document.type.wrap(block.title, width, SECTION), SECTION, piece.tag("H2")
    )
    y = piece.add(LEFT, y, document.type.wrap(block.facts, width, BODY_TEXT), BODY_TEXT)
    for program in block.programs:
        y = piece.add(LEFT, y, document.type.wrap(program, width, CELL), CELL)
    return piece


def _states(block: SterilizerBlock) -> Iterator[Row]:
    for line in block.states:
        yield Row(
            cells=(
                strong(str(line.index)),
                plain(line.when.text),
                strong(line.state),
                plain(line.why or "–"),
                plain(line.who),
            )
        )


def _cycles(document: Document, content: ReportContent) -> TableSetter:
    return TableSetter(document, _CYCLES, content.words.room.cycle_heads)


def _cycle(line: CycleLine) -> Row:
    result = strong(line.outcome, *line.notes) if line.failed else plain(line.outcome, *line.notes)
    return Row(
        cells=(
            strong(str(line.index)),
            plain(line.name, line.when.text, line.run),
            plain(*line.set),
            strong(*line.achieved),
            plain(*line.contents),
            result,
        ),
        marked=line.marked,
    )


def _test(line: CycleLine) -> Row:
    """A test of the day in a line or two: there is one for each sterilizer and day."""
    said = " ".join(line.notes)
    result = strong(line.outcome, said) if line.failed else plain(f"{line.outcome}. {said}")
    return Row(
        cells=(
            strong(str(line.index)),
            plain(line.name),
            plain(line.when.text),
            plain(line.run),
            strong(", ".join(line.achieved)),
            result,
        ),
        marked=line.marked,
    )


def _spore(line: SporeLine) -> Row:
    return Row(
        cells=(
            strong(str(line.index)),
            plain(line.name, line.when.text),
            plain(line.lot),
            plain(line.test),
            plain(line.control),
            plain(line.read),
            strong(line.outcome),
        ),
        marked=line.failed,
    )


def _file(line: FileLine, sha256: str) -> Row:
    return Row(
        cells=(
            strong(str(line.index)),
            plain(line.when.text, line.who),
            plain(line.name, line.details, f"{sha256} {grouped(line.sha256)}"),
            plain(*(line.cycles or ("–",))),
        )
    )


def _draw_rules(document: Document, content: ReportContent) -> None:
    words, spans = content.words.room, content.room.rules
    if not spans:
        return
    document.heading(words.rules_in_force, explained=words.rules_text)
    for span in spans:
        title = _span(document, span)
        if document.room < title.height + _ROOM_FOR_TITLE:
            document.new_page()
        document.place(title, after=4)
        setter = TableSetter(document, _RULES, words.rule_heads)
        setter.draw(
            Row(
                cells=(
                    plain(line.rule),
                    strong(line.value),
                    plain(line.profile),
                    plain(line.source),
                )
            )
            for line in span.lines
        )


def _span(document: Document, span: RuleSpan) -> Piece:
    piece = Piece()
    width = RIGHT - LEFT
    y = piece.add(LEFT, 0, document.type.wrap(span.days, width, SECTION), SECTION, piece.tag("H2"))
    piece.add(LEFT, y, document.type.wrap(span.profiles, width, BODY_QUIET), BODY_QUIET)
    return piece
