"""What a mapping would read from a sample, shown before it is saved."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from compliance.importing.decoding import read_lines
from compliance.importing.text_mapping import MappedText, TextMapping
from compliance.importing.values import ImportOptions, LineRange, LineUse, LoggedCycle

MOST_SAMPLE_BYTES: Final = 64 * 1024
"""Of a file, its beginning: enough to see several cycles."""

MOST_SAMPLE_LINES: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What was found in a sample."""

    cycles: tuple[LoggedCycle, ...]
    refused: tuple[LineRange, ...]
    noise: int
    """Lines outside of any cycle."""
    uses: tuple[str, ...]
    """For each line of the sample: ``cycle``, ``noise`` or ``unreadable``."""


def sample_of(content: bytes) -> str:
    """The beginning of a file as text, whatever its encoding, for a form to carry."""
    lines: list[str] = []
    for line in read_lines(io.BytesIO(content[:MOST_SAMPLE_BYTES])):
        lines.append("".join(sign if sign.isprintable() or sign == "\t" else " " for sign in line))
        if len(lines) == MOST_SAMPLE_LINES:
            break
    return "\n".join(lines)


def preview_mapping(sample: str, mapping: TextMapping) -> Preview:
    """Read a sample by a mapping; nothing is entered.

    Raises:
        Refused: a mapping that could not find a cycle.
    """
    lines = sample.splitlines()[:MOST_SAMPLE_LINES]
    cycles: list[LoggedCycle] = []
    refused: list[LineRange] = []
    uses = [LineUse.NOISE.value] * len(lines)
    adapter = MappedText(mapping)
    for found in adapter.read(_each(lines), ImportOptions(date_order=mapping.date_order)):
        if isinstance(found, LoggedCycle):
            cycles.append(found)
            first, last, use = *found.lines, LineUse.CYCLE.value
        else:
            first, last, use = found.first, found.last, found.use.value
            if found.use is LineUse.UNREADABLE:
                refused.append(found)
        uses[first - 1 : last] = [use] * (last - first + 1)
    return Preview(
        cycles=tuple(cycles),
        refused=tuple(refused),
        noise=uses.count(LineUse.NOISE.value),
        uses=tuple(uses),
    )


def _each(lines: list[str]) -> Iterator[str]:
    return iter(lines)
