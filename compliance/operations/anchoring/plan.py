"""Who is asked for time-stamps and cosignatures, as the settings say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509

from compliance.errors import ComplianceError
from compliance.keys.posting import NoAnswer, post
from compliance.keys.storage import KeysMissing, load_root
from compliance.keys.time_authority import answer_query, ensure_time_authority
from compliance.ledger.policy import Policy, parse_policy
from compliance.settings import LOCAL_TSA, SettingInvalid, Settings

_QUERY: Final = "application/timestamp-query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """One time-stamp authority."""

    target: str
    """Its address, or ``local``."""

    pinned: tuple[x509.Certificate, ...]
    """Its own certificates or those of its issuers; tokens of others are not kept."""

    independent: bool
    ask: Callable[[bytes, float], bytes]
    """Sends a request within so many seconds and returns the answer; raises ``NoAnswer``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorPlan:
    """Everybody outside who is asked; empty where the settings name nobody."""

    authorities: tuple[Authority, ...] = ()
    policy: Policy | None = None
    """The witnesses; only those with an address are asked."""

    @property
    def asks_anybody(self) -> bool:
        return bool(self.authorities or self.policy)


def plan_anchors(
    settings: Settings, keys_folder: Path, clock: Callable[[], datetime]
) -> AnchorPlan:
    """Read what the settings name.

    Raises:
        SettingInvalid: a file is missing or holds something else.
    """
    pinned = read_certificates(settings.tsa_certificates)
    authorities = tuple(
        _local(keys_folder, clock) if url == LOCAL_TSA else _outside(url, pinned)
        for url in settings.tsa_urls
    )
    return AnchorPlan(authorities=authorities, policy=read_policy(settings.witness_policy))


def read_certificates(paths: tuple[Path, ...]) -> tuple[x509.Certificate, ...]:
    """Read pinned certificates, several to a file allowed.

    Raises:
        SettingInvalid: a file is missing or holds no certificate.
    """
    found: list[x509.Certificate] = []
    for path in paths:
        try:
            found += x509.load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError) as error:
            raise SettingInvalid(
                f"COMPLIANCE_TSA_CERTIFICATES: {path} holds no certificate in PEM: {error}"
            ) from error
    return tuple(found)


def read_policy(path: Path | None) -> Policy | None:
    """Read the policy that names the witnesses.

    Raises:
        SettingInvalid: it is missing or no policy.
    """
    if path is None:
        return None
    try:
        return parse_policy(path.read_bytes())
    except (OSError, ComplianceError) as error:
        raise SettingInvalid(f"COMPLIANCE_WITNESS_POLICY: {path}: {error}") from error


def _outside(url: str, pinned: tuple[x509.Certificate, ...]) -> Authority:
    def ask(query: bytes, seconds: float) -> bytes:
        reply = post(url, query, content_type=_QUERY, seconds=seconds)
        if reply.status != 200:
            raise NoAnswer(f"it answered with status {reply.status}")
        return reply.body

    return Authority(target=url, pinned=pinned, independent=True, ask=ask)


def _local(keys_folder: Path, clock: Callable[[], datetime]) -> Authority:
    """The installation's own authority, within this process: it is there to try things out."""

    def ask(query: bytes, _seconds: float) -> bytes:
        try:
            local = ensure_time_authority(keys_folder, root=load_root(keys_folder), now=clock())
        except KeysMissing as error:
            raise NoAnswer(str(error)) from error
        return answer_query(local, query, clock=clock)

    return Authority(target=LOCAL_TSA, pinned=(), independent=False, ask=ask)
