"""What a server refuses to start on, and what it only warns about."""

from __future__ import annotations

import ipaddress
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pysqlite3.dbapi2

from compliance.settings import SettingInvalid, Settings

SAFE_SQLITE: Final = (3, 51, 3)
"""Earlier versions can lose a committed transaction when a write-ahead log is reset
(sqlite.org, release notes of 3.51.3)."""

SHORTEST_SECRET: Final = 32
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class Unsafe(SettingInvalid):
    """The server would start on a setting that endangers records; says which and the way out."""

    code = "unsafe_setting"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server at this address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_safe(settings: Settings, host: str, *, tls: bool) -> None:
    """Refuse to serve on unsafe settings.

    Raises:
        Unsafe: naming every one of them at once.
    """
    found = [
        *_unsafe_exposure(settings, host, tls=tls),
        *_unsafe_secret(settings),
        *_readable_secrets(settings.data_dir),
        *_unsafe_sqlite(settings, pysqlite3.dbapi2.sqlite_version_info),
    ]
    if found:
        raise Unsafe("not started, because:\n  - " + "\n  - ".join(found))


def _unsafe_exposure(settings: Settings, host: str, *, tls: bool) -> Iterator[str]:
    if not is_loopback(host) and not (settings.cookie_secure or tls):
        yield (
            f"{host} can be reached from other machines without TLS. Give --tls, or --tls-certificate "
            "and --tls-key, or put a TLS proxy in front and set COMPLIANCE_COOKIE_SECURE=yes."
        )


def _unsafe_secret(settings: Settings) -> Iterator[str]:
    if len(settings.secret_key) < SHORTEST_SECRET:
        yield (
            f"COMPLIANCE_SECRET_KEY has fewer than {SHORTEST_SECRET} characters. "
            "Leave it out and one is made."
        )


def _readable_secrets(data_dir: Path) -> Iterator[str]:
    """Keys and secrets that somebody else on this machine could read."""
    keys = data_dir / "keys"
    files = [data_dir / "secret-key", data_dir / "subject-keys.sqlite3", keys, *keys.rglob("*")]
    for path in files:
        if path.exists() and path.stat().st_mode & _OTHERS:
            yield f"{path} can be read by other users. Run: chmod -R go= {path}"


def _unsafe_sqlite(settings: Settings, version: tuple[int, ...]) -> Iterator[str]:
    if settings.uses_sqlite and version < SAFE_SQLITE:
        spelled = ".".join(map(str, version))
        yield (
            f"SQLite {spelled} can lose a committed record (WAL reset). "
            f"Install pysqlite3 with SQLite {'.'.join(map(str, SAFE_SQLITE))} or newer."
        )


def find_warnings(settings: Settings, host: str) -> Iterator[str]:
    """What is lawful but unwise, in sentences."""
    if settings.data_dir.stat().st_mode & _OTHERS:
        yield f"Other users can look into {settings.data_dir}. Run: chmod go= {settings.data_dir}"
    if not is_loopback(host) and settings.public_url is None:
        yield "COMPLIANCE_PUBLIC_URL is not set: the server answers to any name."
    if settings.public_url and urlsplit(settings.public_url).scheme != "https":
        yield "COMPLIANCE_PUBLIC_URL is not an https address."
    if os.geteuid() == 0:
        yield "This runs as root. A user of its own is safer."
