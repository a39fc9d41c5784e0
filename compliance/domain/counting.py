"""Numbers as a person says them."""

from __future__ import annotations

from typing import Final

_NUMBERS: Final = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def number_word(count: int) -> str:
    """Up to twelve in words, as good newspapers print it."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)


def count_of(count: int, one: str, many: str) -> str:
    """``One session``, ``two sessions``: the number in words with its noun."""
    return f"{number_word(count)} {one if count == 1 else many}"
