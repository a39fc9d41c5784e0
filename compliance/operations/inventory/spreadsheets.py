"""Reading a CSV file from somebody's spreadsheet: its letters, its separator, its heading."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from typing import Final

from compliance.errors import Refused

MOST_BYTES: Final = 2 * 1024 * 1024
MOST_ROWS: Final = 5000
MOST_COLUMNS: Final = 40
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run as a formula when a cell begins with it."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)


def decode_spreadsheet(content: bytes) -> tuple[str, str]:
    """Return (text, name of the encoding): UTF-8, UTF-16 or Windows-1252, whichever it is.

    Raises:
        Refused: empty, larger than 2 MB, or no text in any of them.
    """
    if not content.strip():
        raise Refused("file", "", "is empty", allowed="a CSV file")
    if len(content) > MOST_BYTES:
        raise Refused("file", f"{len(content)} bytes", "is too large", allowed="up to 2 MB")
    for mark, codec, name in (*_MARKS, *_guesses(content)):
        if not content.startswith(mark):
            continue
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.removeprefix("\ufeff"), name
    raise Refused(
        "file", content[:8].hex(), "is no text", allowed="CSV in UTF-8, UTF-16 or Windows-1252"
    )


def _guesses(content: bytes) -> list[tuple[bytes, str, str]]:
    # Western text in UTF-16 has a zero in every second byte, which no other text has.
    zeros = (content[0:400:2].count(0), content[1:400:2].count(0))
    if max(zeros) > len(content[:400]) // 5:
        little = zeros[1] > zeros[0]
        return [(b"", "utf-16-le" if little else "utf-16-be", "UTF-16")]
    return [(b"", "utf-8", "UTF-8"), (b"", "cp1252", "Windows-1252")]


def split_spreadsheet(text: str) -> tuple[Sequence[str], list[tuple[int, Sequence[str]]]]:
    """Return (heading, rows); a row is (its line in the file, its cells), empty ones left out.

    Raises:
        Refused: broken quoting, no rows, more than 5000 of them, or too many columns.
    """
    heading_line = text.lstrip().partition("\n")[0]
    separator = max(";,\t", key=lambda each: (heading_line.count(each), each == ","))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    heading: Sequence[str] = ()
    rows: list[tuple[int, Sequence[str]]] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not heading:
                heading = [cell.strip() for cell in cells]
                continue
            rows.append((reader.line_num, [_plain(cell) for cell in cells]))
            if len(rows) > MOST_ROWS:
                raise Refused("file", f"{len(rows)} rows", "is too long", allowed="up to 5000 rows")
    except csv.Error as error:
        raise Refused(
            "file", f"line {reader.line_num}", f"has broken quotation marks: {error}"
        ) from error
    if not rows:
        raise Refused("file", len(rows), "has no rows", allowed="a heading and at least one row")
    if len(heading) > MOST_COLUMNS:
        raise Refused("file", len(heading), "has too many columns", allowed="up to 40")
    return heading, rows


def _plain(cell: str) -> str:
    """The cell without the apostrophe that our own export puts before what looks like a formula."""
    clean = cell.strip()
    return clean[1:] if clean[:1] == "'" and clean[1:].startswith(FORMULA) else clean


def harmless(cell: str) -> str:
    """The cell so that no spreadsheet runs it as a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
