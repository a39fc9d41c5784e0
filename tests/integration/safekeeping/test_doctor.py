"""The doctor names what is wrong, why it matters, and what mends it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from integration.safekeeping.places import MIGRATIONS, SECRET, back_up

from compliance.domain.access import system_actor
from compliance.operations.reporting.requests import RequestReport, request_report
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.safekeeping.doctor import machine
from compliance.operations.safekeeping.doctor.diagnosing import diagnose
from compliance.operations.safekeeping.doctor.findings import Level, exit_code
from compliance.operations.safekeeping.keys_apart import back_up_keys
from compliance.settings import Settings
from compliance.store.schema import downgrade
from compliance.store.session import Database
from givens import NOON
from harbour import House


@pytest.fixture
def settings(house: House, tmp_path: Path) -> Settings:
    (tmp_path / "key.pub").write_text(
        "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\n"
    )
    return Settings.from_environ(
        {
            "COMPLIANCE_DATA_DIR": str(tmp_path),
            "COMPLIANCE_DATABASE_URL": house.database.engine.url.render_as_string(
                hide_password=False
            ),
            "COMPLIANCE_BACKUP_RECIPIENT": str(tmp_path / "key.pub"),
            "COMPLIANCE_TSA_URL": "https://tsa.example",
            "COMPLIANCE_TSA_CERTIFICATES": str(house.keys_folder / "root" / "root.pem"),
        }
    )


def codes(
    settings: Settings, *, now: datetime = NOON, environ: Mapping[str, str] | None = None
) -> dict[str, Level]:
    findings = diagnose(settings, environ=environ or {}, migrations=MIGRATIONS, now=now)
    assert all(finding.what and finding.why and finding.command for finding in findings)
    return {finding.code: finding.level for finding in findings}


def test_a_well_kept_installation_has_nothing_but_information(
    house: House, workshop: Workshop, settings: Settings, tmp_path: Path
) -> None:
    back_up(workshop, tmp_path / "good.jsonl.gz")
    back_up_keys(tmp_path, tmp_path / "keys.age", SECRET, now=NOON)

    findings = diagnose(settings, environ={}, migrations=MIGRATIONS, now=NOON)

    assert {finding.code for finding in findings} == {"root_key_here"}
    assert exit_code(findings) == 0


def test_what_is_missing_is_named(settings: Settings) -> None:
    found = codes(settings)

    assert found["backup_missing"] is Level.WARNING
    assert found["keys_not_backed_up"] is Level.WARNING


def test_what_grows_old_is_named(
    house: House, workshop: Workshop, settings: Settings, tmp_path: Path
) -> None:
    back_up(workshop, tmp_path / "good.jsonl.gz")

    found = codes(settings, now=NOON + timedelta(days=200))
    assert found["backup_old"] is Level.WARNING
    assert found["people_absent"] is Level.WARNING
    late = codes(settings, now=NOON + timedelta(days=5 * 365 - 30))
    assert late["certificate_expiring"] is Level.WARNING
    over = codes(settings, now=NOON + timedelta(days=5 * 365 + 1))
    assert over["certificate_expired"] is Level.UNSAFE


def test_a_clock_behind_the_records_is_named(settings: Settings) -> None:
    assert codes(settings, now=NOON - timedelta(days=1))["clock_behind"] is Level.WARNING


def test_a_worker_that_does_not_run_is_named(house: House, settings: Settings) -> None:
    with house.database.writing() as tx:
        request_report(
            tx,
            RequestReport(first=NOON.date(), last=NOON.date()),
            actor=system_actor(house.clinic_id, "tests"),
            now=NOON,
        )

    assert "worker_not_running" not in codes(settings, now=NOON + timedelta(minutes=5))
    late = codes(settings, now=NOON + timedelta(minutes=11))
    assert late["worker_not_running"] is Level.WARNING


def test_a_database_of_another_version_is_named_and_left_alone(
    database: Database, tmp_path: Path
) -> None:
    downgrade(database, MIGRATIONS, "-1")
    settings = Settings.from_environ(
        {
            "COMPLIANCE_DATA_DIR": str(tmp_path),
            "COMPLIANCE_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        }
    )

    found = codes(settings)

    assert found["database_revision"] is Level.WARNING
    assert found["backup_schedule_off"] is Level.WARNING


def test_secrets_that_others_can_read_are_unsafe(
    settings: Settings, tmp_path: Path, house: House
) -> None:
    (tmp_path / "keys" / house.clinic_id / "note.key").chmod(0o644)
    environ = {"COMPLIANCE_SECRET_KEY": "short"}
    weak = Settings.from_environ({**environ, "COMPLIANCE_DATA_DIR": str(tmp_path)})

    found = codes(settings, environ=environ)
    assert found["file_mode"] is Level.UNSAFE
    assert found["secret_key_in_environment"] is Level.INFORMATION
    assert codes(weak)["secret_key_short"] is Level.UNSAFE


def test_missing_keys_and_a_rollback_are_unsafe(
    house: House, settings: Settings, tmp_path: Path
) -> None:
    memory = tmp_path / "keys" / house.clinic_id / "signer-memory.json"
    memory.rename(memory.with_suffix(".away"))
    assert codes(settings)["rollback"] is Level.UNSAFE
    shutil.rmtree(tmp_path / "keys")
    assert codes(settings)["keys_missing"] is Level.UNSAFE


@pytest.mark.parametrize(
    ("free", "level"), [(100 * 1024**2, Level.UNSAFE), (1024**3, Level.WARNING)]
)
def test_a_full_disk_is_named(
    free: int, level: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=free))

    assert [finding.level for finding in machine.look_at_disk(tmp_path)] == [level]
