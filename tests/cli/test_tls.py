"""HTTPS by the installation's own authority: who is trusted, by which names, and until when."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser.installation import Server, start_server
from cli.running import EVERYWHERE, Run
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

import compliance.cli.local_tls as local_tls
from compliance.cli.server import Address
from compliance.keys.tls import (
    AUTHORITY_LIFETIME,
    SERVER_LIFETIME,
    ServerFiles,
    ensure_server_certificate,
    list_server_names,
    load_tls_root,
)
from compliance.settings import Settings

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NAMES = ("records.local", "192.168.7.20")


def served(files: ServerFiles) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(files.certificate.read_bytes())


def accepts(files: ServerFiles, root: x509.Certificate, name: str, at: datetime) -> bool:
    """Whether a browser that trusts only this root takes the certificate for that name."""
    subject: x509.DNSName | x509.IPAddress
    try:
        subject = x509.IPAddress(ip_address(name))
    except ValueError:
        subject = x509.DNSName(name)
    leaf, *others = served(files)
    verifier = PolicyBuilder().store(Store([root])).time(at).build_server_verifier(subject)
    try:
        verifier.verify(leaf, others)
    except VerificationError:
        return False
    return True


def test_the_chain_leads_to_the_authority_for_every_name_and_no_other(tmp_path: Path) -> None:
    files = ensure_server_certificate(tmp_path, NAMES, now=NOW)
    stranger = ensure_server_certificate(tmp_path / "other", NAMES, now=NOW).authority

    assert [accepts(files, files.authority, name, NOW) for name in NAMES] == [True, True]
    assert not accepts(files, files.authority, "bank.example", NOW)
    assert not accepts(files, files.authority, "192.168.7.21", NOW)
    assert not accepts(files, stranger, NAMES[0], NOW)
    assert not accepts(files, files.authority, NAMES[0], NOW + SERVER_LIFETIME)
    assert files.key.stat().st_mode & 0o077 == 0


def test_a_certificate_stays_while_it_is_good_and_is_renewed_under_the_same_authority(
    tmp_path: Path,
) -> None:
    first = served(ensure_server_certificate(tmp_path, NAMES, now=NOW))[0]
    soon = ensure_server_certificate(tmp_path, NAMES, now=NOW + timedelta(days=1))
    assert served(soon)[0] == first

    late = NOW + SERVER_LIFETIME - timedelta(days=2)
    renewed = ensure_server_certificate(tmp_path, NAMES, now=late)
    assert served(renewed)[0] != first
    assert renewed.authority == soon.authority
    assert accepts(renewed, soon.authority, NAMES[0], late + timedelta(days=30))


def test_a_new_address_gives_a_new_certificate_and_tablets_notice_nothing(tmp_path: Path) -> None:
    before = ensure_server_certificate(tmp_path, NAMES, now=NOW)
    after = ensure_server_certificate(tmp_path, (*NAMES, "10.0.0.5"), now=NOW)

    assert after.authority == before.authority
    assert accepts(after, before.authority, "10.0.0.5", NOW)


def test_an_authority_that_ends_gives_way_to_another(tmp_path: Path) -> None:
    old = ensure_server_certificate(tmp_path, NAMES, now=NOW)
    end = NOW + AUTHORITY_LIFETIME - timedelta(days=2)
    new = ensure_server_certificate(tmp_path, NAMES, now=end)

    assert new.authority != old.authority
    assert accepts(new, new.authority, NAMES[0], end)


def test_the_address_others_reach_stands_in_the_certificate_and_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_tls, "_local_addresses", lambda: iter(["192.168.7.20"]))
    monkeypatch.setattr(local_tls, "_own_names", lambda: iter(["desk.local"]))
    settings = Settings.from_environ({"COMPLIANCE_DATA_DIR": str(tmp_path)})

    files = local_tls.make_local_tls(settings, EVERYWHERE, ())

    listed = list_server_names(tmp_path / "keys")
    assert listed == ("192.168.7.20", "desk.local", "localhost", "127.0.0.1", "::1")
    assert accepts(files, files.authority, "192.168.7.20", datetime.now(UTC))
    address = Address(host=EVERYWHERE, port=8443, tls=local_tls.pair_of(files))
    assert local_tls.shown_url(settings, address, ()) == "https://192.168.7.20:8443"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--tls-name", "records.local"), "--tls-name is for --tls"),
        (("--tls-certificate", __file__), "belong together"),
        (
            ("--tls", "--tls-certificate", __file__, "--tls-key", __file__),
            "leave --tls-certificate",
        ),
        (("--tls", "--tls-name", "two words"), "neither a host name nor an address"),
        (("--host", EVERYWHERE), "without TLS. Give --tls"),
    ],
)
def test_what_would_not_be_safe_is_refused_before_anything_is_served(
    run: Run, arguments: tuple[str, ...], said: str
) -> None:
    result = run("run", *arguments)

    assert result.exit_code != 0
    assert said in result.output


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    started = start_server(tmp_path / "data", "--tls", "--tls-name", "records.local")
    yield started
    assert started.stop() == 0


def ask(
    server: Server, path: str, context: ssl.SSLContext
) -> tuple[http.client.HTTPResponse, bytes]:
    address = urlsplit(server.url)
    connection = http.client.HTTPSConnection("127.0.0.1", address.port, context=context, timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def test_a_real_request_is_answered_to_who_trusts_the_authority_alone(
    server: Server, tmp_path: Path
) -> None:
    root = load_tls_root(tmp_path / "data" / "keys")
    own = ssl.create_default_context(cadata=root.public_bytes(Encoding.DER))
    public = ssl.create_default_context()

    answered, body = ask(server, "/tls-root.crt", own)
    assert answered.status == 200
    assert x509.load_der_x509_certificate(body) == root
    page, content = ask(server, "/first-run", own)
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Secure" in page.headers["Set-Cookie"]
    assert b"Begin your record" in content
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(server, "/healthz", public)
    assert any(line.startswith("Aseptrail: https://records.local:") for line in server.said)
