"""Makes whose logs are recognised, and refused until a real sample has been seen.

What their makers publish is said where it is used. Guessing the rest would enter
values that nobody measured.
"""

from __future__ import annotations

from collections.abc import Iterator

from compliance.importing.values import Found, ImportOptions, LineRange, LineUse


def refuse_all(lines: Iterator[str], note: str) -> Iterator[Found]:
    """Account for every line of a log that is not read, in one range."""
    count = sum(1 for _ in lines)
    if count:
        yield LineRange(first=1, last=count, use=LineUse.UNREADABLE, note=note)


class Unpublished:
    """An adapter that refuses with the reason and the way out."""

    verified = False

    def __init__(self, name: str, title: str, why: str) -> None:
        self.name, self.title, self.why = name, title, why

    def read(self, lines: Iterator[str], options: ImportOptions) -> Iterator[Found]:  # noqa: ARG002 (nothing of it is read)
        """Yield one range: all lines, not read, and why."""
        return refuse_all(lines, self.why)
