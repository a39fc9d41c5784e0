"""From bytes to lines: encodings, lost degree signs, line ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_PROBE: Final = 65_536
_LONGEST_LINE: Final = 4096
"""A longer line is no log line; it is cut here so that a hostile file cannot fill the memory."""


def find_encoding(file: BinaryIO) -> str:
    """Guess the encoding from a mark or from the first bytes; leaves the file at its start.

    UTF-8 that decodes is UTF-8; anything else is the code page of old Windows
    machines, in which every byte means something.
    """
    start = file.read(_PROBE)
    file.seek(0)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character that the probe cuts in two is no sign of another encoding.
        return "utf-8" if error.start > len(start) - 4 and len(start) == _PROBE else "cp1252"
    return "utf-8"


def read_lines(file: BinaryIO) -> Iterator[str]:
    """Yield the lines without their ends; undecodable bytes become U+FFFD, never an error."""
    encoding = find_encoding(file)
    if encoding == "utf-16":
        for line in file.read().decode(encoding, errors="replace").splitlines():
            yield line[:_LONGEST_LINE].rstrip()
        return
    while raw := file.readline(_LONGEST_LINE):
        yield raw.decode(encoding, errors="replace").rstrip("\r\n\x0c \t").lstrip("\ufeff")
