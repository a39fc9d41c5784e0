"""Settings of one installation: read once from the environment, then handed around."""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from compliance.errors import ComplianceError

DATABASE_FILE: Final = "compliance.sqlite3"
LOCAL_TSA: Final = "local"
"""Instead of an address: the installation's own time-stamp authority, which is not independent."""

MAX_AUTHORITIES: Final = 2


class SettingInvalid(ComplianceError):
    """A setting is missing, malformed or unsafe; the message names it and the way out."""

    code = "setting_invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator can set, with the defaults of ``make run``."""

    data_dir: Path
    """Database, keys and reports live below this folder, mode 0700."""

    database_url: str
    secret_key: str
    """Signs browser cookies. Losing it signs everybody out and harms no record."""

    jobs_url: str
    """Where queued reports wait: ``sqlite:///…`` or ``postgresql://…``; ``inline`` runs at once."""

    idle_lock_seconds: int
    """A tablet that nobody touched for so long asks for a PIN again."""

    tsa_url: str | None
    """Time-stamp authorities, one or two addresses parted by spaces; ``local`` is our own."""

    public_url: str | None
    cookie_secure: bool
    """Set when the app is served over TLS; browsers then never send the cookie in clear."""

    metrics_token: str | None
    """Whoever sends it as a bearer token may read ``/metrics`` from another machine."""

    demo: bool

    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies that say truthfully who asks."""

    backup_dir: Path | None = None
    """Where scheduled backups go; ``DATA_DIR/backups`` unless set."""

    inbox_dir: Path | None = None
    """Where autoclave logs are put to be brought in; ``DATA_DIR/inbox`` unless set."""

    backup_every_hours: int = 24
    backup_keep: int = 30
    """How many scheduled backups are kept."""

    backup_recipient: Path | None = None
    """File with the public key that scheduled backups are encrypted to; without it there are none."""

    tsa_certificates: tuple[Path, ...] = ()
    """Certificates of the time-stamp authorities, or of their issuers."""

    witness_policy: Path | None = None
    """A policy file that names the witnesses and their addresses."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], *, demo: bool = False) -> Settings:
        """Build the settings from ``COMPLIANCE_*`` (and the shorthand ``DATA_DIR``).

        A secret key that is not given is made once and kept in the data folder.

        Raises:
            SettingInvalid: naming the variable, its value and what is allowed.
        """
        data_dir = data_folder(environ)
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        default_database = f"sqlite:///{data_dir / DATABASE_FILE}"
        return cls(
            data_dir=data_dir,
            database_url=_database_url(environ.get("COMPLIANCE_DATABASE_URL") or default_database),
            secret_key=environ.get("COMPLIANCE_SECRET_KEY") or _kept_secret(data_dir),
            jobs_url=environ.get("COMPLIANCE_JOBS_URL") or f"sqlite:///{data_dir / 'jobs.sqlite3'}",
            idle_lock_seconds=_whole(environ, "COMPLIANCE_IDLE_LOCK_SECONDS", 300, 30, 86_400),
            tsa_url=_authorities(
                environ, demo=demo or _yes_no(environ, "COMPLIANCE_DEMO", default=False)
            ),
            public_url=environ.get("COMPLIANCE_PUBLIC_URL") or None,
            cookie_secure=_yes_no(environ, "COMPLIANCE_COOKIE_SECURE", default=False),
            metrics_token=environ.get("COMPLIANCE_METRICS_TOKEN") or None,
            demo=demo or _yes_no(environ, "COMPLIANCE_DEMO", default=False),
            trusted_proxies=_networks(environ, "COMPLIANCE_TRUSTED_PROXIES"),
            backup_dir=_path(environ, "COMPLIANCE_BACKUP_DIR"),
            inbox_dir=_path(environ, "COMPLIANCE_INBOX_DIR"),
            backup_every_hours=_whole(environ, "COMPLIANCE_BACKUP_EVERY_HOURS", 24, 1, 24 * 31),
            backup_keep=_whole(environ, "COMPLIANCE_BACKUP_KEEP", 30, 1, 10_000),
            backup_recipient=_path(environ, "COMPLIANCE_BACKUP_RECIPIENT"),
            tsa_certificates=tuple(
                Path(name).resolve()
                for name in environ.get("COMPLIANCE_TSA_CERTIFICATES", "").split(os.pathsep)
                if name
            ),
            witness_policy=_path(environ, "COMPLIANCE_WITNESS_POLICY"),
        )

    @property
    def tsa_urls(self) -> tuple[str, ...]:
        """The authorities one by one, in the order they were named."""
        return tuple((self.tsa_url or "").split())

    @property
    def inbox(self) -> Path:
        return self.inbox_dir or self.data_dir / "inbox"

    @property
    def uses_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def data_folder(environ: Mapping[str, str]) -> Path:
    """Where the data lies, without making anything there."""
    return Path(environ.get("COMPLIANCE_DATA_DIR") or environ.get("DATA_DIR") or "var").resolve()


def _database_url(url: str) -> str:
    if url.startswith(("sqlite:///", "postgresql+psycopg://")):
        return url
    raise SettingInvalid(
        f"COMPLIANCE_DATABASE_URL must start with sqlite:/// or postgresql+psycopg://, not {url!r}"
    )


def _authorities(environ: Mapping[str, str], *, demo: bool) -> str | None:
    """A demo stamps for itself unless told otherwise; ``none`` tells it so."""
    text = environ.get("COMPLIANCE_TSA_URL") or (LOCAL_TSA if demo else "none")
    urls = [] if text == "none" else text.split()
    if len(urls) > MAX_AUTHORITIES or len(set(urls)) < len(urls):
        raise SettingInvalid(f"COMPLIANCE_TSA_URL names at most {MAX_AUTHORITIES}, each once")
    for url in urls:
        if url != LOCAL_TSA and not url.startswith(("https://", "http://")):
            raise SettingInvalid(
                f"COMPLIANCE_TSA_URL must be addresses or {LOCAL_TSA}, not {url!r}"
            )
    return " ".join(urls) or None


def _whole(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise SettingInvalid(f"{name} must be a whole number from {low} to {high}, not {text!r}")
    return int(text)


def _networks(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = [text.strip() for text in environ.get(name, "").split(",") if text.strip()]
    for text in found:
        try:
            network = ipaddress.ip_network(text)
        except ValueError as error:
            raise SettingInvalid(
                f"{name} must be addresses or networks parted by commas, such as "
                f"127.0.0.1 or 10.0.0.0/8; {text!r} is none"
            ) from error
        if network.prefixlen == 0:
            raise SettingInvalid(f"{name} must name proxies; {text!r} would believe everybody")
    return tuple(found)


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    text = environ.get(name)
    return Path(text).resolve() if text else None


def _yes_no(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = (environ.get(name) or ("yes" if default else "no")).lower()
    if text not in {"yes", "no", "1", "0", "true", "false"}:
        raise SettingInvalid(f"{name} must be yes or no, not {text!r}")
    return text in {"yes", "1", "true"}


def _kept_secret(data_dir: Path) -> str:
    path = data_dir / "secret-key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48), encoding="ascii")
    return path.read_text(encoding="ascii")
