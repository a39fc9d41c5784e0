"""Who really asks, when a proxy stands in front: only proxies that were named are believed."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from flask import Flask

from compliance.web.context import services

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_SCHEMES: Final = frozenset({"http", "https"})


def register_proxies(app: Flask) -> None:
    """Believe ``X-Forwarded-For`` and ``-Proto`` of the proxies in the settings; of nobody else.

    Limits per address and the sign-in history then see the client and not the proxy.
    """
    with app.app_context():
        named = services().settings.trusted_proxies
    if named:
        networks = tuple(ipaddress.ip_network(each) for each in named)
        app.wsgi_app = _behind(app.wsgi_app, networks)  # type: ignore[method-assign]  # Flask documents it so.


def _behind(inner: Callable[..., Iterable[bytes]], trusted: Sequence[Network]) -> Any:
    def outer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if is_trusted(environ.get("REMOTE_ADDR", ""), trusted):
            client = find_client(environ.get("HTTP_X_FORWARDED_FOR", ""), trusted)
            if client:
                environ["REMOTE_ADDR"] = client
            scheme = environ.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip()
            if scheme in _SCHEMES:
                environ["wsgi.url_scheme"] = scheme
        return inner(environ, start_response)

    return outer


def find_client(forwarded: str, trusted: Sequence[Network]) -> str:
    """The last address that is no proxy of ours; empty when there is none.

    Read from the right: what stands further left was written by whoever asked and may say
    anything.
    """
    for text in reversed([part.strip() for part in forwarded.split(",")]):
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return ""
        if not is_trusted(text, trusted):
            return str(address)
    return ""


def is_trusted(text: str, trusted: Sequence[Network]) -> bool:
    """Whether an address belongs to one of the proxies that were named."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in trusted)
