"""Clinics, people and how they sign in. People are installation-wide, roles are not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from compliance.store.base import Base, Id, JsonText, UtcTime


class Clinic(Base):
    """One site of one operator: the unit of records, keys and inspection."""

    __tablename__ = "clinic"

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    time_zone: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8))
    profiles: Mapped[Any] = mapped_column(JsonText)
    demo: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class UserAccount(Base):
    """A person who can sign in. Names in records are commitments; this row is for screens."""

    __tablename__ = "user_account"

    user_id: Mapped[str] = mapped_column(Id, primary_key=True)
    username: Mapped[str] = mapped_column(String(60), unique=True)
    display_name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(200))
    pin_hash: Mapped[str | None] = mapped_column(String(200))
    admin: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcTime)
    failed_count: Mapped[int] = mapped_column(Integer)
    locked_until: Mapped[datetime | None] = mapped_column(UtcTime)


class Membership(Base):
    """One role of one person in one clinic, with an end date where it has one."""

    __tablename__ = "membership"
    __table_args__ = (Index(None, "user_id", "clinic_id"),)

    clinic_id: Mapped[str] = mapped_column(
        Id, ForeignKey("clinic.clinic_id", ondelete="RESTRICT"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(
        Id, ForeignKey("user_account.user_id", ondelete="RESTRICT"), primary_key=True
    )
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    entitled_override: Mapped[bool] = mapped_column(Boolean)
    """May start a treatment against a screened contraindication, with a reason."""
    valid_from: Mapped[datetime] = mapped_column(UtcTime)
    valid_to: Mapped[datetime | None] = mapped_column(UtcTime)


class Login(Base):
    """One browser signed in. The cookie holds a random token; only its hash is here."""

    __tablename__ = "login"
    __table_args__ = (Index(None, "user_id", "created_at"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.user_id"))
    clinic_id: Mapped[str | None] = mapped_column(Id)
    """The clinic this browser works in at present."""
    auth: Mapped[str] = mapped_column(String(10))
    """``password``, or ``pin`` after a switch on a shared tablet."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    seen_at: Mapped[datetime] = mapped_column(UtcTime)
    locked: Mapped[bool] = mapped_column(Boolean)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    user_agent: Mapped[str] = mapped_column(String(200))


class ApiToken(Base):
    """A bearer token of one person in one clinic; only its hash is kept."""

    __tablename__ = "api_token"
    __table_args__ = (Index(None, "token_hash", unique=True),)

    clinic_id: Mapped[str] = mapped_column(Id, ForeignKey("clinic.clinic_id"), primary_key=True)
    token_id: Mapped[str] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.user_id"))
    label: Mapped[str] = mapped_column(String(80))
    scopes: Mapped[Any] = mapped_column(JsonText)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)


class SignGrant(Base):
    """Leave to sign exactly one act once, given after the password was checked."""

    __tablename__ = "sign_grant"

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    grant_id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.user_id"))
    act_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)


class SignInEvent(Base):
    """Who tried to sign in, when, and how it ended. Kept for the person and the manager."""

    __tablename__ = "sign_in_event"
    __table_args__ = (Index(None, "username", "at"),)

    event_id: Mapped[str] = mapped_column(Id, primary_key=True)
    username: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(UtcTime)
    outcome: Mapped[str] = mapped_column(String(20))
