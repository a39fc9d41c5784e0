"""One base for everything that can be refused, each with a stable code."""

from __future__ import annotations

from typing import ClassVar


class ComplianceError(Exception):
    """An expected failure that some caller must turn into an answer.

    Public functions below ``web`` and ``cli`` let only these escape. An
    exception from a library or from Python itself is converted where it arises.
    """

    code: ClassVar[str] = "compliance_error"
    """Stable, lower-case and documented; safe to show to anyone."""


class NotPermitted(ComplianceError):
    """The actor's role in this clinic does not include the action."""

    code = "not_permitted"


class NotFound(ComplianceError):
    """There is no such thing in this clinic; another clinic's things are not found either."""

    code = "not_found"


class Conflict(ComplianceError):
    """The request contradicts what is already recorded."""

    code = "conflict"


class IdempotencyMismatch(Conflict):
    """The same idempotency key came with another body."""

    code = "idempotency_mismatch"


class VersionMismatch(Conflict):
    """``If-Match`` named a version that is no longer the current one."""

    code = "version_mismatch"


class SignatureRequired(ComplianceError):
    """The act is signed, and no valid one-time grant for exactly this act was given."""

    code = "signature_required"


class Refused(ComplianceError):
    """A value cannot be accepted; names the field, the value and the way out."""

    code = "invalid_value"

    def __init__(self, field: str, value: object, problem: str, *, allowed: str = "") -> None:
        shown = repr(value)
        if len(shown) > 80:
            shown = shown[:77] + "..."
        hint = f" Allowed: {allowed}." if allowed else ""
        super().__init__(f"{field}: {problem} (got {shown}).{hint}")
        self.field = field
        self.problem = problem
        self.allowed = allowed
