"""Certificates that the installation makes for itself, made anew before they end.

Key and name stay, so what was signed before holds as it did, and there is no moment at which a
key is not its certificate's. The former certificate stays beside, for whoever pinned it.
A clinic's own is made anew with another key: that is a rotation.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from compliance.keys.certificates import (
    make_root_certificate,
    make_time_stamp_certificate,
    organisation_of,
)
from compliance.keys.files import only_one, write_private
from compliance.keys.storage import ROOT_FOLDER, KeysMissing, RootKey, load_root
from compliance.keys.time_authority import (
    FOLDER,
    TimeAuthority,
    ensure_time_authority,
    load_time_certificate,
)


def renew_root(folder: Path, *, now: datetime) -> RootKey:
    """Let the root certify its own key for 20 more years, from when it began.

    Who holds the former certificate accepts the same files.

    Raises:
        KeysMissing: if there is no root, or its private key is not here.
    """
    root = load_root(folder)
    if root.private_key is None:
        raise KeysMissing("the root key is not on this machine, so it certifies nothing")
    made = make_root_certificate(
        root.private_key,
        organisation=organisation_of(root.certificate),
        now=now,
        begun=root.certificate.not_valid_before_utc,
    )
    _replace(folder, folder / ROOT_FOLDER, "root", (root.certificate, made))
    return load_root(folder)


def renew_time_authority(folder: Path, *, now: datetime) -> TimeAuthority:
    """Certify the key of the local time-stamp authority for 5 more years.

    Raises:
        KeysMissing: if there is no authority, or the root's private key is not here.
    """
    old = load_time_certificate(folder)
    if old is None:
        raise KeysMissing("there is no time-stamp authority here; the first time-stamp makes it")
    root = load_root(folder)
    if root.private_key is None:
        raise KeysMissing("the root key is not on this machine, so it certifies nothing")
    key = ensure_time_authority(folder, root=root, now=now).private_key
    made = make_time_stamp_certificate(
        key.public_key(), issuer=(root.certificate, root.private_key), now=now
    )
    _replace(folder, folder / FOLDER, "tsa", (old, made))
    return ensure_time_authority(folder, root=root, now=now)


def _replace(
    folder: Path, place: Path, name: str, certificates: tuple[x509.Certificate, x509.Certificate]
) -> None:
    old, new = certificates
    short = old.fingerprint(SHA256()).hex()[:16]
    with only_one(folder):
        write_private(place / f"{name}-{short}.pem", old.public_bytes(Encoding.PEM))
        write_private(place / f"{name}.pem", new.public_bytes(Encoding.PEM))
