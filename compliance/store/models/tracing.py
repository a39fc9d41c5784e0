"""What sessions met, and which recalled packs were found: the rows behind every recall."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from compliance.store.base import Base, Id, UtcTime


class SessionEvidence(Base):
    """A device, pack or lot that a client met, by the entry that says so. Never changed.

    A draft has met nothing, so that rows begin with the start of the treatment.
    """

    __tablename__ = "session_evidence"
    __table_args__ = (
        CheckConstraint("kind IN ('device','lot','pack')", name="kind_known"),
        Index(None, "clinic_id", "session_id", "idx"),
        # Most rows are found by what was met, so the table itself lies in that order.
        {"sqlite_with_rowid": False},
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    value: Mapped[str] = mapped_column(String(160), primary_key=True)
    """The id of a device or pack; a lot number as `normal_lot` spells it."""
    session_id: Mapped[str] = mapped_column(Id, primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    gtin: Mapped[str] = mapped_column(String(14), server_default=text("''"))
    """The article that a lot is of, as `normal_gtin` spells it; empty where the entry names none."""


class RecallPull(Base):
    """A recalled pack that was looked for: taken out of use, or not there. Never changed."""

    __tablename__ = "recall_pull"
    __table_args__ = (CheckConstraint("outcome IN ('pulled','missing')", name="outcome_known"),)

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    recall_id: Mapped[str] = mapped_column(Id, primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    pack_id: Mapped[str] = mapped_column(Id)
    outcome: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime] = mapped_column(UtcTime)
    by: Mapped[str] = mapped_column(String(80))
