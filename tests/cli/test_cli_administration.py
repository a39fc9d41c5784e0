"""Clinics, people, tokens and certificates from the command line."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli.running import PASSWORD, Run, add_user, open_sqlite
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from sqlalchemy import text

from compliance.keys.certificates import make_root_certificate, make_seal_certificate
from compliance.operations.people.tokens import Scope, resume_token


def entries(data_dir: Path, kind: str) -> list[dict[str, object]]:
    database = open_sqlite(data_dir / "compliance.sqlite3")
    with database.engine.connect() as connection:
        bodies = [
            json.loads(row[0]) for row in connection.execute(text("SELECT body FROM log_body"))
        ]
    database.dispose()
    return [body for body in bodies if body["kind"] == kind]


def test_a_clinic_is_made_with_its_keys_and_listed(run: Run, clinic: str, data_dir: Path) -> None:
    listed = run("clinic", "list")
    assert listed.exit_code == 0
    assert clinic in listed.stdout
    assert "Harbour Skin Clinic" in listed.stdout
    assert "UK-HTM-01-05, ASEPTRAIL-BASE" in listed.stdout
    genesis = entries(data_dir, "log.genesis")
    assert len(genesis) == 1
    by = genesis[0]["by"]
    assert isinstance(by, dict)
    assert by["user"].startswith("system:")


def test_what_commands_write_is_for_the_owner_alone(run: Run, clinic: str, data_dir: Path) -> None:
    add_user(run, clinic)
    for path in [*(data_dir / "keys").rglob("*"), data_dir / "secret-key"]:
        assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO), path


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("clinic", "create", "x!", "--name", "X", "--profile", "UK-HTM-01-05"), 2, "slug"),
        (("clinic", "create", "quay", "--name", "Q", "--profile", "NOWHERE"), 2, "US-MN"),
        (("clinic", "create", "quay", "--name", "Q"), 2, "--profile"),
        (
            ("clinic", "create", "harbour", "--name", "H", "--profile", "UK-HTM-01-05"),
            1,
            "already a clinic",
        ),
        (("user", "list", "--clinic", "quay"), 1, "no clinic 'quay'"),
        (("token", "create", "--clinic", "harbour", "--user", "nobody"), 1, "nobody"),
        (("token", "revoke", "7", "--clinic", "harbour"), 1, "no such token"),
        (("clinic", "import-key", "harbour", "/nowhere.p12"), 2, "does not exist"),
    ],
)
def test_a_refusal_is_one_sentence_and_a_code(
    run: Run, clinic: str, words: tuple[str, ...], code: int, says: str
) -> None:
    result = run(*words)
    assert (result.exit_code, "Traceback" in result.output) == (code, False)
    assert says in result.stderr
    assert result.stdout == ""


def test_a_user_comes_in_with_the_password_of_standard_input(run: Run, clinic: str) -> None:
    added = add_user(run, clinic, "mary", "manager", "practitioner")
    assert added.exit_code == 0, added.output
    assert PASSWORD not in added.output
    listed = run("user", "list")
    assert "mary" in listed.stdout
    assert "[manager, practitioner]" in listed.stdout


def test_a_password_is_asked_twice_on_a_terminal(run: Run, clinic: str) -> None:
    words = ("user", "add", "ann", "--clinic", clinic, "--role", "operator", "--name", "Ann Lee")
    added = run(*words, stdin=f"{PASSWORD}\n{PASSWORD}\n")
    assert added.exit_code == 0, added.output
    differing = run("user", "add", "bob", *words[3:], stdin=f"{PASSWORD}\nanother long one\n")
    assert differing.exit_code == 1


def test_a_weak_password_is_refused_and_not_repeated(run: Run, clinic: str) -> None:
    result = run(
        "user", "add", "mary", "--clinic", clinic, "--role", "manager", "--name", "Mary Byrne",
        "--password-stdin", stdin="short\n",
    )  # fmt: skip
    assert result.exit_code == 2
    assert "short" not in result.output


def test_an_inspector_is_let_in_through_the_last_day(run: Run, clinic: str) -> None:
    last = (datetime.now(UTC) + timedelta(days=60)).date()
    result = run(
        "user", "add", "ruth", "--clinic", clinic, "--role", "inspector", "--name", "Ruth Okafor",
        "--until", last.isoformat(), "--password-stdin", stdin=PASSWORD + "\n",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "[inspector until " in run("user", "list").stdout


def test_a_token_is_printed_alone_and_works(run: Run, clinic: str, data_dir: Path) -> None:
    add_user(run, clinic)
    made = run("token", "create", "--clinic", clinic, "--user", "mary", "--expires", "30d")
    assert made.exit_code == 0, made.output
    (secret,) = made.stdout.splitlines()
    database = open_sqlite(data_dir / "compliance.sqlite3")
    now = datetime.now(UTC)
    with database.reading() as tx:
        bearer = resume_token(tx, secret, now=now)
        late = resume_token(tx, secret, now=now + timedelta(days=31))
    database.dispose()
    assert bearer is not None
    assert bearer.username == "mary"
    assert bearer.scopes == set(Scope)
    assert late is None


def test_a_token_is_listed_without_its_secret_and_revoked(run: Run, clinic: str) -> None:
    add_user(run, clinic)
    made = run(
        "token", "create", "--clinic", clinic, "--user", "mary", "--scope", "read",
        "--expires", "never", "--label", "till",
    )  # fmt: skip
    listed = run("token", "list", "--clinic", clinic).stdout
    assert made.stdout.strip() not in listed
    assert "till" in listed
    assert "no end" in listed
    token_id = listed.split()[0]
    assert run("token", "revoke", token_id, "--clinic", clinic).exit_code == 0
    assert "revoked" in run("token", "list", "--clinic", clinic).stdout


@pytest.mark.parametrize("span", ["0d", "30", "d", "1y", "-1d"])
def test_a_span_of_time_that_is_none_is_refused(run: Run, clinic: str, span: str) -> None:
    add_user(run, clinic)
    result = run("token", "create", "--clinic", clinic, "--user", "mary", f"--expires={span}")
    assert result.exit_code == 2
    assert "12h, 30d, 8w" in result.stderr


def test_the_root_goes_to_standard_output_and_its_fingerprint_does_not(
    run: Run, clinic: str, tmp_path: Path
) -> None:
    printed = run("root", "export")
    x509.load_pem_x509_certificate(printed.stdout.encode())
    assert "SHA-256" in printed.stderr
    path = tmp_path / "ROOT.pem"
    assert run("root", "export", "-o", path).exit_code == 0
    assert path.read_text() == printed.stdout


def test_without_a_clinic_there_is_no_root_to_export(run: Run) -> None:
    result = run("root", "export")
    assert result.exit_code == 1
    assert "first clinic" in result.stderr


def test_a_clinic_brings_its_own_certificate(run: Run, clinic: str, tmp_path: Path) -> None:
    path = tmp_path / "own.p12"
    path.write_bytes(own_pkcs12(b"opens it"))
    wrong = run("clinic", "import-key", clinic, path, "--password-stdin", stdin="other\n")
    assert wrong.exit_code == 2
    right = run("clinic", "import-key", clinic, path, "--password-stdin", stdin="opens it\n")
    assert right.exit_code == 0, right.output
    assert "Harbour Skin Clinic" in right.stdout


def own_pkcs12(password: bytes) -> bytes:
    now = datetime.now(UTC)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = make_root_certificate(root_key, organisation="Another authority", now=now)
    certificate = make_seal_certificate(
        key.public_key(),
        clinic_id="01890000-0000-7000-8000-000000000000",
        clinic_name="Harbour Skin Clinic",
        issuer=(root, root_key),
        now=now,
    )
    return pkcs12.serialize_key_and_certificates(
        b"own", key, certificate, [root], BestAvailableEncryption(password)
    )


def test_an_account_is_switched_off_and_on_again(run: Run, clinic: str) -> None:
    assert add_user(run, clinic).exit_code == 0
    made = run("token", "create", "--clinic", clinic, "--user", "mary")
    assert made.exit_code == 0, made.output

    off = run("user", "disable", "mary", "--clinic", clinic)
    assert off.exit_code == 0, off.output
    assert "switched off" in run("user", "list").stdout
    assert "revoked" in run("token", "list", "--clinic", clinic).stdout
    assert run("user", "enable", "mary", "--clinic", clinic).exit_code == 0
    assert "switched off" not in run("user", "list").stdout
    assert "revoked" in run("token", "list", "--clinic", clinic).stdout
    nobody = run("user", "disable", "nemo", "--clinic", clinic)
    assert nobody.exit_code == 1, nobody.output
    assert "nemo" in nobody.output


def test_a_persons_name_is_set_right(run: Run, clinic: str, data_dir: Path) -> None:
    assert add_user(run, clinic).exit_code == 0

    renamed = run("user", "rename", "mary", "--clinic", clinic, "--name", "Mary  Nolan")

    assert renamed.exit_code == 0, renamed.stderr
    assert renamed.stdout == "mary is called Mary Nolan from now on\n"
    assert "Mary Nolan" in run("user", "list").stdout
    (entry,) = entries(data_dir, "user.renamed")
    assert "Mary" not in json.dumps(entry)
    again = run("user", "rename", "mary", "--clinic", clinic, "--name", "Mary Nolan")
    assert again.exit_code == 1
    assert "already" in again.stderr
    assert run("user", "rename", "nemo", "--clinic", clinic, "--name", "X").exit_code == 1
    assert run("ledger", "verify").exit_code == 0


def test_a_clinic_takes_one_more_profile_on_and_is_told_what_it_tightens(
    run: Run, clinic: str, data_dir: Path
) -> None:
    added = run("clinic", "add-profile", clinic, "US-CDC-dental")

    assert added.exit_code == 0, added.stderr
    assert "spore_test_max_days: 7" in added.stdout
    assert "UK-HTM-01-05, US-CDC-dental, ASEPTRAIL-BASE" in run("clinic", "list").stdout
    assert len(entries(data_dir, "clinic.profiles_set")) == 1
    again = run("clinic", "add-profile", clinic, "US-CDC-dental")
    assert again.exit_code == 1
    assert "taken US-CDC-dental already" in again.stderr


def test_a_clinic_gets_its_right_name_and_is_told_of_its_seal(
    run: Run, clinic: str, data_dir: Path
) -> None:
    renamed = run("clinic", "change", clinic, "--name", "Harbor Skin Clinic", "--language", "de")

    assert renamed.exit_code == 0, renamed.stderr
    assert "Harbor Skin Clinic [de]" in renamed.stdout
    assert "still bears the name Harbour Skin Clinic" in renamed.stdout
    assert f"compliance key rotate --clinic {clinic}" in renamed.stdout
    assert "Harbor Skin Clinic" in run("clinic", "list").stdout
    (entry,) = entries(data_dir, "clinic.changed")
    assert entry["data"] == {
        "old": {"name": "Harbour Skin Clinic", "language": "en"},
        "new": {"name": "Harbor Skin Clinic", "language": "de"},
    }
    assert run("key", "rotate", "--clinic", clinic).exit_code == 0
    back = run("clinic", "change", clinic, "--language", "en")
    assert back.stdout == f"{clinic}: Harbor Skin Clinic [en]\n"
    assert run("clinic", "change", clinic).exit_code == 2
    again = run("clinic", "change", clinic, "--language", "en")
    assert again.exit_code == 1
    assert "already" in again.stderr
    assert run("clinic", "change", clinic, "--name", " ").exit_code == 2
    assert run("clinic", "change", "nowhere", "--name", "X").exit_code == 1
    assert run("ledger", "verify").exit_code == 0


def test_a_database_that_a_newer_version_has_used_is_left_alone(
    run: Run, clinic: str, data_dir: Path
) -> None:
    database = open_sqlite(data_dir / "compliance.sqlite3")
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.dispose()

    refused = run("clinic", "list")

    assert refused.exit_code == 1
    assert "revision 9999, which this version does not know" in refused.stderr
    assert "Start that version" in refused.stderr
    assert clinic not in refused.stdout
