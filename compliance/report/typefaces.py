"""Typefaces of a report: measuring, wrapping and encoding text, with a fallback per character."""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar

from reportlab.pdfbase.pdfdoc import PDFDocument
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from compliance.errors import ComplianceError

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_CACHED_TEXTS: Final = 20_000
"""Bounds what one report may keep: names and labels recur, free text does not."""

_INVISIBLE: Final = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
"""Legitimate in names and without a mark on paper."""


class FontsMissing(ComplianceError):
    """The folder of typefaces lacks a file that a report needs."""

    code = "fonts_missing"


class Weight(enum.StrEnum):
    REGULAR = "regular"
    BOLD = "bold"


_FILES: Final[Mapping[Weight, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    Weight.REGULAR: (("IBMPlexSans-Regular.ttf",), ("DejaVuSans.ttf",)),
    Weight.BOLD: (("IBMPlexSans-SemiBold.ttf", "IBMPlexSans-Bold.ttf"), ("DejaVuSans-Bold.ttf",)),
}
"""First choice and fallback; of several names the first that exists."""


class Face:
    """One weight within one document.

    Widths are in multiples of the type size. Text comes out as pairs of a font resource
    and a literal string, because a TrueType subset holds only 256 characters and the
    fallback is a font of its own.
    """

    def __init__(self, fonts: Path, weight: Weight, document: PDFDocument) -> None:
        names, fallback_names = _FILES[weight]
        self._fonts = (_load(fonts, names), _load(fonts, fallback_names))
        self._document = document
        self._known: dict[str, tuple[TTFont, float]] = {}
        self._replacements: dict[str, str] = {}
        self._shown: dict[str, tuple[tuple[str, str], ...]] = {}
        self._widths: dict[str, float] = {}
        self._wrapped: dict[tuple[str, float], tuple[str, ...]] = {}

    def width(self, text: str) -> float:
        """Return the width of printable text at size 1."""
        width = self._widths.get(text)
        if width is None:
            known, find = self._known, self._find
            width = sum([(known.get(one) or find(one))[1] for one in text])
            _remember(self._widths, text, width)
        return width

    def wrap(self, text: str, width: float) -> Sequence[str]:
        """Break text into printable lines no wider than ``width``, itself at size 1.

        Breaks at spaces, and inside a word only when the word alone is too wide.
        """
        key = (text, width)
        lines = self._wrapped.get(key)
        if lines is None:
            clean = self.printable(text)
            lines = (clean,) if self.width(clean) <= width else tuple(self._break(clean, width))
            _remember(self._wrapped, key, lines)
        return lines

    def show(self, text: str) -> tuple[tuple[str, str], ...]:
        """Return pairs of font resource and literal string for printable text."""
        pairs = self._shown.get(text)
        if pairs is None:
            pairs = tuple(self._encode(text))
            _remember(self._shown, text, pairs)
        return pairs

    def printable(self, text: str) -> str:
        """Replace what no font can draw, so that nothing disappears unnoticed.

        A character without a glyph is written as its number: PDF/A forbids the empty box,
        and a name must not look shorter than it is.
        """
        if text.isascii() and text.isprintable():
            return text
        known = self._replacements
        for character in set(text) - known.keys():
            known[character] = self._printable(character)
        return "".join([known[character] for character in text])

    def _printable(self, character: str) -> str:
        if character in _INVISIBLE:
            return ""
        category = unicodedata.category(character)
        if category in {"Cc", "Zl", "Zp", "Zs"}:
            return " "
        drawable = any(ord(character) in font.face.charToGlyph for font in self._fonts)
        return character if drawable and category != "Cf" else f"[U+{ord(character):04X}]"

    def _find(self, character: str) -> tuple[TTFont, float]:
        found = self._known.get(character)
        if found is None:
            code = ord(character)
            main, fallback = self._fonts
            font = main if code in main.face.charToGlyph else fallback
            widths = font.face.charWidths
            found = (font, widths.get(code, font.face.defaultWidth) / 1000)
            self._known[character] = found
        return found

    def _break(self, text: str, width: float) -> list[str]:
        lines: list[str] = []
        line, used, space = "", 0.0, self.width(" ")
        for word in text.split():
            needed = self.width(word)
            if line and used + space + needed <= width:
                line, used = f"{line} {word}", used + space + needed
                continue
            if line:
                lines.append(line)
            *full, line = self._break_word(word, width) if needed > width else [word]
            lines.extend(full)
            used = self.width(line)
        return [*lines, line]

    def _break_word(self, word: str, width: float) -> list[str]:
        """Cut a word that is wider than a line, after a hyphen where it has one."""
        parts, part, used = [], "", 0.0
        for character in word:
            needed = self._find(character)[1]
            if part and used + needed > width:
                kept = max(part.rfind("-"), part.rfind("/")) + 1 or len(part)
                parts.append(part[:kept])
                part = part[kept:]
                used = self.width(part)
            part, used = part + character, used + needed
        return [*parts, part]

    def _encode(self, text: str) -> list[tuple[str, str]]:
        if text.isascii():
            # Every first choice has ASCII, and most text of a report is nothing else.
            return self._encode_run(self._fonts[0], text)
        pairs: list[tuple[str, str]] = []
        start = 0
        fonts = [self._find(character)[0] for character in text]
        for end in range(1, len(text) + 1):
            if end == len(text) or fonts[end] is not fonts[start]:
                pairs.extend(self._encode_run(fonts[start], text[start:end]))
                start = end
        return pairs

    def _encode_run(self, font: TTFont, text: str) -> list[tuple[str, str]]:
        return [
            (font.getSubsetInternalName(subset, self._document), _literal(codes))
            for subset, codes in font.splitString(text, self._document)
        ]


@lru_cache(maxsize=32)
def _load_file(path: Path) -> TTFont:
    # Parsing takes longer than drawing a page. A font keeps what it knows about each
    # document apart, so reports drawn at the same time may share it.
    return TTFont(path.stem, str(path))


def _load(folder: Path, names: Sequence[str]) -> TTFont:
    for name in names:
        if (folder / name).is_file():
            try:
                return _load_file(folder / name)
            except TTFError as error:
                raise FontsMissing(f"{name} is not a usable TrueType font") from error
    raise FontsMissing(f"none of {', '.join(names)} is in the folder of fonts")


def _literal(codes: bytes) -> str:
    """Return a PDF literal string; a bare carriage return would be read as a line feed."""
    text = codes.decode("latin-1")
    for character, escaped in (("\\", "\\\\"), ("(", "\\("), (")", "\\)"), ("\r", "\\r")):
        text = text.replace(character, escaped)
    return f"({text})"


def _remember(cache: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    if len(cache) < _CACHED_TEXTS:
        cache[key] = value
