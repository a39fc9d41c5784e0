"""One treatment session on half a page: item, answer, evidence, who and when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from compliance.report.canvas import Style
from compliance.report.content.values import (
    AmendmentLine,
    ItemLine,
    SessionBlock,
    SessionState,
)
from compliance.report.content.words import Words
from compliance.report.pieces import Piece, Typesetter
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

_ITEM: Final = LEFT + 42
_ANSWER: Final = LEFT + 182
_EVIDENCE: Final = LEFT + 238
_WHO: Final = LEFT + 412
_WHEN: Final = LEFT + 466
_GAP: Final = 5.0
"""The columns are as wide as the usual evidence needs in two lines, so that a session with
a two-part device stays on half a page."""

_COLUMNS: Final = (
    (_ITEM, _ANSWER - _ITEM - _GAP),
    (_ANSWER, _EVIDENCE - _ANSWER - _GAP),
    (_EVIDENCE, _WHO - _EVIDENCE - _GAP),
    (_WHO, _WHEN - _WHO - _GAP),
    (_WHEN, RIGHT - _WHEN),
)

_DITTO: Final = "″"
_ROW_PADDING: Final = 1.4
_FACT: Final = _ITEM + 54
"""Where the values of the facts under the title begin."""

_TIMES: Final = LEFT + 381
_TIME_VALUES: Final = _TIMES + 47


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
        pieces = self._lay_out(block, ditto=_DITTO)
        if sum(piece.height for piece in pieces) > page:
            return self._lay_out(block, ditto="")
        return pieces

    def _lay_out(self, block: SessionBlock, *, ditto: str) -> list[Piece]:
        return [
            self._title(block),
            self._facts(block),
            self._column_heads(),
            *self._rows(block, ditto),
            *self._remarks(block),
            self._signature(block),
        ]

    def continued(self, block: SessionBlock) -> Piece:
        """Return the line that stands on top where one page cannot hold a block."""
        text = f"{self._words.record} {block.number}, {self._words.continued}"
        return self._type.paragraph(text, CELL_QUIET)

    def _title(self, block: SessionBlock) -> Piece:
        piece = Piece()
        piece.rule(0, HEAVY)
        unusual = block.state is not SessionState.CLOSED
        style = STATE_STRONG if unusual else STATE
        state = self._type.line(_state(block.state, self._words), style)
        width = self._type.width(state, style) + (10 if unusual else 0)
        piece.add(LEFT, 6, (str(block.number),), NUMBER)
        piece.add(RIGHT - width + (5 if unusual else 0), 6, (state,), style)
        if unusual:
            piece.frame(RIGHT - width, RIGHT, 6, 19)
        lines = self._type.wrap(block.protocol, RIGHT - width - 14 - _ITEM, TITLE)
        piece.add(_ITEM, 6, lines, TITLE)
        piece.height += 2
        return piece

    def _facts(self, block: SessionBlock) -> Piece:
        words = self._words
        piece = Piece()
        left = (
            (words.client, block.client),
            (words.practitioner, block.practitioner),
            (words.device, block.device),
            (words.consent, block.consent),
        )
        y = 0.0
        for label, value in left:
            piece.add(_ITEM, y, (self._type.line(label, LABEL),), LABEL)
            lines = self._type.wrap(value, _TIMES - _FACT - _GAP, CELL)
            y = piece.add(_FACT, y, lines, CELL)
        last = words.signed if block.state is SessionState.AWAITING else _state(block.state, words)
        started = block.started.text if block.started else words.not_started
        right = [(words.opened, block.opened.text), (words.started, started)]
        if block.finished:
            right.append((words.finished, block.finished.text))
        right.append((last, block.closed.text))
        y = 0.0
        for label, value in right:
            piece.add(_TIMES, y, self._type.wrap(label, 45, LABEL)[:1], LABEL)
            y = piece.add(_TIME_VALUES, y, self._type.wrap(value, RIGHT - _TIME_VALUES, CELL), CELL)
        piece.height += 5
        return piece

    def _column_heads(self) -> Piece:
        words = self._words
        heads = (words.item, words.answer, words.evidence, words.who, words.when)
        piece = Piece()
        for (x, _), head in zip(_COLUMNS, heads, strict=True):
            piece.add(x, 0, (self._type.line(head, LABEL),), LABEL)
        piece.height += 1
        piece.rule(piece.height, FINE, left=_ITEM)
        return piece

    def _rows(self, block: SessionBlock, ditto: str) -> Iterator[Piece]:
        phase = who = ""
        for item in block.items:
            begins = item.phase if item.phase != phase else ""
            same = ditto and item.who == who and not begins and not item.late
            phase, who = item.phase, item.who
            name = ditto if same else who
            yield self._row(item, name=name, day=block.opened.day, phase=begins)
            for amendment in block.amendments:
                if amendment.code == item.code:
                    yield self.amendment(amendment)
        known = {item.code for item in block.items}
        for amendment in block.amendments:
            if amendment.code not in known:
                yield self.amendment(amendment, with_label=True)

    def _row(self, item: ItemLine, *, name: str, day: str, phase: str) -> Piece:
        """Return one item; the first of a phase names the phase in the margin."""
        evidence = [
            line for one in item.evidence for line in self._type.wrap(one, _COLUMNS[2][1], CELL)
        ]
        cells = (
            (self._wrap(0, item.label, CELL), CELL),
            (self._wrap(1, item.answer, CELL_STRONG), CELL_STRONG),
            (evidence, CELL),
            (self._wrap(3, name, CELL), CELL),
            (self._times(item, day), CELL),
        )
        piece = Piece()
        for (x, _), (lines, style) in zip(_COLUMNS, cells, strict=True):
            piece.add(x, _ROW_PADDING / 2, lines, style)
        marks = [self._words.mark_late] if item.late else []
        if item.amended:
            marks.append(self._words.mark_amended)
        y = _ROW_PADDING / 2
        if phase:
            title = self._type.line(self._words.phases.get(phase, phase), CELL_QUIET)
            y = piece.add(LEFT, y, (title,), CELL_QUIET)
        if marks:
            self._type.mark(piece, marks, y)
            piece.bar(_ROW_PADDING / 2, piece.height)
        piece.height += _ROW_PADDING / 2
        piece.rule(piece.height, HAIR, left=_ITEM)
        return piece

    def _wrap(self, column: int, text: str, style: Style) -> Sequence[str]:
        return self._type.wrap(text, _COLUMNS[column][1], style)

    def _times(self, item: ItemLine, day: str) -> Sequence[str]:
        when = item.when.beside(day)
        if item.performed is None:
            return self._wrap(4, when, CELL)
        performed = self._words.performed.format(when=item.performed.beside(day))
        recorded = self._words.recorded.format(when=when)
        return [*self._wrap(4, performed, CELL), *self._wrap(4, recorded, CELL)]

    def amendment(self, line: AmendmentLine, *, with_label: bool = False) -> Piece:
        """Return an amendment: old and new value, reason, who and when."""
        words = self._words
        made = words.amended_by.format(
            who=line.who, when=line.when.text, auth=line.auth, index=line.index
        )
        change = f"{line.old} → {line.new}"
        piece = Piece()
        y = 1.5
        if with_label:
            title = f"{words.record} {line.closed_index}, {line.label}"
            lines = self._type.wrap(title, RIGHT - _ITEM, CELL_STRONG)
            y = piece.add(_ITEM, y, lines, CELL_STRONG)
        left = _ITEM if with_label else _ANSWER
        y = piece.add(left, y, self._type.wrap(change, RIGHT - left, CELL_STRONG), CELL_STRONG)
        before, after = "; ".join(line.old_evidence), "; ".join(line.new_evidence)
        if before != after:
            moved = f"{words.evidence}: {before or '–'} → {after or '–'}"
            y = piece.add(left, y, self._type.wrap(moved, RIGHT - left, CELL), CELL)
        for text, style in ((f"{words.reason}: {line.reason}", CELL), (made, CELL_QUIET)):
            y = piece.add(left, y, self._type.wrap(text, RIGHT - left, style), style)
        if with_label:
            self._type.mark(piece, (words.mark_amended,), 1.5)
        piece.bar(1.5, y)
        piece.height = y + 2
        piece.rule(piece.height, HAIR, left=_ITEM)
        return piece

    def _remarks(self, block: SessionBlock) -> Iterator[Piece]:
        words = self._words
        for override in block.overrides:
            what = words.overridden_by.format(
                item=override.label, who=override.who, when=override.when.text
            )
            yield self._remark(words.override, f"{what}. {words.reason}: {override.reason}")
        for warning in block.warnings:
            yield self._remark(words.warning, warning)
        if block.deviation is not None:
            said = (block.deviation.what, block.deviation.why, block.deviation.corrective_action)
            for label, text in zip(words.deviation, said, strict=True):
                yield self._remark(label, text)

    def _remark(self, label: str, text: str) -> Piece:
        piece = Piece()
        lines = self._type.wrap(label, _COLUMNS[0][1], CELL_STRONG)
        piece.add(_ITEM, 2, lines, CELL_STRONG)
        piece.add(_ANSWER, 2, self._type.wrap(text, RIGHT - _ANSWER, CELL), CELL)
        piece.height += 1
        return piece

    def _signature(self, block: SessionBlock) -> Piece:
        signature = block.signature
        signed = self._words.signature.format(
            name=signature.name, when=signature.when.text, auth=signature.auth
        )
        piece = Piece()
        y = piece.add(_ITEM, 4, self._type.wrap(signed, RIGHT - _ITEM, CELL_STRONG), CELL_STRONG)
        meaning = self._type.wrap(f"“{signature.meaning}”", RIGHT - _ITEM, CELL)
        y = piece.add(_ITEM, y, meaning, CELL)
        leaf = f"{self._words.entry} {block.number} · leaf {block.leaf}"
        piece.add(_ITEM, y, self._type.wrap(leaf, RIGHT - _ITEM, HEX_SMALL), HEX_SMALL)
        return piece


def _state(state: SessionState, words: Words) -> str:
    return {
        SessionState.CLOSED: words.closed,
        SessionState.ABORTED: words.aborted,
        SessionState.AWAITING: words.awaiting,
    }[state]
