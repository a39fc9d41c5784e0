"""Revoking by command, and judging with the list that an inspector was given."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli.running import Run
from cryptography import x509

from compliance.keys.storage import load_root
from compliance.keys.time_authority import ensure_time_authority
from compliance.keys.tls import ensure_server_certificate

TODAY = datetime.now(UTC).date().isoformat()


@pytest.fixture
def root(run: Run, clinic: str, tmp_path: Path) -> Path:
    path = tmp_path / "ROOT.pem"
    assert run("root", "export", "-o", path).exit_code == 0
    return path


def export(run: Run, clinic: str, output: Path) -> Path:
    made = run("export", "--clinic", clinic, "--from", TODAY, "--to", TODAY, "-o", output)
    assert made.exit_code == 0, made.output
    return output


def test_a_stolen_key_is_revoked_and_both_reports_are_judged_for_real(
    run: Run, clinic: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPLIANCE_TSA_URL", "local")
    old = export(run, clinic, tmp_path / "old.pdf")
    assert run("verify", old, "--trust", root).exit_code == 0

    said = run("key", "revoke", "--clinic", clinic, "--reason", "key-compromise")

    assert said.exit_code == 0, said.output
    assert "harbour: revoked by entry" in said.stdout
    assert "compliance backup --keys DEST" in said.stdout
    assert "compliance key crl -o CRL.pem" in said.stdout
    crl = tmp_path / "CRL.pem"
    written = run("key", "crl", "-o", crl)
    assert (written.exit_code, written.stderr) == (0, f"Wrote {crl}\nIt names 1 certificate\n")
    new = export(run, clinic, tmp_path / "new.pdf")
    assert run("verify", new, "--trust", root, "--crl", crl).exit_code == 0
    # Who holds no list cannot know; the installation itself does.
    assert run("verify", old, "--trust", root).exit_code == 0
    for judged in (run("verify", old, "--trust", root, "--crl", crl), run("verify", old)):
        assert judged.exit_code == 1
        assert "no time-stamp that counts shows the seal before" in judged.stdout
    assert "this installation's own list of revoked certificates" in run("verify", new).stdout
    assert run("ledger", "verify").exit_code == 0
    listed = run("key", "list", "--clinic", clinic).stdout
    assert ", revoked since " in listed
    assert len(listed.splitlines()) == 4


def test_what_was_sealed_since_is_named_and_a_second_revocation_may_only_be_graver(
    run: Run, clinic: str, tmp_path: Path
) -> None:
    words = ("key", "revoke", "--clinic", clinic, "--reason")
    for since, problem in (
        ("soon", "no date"),
        ("2026-11-20T12:00:00", "no time with an offset"),
        ("2001-01-01", "not between the beginning of the certificate and now"),
    ):
        refused = run(*words, "superseded", "--since", since)
        assert (refused.exit_code, problem in refused.stderr) == (2, True), refused.output
    since = datetime.now(UTC).isoformat()
    export(run, clinic, tmp_path / "old.pdf")

    said = run(*words, "superseded", "--since", since)

    assert said.exit_code == 0, said.output
    assert "1 file was sealed with it since then" in said.stdout
    assert f"  {TODAY} to {TODAY}, entry " in said.stdout
    sha256 = run("key", "list", "--clinic", clinic).stdout.split("certificate ")[1][:16]
    named = ("--certificate", sha256)
    again = run(*words, "superseded", "--since", since, *named)
    assert (again.exit_code, "is revoked already" in again.stderr) == (1, True)
    graver = run(*words, "key-compromise", "--since", since, *named)
    assert graver.exit_code == 0, graver.output
    assert "Seals with" not in graver.stdout


def test_the_list_is_exported_before_anything_was_revoked_and_not_without_a_root(
    run: Run, clinic: str, data_dir: Path
) -> None:
    made = run("key", "crl")
    assert made.exit_code == 0
    assert len(x509.load_pem_x509_crl(made.stdout.encode())) == 0
    assert made.stderr == "It names no certificate\n"
    (data_dir / "keys" / "root" / "root.key").unlink()
    (data_dir / "keys" / "root" / "root.crl").unlink()
    without = run("key", "crl")
    assert (without.exit_code, "bring it back" in without.stderr) == (1, True)
    (data_dir / "keys" / "root" / "root.pem").unlink()
    assert "no root certificate" in run("key", "crl").stderr


def test_a_list_that_is_none_cannot_judge(run: Run, clinic: str, root: Path) -> None:
    judged = run("verify", root, "--trust", root, "--crl", root)
    assert judged.exit_code == 2
    assert "what was pinned cannot be read" in judged.stderr


@pytest.mark.parametrize(
    ("code", "years", "said"),
    [
        ("tsa_certificate_expiring", 5, "Time-stamps until "),
        ("tls_server_expiring", 1, "The server's certificate is good until "),
        ("tls_authority_expiring", 10, "Tablets have to trust a new authority once"),
        ("root_expiring", 20, "Certifies until "),
    ],
)
def test_what_the_doctor_says_about_an_end_is_typed_and_mends_it(
    run: Run,
    clinic: str,
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    years: int,
    said: str,
) -> None:
    now = datetime.now(UTC)
    keys = data_dir / "keys"
    ensure_time_authority(keys, root=load_root(keys), now=now)
    ensure_server_certificate(keys, ("records.local",), now=now)
    # A certificate of one year is given some days more.
    late = now + timedelta(days=365 * years - 30)
    monkeypatch.setattr("compliance.app.utc_now", lambda: late)

    def find() -> dict[str, str]:
        told = json.loads(run("doctor", "--json").output)["findings"]
        return {finding["code"]: finding["command"] for finding in told}

    command = find()[code].partition("  (")[0]
    answered = run(*command.split()[1:])

    assert (answered.exit_code, said in answered.stdout) == (0, True), answered.output
    assert code not in find()
