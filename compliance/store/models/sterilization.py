"""The sterilization room: sterilizers, their cycles, spore tests, log files and recalls."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    Index,
    Integer,
    LargeBinary,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from compliance.store.base import Base, Id, JsonText, UtcTime


class Sterilizer(Base):
    """An autoclave and where it stands."""

    __tablename__ = "sterilizer"
    __table_args__ = (
        CheckConstraint("type IN ('B','N','S')", name="type_known"),
        CheckConstraint(
            "state IN ('in_service','suspended','retest','presterilized_only','retired')",
            name="state_known",
        ),
        Index(None, "clinic_id", "code", unique=True),
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    sterilizer_id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    type: Mapped[str] = mapped_column(String(1))
    serial: Mapped[str] = mapped_column(String(60))
    chamber_litres: Mapped[int | None] = mapped_column(Integer)
    programs: Mapped[Any] = mapped_column(JsonText)
    """Name and limits of each program: what a cycle must achieve."""
    date_order: Mapped[str] = mapped_column(String(3))
    """How its logs write a date; never guessed."""
    state: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcTime)
    installed_on: Mapped[date] = mapped_column(Date)
    spore_due_from: Mapped[datetime] = mapped_column(UtcTime)
    """Its installation or last repair: a spore test run before does not count any more."""
    maintained_on: Mapped[date | None] = mapped_column(Date)
    repaired_on: Mapped[date | None] = mapped_column(Date)
    validated_on: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class Cycle(Base):
    """One run of a sterilizer: what was set, what was achieved, and what came of it."""

    __tablename__ = "cycle"
    __table_args__ = (
        CheckConstraint("kind IN ('production','day_test','vacuum_test')", name="kind_known"),
        CheckConstraint("outcome IN ('passed','failed')", name="outcome_known"),
        CheckConstraint(
            "released_at IS NULL OR outcome = 'passed'", name="only_passed_is_released"
        ),
        Index(None, "clinic_id", "run_at", "cycle_id"),
        Index(None, "clinic_id", "sterilizer_id", "run_at", "cycle_id"),
        Index(None, "clinic_id", "sterilizer_id", "number"),
        Index(None, "clinic_id", "curve_sha256"),
        Index(None, "clinic_id", "operator_id", "cycle_id"),
        Index(None, "clinic_id", "released_by", "cycle_id"),
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    cycle_id: Mapped[str] = mapped_column(Id, primary_key=True)
    sterilizer_id: Mapped[str] = mapped_column(Id)
    number: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(12))
    program: Mapped[str] = mapped_column(String(120))
    run_at: Mapped[datetime] = mapped_column(UtcTime)
    """The start; the time of arrival for a log without a readable date, which is flagged."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    set_decicelsius: Mapped[int | None] = mapped_column(Integer)
    set_hold_seconds: Mapped[int | None] = mapped_column(Integer)
    lowest_decicelsius: Mapped[int | None] = mapped_column(Integer)
    highest_decicelsius: Mapped[int | None] = mapped_column(Integer)
    lowest_centibar: Mapped[int | None] = mapped_column(Integer)
    hold_seconds: Mapped[int | None] = mapped_column(Integer)
    ended: Mapped[bool] = mapped_column(Boolean)
    machine_failed: Mapped[bool] = mapped_column(Boolean)
    contents: Mapped[Any] = mapped_column(JsonText)
    indicators: Mapped[Any] = mapped_column(JsonText)
    outcome: Mapped[str] = mapped_column(String(8))
    faults: Mapped[Any] = mapped_column(JsonText)
    flags: Mapped[Any] = mapped_column(JsonText)
    """Each with its decision, or null while nobody has decided."""
    curve: Mapped[Any] = mapped_column(JsonText)
    curve_sha256: Mapped[str | None] = mapped_column(String(64))
    raw_sha256: Mapped[str | None] = mapped_column(String(64))
    raw_lines: Mapped[Any] = mapped_column(JsonText, nullable=True)
    """First and last line in the file it came from."""
    version: Mapped[int] = mapped_column(Integer)
    recorded_at: Mapped[datetime] = mapped_column(UtcTime)
    operator_id: Mapped[str] = mapped_column(String(80))
    released_at: Mapped[datetime | None] = mapped_column(UtcTime)
    released_by: Mapped[str | None] = mapped_column(Id)


