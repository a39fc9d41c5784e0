"""Erasures of personal data: asked for, then confirmed by another person or withdrawn."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from compliance.store.base import Base, Id, UtcTime


class Erasure(Base):
    """One request to erase what is known about a person. Kept for ever; it names nobody."""

    __tablename__ = "erasure"
    __table_args__ = (
        CheckConstraint("state IN ('requested','withdrawn','erased')", name="state_known"),
        CheckConstraint("state <> 'erased' OR ended_by <> requested_by", name="two_persons"),
        Index(None, "clinic_id", "subject_id"),
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    erasure_id: Mapped[str] = mapped_column(Id, primary_key=True)
    subject_id: Mapped[str] = mapped_column(Id)
    """The pseudonym whose key is destroyed."""
    what: Mapped[str] = mapped_column(String(12))
    basis: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(12))
    requested_by: Mapped[str] = mapped_column(String(80))
    requested_at: Mapped[datetime] = mapped_column(UtcTime)
    requested_index: Mapped[int] = mapped_column(BigInteger)
    ended_by: Mapped[str | None] = mapped_column(String(80))
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_index: Mapped[int | None] = mapped_column(BigInteger)
    completed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """When the key was destroyed and the files were rewritten; a crash may leave that to do."""
