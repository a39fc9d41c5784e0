"""What inspectors read: one row for each page, file and answer of the API."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from compliance.store.base import Base, Id, UtcTime


class InspectorAccess(Base):
    """One successful read. Never changed; no entry of its own, since reading changes nothing.

    ``inspector.accesses`` entries hold a hash over the rows from one number to another.
    """

    __tablename__ = "inspector_access"
    __table_args__ = (
        CheckConstraint("way IN ('page','file','api')", name="way_known"),
        Index(None, "clinic_id", "at", "access_id"),
        Index(None, "clinic_id", "user_id", "at", "access_id"),
        Index(None, "clinic_id", "number", unique=True),
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    access_id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcTime)
    way: Mapped[str] = mapped_column(String(4))
    what: Mapped[str] = mapped_column(String(80))
    """A stable word for what was read, such as ``session`` or ``report_file``."""
    thing: Mapped[str] = mapped_column(String(120))
    """Which one, by id or code; empty for a list."""
    asked: Mapped[str] = mapped_column(String(160))
    """By what a list was narrowed; the names of the filters and never a client's reference."""
    token_id: Mapped[str | None] = mapped_column(Id)
    """The token of a call of the API."""
    number: Mapped[int] = mapped_column(Integer)
    """From 1 on without a gap within a clinic, in the order in which they were noted."""
