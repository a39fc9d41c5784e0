"""A handwriting of sorts: the pictures that demo clients sign their consent with."""

from __future__ import annotations

import math
import struct
import zlib
from random import Random
from typing import Final

WIDTH: Final = 320
HEIGHT: Final = 96
_PEN: Final = 2
"""Half the width of a stroke, in pixels."""


def draw_ink(random: Random) -> bytes:
    """Return a PNG of a signature-like curve, another one each time."""
    rows = [bytearray(b"\xff" * WIDTH) for _ in range(HEIGHT)]
    waves = [(random.uniform(6, 18), random.uniform(0.03, 0.11)) for _ in range(3)]
    for step in range(24 * 60):
        along = step / (24 * 60)
        x = 20 + along * (WIDTH - 40) + 9 * math.sin(along * 60)
        lift = sum(height * math.sin(x * pace) for height, pace in waves)
        _dot(rows, int(x), int(HEIGHT / 2 + lift * (1 - along / 2)))
    return _png(b"".join(b"\x00" + bytes(row) for row in rows))


def _dot(rows: list[bytearray], x: int, y: int) -> None:
    for row in range(max(0, y - _PEN), min(HEIGHT, y + _PEN)):
        for column in range(max(0, x - _PEN), min(WIDTH, x + _PEN)):
            rows[row][column] = 0x20


def _png(scanlines: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(scanlines, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
