"""Certificates that end: told 90 days before, and mended by the command that is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from integration.safekeeping.places import MIGRATIONS, judge, report
from timing_authorities import stamp

from compliance.keys.renewing import renew_root, renew_time_authority
from compliance.keys.revocation import fresh_crl
from compliance.keys.revoking import note_revocation, revocation_of
from compliance.keys.rotating import NewKeys
from compliance.keys.storage import KeysMissing, load_clinic_keys, load_root
from compliance.keys.time_authority import ensure_time_authority, load_time_certificate
from compliance.keys.tls import ensure_server_certificate, load_tls_root, renew_server_certificate
from compliance.ledger.timestamp import read_token, why_ignored
from compliance.operations.clinics import find_clinic
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.rotating import import_certificate, rotate_keys
from compliance.operations.safekeeping.doctor.certificates import look_at_others
from compliance.operations.safekeeping.doctor.findings import Finding
from compliance.operations.safekeeping.doctor.records import look_at_records
from compliance.report.signing import SigningFailed
from compliance.report.verifying.verdict import Outcome
from compliance.store.session import Database
from givens import NOON
from harbour import House, build_house, closed_session
from unit.keys.test_keys_storage import own_certificate

DAY = timedelta(days=1)
YEAR = 365 * DAY


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Keys lie outside of any database."""
    return sqlite_database


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return build_house(database, tmp_path, now=NOON)


def findings(house: House, now: datetime) -> dict[str, Finding]:
    found = [
        *look_at_records(house.database, house.keys_folder, MIGRATIONS, now),
        *look_at_others(house.keys_folder, now),
    ]
    return {each.code: each for each in found}


def rotate(house: House, now: datetime) -> None:
    with house.database.reading() as tx:
        clinic = find_clinic(tx, "harbour")
    rotate_keys(
        house.database,
        clinic,
        NewKeys(),
        keys_folder=house.keys_folder,
        system_user="tests",
        now=now,
    )


@pytest.mark.parametrize(
    ("code", "end", "command", "mend"),
    [
        (
            "certificate_expiring",
            NOON + 5 * YEAR,
            "compliance key rotate --clinic harbour",
            rotate,
        ),
        (
            "tsa_certificate_expiring",
            NOON + 5 * YEAR,
            "compliance tsa renew",
            lambda house, now: renew_time_authority(house.keys_folder, now=now),
        ),
        (
            "tls_server_expiring",
            NOON + 397 * DAY - timedelta(hours=1),
            "compliance tls renew  (then start the server again)",
            lambda house, now: renew_server_certificate(house.keys_folder, now=now),
        ),
        (
            "tls_authority_expiring",
            NOON + 10 * YEAR - timedelta(hours=1),
            "compliance tls renew  (then start the server again)",
            lambda house, now: renew_server_certificate(house.keys_folder, now=now),
        ),
        (
            "root_expiring",
            NOON + 20 * YEAR,
            "compliance root renew",
            lambda house, now: renew_root(house.keys_folder, now=now),
        ),
    ],
)
def test_each_certificate_is_told_ninety_days_before_and_the_command_mends_it(
    house: House,
    code: str,
    end: datetime,
    command: str,
    mend: Callable[[House, datetime], object],
) -> None:
    ensure_time_authority(house.keys_folder, root=load_root(house.keys_folder), now=NOON)
    ensure_server_certificate(house.keys_folder, ("records.local",), now=NOON)
    assert code not in findings(house, NOON)

    assert code not in findings(house, end - 90 * DAY)
    told = findings(house, end - 89 * DAY)[code]

    assert (told.command, f"expires on {end:%-d %b %Y}" in told.what) == (command, True)
    mend(house, end - 89 * DAY)
    assert code not in findings(house, end - 89 * DAY)
    assert code not in findings(house, end + DAY)


