"""Measuring, breaking and encoding text."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from compliance.report.streaming import StreamingDocument
from compliance.report.typefaces import Face, FontsMissing, Weight


@pytest.fixture
def face(fonts: Path) -> Face:
    return Face(fonts, Weight.REGULAR, StreamingDocument(io.BytesIO()))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Octenisept, lot H2291, expires 31 Aug 2027", id="words"),
        pytest.param("0" * 200, id="one-endless-word"),
        pytest.param("Владимир Ковальчук-Заболотный", id="hyphen"),
        pytest.param("W", id="one-letter"),
    ],
)
def test_no_line_is_wider_than_asked(face: Face, text: str) -> None:
    lines = face.wrap(text, 8.0)

    assert all(face.width(line) <= 8.0 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_long_word_breaks_after_its_hyphen(face: Face) -> None:
    assert list(face.wrap("Hohenlohe-Schillingsfürst", 9.0)) == ["Hohenlohe-", "Schillingsfürst"]


def test_empty_text_is_one_empty_line(face: Face) -> None:
    assert list(face.wrap("", 10.0)) == [""]


@pytest.mark.parametrize(
    ("text", "printable"),
    [
        pytest.param("王", "[U+738B]", id="no-glyph"),
        pytest.param("a\u202eb", "a[U+202E]b", id="reversing-character"),
        pytest.param("a\r\nb\x00", "a  b ", id="control"),
        pytest.param("a\u200bb", "ab", id="invisible"),
        pytest.param("a\u00a0b", "a b", id="no-break-space"),
        pytest.param("Հասմիկ", "Հասմիկ", id="fallback"),
    ],
)
def test_nothing_disappears_unnoticed(face: Face, text: str, printable: str) -> None:
    assert face.printable(text) == printable


def test_characters_of_the_fallback_come_from_another_font(face: Face) -> None:
    (plex, _), (dejavu, _) = face.show("AՀ")

    assert plex != dejavu


def test_more_than_a_subset_of_characters_is_spread_over_fonts(face: Face) -> None:
    text = "".join(
        character
        for character in map(chr, range(0x21, 0x530))
        if face.printable(character) == character
    )

    assert len({resource for resource, _ in face.show(text)}) > 2


def test_a_missing_font_is_named(tmp_path: Path) -> None:
    with pytest.raises(FontsMissing, match=r"IBMPlexSans-Regular\.ttf"):
        Face(tmp_path, Weight.REGULAR, StreamingDocument(io.BytesIO()))


def test_a_broken_font_is_named(tmp_path: Path) -> None:
    (tmp_path / "IBMPlexSans-Regular.ttf").write_bytes(b"no font")

    with pytest.raises(FontsMissing, match="not a usable"):
        Face(tmp_path, Weight.REGULAR, StreamingDocument(io.BytesIO()))
