"""Serving HTTPS in a clinic's own network, with a certificate of the installation's own."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click

from compliance.app import utc_now
from compliance.cli.server import Address
from compliance.keys.certificates import fingerprint
from compliance.keys.tls import ServerFiles, ensure_server_certificate, list_server_names
from compliance.settings import Settings

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_FAR: Final = (("192.0.2.1", socket.AF_INET), ("2001:db8::1", socket.AF_INET6))
"""Addresses kept for documentation. Nothing is sent to them."""


def make_local_tls(settings: Settings, host: str, names: Sequence[str]) -> ServerFiles:
    """Make or renew the certificate for everything this machine is called.

    Raises:
        Refused: one of the names is none.
    """
    called = (*names, *_given(host), *_local_addresses(), *_own_names(), *_LOOPBACK)
    return ensure_server_certificate(settings.data_dir / "keys", called, now=utc_now())


def pair_of(files: ServerFiles) -> tuple[Path, Path]:
    """Certificate and key as the server takes them."""
    return files.certificate, files.key


def shown_url(settings: Settings, address: Address, names: Sequence[str] | None) -> str:
    """The address to tell people: a name that was asked for, or one that others can reach."""
    if not names and not _means_all(address.host):
        return address.url
    first = list_server_names(settings.data_dir / "keys")[0]
    return Address(host=first, port=address.port, tls=address.tls).url


def say_how_to_trust(files: ServerFiles, url: str) -> None:
    """Print where a tablet learns to trust this server, and what to compare."""
    click.echo(f"Tablets have to trust this server once: {url}/tablet-trust")
    click.echo(f"Compare there, SHA-256 {fingerprint(files.authority)}")


def _given(host: str) -> Iterator[str]:
    """The address to listen on, unless it stands for all of them."""
    if host not in _LOOPBACK and not _means_all(host):
        yield host


def _means_all(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _local_addresses() -> Iterator[str]:
    """The addresses by which others in the network reach this machine."""
    for far, family in _FAR:
        # Connecting a datagram socket sends nothing; it only asks the routing table
        # from which address one would send.
        with (
            contextlib.suppress(OSError),
            socket.socket(family, socket.SOCK_DGRAM) as asking,
        ):
            asking.connect((far, 9))
            yield str(asking.getsockname()[0]).partition("%")[0]


def _own_names() -> Iterator[str]:
    name = socket.gethostname().lower()
    # A machine's name may hold what no certificate can; then it is reached by address.
    if name and all(char.isascii() and (char.isalnum() or char in "-.") for char in name):
        if "." not in name:
            yield f"{name}.local"
        yield name
