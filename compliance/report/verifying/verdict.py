"""What a verification found: facts check by check, and the judgement that follows from them."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from compliance.ledger.canonical import JsonValue
from compliance.ledger.entry import format_time, parse_time
from compliance.report.payload import AuditFile
from compliance.report.verifying.timing import (
    Bracket,
    TimeStamp,
    bracket_from_json,
    bracket_to_json,
    stamp_from_json,
    stamp_to_json,
)


class Outcome(enum.StrEnum):
    """Shown to people and given to programs by value: a released value is never renamed."""

    ACCEPTED = "accepted"

    REJECTED = "rejected"
    """It claims to be a report, and something about it does not hold."""

    CANNOT_BE_JUDGED = "cannot_be_judged"
    """Not a report of a kind this software knows, or nothing to compare it with."""


EXIT_CODES: Final[Mapping[Outcome, int]] = {
    Outcome.ACCEPTED: 0,
    Outcome.REJECTED: 1,
    Outcome.CANNOT_BE_JUDGED: 2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question that was asked of the file, and its answer."""

    code: str
    """Stable; documented with the step that asks it."""

    name: str
    """The question as a statement that holds or does not."""

    holds: bool | None
    """Nothing when there was not enough to answer; that alone never rejects a report."""

    reason: str
    """A plain sentence saying what was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCheckpoint:
    """What an inspector remembers of a clinic's log from a report accepted earlier."""

    clinic_id: str
    slug: str
    root_fingerprint: str
    """Of the certificate authority, in the form of `Verdict.root_fingerprint`."""

    size: int
    root: bytes
    note: str
    """The clinic's signed statement. Two that contradict each other convict the signer."""

    made_at: datetime | None = None
    """When that report was made, by the clinic's clock; missing in what was kept long ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer about one file. An inspector is shown every check, not only the sum."""

    outcome: Outcome
    level: int | None
    """The highest that an accepted report shows: 0 not altered since export, 1 existed by these
    times, 2 one history only, 3 the same log that the inspector met before. A higher one does not
    include a lower one; what is not shown is in ``does_not_prove``. Nothing if not accepted."""

    checks: tuple[Check, ...]
    sentence: str
    """The verdict in one or two sentences for people."""

    signed_by: str | None = None
    """The subject of the certificate, of the first signature."""

    signed_at: datetime | None = None
    """What the signer claims; no third party has confirmed it."""

    root_fingerprint: str | None = None
    """SHA-256 of the certificate authority that was relied on, in groups of four digits."""

    clinic: str | None = None
    period: tuple[str, str] | None = None
    """First and last day, both inclusive, in the clinic's time zone; nothing for one session's file."""

    about: str | None = None
    """``period`` for a report; ``inspection`` or ``client_copy`` for one session's file."""

    does_not_prove: tuple[str, ...] = ()
    checkpoint: KnownCheckpoint | None = None
    """What to remember; only of an accepted report."""

    time_stamps: tuple[TimeStamp, ...] = ()
    brackets: tuple[Bracket, ...] = ()
    witnessed: tuple[str, ...] = ()
    """The key names of the witnesses named by the inspector that cosigned the checkpoint."""

    audit: AuditFile | None = None
    """What the clinic signed, for drawing the report anew. Present as soon as the signatures
    and the form are right, so a rejected report can be looked at too."""

    @property
    def exit_code(self) -> int:
        """What the command line answers with."""
        return EXIT_CODES[self.outcome]

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that do not hold."""
        return tuple(check for check in self.checks if check.holds is False)

    def to_json(self) -> dict[str, JsonValue]:
        """Return everything but the audit itself as plain values."""
        checkpoint = self.checkpoint
        return {
            "outcome": self.outcome.value,
            "exit_code": self.exit_code,
            "level": self.level,
            "sentence": self.sentence,
            "checks": [
                {"code": c.code, "name": c.name, "holds": c.holds, "reason": c.reason}
                for c in self.checks
            ],
            "signed_by": self.signed_by,
            "signed_at": None if self.signed_at is None else format_time(self.signed_at),
            "root_fingerprint": self.root_fingerprint,
            "clinic": self.clinic,
            "period": None if self.period is None else list(self.period),
            "about": self.about,
            "does_not_prove": list(self.does_not_prove),
            "checkpoint": None if checkpoint is None else checkpoint_to_json(checkpoint),
            "time_stamps": [stamp_to_json(stamp) for stamp in self.time_stamps],
            "brackets": [bracket_to_json(bracket) for bracket in self.brackets],
            "witnessed": list(self.witnessed),
        }

    def with_audit(self, audit: AuditFile | None) -> Verdict:
        """Return the same verdict with the audit beside it."""
        return replace(self, audit=audit)


def verdict_from_json(content: Mapping[str, JsonValue]) -> Verdict:
    """Read what `Verdict.to_json` returned, as it comes from a process of our own.

    Raises:
        ValueError, KeyError, TypeError: if it is of another form.
    """
    signed_at, period, checkpoint = content["signed_at"], content["period"], content["checkpoint"]
    level = content["level"]
    return Verdict(
        outcome=Outcome(str(content["outcome"])),
        level=int(level) if isinstance(level, int) else None,
        checks=tuple(_check_from_json(item) for item in _items(content["checks"])),
        sentence=str(content["sentence"]),
        signed_by=_optional(content["signed_by"]),
        signed_at=None if signed_at is None else parse_time(signed_at),
        root_fingerprint=_optional(content["root_fingerprint"]),
        clinic=_optional(content["clinic"]),
        period=(str(_items(period)[0]), str(_items(period)[1])) if period is not None else None,
        about=_optional(content["about"]),
        does_not_prove=tuple(str(item) for item in _items(content["does_not_prove"])),
        checkpoint=checkpoint_from_json(checkpoint) if isinstance(checkpoint, dict) else None,
        time_stamps=tuple(stamp_from_json(item) for item in _items(content["time_stamps"])),
        brackets=tuple(bracket_from_json(item) for item in _items(content["brackets"])),
        witnessed=tuple(str(item) for item in _items(content["witnessed"])),
    )


def checkpoint_to_json(checkpoint: KnownCheckpoint) -> dict[str, JsonValue]:
    """Return a remembered checkpoint as plain values."""
    return {
        "clinic_id": checkpoint.clinic_id,
        "slug": checkpoint.slug,
        "root_fingerprint": checkpoint.root_fingerprint,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "note": checkpoint.note,
        "made_at": None if checkpoint.made_at is None else format_time(checkpoint.made_at),
    }


def checkpoint_from_json(content: Mapping[str, JsonValue]) -> KnownCheckpoint:
    """Read what `checkpoint_to_json` returned.

    Raises:
        ValueError, KeyError, TypeError: if it is of another form.
    """
    size, made_at = content["size"], content.get("made_at")
    if not isinstance(size, int):
        raise TypeError("a remembered size is not a number")
    return KnownCheckpoint(
        clinic_id=str(content["clinic_id"]),
        slug=str(content["slug"]),
        root_fingerprint=str(content["root_fingerprint"]),
        size=size,
        root=bytes.fromhex(str(content["root"])),
        note=str(content["note"]),
        made_at=None if made_at is None else parse_time(made_at),
    )


def _check_from_json(value: JsonValue) -> Check:
    if not isinstance(value, dict):
        raise TypeError("a check is not an object")
    holds = value["holds"]
    return Check(
        code=str(value["code"]),
        name=str(value["name"]),
        holds=holds if isinstance(holds, bool) else None,
        reason=str(value["reason"]),
    )


def _items(value: JsonValue) -> Sequence[JsonValue]:
    if not isinstance(value, list):
        raise TypeError("a list is missing")
    return value


def _optional(value: JsonValue) -> str | None:
    return None if value is None else str(value)
