"""What the house keeps in stock: lots, sharps containers, rooms; drafts and imports on the way."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from compliance.store.base import Base, Id, JsonText, UtcTime


class Lot(Base):
    """One lot of a product as it stands on the shelf."""

    __tablename__ = "lot"
    __table_args__ = (
        CheckConstraint("quantity IS NULL OR quantity >= 0", name="quantity_not_negative"),
        Index(None, "clinic_id", "product_id", "code", unique=True),
        Index(None, "clinic_id", "expires_on", "lot_id"),
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    lot_id: Mapped[str] = mapped_column(Id, primary_key=True)
    product_id: Mapped[str] = mapped_column(Id)
    code: Mapped[str] = mapped_column(String(40))
    """The lot number as its maker prints it."""
    expires_on: Mapped[date | None] = mapped_column(Date)
    received_on: Mapped[date | None] = mapped_column(Date)
    quantity: Mapped[int | None] = mapped_column(Integer)
    """Pieces at the last count; None where nobody counts."""
    opened_on: Mapped[date | None] = mapped_column(Date)
    discard_on: Mapped[date | None] = mapped_column(Date)
    """The last day of use once opened."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcTime)


class SharpsContainer(Base):
    """A container for used sharps: open, then full, then collected."""

    __tablename__ = "sharps_container"
    __table_args__ = (Index(None, "clinic_id", "code", unique=True),)

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    container_id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(120))
    room_id: Mapped[str | None] = mapped_column(Id)
    opened_at: Mapped[datetime] = mapped_column(UtcTime)
    full_at: Mapped[datetime | None] = mapped_column(UtcTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Room(Base):
    """A room of the clinic."""

    __tablename__ = "room"
    __table_args__ = (Index(None, "clinic_id", "code", unique=True),)

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    room_id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcTime)


class ThingEntry(Base):
    """Which entries changed a thing after it was added: its history in index order."""

    __tablename__ = "thing_entry"
    __table_args__ = ({"sqlite_with_rowid": False},)

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    thing: Mapped[str] = mapped_column(Id, primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class StagedImport(Base):
    """A CSV file that was shown and not yet confirmed. It is no part of the record."""

    __tablename__ = "staged_import"
    __table_args__ = (Index(None, "clinic_id", "created_at"),)

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    import_id: Mapped[str] = mapped_column(Id, primary_key=True)
    family: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[str] = mapped_column(Id)
    text: Mapped[str] = mapped_column(Text)
    encoding: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class TemplateDraft(Base):
    """A checklist somebody is changing. Only publishing makes it part of the record."""

    __tablename__ = "template_draft"

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    draft_id: Mapped[str] = mapped_column(Id, primary_key=True)
    base_id: Mapped[str] = mapped_column(String(60))
    base_version: Mapped[int] = mapped_column(Integer)
    body: Mapped[Any] = mapped_column(JsonText)
    revision: Mapped[int] = mapped_column(Integer)
    """Grows with every saving; a signature is bound to it."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    updated_at: Mapped[datetime] = mapped_column(UtcTime)
    updated_by: Mapped[str] = mapped_column(Id)
