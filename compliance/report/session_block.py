"""One treatment session on half a page: item, answer, evidence, who and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from compliance.report.canvas import Style
from compliance.report.content.values import (
    AmendmentLine,
    ItemLine,
    SessionBlock,
    SessionState,
)
from compliance.report.content.words import Words
from compliance.report.pieces import Piece, Typesetter
from compliance.report.session_columns import (
    ANSWER,
    COLUMNS,
    DITTO,
    FACT,
    GAP,
    ITEM,
    ROW_PADDING,
    TIME_VALUES,
    TIMES,
    WIDTH,
)
from compliance.report.structure import COLUMN_HEAD, ROW_HEAD, Element, spanning, spoken
from compliance.report.styles import (
    CELL,
    CELL_QUIET,
    CELL_STRONG,
    FINE,
    HAIR,
    HEAVY,
    HEX_SMALL,
    LABEL,
    LEFT,
    NUMBER,
    RIGHT,
    STATE,
    STATE_STRONG,
    TITLE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phase:
    name: str
    rows: int
    """How many rows of the table it heads."""


class BlockSetter:
    """Lays out session blocks in one language."""

    def __init__(self, typesetter: Typesetter, words: Words) -> None:
        self._type = typesetter
        self._words = words

    def pieces(self, block: SessionBlock, *, page: float) -> list[Piece]:
        """Return the parts of a block from its title to its leaf hash.

        Within a phase a name is not repeated, so that a second person stands out. Where
        the block is higher than a ``page`` every row has its name, as it may stand on top.
        """
        pieces = self._lay_out(block, ditto=DITTO)
        if sum(piece.height for piece in pieces) > page:
            return self._lay_out(block, ditto="")
        return pieces

    def _lay_out(self, block: SessionBlock, *, ditto: str) -> list[Piece]:
        whole = Element("Sect")
        return [
            self._title(block, whole),
            self._facts(block, whole),
            *self._table(block, ditto, Element("Table", whole)),
            *self._remarks(block, whole),
            self._signature(block, whole),
        ]

    def continued(self, block: SessionBlock) -> Piece:
        """Return the line that stands on top where one page cannot hold a block."""
        text = f"{self._words.record} {block.number}, {self._words.continued}"
        return self._type.paragraph(text, CELL_QUIET)

    def _title(self, block: SessionBlock, whole: Element) -> Piece:
        piece = Piece(under=whole)
        head = piece.tag("H2")
        piece.rule(0, HEAVY)
        unusual = block.state is not SessionState.CLOSED
        style = STATE_STRONG if unusual else STATE
        state = self._type.line(_state(block.state, self._words), style)
        width = self._type.width(state, style) + (10 if unusual else 0)
        piece.add(LEFT, 6, (str(block.number),), NUMBER, head)
        lines = self._type.wrap(block.protocol, RIGHT - width - 14 - ITEM, TITLE)
        piece.add(ITEM, 6, lines, TITLE, head)
        piece.add(RIGHT - width + (5 if unusual else 0), 6, (state,), style, head)
        if unusual:
            piece.frame(RIGHT - width, RIGHT, 6, 19)
        piece.height += 2
        return piece

    def _facts(self, block: SessionBlock, whole: Element) -> Piece:
        words = self._words
        piece = Piece(under=whole)
        left = (
            (words.client, block.client),
            (words.practitioner, block.practitioner),
            (words.device, block.device),
            (words.consent, block.consent),
        )
        y = 0.0
        for label, value in left:
            fact = piece.tag()
            piece.add(ITEM, y, (self._type.line(label, LABEL),), LABEL, fact)
            lines = self._type.wrap(value, TIMES - FACT - GAP, CELL)
            y = piece.add(FACT, y, lines, CELL, fact)
        last = words.signed if block.state is SessionState.AWAITING else _state(block.state, words)
        started = block.started.text if block.started else words.not_started
        right = [(words.opened, block.opened.text), (words.started, started)]
        if block.finished:
            right.append((words.finished, block.finished.text))
        right.append((last, block.closed.text))
        y = 0.0
        for label, value in right:
            fact = piece.tag()
            piece.add(TIMES, y, self._type.wrap(label, 45, LABEL)[:1], LABEL, fact)
            lines = self._type.wrap(value, RIGHT - TIME_VALUES, CELL)
            y = piece.add(TIME_VALUES, y, lines, CELL, fact)
        piece.height += 5
        return piece

    def _table(self, block: SessionBlock, ditto: str, table: Element) -> Iterator[Piece]:
        yield self._column_heads(table)
        corrections = Counter(one.code for one in block.amendments)
        who = ""
        for phase, group in groupby(block.items, key=lambda item: item.phase):
            items = list(group)
            size = len(items) + sum(corrections[one.code] for one in items)
            begins = _Phase(name=self._words.phases.get(phase, phase), rows=size)
            for item in items:
                same = ditto and item.who == who and item is not items[0] and not item.late
                who = item.who
                first = begins if item is items[0] else None
                row = Element("TR", table)
                yield self._row(item, row, ditto if same else who, block.opened.day, first)
                yield from self._corrections(block, item, table)
        known = {item.code for item in block.items}
        for amendment in block.amendments:
            if amendment.code not in known:
                cell = Element("TD", Element("TR", table), spanning(columns=WIDTH))
                yield self.amendment(amendment, with_label=True, under=cell)

    def _corrections(self, block: SessionBlock, item: ItemLine, table: Element) -> Iterator[Piece]:
        for amendment in block.amendments:
            if amendment.code == item.code:
                cell = Element("TD", Element("TR", table), spanning(columns=WIDTH - 1))
                yield self.amendment(amendment, under=cell)

    def _column_heads(self, table: Element) -> Piece:
        words = self._words
        heads = (words.item, words.answer, words.evidence, words.who, words.when)
        row = Element("TR", table)
        # Over the margin stands nothing, and a table has no holes.
        Element("TD", row)
        piece = Piece(under=row)
        for (x, _), head in zip(COLUMNS, heads, strict=True):
            cell = piece.tag("TH", COLUMN_HEAD)
            piece.add(x, 0, (self._type.line(head, LABEL),), LABEL, cell)
        piece.height += 1
        piece.rule(piece.height, FINE, left=ITEM)
        return piece

    def _row(
        self, item: ItemLine, row: Element, name: str, day: str, phase: _Phase | None
    ) -> Piece:
        """Return one item; the first of a phase names the phase in the margin."""
        evidence = [
            line for one in item.evidence for line in self._type.wrap(one, COLUMNS[2][1], CELL)
        ]
        cells = (
            (self._wrap(0, item.label, CELL), CELL, "TH", ROW_HEAD),
            (self._wrap(1, item.answer, CELL_STRONG), CELL_STRONG, "TD", ""),
            (evidence, CELL, "TD", ""),
            (self._wrap(3, name, CELL), CELL, "TD", spoken(item.who) if name == DITTO else ""),
            (self._times(item, day), CELL, "TD", ""),
        )
        piece = Piece(under=row)
        y = top = ROW_PADDING / 2
        if phase is not None:
            head = piece.tag("TH", spanning(rows=phase.rows, head=True))
            title = self._type.line(phase.name, CELL_QUIET)
            y = piece.add(LEFT, top, (title,), CELL_QUIET, head)
        marks = [self._words.mark_late] if item.late else []
        if item.amended:
            marks.append(self._words.mark_amended)
        for (x, _), (lines, style, role, extra) in zip(COLUMNS, cells, strict=True):
            cell = piece.tag(role, extra)
            piece.add(x, top, lines, style, cell)
            if marks and role == "TH":
                # What stands in the margin is heard with the item that it speaks of.
                self._type.mark(piece, marks, y, cell)
        if marks:
            piece.bar(top, piece.height)
        piece.height += ROW_PADDING / 2
        piece.rule(piece.height, HAIR, left=ITEM)
        return piece

    def _wrap(self, column: int, text: str, style: Style) -> Sequence[str]:
        return self._type.wrap(text, COLUMNS[column][1], style)

    def _times(self, item: ItemLine, day: str) -> Sequence[str]:
        when = item.when.beside(day)
        if item.performed is None:
            return self._wrap(4, when, CELL)
        performed = self._words.performed.format(when=item.performed.beside(day))
        recorded = self._words.recorded.format(when=when)
        return [*self._wrap(4, performed, CELL), *self._wrap(4, recorded, CELL)]

    def amendment(
        self, line: AmendmentLine, *, with_label: bool = False, under: Element | None = None
    ) -> Piece:
        """Return an amendment: old and new value, reason, who and when."""
        words = self._words
        made = words.amended_by.format(
            who=line.who, when=line.when.text, auth=line.auth, index=line.index
        )
        change = f"{line.old} → {line.new}"
        piece = Piece(under=under)
        y = 1.5
        if with_label:
            self._type.mark(piece, (words.mark_amended,), y)
            title = f"{words.record} {line.closed_index}, {line.label}"
            lines = self._type.wrap(title, RIGHT - ITEM, CELL_STRONG)
            y = piece.add(ITEM, y, lines, CELL_STRONG)
        left = ITEM if with_label else ANSWER
        y = piece.add(left, y, self._type.wrap(change, RIGHT - left, CELL_STRONG), CELL_STRONG)
        before, after = "; ".join(line.old_evidence), "; ".join(line.new_evidence)
        if before != after:
            moved = f"{words.evidence}: {before or '–'} → {after or '–'}"
            y = piece.add(left, y, self._type.wrap(moved, RIGHT - left, CELL), CELL)
        for text, style in ((f"{words.reason}: {line.reason}", CELL), (made, CELL_QUIET)):
            y = piece.add(left, y, self._type.wrap(text, RIGHT - left, style), style)
        piece.bar(1.5, y)
        piece.height = y + 2
        piece.rule(piece.height, HAIR, left=ITEM)
        return piece

    def _remarks(self, block: SessionBlock, whole: Element) -> Iterator[Piece]:
        words = self._words
        for override in block.overrides:
            what = words.overridden_by.format(
                item=override.label, who=override.who, when=override.when.text
            )
            yield self._remark(whole, words.override, f"{what}. {words.reason}: {override.reason}")
        for warning in block.warnings:
            yield self._remark(whole, words.warning, warning)
        if block.deviation is not None:
            said = (block.deviation.what, block.deviation.why, block.deviation.corrective_action)
            for label, text in zip(words.deviation, said, strict=True):
                yield self._remark(whole, label, text)

    def _remark(self, whole: Element, label: str, text: str) -> Piece:
        piece = Piece(under=whole)
        said = piece.tag()
        lines = self._type.wrap(label, COLUMNS[0][1], CELL_STRONG)
        piece.add(ITEM, 2, lines, CELL_STRONG, said)
        piece.add(ANSWER, 2, self._type.wrap(text, RIGHT - ANSWER, CELL), CELL, said)
        piece.height += 1
        return piece

    def _signature(self, block: SessionBlock, whole: Element) -> Piece:
        signature = block.signature
        signed = self._words.signature.format(
            name=signature.name, when=signature.when.text, auth=signature.auth
        )
        leaf = f"{self._words.entry} {block.number} · leaf {block.leaf}"
        piece = Piece(under=whole)
        said = ((signed, CELL_STRONG), (f"“{signature.meaning}”", CELL))
        y = self._type.run_on(piece, 4, said, left=ITEM)
        self._type.run_on(piece, y, ((block.bracket, CELL), (leaf, HEX_SMALL)), left=ITEM)
        return piece


def _state(state: SessionState, words: Words) -> str:
    ended = {SessionState.CLOSED: words.closed, SessionState.ABORTED: words.aborted}
    return ended.get(state, words.awaiting)
