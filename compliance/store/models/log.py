"""The append-only log of each clinic. Names as in docs/record-format.md."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from compliance.store.base import Base, Id


class LogHead(Base):
    """One row a clinic, locked while appending. Everything but ``size`` is derived."""

    __tablename__ = "log_head"

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    incarnation: Mapped[int] = mapped_column(Integer)
    frontier: Mapped[bytes] = mapped_column(LargeBinary)
    """The peaks of the tree, highest first: appending then needs no other read."""
    last_at: Mapped[str] = mapped_column(String(24))
    """The recorded time of the newest entry, to notice a clock that went back."""


class LogEntry(Base):
    """The leaf hash of one entry. Never updated, never deleted."""

    __tablename__ = "log_entry"
    __table_args__ = (
        CheckConstraint("idx >= 0", name="idx_not_negative"),
        CheckConstraint("length(leaf_hash) = 32", name="leaf_hash_is_sha256"),
        {"sqlite_with_rowid": False},
    )

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class LogBody(Base):
    """The bytes that were hashed. Only a purge or an erasure removes one."""

    __tablename__ = "log_body"

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class LogNode(Base):
    """Completed inner nodes of the tree, immutable: about one per entry."""

    __tablename__ = "log_node"
    __table_args__ = ({"sqlite_with_rowid": False},)

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class Checkpoint(Base):
    """A signed note over the log at one size."""

    __tablename__ = "checkpoint"

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    note: Mapped[str]


class LogPlace(Base):
    """Where in the log a thing was entered: the index into the entries that a report cites."""

    __tablename__ = "log_place"
    __table_args__ = ({"sqlite_with_rowid": False},)

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    thing: Mapped[str] = mapped_column(String(80), primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger)


class LogMention(Base):
    """Which entries speak of a session: its full history in index order."""

    __tablename__ = "log_mention"
    __table_args__ = ({"sqlite_with_rowid": False},)

    clinic_id: Mapped[str] = mapped_column(Id, primary_key=True)
    thing: Mapped[str] = mapped_column(Id, primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
