"""What `compliance run` and `compliance demo` refuse to start on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pysqlite3.dbapi2
import pytest
from cli.running import EVERYWHERE, NOON, ROOT, Run, open_sqlite

import compliance.cli.server as server
from compliance.cli.demo_data import MARK, prepare_demo
from compliance.cli.safety import Unsafe, find_warnings, is_loopback, require_safe
from compliance.cli.server import Address, CannotServe, only_server
from compliance.operations.founding import FoundClinic, found_clinic
from compliance.settings import Settings


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    return Settings.from_environ({"COMPLIANCE_DATA_DIR": str(data_dir)})


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def found(data_dir: Path, *, demo: bool) -> None:
    database = open_sqlite(data_dir / "compliance.sqlite3")
    found_clinic(
        database,
        FoundClinic(slug="harbour", name="Harbour Skin Clinic", demo=demo),
        keys_folder=data_dir / "keys",
        system_user="tests",
        now=NOON,
    )
    database.dispose()


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        (EVERYWHERE, False),
        ("::", False),
        ("192.0.2.7", False),
        ("records.example", False),
    ],
)
def test_only_addresses_of_this_machine_are_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_the_defaults_are_safe(settings: Settings) -> None:
    require_safe(settings, "127.0.0.1", tls=False)


def test_an_open_address_needs_tls_here_or_in_front(settings: Settings) -> None:
    with pytest.raises(Unsafe, match="COMPLIANCE_COOKIE_SECURE"):
        require_safe(settings, EVERYWHERE, tls=False)
    require_safe(settings, EVERYWHERE, tls=True)
    require_safe(replace(settings, cookie_secure=True), EVERYWHERE, tls=False)


@pytest.mark.parametrize("name", ["keys", "keys/blind-index.key", "secret-key"])
def test_secrets_that_others_can_read_are_refused_by_name(settings: Settings, name: str) -> None:
    (settings.data_dir / "keys").mkdir(mode=0o700)
    key = settings.data_dir / "keys" / "blind-index.key"
    key.touch(mode=0o600)
    (settings.data_dir / name).chmod(0o750)
    with pytest.raises(Unsafe, match=name):
        require_safe(settings, "127.0.0.1", tls=False)


def test_everything_unsafe_is_named_at_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pysqlite3.dbapi2, "sqlite_version_info", (3, 51, 2))
    with pytest.raises(Unsafe) as refused:
        require_safe(replace(settings, secret_key="short"), EVERYWHERE, tls=False)
    assert all(word in str(refused.value) for word in ("TLS", "SECRET_KEY", "SQLite 3.51.2"))


def test_the_version_of_sqlite_does_not_matter_on_postgresql(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pysqlite3.dbapi2, "sqlite_version_info", (3, 40, 0))
    url = "postgresql+psycopg://aseptrail@db/aseptrail"
    require_safe(replace(settings, database_url=url), "127.0.0.1", tls=False)


def test_unwise_settings_are_warnings(settings: Settings) -> None:
    settings.data_dir.chmod(0o755)
    insecure = replace(settings, public_url="http://records.example")
    said = " ".join(find_warnings(insecure, EVERYWHERE))
    assert "Other users" in said
    assert "https" in said
    assert "any name" in " ".join(find_warnings(settings, EVERYWHERE))


def test_run_refuses_demo_data_and_demo_refuses_real_data(run: Run, data_dir: Path) -> None:
    found(data_dir, demo=True)
    refused = run("run")
    assert refused.exit_code == 2
    assert "demo data" in refused.stderr


def test_the_demo_never_touches_a_real_clinic(run: Run, data_dir: Path) -> None:
    found(data_dir, demo=False)
    for words in (("demo",), ("demo", "--fresh")):
        refused = run(*words)
        assert refused.exit_code == 2
        assert "real clinics" in refused.stderr
    assert (data_dir / "keys" / "root" / "root.pem").exists()
    assert "harbour" in run("clinic", "list").stdout


def test_a_fresh_demo_keeps_the_keys_of_another_database(settings: Settings) -> None:
    (settings.data_dir / "compliance.sqlite3").unlink()
    (settings.data_dir / "keys").mkdir(mode=0o700)
    with pytest.raises(Unsafe, match="keys of another database"):
        prepare_demo(settings, fresh=True)
    elsewhere = replace(settings, database_url="sqlite:////tmp/elsewhere.sqlite3")
    with pytest.raises(Unsafe, match="its own data folder"):
        prepare_demo(elsewhere, fresh=True)


def test_the_demo_listens_on_this_machine_only(run: Run) -> None:
    refused = run("demo", "--host", EVERYWHERE)
    assert refused.exit_code == 2
    assert "127.0.0.1" in refused.stderr


def test_a_demo_setting_is_refused_by_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLIANCE_DEMO", "yes")
    assert run("run").exit_code == 2


def test_half_a_certificate_is_refused(run: Run, tmp_path: Path) -> None:
    certificate = tmp_path / "server.pem"
    certificate.touch()
    assert run("run", "--tls-certificate", certificate).exit_code == 2


def test_a_taken_port_is_said_before_anything_else(run: Run, taken_port: int) -> None:
    refused = run("run", "--port", str(taken_port))
    assert refused.exit_code == 1
    assert "already in use" in refused.stderr


def test_one_server_works_on_a_data_folder(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_LOCK_PATIENCE", 0.0)
    with (
        only_server(settings),
        pytest.raises(CannotServe, match="another server"),
        only_server(settings),
    ):
        pass
    with only_server(settings):
        pass


def test_a_name_without_an_address_is_said() -> None:
    assert Address(host="localhost", port=8000).ip == "127.0.0.1"
    assert Address(host="::1", port=8000).url == "http://[::1]:8000"
    with pytest.raises(CannotServe, match="no address"):
        Address(host="name.invalid", port=8000).require_free()


def test_a_database_that_is_down_is_one_sentence(
    run: Run, taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    monkeypatch.setenv("COMPLIANCE_DATABASE_URL", f"postgresql+psycopg://x@127.0.0.1:{port}/x")
    refused = run("clinic", "list")
    assert refused.exit_code == 1
    assert "does not answer" in refused.stderr


def test_the_mark_of_a_demo_is_named_in_the_documentation() -> None:
    assert f"`{MARK}`" in (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
