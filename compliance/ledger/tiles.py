"""A log as static files: the tiles of C2SP tlog-tiles, version 1.

Any monitor that reads tiles reads ours: ``checkpoint``, ``tile/<L>/<N>`` with 256 hashes
each, ``tile/entries/<N>`` with the entries themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from compliance.errors import ComplianceError
from compliance.ledger.tree import HASH_BYTES, hash_node

WIDTH: Final = 256
"""Hashes in a full tile, entries in a full bundle."""

_LEVELS_PER_TILE: Final = 8
_LONGEST: Final = 0xFFFF
"""Bytes; the length of an entry stands before it in two."""

_ENTRIES: Final = "entries"

File = tuple[str, bytes]
"""A path with slashes and its content."""


class NotTileable(ComplianceError):
    """An entry that the format cannot hold."""

    code = "not_tileable"


def tile_path(level: str, index: int, width: int) -> str:
    """Where a tile lies: the index in groups of three digits, all but the last begun by an x.

    Args:
        level: a number, or ``entries``.
        index: of the tile in its level.
        width: how many hashes or entries it has; below 256 it is a partial one.
    """
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    path = f"tile/{level}/{'/'.join(groups)}"
    return path if width == WIDTH else f"{path}.p/{width}"


class TileWriter:
    """Takes the entries in order and gives the files out as they become whole.

    Memory holds one tile a level and one bundle, however long the log is.
    """

    def __init__(self) -> None:
        self._bundle = bytearray()
        self._in_bundle = 0
        self._bundles = 0
        self._open: list[bytearray] = []
        self._done: list[int] = []

    def add(self, leaf_hash: bytes, body: bytes) -> Iterator[File]:
        """Take the next entry.

        Raises:
            NotTileable: if it is longer than two bytes can say.
        """
        if len(body) > _LONGEST:
            raise NotTileable("an entry is longer than a tile can hold")
        self._bundle += len(body).to_bytes(2, "big") + body
        self._in_bundle += 1
        if self._in_bundle == WIDTH:
            yield self._close_bundle()
        yield from self._push(0, leaf_hash)

    def finish(self) -> Iterator[File]:
        """Give out the partial tiles of every level and the partial bundle."""
        if self._in_bundle:
            yield self._close_bundle()
        for level, waiting in enumerate(self._open):
            if waiting:
                width = len(waiting) // HASH_BYTES
                yield tile_path(str(level), self._done[level], width), bytes(waiting)

    def _close_bundle(self) -> File:
        path = tile_path(_ENTRIES, self._bundles, self._in_bundle)
        content = bytes(self._bundle)
        self._bundle.clear()
        self._bundles += 1
        self._in_bundle = 0
        return path, content

    def _push(self, level: int, hash_: bytes) -> Iterator[File]:
        if level == len(self._open):
            self._open.append(bytearray())
            self._done.append(0)
        waiting = self._open[level]
        waiting += hash_
        if len(waiting) < WIDTH * HASH_BYTES:
            return
        content = bytes(waiting)
        yield tile_path(str(level), self._done[level], WIDTH), content
        self._done[level] += 1
        waiting.clear()
        yield from self._push(level + 1, _root_of(content))


def _root_of(content: bytes) -> bytes:
    """The hash over a full tile: the first hash of the tile above."""
    hashes = [content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES)]
    for _ in range(_LEVELS_PER_TILE):
        hashes = [hash_node(*pair) for pair in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]
