"""Treatment sessions as screens read them: a projection of the log, re-derivable from it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from compliance.store.base import Base, Id, JsonText, UtcTime


class Client(Base):
    """A client under a pseudonym. The reference itself is sealed, and found by its blind index."""

    __tablename__ = "client"
    __table_args__ = (
        Index(None, "clinic_id", "ref_index", unique=True),
        Index(None, "clinic_id", "last_session_at", "client_id"),
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    client_id: Mapped[str] = mapped_column(Id, primary_key=True)
    ref_index: Mapped[bytes] = mapped_column(LargeBinary(32))
    ref_commitment: Mapped[bytes] = mapped_column(LargeBinary(32))
    steel_allergy: Mapped[bool | None] = mapped_column(Boolean)
    last_session_at: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class TreatmentSession(Base):
    """One treatment of one client by one practitioner."""

    __tablename__ = "treatment_session"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft','in_progress','treated','awaiting_reprocessing','closed','aborted')",
            name="state_known",
        ),
        CheckConstraint(
            "needle_material IS NULL OR needle_material IN ('titanium','surgical_steel')",
            name="needle_material_known",
        ),
        CheckConstraint(
            "state <> 'closed' OR (closed_index IS NOT NULL AND needle_material IS NOT NULL)",
            name="closed_is_complete",
        ),
        ForeignKeyConstraint(
            ["clinic_id", "client_id"],
            ["client.clinic_id", "client.client_id"],
            ondelete="RESTRICT",
        ),
        ForeignKeyConstraint(
            ["clinic_id", "device_id"],
            ["device.clinic_id", "device.device_id"],
            ondelete="RESTRICT",
        ),
        Index(None, "clinic_id", "opened_at", "session_id"),
        Index(None, "clinic_id", "state", "opened_at", "session_id"),
        Index(None, "clinic_id", "practitioner_id", "opened_at", "session_id"),
        Index(None, "clinic_id", "client_id", "opened_at", "session_id"),
        Index(None, "clinic_id", "late", "opened_at", "session_id"),
        Index(None, "clinic_id", "closed_index", "opened_index"),
        # All that counting the sessions of a search needs; nothing in it changes at closing.
        Index(None, "clinic_id", "session_id", "client_id", "opened_at"),
        # Named by hand: the convention's name is longer than PostgreSQL allows.
        Index(
            "ix_treatment_session_template",
            "clinic_id",
            "template_id",
            "template_version",
            "opened_at",
            "session_id",
        ),
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    session_id: Mapped[str] = mapped_column(Id, primary_key=True)
    state: Mapped[str] = mapped_column(String(24))
    version: Mapped[int] = mapped_column(Integer)
    """Grows with every accepted change; the ``ETag`` of the session."""
    template_id: Mapped[str] = mapped_column(String(60))
    template_version: Mapped[int] = mapped_column(Integer)
    client_id: Mapped[str] = mapped_column(Id)
    device_id: Mapped[str] = mapped_column(Id)
    practitioner_id: Mapped[str] = mapped_column(Id)
    opened_at: Mapped[datetime] = mapped_column(UtcTime)
    opened_index: Mapped[int] = mapped_column(BigInteger)
    started_at: Mapped[datetime | None] = mapped_column(UtcTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """When it was closed or aborted."""
    signed_index: Mapped[int | None] = mapped_column(BigInteger)
    closed_index: Mapped[int | None] = mapped_column(BigInteger)
    needle_material: Mapped[str | None] = mapped_column(String(20))
    late: Mapped[bool] = mapped_column(Boolean)
    amended: Mapped[bool] = mapped_column(Boolean)
    warnings: Mapped[Any] = mapped_column(JsonText)
    follow_up_on: Mapped[date | None] = mapped_column(Date)


class SessionAnswer(Base):
    """The current answer to one item; every earlier one is in the log."""

    __tablename__ = "session_answer"
    __table_args__ = (
        CheckConstraint(
            "item <> 'needle_material' OR result IN ('\"titanium\"','\"surgical_steel\"')",
            name="needle_material_known",
        ),
        ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["treatment_session.clinic_id", "treatment_session.session_id"],
            ondelete="RESTRICT",
        ),
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    session_id: Mapped[str] = mapped_column(Id, primary_key=True)
    item: Mapped[str] = mapped_column(String(60), primary_key=True)
    result: Mapped[Any] = mapped_column(JsonText)
    evidence: Mapped[Any] = mapped_column(JsonText)
    user_id: Mapped[str] = mapped_column(String(80))
    auth: Mapped[str] = mapped_column(String(10))
    recorded_at: Mapped[datetime] = mapped_column(UtcTime)
    performed_at: Mapped[datetime] = mapped_column(UtcTime)
    late: Mapped[bool] = mapped_column(Boolean)
    idx: Mapped[int] = mapped_column(BigInteger)


class SessionNote(Base):
    """Overrides, consents and take-overs of an open session, by the entry that made them."""

    __tablename__ = "session_note"

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    session_id: Mapped[str] = mapped_column(Id, primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(30))
    item: Mapped[str | None] = mapped_column(String(60))
    data: Mapped[Any] = mapped_column(JsonText)


class SessionAmendment(Base):
    """A correction after closing: rows are only ever inserted."""

    __tablename__ = "session_amendment"

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    session_id: Mapped[str] = mapped_column(Id, primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    item: Mapped[str] = mapped_column(String(60))
    data: Mapped[Any] = mapped_column(JsonText)
    at: Mapped[datetime] = mapped_column(UtcTime)


class ClinicEvent(Base):
    """Adverse events, follow-ups and findings: records of the clinic that cite a session."""

    __tablename__ = "clinic_event"
    __table_args__ = (
        Index(None, "clinic_id", "session_id"),
        Index(None, "clinic_id", "kind", "at"),
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(40))
    session_id: Mapped[str | None] = mapped_column(Id)
    data: Mapped[Any] = mapped_column(JsonText)
    at: Mapped[datetime] = mapped_column(UtcTime)


class Idempotency(Base):
    """What a request with this key was answered, so that a retry gets the same."""

    __tablename__ = "idempotency"

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    principal: Mapped[str] = mapped_column(String(80), primary_key=True)
    route: Mapped[str] = mapped_column(String(160), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    answer: Mapped[Any] = mapped_column(JsonText)
    at: Mapped[datetime] = mapped_column(UtcTime)


class Report(Base):
    """A report asked for: its period, its progress, and where its files are."""

    __tablename__ = "report"
    __table_args__ = (Index(None, "clinic_id", "requested_at", "report_id"),)

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    report_id: Mapped[str] = mapped_column(Id, primary_key=True)
    period_from: Mapped[date] = mapped_column(Date)
    period_to: Mapped[date] = mapped_column(Date)
    filters: Mapped[Any] = mapped_column(JsonText)
    state: Mapped[str] = mapped_column(String(12))
    done: Mapped[int] = mapped_column(Integer)
    total: Mapped[int] = mapped_column(Integer)
    problem: Mapped[str | None] = mapped_column(String(400))
    files: Mapped[Any] = mapped_column(JsonText)
    """``[{name, sha256, start, end}]``; the first is the report or the index of volumes."""
    countersign: Mapped[bool] = mapped_column(Boolean, server_default=false())
    log_size: Mapped[int | None] = mapped_column(BigInteger)
    requested_by: Mapped[str] = mapped_column(String(80))
    requested_at: Mapped[datetime] = mapped_column(UtcTime)
    beat_at: Mapped[datetime] = mapped_column(UtcTime)
