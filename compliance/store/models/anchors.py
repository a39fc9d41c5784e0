"""What left the building and came back signed: time-stamps and cosignatures of checkpoints."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from compliance.store.base import Base, Id, UtcTime


class Anchor(Base):
    """A time-stamp token over a checkpoint. Its entry names the hash; never updated or deleted."""

    __tablename__ = "anchor"
    __table_args__ = (CheckConstraint("kind = 'rfc3161'", name="kind_known"),)

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Of the ``anchor`` entry."""
    size: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(16))
    issuer: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the certificate that signed the token, in hex."""
    authority: Mapped[str] = mapped_column(String(200))
    independent: Mapped[bool] = mapped_column(Boolean)
    gen_time: Mapped[datetime] = mapped_column(UtcTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcTime)
    note: Mapped[str] = mapped_column(Text)
    token: Mapped[bytes] = mapped_column(LargeBinary)
    token_sha256: Mapped[str] = mapped_column(String(64))


class Cosignature(Base):
    """A witness's line on the checkpoint of one size. Never updated or deleted."""

    __tablename__ = "cosignature"

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    witness: Mapped[str] = mapped_column(String(200), primary_key=True)
    """The name of its key."""
    line: Mapped[str] = mapped_column(Text)
    """The signature line, ending in a newline."""
    at: Mapped[datetime] = mapped_column(UtcTime)


class OutsideAttempt(Base):
    """How asking an authority or a witness went last; not part of the record."""

    __tablename__ = "outside_attempt"

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    target: Mapped[str] = mapped_column(String(300), primary_key=True)
    """Address of the authority, or ``witness:NAME``."""
    failures: Mapped[int] = mapped_column(Integer)
    """In a row; zero after a success."""
    last_at: Mapped[datetime] = mapped_column(UtcTime)
    retry_at: Mapped[datetime] = mapped_column(UtcTime)
    problem: Mapped[str | None] = mapped_column(String(300))


class LastingFile(Base):
    """A signed file that is kept, and when it wants its next time-stamp; not part of the record."""

    __tablename__ = "lasting_file"
    __table_args__ = (Index(None, "extend_at", "clinic_id", "name"),)

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    """In the clinic's folder of reports."""
    report: Mapped[str] = mapped_column(String(80))
    """As its entries name it; volumes have a number after a stroke."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the newest bytes; while they get their name, the file may still hold those before."""
    size: Mapped[int] = mapped_column(BigInteger)
    stamps: Mapped[int] = mapped_column(Integer)
    """Archive time-stamps it has."""
    extend_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """When the next one is due."""