def test_after_its_end_a_certificate_seals_nothing_until_it_is_replaced(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    late = NOON + 5 * YEAR + DAY
    closed_session(house, NOON)
    with pytest.raises(SigningFailed, match=r"expired on 19 Nov 2031.*key rotate --clinic harbour"):
        report(workshop, house.clinic_id, tmp_path / "late.pdf", late)
    assert "certificate_expired" in findings(house, late)

    rotate(house, late)

    made = report(workshop, house.clinic_id, tmp_path / "late.pdf", late)
    assert judge(made, house.keys_folder).outcome is Outcome.ACCEPTED


def test_a_renewed_authority_stamps_on_and_its_old_stamps_hold(house: House) -> None:
    root = load_root(house.keys_folder)
    old = ensure_time_authority(house.keys_folder, root=root, now=NOON)
    before = read_token(stamp(old, b"note", lambda: NOON))
    late = NOON + 5 * YEAR + DAY
    expired = read_token(stamp(old, b"note", lambda: late))
    pinned = (root.certificate,)
    assert why_ignored(expired, old.certificate, pinned) is not None

    new = renew_time_authority(house.keys_folder, now=late)

    after = read_token(stamp(new, b"note", lambda: late))
    assert why_ignored(after, new.certificate, pinned) is None
    assert why_ignored(before, old.certificate, pinned) is None
    assert new.certificate.serial_number != old.certificate.serial_number
    assert load_time_certificate(house.keys_folder) == new.certificate
    (kept,) = (house.keys_folder / "tsa").glob("tsa-*.pem")
    assert kept.read_bytes() == old.certificate.public_bytes(Encoding.PEM)


def test_a_renewed_root_judges_what_the_former_one_did_and_the_other_way_round(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    former = load_root(house.keys_folder).certificate
    closed_session(house, NOON)
    before = report(workshop, house.clinic_id, tmp_path / "before.pdf", NOON)
    late = NOON + timedelta(hours=1)

    renewed = renew_root(house.keys_folder, now=late).certificate

    after = report(workshop, house.clinic_id, tmp_path / "after.pdf", late)
    assert renewed.not_valid_before_utc == former.not_valid_before_utc
    assert renewed.not_valid_after_utc == late + 20 * YEAR
    for file in (before, after):
        assert judge(file, house.keys_folder).outcome is Outcome.ACCEPTED
    (kept,) = (house.keys_folder / "root").glob("root-*.pem")
    assert x509.load_pem_x509_certificate(kept.read_bytes()) == former
    (house.keys_folder / "root" / "root.pem").write_bytes(kept.read_bytes())
    assert judge(after, house.keys_folder).outcome is Outcome.ACCEPTED


def test_tablets_are_troubled_only_when_their_authority_ends(house: House) -> None:
    folder = house.keys_folder
    ensure_server_certificate(folder, ("records.local",), now=NOON)
    authority = load_tls_root(folder)

    _, fresh = renew_server_certificate(folder, now=NOON + YEAR)
    assert (fresh, load_tls_root(folder)) == (False, authority)
    # A start takes what was renewed as it is.
    again = ensure_server_certificate(folder, ("records.local",), now=NOON + YEAR + DAY)
    assert again.authority == authority

    files, fresh = renew_server_certificate(folder, now=NOON + 10 * YEAR - 80 * DAY)
    assert (fresh, files.authority != authority) == (True, True)


def test_who_keeps_the_root_key_in_a_safe_is_told_to_bring_it(house: House) -> None:
    folder = house.keys_folder
    seal = load_clinic_keys(folder, house.clinic_id).certificate
    note_revocation(folder, house.clinic_id, revocation_of(seal, reason="superseded", since=NOON))
    ensure_time_authority(folder, root=load_root(folder), now=NOON)
    fresh_crl(folder, now=NOON)
    assert "revocations_ending" not in findings(house, NOON + 40 * DAY)
    (folder / "root" / "root.key").rename(folder.parent / "in-the-safe")

    assert "revocations_ending" not in findings(house, NOON + 22 * DAY)
    told = findings(house, NOON + 24 * DAY)["revocations_ending"]
    assert told.what == "The list of revoked certificates is good until 20 Dec 2026."
    late = findings(house, NOON + 5 * YEAR - DAY)
    for code in ("revocations_ending", "certificate_expiring", "tsa_certificate_expiring"):
        assert "with root.key back in its place" in late[code].command
    for renew in (renew_time_authority, renew_root):
        with pytest.raises(KeysMissing, match="not on this machine"):
            renew(folder, now=NOON)


def test_a_certificate_from_elsewhere_is_followed_by_one_from_elsewhere(house: House) -> None:
    import_certificate(
        house.database,
        house.clinic_id,
        (own_certificate()[0], b"geheim"),
        keys_folder=house.keys_folder,
        system_user="tests",
        now=NOON,
    )
    end = load_clinic_keys(house.keys_folder, house.clinic_id).certificate.not_valid_after_utc
    told = findings(house, end - DAY)["certificate_expiring"]
    assert told.command.startswith("compliance clinic import-key harbour FILE.p12")


def test_what_is_not_there_is_not_renewed(tmp_path: Path, house: House) -> None:
    with pytest.raises(KeysMissing, match="no time-stamp authority"):
        renew_time_authority(house.keys_folder, now=NOON)
    with pytest.raises(KeysMissing, match="no certificate authority for the web"):
        renew_server_certificate(house.keys_folder, now=NOON)
    assert list(look_at_others(tmp_path / "empty", NOON)) == []
