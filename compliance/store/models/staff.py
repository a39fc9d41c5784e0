"""What a clinic keeps about its people besides accounts: invitations and qualifications."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Date, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from compliance.store.base import Base, Id, JsonText, UtcTime


class Invitation(Base):
    """A one-time link: to join the clinic, or to choose a new password. Only its hash is kept."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint("purpose IN ('join','reset')", name="purpose_known"),
        Index(None, "token_hash", unique=True),
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    invitation_id: Mapped[str] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    purpose: Mapped[str] = mapped_column(String(10))
    user_id: Mapped[str | None] = mapped_column(Id)
    """Whose password it renews; for joining, who came of it."""
    username: Mapped[str] = mapped_column(String(60))
    display_name: Mapped[str] = mapped_column(String(120))
    """Empty: the invited person says it."""
    roles: Mapped[Any] = mapped_column(JsonText)
    entitled_override: Mapped[bool] = mapped_column(Boolean)
    valid_to: Mapped[datetime | None] = mapped_column(UtcTime)
    """The end of the roles, not of the link."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    created_by: Mapped[str] = mapped_column(String(80))
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Qualification(Base):
    """A licence or certificate of one person, with its validity and what it limits."""

    __tablename__ = "qualification"
    __table_args__ = (
        CheckConstraint("kind IN ('licence','certificate','training')", name="kind_known"),
        Index(None, "clinic_id", "user_id", "valid_from"),
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    qualification_id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(120))
    number: Mapped[str] = mapped_column(String(80))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    """The last day, included."""
    depth_limit_mm: Mapped[str | None] = mapped_column(String(8))
    document_id: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcTime)


class StaffDocument(Base):
    """The scan of a licence, sealed under its person's key."""

    __tablename__ = "staff_document"

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    document_id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(Id)
    media_type: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
