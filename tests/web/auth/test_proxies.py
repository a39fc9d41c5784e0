"""A proxy that was named is believed, and nobody else."""

from __future__ import annotations

import pytest
from flask import Flask, request
from web.auth.browsing import MakeApp

from compliance.settings import SettingInvalid, Settings


def seen_by(app: Flask, *, peer: str, forwarded: str) -> str:
    """Whom the app takes for the client."""
    found: list[str] = []
    app.before_request_funcs.setdefault(None, []).insert(
        0, lambda: found.append(f"{request.scheme}://{request.remote_addr}")
    )
    app.test_client().get(
        "/healthz",
        headers={"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"},
        environ_base={"REMOTE_ADDR": peer},
    )
    return found[0]


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("127.0.0.1", "203.0.113.9", "https://203.0.113.9"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.7", "https://203.0.113.9"),
        ("127.0.0.1", "2001:db8::5", "https://2001:db8::5"),
        ("127.0.0.1", "203.0.113.9, nonsense", "https://127.0.0.1"),
        ("127.0.0.1", "", "https://127.0.0.1"),
        ("203.0.113.50", "198.51.100.1", "http://203.0.113.50"),
    ],
    ids=["named", "a chain", "version 6", "nonsense", "nothing said", "a stranger claims"],
)
def test_only_named_proxies_are_believed(
    make_app: MakeApp, peer: str, forwarded: str, seen: str
) -> None:
    app = make_app(trusted_proxies=("127.0.0.1", "10.0.0.0/8"))

    assert seen_by(app, peer=peer, forwarded=forwarded) == seen


def test_without_the_setting_nobody_is_believed(make_app: MakeApp) -> None:
    assert seen_by(make_app(), peer="127.0.0.1", forwarded="6.6.6.6") == "http://127.0.0.1"


def test_limits_count_the_clients_behind_a_proxy_apart(make_app: MakeApp) -> None:
    client = make_app(limits=True, trusted_proxies=("127.0.0.1",)).test_client()

    def ask(address: str) -> int:
        return client.get("/invitation/x", headers={"X-Forwarded-For": address}).status_code

    assert [ask("203.0.113.9") for _ in range(61)][-1] == 429
    assert ask("203.0.113.10") != 429


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.1/8", "0.0.0.0/0", "::/0"])
def test_what_is_no_proxy_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingInvalid, match="COMPLIANCE_TRUSTED_PROXIES"):
        Settings.from_environ({"COMPLIANCE_TRUSTED_PROXIES": text})
