"""The maps from a font's codes to characters, as PDF/A wants them."""

from __future__ import annotations

import re
from typing import Final

_CMAP_BLOCK: Final = 100
"""Entries a block of a character map may hold; reportlab writes more."""

_PAIR: Final = re.compile(r"<([0-9A-Fa-f]{2})> <([0-9A-Fa-f]+)>")
_BLOCK: Final = re.compile(r"\d+ beginbfchar.*?endbfchar\n?", re.DOTALL)
_NO_CHARACTER: Final = frozenset({0x0000, 0xFEFF, 0xFFFE})


def without_empty_entries(source: str) -> str:
    """Return a character map with its real entries only.

    reportlab maps unused codes to U+0000, which PDF/A forbids, in blocks that are too long.
    """
    pairs = [
        f"<{code}> <{character}>"
        for block in _BLOCK.findall(source)
        for code, character in _PAIR.findall(block)
        if int(character, 16) not in _NO_CHARACTER
    ]
    blocks = "".join(
        f"{len(chunk)} beginbfchar\n{chr(10).join(chunk)}\nendbfchar\n"
        for chunk in (pairs[at : at + _CMAP_BLOCK] for at in range(0, len(pairs), _CMAP_BLOCK))
    )
    first = _BLOCK.search(source)
    if first is None:
        return source
    return source[: first.start()] + blocks + _BLOCK.sub("", source[first.start() :])
