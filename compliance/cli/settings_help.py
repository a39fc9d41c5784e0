"""Every setting there is: one table for ``run --help``, the documentation and its test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    name: str
    default: str
    meaning: str


SETTINGS: Final = (
    Setting(
        name="COMPLIANCE_DATA_DIR",
        default="./var",
        meaning="Database, keys and reports lie here. DATA_DIR is the short form.",
    ),
    Setting(
        name="COMPLIANCE_DATABASE_URL",
        default="sqlite:///DATA_DIR/compliance.sqlite3",
        meaning="sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME.",
    ),
    Setting(
        name="COMPLIANCE_SECRET_KEY",
        default="made on first start",
        meaning="Signs browser cookies; at least 32 characters. Losing it signs everybody out.",
    ),
    Setting(
        name="COMPLIANCE_JOBS_URL",
        default="sqlite:///DATA_DIR/jobs.sqlite3",
        meaning="Where queued reports wait: sqlite:///PATH, postgresql://… or inline.",
    ),
    Setting(
        name="COMPLIANCE_IDLE_LOCK_SECONDS",
        default="300",
        meaning="A tablet that nobody touched for so long asks for a PIN; 30 to 86400.",
    ),
    Setting(
        name="COMPLIANCE_PUBLIC_URL",
        default="none",
        meaning="The address people use; the server then answers to that name and to loopback only.",
    ),
    Setting(
        name="COMPLIANCE_TRUSTED_PROXIES",
        default="none",
        meaning="Proxies whose X-Forwarded-For is believed: addresses or networks, parted by commas.",
    ),
    Setting(
        name="COMPLIANCE_COOKIE_SECURE",
        default="no",
        meaning="yes when served over TLS: browsers then never send the cookie in clear.",
    ),
    Setting(
        name="COMPLIANCE_METRICS_TOKEN",
        default="none",
        meaning="Bearer token with which another machine may read /metrics.",
    ),
    Setting(
        name="COMPLIANCE_TSA_URL",
        default="none",
        meaning="One or two time-stamp authorities, parted by a space; local is our own, for trying out.",
    ),
    Setting(
        name="COMPLIANCE_TSA_CERTIFICATES",
        default="none",
        meaning="Files with the certificates of these authorities or of their issuers, parted by colons.",
    ),
    Setting(
        name="COMPLIANCE_WITNESS_POLICY",
        default="none",
        meaning="A policy file that names the witnesses and their addresses; none is asked without it.",
    ),
    Setting(
        name="COMPLIANCE_BACKUP_RECIPIENT",
        default="none",
        meaning="File with the public key scheduled backups are encrypted to; without it, none is made.",
    ),
    Setting(
        name="COMPLIANCE_INBOX_DIR",
        default="DATA_DIR/inbox",
        meaning="Autoclave logs put into CLINIC/STERILIZER/ here are brought in by themselves.",
    ),
    Setting(
        name="COMPLIANCE_BACKUP_DIR",
        default="DATA_DIR/backups",
        meaning="Where scheduled backups go; a disk of its own is safer.",
    ),
    Setting(
        name="COMPLIANCE_BACKUP_EVERY_HOURS",
        default="24",
        meaning="Hours between scheduled backups; 1 to 744.",
    ),
    Setting(
        name="COMPLIANCE_BACKUP_KEEP",
        default="30",
        meaning="How many scheduled backups are kept; 1 to 10000.",
    ),
    Setting(
        name="COMPLIANCE_DEMO",
        default="no",
        meaning="yes marks every page as a demo; `compliance demo` sets it itself.",
    ),
)


def settings_text() -> str:
    """The table as click shows it below the options; the mark keeps its lines."""
    lines = ["\b", "Settings (environment variables):"]
    for setting in SETTINGS:
        lines.append(f"  {setting.name} [{setting.default}]")
        lines.append(f"      {setting.meaning}")
    return "\n".join(lines)
