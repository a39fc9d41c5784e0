"""What a treatment uses: devices, products, packs; and the templates that ask for them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from compliance.store.base import Base, Id, JsonText, UtcTime


class TemplateVersion(Base):
    """One published version of a checklist template. Never changed; a session keeps its own."""

    __tablename__ = "template_version"

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    template_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    body: Mapped[Any] = mapped_column(JsonText)
    published_at: Mapped[datetime] = mapped_column(UtcTime)
    idx: Mapped[int] = mapped_column(BigInteger)


class Device(Base):
    """A handpiece or reusable device with its components and their reprocessing modes."""

    __tablename__ = "device"
    __table_args__ = (
        Index(None, "clinic_id", "code", unique=True),
        Index(None, "clinic_id", "label", "device_id"),
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    device_id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(120))
    components: Mapped[Any] = mapped_column(JsonText)
    max_depth_mm: Mapped[str | None] = mapped_column(String(8))
    settings: Mapped[str | None] = mapped_column(String(400))
    """The maker's other limits, in words."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Product(Base):
    """A disinfectant, serum, anaesthetic, aftercare product or cartridge."""

    __tablename__ = "product"
    __table_args__ = (Index(None, "clinic_id", "code", unique=True),)

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    product_id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    contact_seconds: Mapped[int | None] = mapped_column(Integer)
    use: Mapped[Any] = mapped_column(JsonText)
    maker: Mapped[str | None] = mapped_column(String(120))
    listing: Mapped[str | None] = mapped_column(String(120))
    """Where an authority lists it, such as an EPA number or an EN standard."""
    material: Mapped[str | None] = mapped_column(String(20))
    """Of the needles; for cartridges."""
    open_days: Mapped[int | None] = mapped_column(Integer)
    """Days of use after opening."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Pack(Base):
    """A sterile pack: registered, then released with a signature, used once."""

    __tablename__ = "pack"
    __table_args__ = (
        CheckConstraint(
            "state IN ('registered','released','used','damaged','recalled')", name="state_known"
        ),
        Index(None, "clinic_id", "code", unique=True),
        Index(None, "clinic_id", "state", "expires_on", "pack_id"),
        Index(None, "clinic_id", "device_id", "registered_at"),
        Index(None, "clinic_id", "registered_at", "pack_id"),
        # With the pack itself, so that a recall finds the packs of thousands of loads in here.
        Index(None, "clinic_id", "cycle_id", "pack_id"),
        Index(None, "clinic_id", "released_by", "cycle_id", "pack_id"),
        Index(None, "clinic_id", "sterilizer", "sterilized_on"),
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    pack_id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    device_id: Mapped[str | None] = mapped_column(Id)
    contents: Mapped[str] = mapped_column(String(200))
    sterilizer: Mapped[str] = mapped_column(String(60))
    cycle_number: Mapped[str] = mapped_column(String(40))
    sterilized_on: Mapped[date] = mapped_column(Date)
    expires_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(12))
    registered_at: Mapped[datetime] = mapped_column(UtcTime)
    registered_by: Mapped[str] = mapped_column(Id)
    released_at: Mapped[datetime | None] = mapped_column(UtcTime)
    released_by: Mapped[str | None] = mapped_column(Id)
    used_in: Mapped[str | None] = mapped_column(Id)
    cycle_id: Mapped[str | None] = mapped_column(Id)
    """The recorded cycle it came from; None where no sterilizer of this name is kept."""


class EvidenceUse(Base):
    """A thing that may be used once, and the session that uses it."""

    __tablename__ = "evidence_use"
    __table_args__ = (Index(None, "clinic_id", "session_id"),)

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    ref: Mapped[str] = mapped_column(String(160), primary_key=True)
    session_id: Mapped[str] = mapped_column(Id)


class ReprocessingWait(Base):
    """A component sent back after a treatment, until a later cycle releases it."""

    __tablename__ = "reprocessing_wait"
    __table_args__ = (Index(None, "clinic_id", "pack_id", "device_id", "since"),)

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    session_id: Mapped[str] = mapped_column(Id, primary_key=True)
    component: Mapped[str] = mapped_column(String(40), primary_key=True)
    device_id: Mapped[str] = mapped_column(Id)
    since: Mapped[datetime] = mapped_column(UtcTime)
    pack_id: Mapped[str] = mapped_column(String(36))
    """The pack whose release ended the wait; empty while it waits."""


class Disclosure(Base):
    """The salt and value behind a commitment, sealed under the subject's key."""

    __tablename__ = "disclosure"
    __table_args__ = (Index(None, "clinic_id", "subject_id"),)

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    subject_id: Mapped[str] = mapped_column(Id)
    field: Mapped[str] = mapped_column(String(40))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Attachment(Base):
    """An ink signature or picture, sealed under the client's key."""

    __tablename__ = "attachment"

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    attachment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    session_id: Mapped[str] = mapped_column(Id)
    subject_id: Mapped[str] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(20))
    media_type: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    idx: Mapped[int] = mapped_column(BigInteger)
