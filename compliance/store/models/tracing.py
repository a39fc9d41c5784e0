"""What sessions met, which recalled packs were found, and the lists handed out about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from compliance.store.base import Base, Id, JsonText, UtcTime


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


class TracedFile(Base):
    """A signed list of a recall or of a search that was made and kept. Never changed."""

    __tablename__ = "traced_file"
    __table_args__ = (
        CheckConstraint(
            "purpose = 'recall' AND recall_id IS NOT NULL AND kind IS NULL AND ref IS NULL"
            " OR purpose = 'search' AND recall_id IS NULL AND kind IS NOT NULL AND ref IS NOT NULL",
            name="purpose_known",
        ),
        Index(None, "clinic_id", "idx"),
        Index(None, "clinic_id", "recall_id", "idx"),
        Index(None, "clinic_id", "said", "made_by"),
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    report_id: Mapped[str] = mapped_column(Id, primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger)
    """Of its ``report.exported`` entry."""
    purpose: Mapped[str] = mapped_column(String(8))
    recall_id: Mapped[str | None] = mapped_column(Id)
    kind: Mapped[str | None] = mapped_column(String(12))
    """Of what was searched for."""
    ref: Mapped[str | None] = mapped_column(String(160))
    """Its id, a client's pseudonym, or the lot as a notice names it."""
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    name: Mapped[str] = mapped_column(String(200))
    """Of the file in the clinic's folder of reports."""
    said: Mapped[str] = mapped_column(String(64))
    """A keyed hash over all that it says: whether another one would say the same."""
    people: Mapped[Any] = mapped_column(JsonText)
    """Ids of the clients and colleagues whom it names, so that their erasure finds it."""
