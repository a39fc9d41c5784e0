"""The report of an import as plain text, the same on the command line and beside a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from compliance.operations.sterilization.importing import Imported


def account_for(imported: Imported) -> str:
    """Every range of lines with what became of it; ends with a line break."""
    return "".join(f"{line}\n" for line in account_lines(imported))


def account_lines(imported: Imported) -> Iterator[str]:
    counted = Counter(
        line.use if line.use != "cycle" else "flagged" if line.flags else "accepted"
        for line in imported.lines
    )
    parts = ", ".join(
        f"{counted[use]} {word}"
        for use, word in (
            ("accepted", "accepted"),
            ("flagged", "flagged"),
            ("known", "known already"),
            ("unreadable", "refused"),
        )
        if counted[use]
    )
    yield f"{imported.name}: {parts or 'no cycles'}  SHA-256 {imported.sha256}"
    for line in imported.lines:
        place = f"lines {line.first} to {line.last}"
        if line.use == "cycle":
            signs = f", flagged: {', '.join(line.flags)}" if line.flags else ""
            yield f"  {place}: cycle {line.number} {line.outcome}{signs}"
            if line.note:
                yield f"    {line.note}"
        else:
            yield f"  {place}: {line.use}: {line.note}"
