"""A recorded time as it is printed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A recorded time as it is printed in the clinic's zone."""

    utc: str
    """RFC 3339, exactly as recorded."""

    day: str
    """Such as ``20 Nov 2026``."""

    clock: str
    """Such as ``14:05``; with the offset in the hour that a zone repeats in autumn."""

    @property
    def text(self) -> str:
        return f"{self.day}, {self.clock}"

    def beside(self, day: str) -> str:
        """Leave the day out where the reader has just been told it."""
        return self.clock if self.day == day else self.text
