"""What the doctor says: one finding for each thing, worst first."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final


class Level(enum.StrEnum):
    """How bad it is; shown and given to programs by value."""

    UNSAFE = "unsafe"
    """Records or keys are in danger now."""

    WARNING = "warning"
    """It will be a problem some day."""

    INFORMATION = "information"
    """A choice that one should know of."""


EXIT_CODES: Final[Mapping[Level, int]] = MappingProxyType(
    {Level.UNSAFE: 2, Level.WARNING: 1, Level.INFORMATION: 0}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is unsafe, missing or worth knowing."""

    code: str
    """Stable, for programs."""
    level: Level
    what: str
    why: str
    command: str
    """What mends it; the words of a command where there is one."""

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "level": self.level.value,
            "what": self.what,
            "why": self.why,
            "command": self.command,
        }


def exit_code(findings: list[Finding]) -> int:
    """0 fine, 1 warnings, 2 unsafe."""
    return max((EXIT_CODES[finding.level] for finding in findings), default=0)


def unsafe(code: str, what: str, why: str, command: str) -> Finding:
    return Finding(code=code, level=Level.UNSAFE, what=what, why=why, command=command)


def warning(code: str, what: str, why: str, command: str) -> Finding:
    return Finding(code=code, level=Level.WARNING, what=what, why=why, command=command)


def information(code: str, what: str, why: str, command: str) -> Finding:
    return Finding(code=code, level=Level.INFORMATION, what=what, why=why, command=command)
