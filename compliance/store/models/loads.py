"""Loads of the sterilization room: being put together, and started."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from compliance.store.base import Base, Id, JsonText, UtcTime


class LoadDraft(Base):
    """What somebody is putting together. No part of the record: nothing has happened yet."""

    __tablename__ = "load_draft"

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    """Two people at two sterilizers do not scan into each other's load."""
    sterilizer_id: Mapped[str | None] = mapped_column(Id)
    program: Mapped[str] = mapped_column(String(120))
    contents: Mapped[Any] = mapped_column(JsonText)
    """``[{"row", "device", "text"}]`` in the order of scanning; a row's number is never used again."""
    changed_at: Mapped[datetime] = mapped_column(UtcTime)


class SterilizerLoad(Base):
    """A load that was started. Its entry stands before anybody knows how the run ends."""

    __tablename__ = "sterilizer_load"
    __table_args__ = (
        Index(None, "clinic_id", "ended_at", "started_at"),
        Index(None, "clinic_id", "cycle_id"),
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    load_id: Mapped[str] = mapped_column(Id, primary_key=True)
    sterilizer_id: Mapped[str] = mapped_column(Id)
    program: Mapped[str] = mapped_column(String(120))
    contents: Mapped[Any] = mapped_column(JsonText)
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    started_by: Mapped[str] = mapped_column(String(80))
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """When its cycle was read out, or it was given up."""
    cycle_id: Mapped[str | None] = mapped_column(Id)