class SporeTest(Base):
    """A biological indicator in a load, with its control."""

    __tablename__ = "spore_test"
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('pass','fail','invalid','pending','reject')", name="outcome_known"
        ),
        Index(None, "clinic_id", "sterilizer_id", "outcome", "run_at"),
        Index(None, "clinic_id", "cycle_id"),
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    test_id: Mapped[str] = mapped_column(Id, primary_key=True)
    sterilizer_id: Mapped[str] = mapped_column(Id)
    cycle_id: Mapped[str] = mapped_column(Id)
    run_at: Mapped[datetime] = mapped_column(UtcTime)
    """When its load ran: reading dates never move a window."""
    lot: Mapped[str] = mapped_column(String(40))
    expires_on: Mapped[date] = mapped_column(Date)
    control_lot: Mapped[str | None] = mapped_column(String(40))
    result: Mapped[str] = mapped_column(String(10))
    control: Mapped[str | None] = mapped_column(String(10))
    outcome: Mapped[str] = mapped_column(String(8))
    read_at: Mapped[datetime | None] = mapped_column(UtcTime)
    read_by: Mapped[str] = mapped_column(String(80))


class Recall(Base):
    """What a failed spore test or a maker's lot notice takes back."""

    __tablename__ = "recall"
    __table_args__ = (
        CheckConstraint("kind IN ('spore_test','lot')", name="kind_known"),
        CheckConstraint("state IN ('open','closed')", name="state_known"),
        Index(None, "clinic_id", "opened_at", "recall_id"),
        Index(None, "clinic_id", "sterilizer_id", "state"),
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    recall_id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    sterilizer_id: Mapped[str | None] = mapped_column(Id)
    test_id: Mapped[str | None] = mapped_column(Id)
    lot: Mapped[str | None] = mapped_column(String(40))
    gtin: Mapped[str | None] = mapped_column(String(14))
    """The article that a maker's notice names; None: any article of this lot number."""
    since: Mapped[datetime | None] = mapped_column(UtcTime)
    """Run of the last valid negative test, itself not included; None: there never was one."""
    last_negative: Mapped[str | None] = mapped_column(Id)
    until: Mapped[datetime | None] = mapped_column(UtcTime)
    """Run of the negative retest, itself not included; None while it is missing."""
    positives: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(8))
    opened_at: Mapped[datetime] = mapped_column(UtcTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)


class RecallCall(Base):
    """One attempt to reach a client. Never changed."""

    __tablename__ = "recall_call"

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    recall_id: Mapped[str] = mapped_column(Id, primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    session_id: Mapped[str] = mapped_column(Id)
    called_at: Mapped[datetime] = mapped_column(UtcTime)
    called_by: Mapped[str] = mapped_column(String(80))
    outcome: Mapped[str] = mapped_column(String(20))
    note: Mapped[Any] = mapped_column(JsonText, nullable=True)
    """The commitment to a free text, or null."""


class LogFile(Base):
    """An autoclave's log as it arrived, byte for byte, and what became of each line."""

    __tablename__ = "log_file"
    __table_args__ = (Index(None, "clinic_id", "arrived_at", "sha256"),)

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    sterilizer_id: Mapped[str] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(120))
    adapter: Mapped[str] = mapped_column(String(40))
    size: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    report: Mapped[Any] = mapped_column(JsonText)
    arrived_at: Mapped[datetime] = mapped_column(UtcTime)
    arrived_by: Mapped[str] = mapped_column(String(80))


class LogMapping(Base):
    """How the text logs of one sterilizer are read, a row for each version. Never changed."""

    __tablename__ = "log_mapping"
    __table_args__ = (CheckConstraint("version >= 1", name="version_counts"),)

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    sterilizer_id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    mapping: Mapped[Any] = mapped_column(JsonText)
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    made_by: Mapped[str] = mapped_column(String(80))
