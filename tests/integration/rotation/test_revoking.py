"""A certificate is revoked: the clinic seals on with another one, and every judge can learn of it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from integration.safekeeping.places import MIGRATIONS, SECRET, back_up, bring_back, report
from outside import Outside, check

from compliance.domain.access import system_actor
from compliance.errors import Conflict, NotFound, Refused
from compliance.keys.revocation import fresh_crl
from compliance.keys.revoking import all_revoked, kept_list, note_revocation, read_revocations
from compliance.keys.storage import ClinicKeys, KeysMissing, export_root_pem, load_clinic_keys
from compliance.ledger.revocation import BadRevocation, Revocation, read_revocation
from compliance.operations.anchoring.extending import extend_reports
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.clinics import find_clinic
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.revocations import find_unlisted
from compliance.operations.revoking import RevokeCertificate, Revoked, revoke_certificate
from compliance.operations.rotating import settle_all
from compliance.operations.safekeeping.doctor.records import look_at_records
from compliance.operations.safekeeping.keys_apart import back_up_keys, restore_keys
from compliance.operations.safekeeping.restoring import find_installation
from compliance.operations.sealing import REVOKED, append
from compliance.report.verifying.pins import PinFiles
from compliance.report.verifying.verdict import Outcome, Verdict
from compliance.report.verifying.verify import verify_report
from compliance.store import log
from compliance.store.session import Database
from givens import NOON, Clock
from harbour import House, build_house, closed_session, open_workshop

HOUR = timedelta(hours=1)
LATER = NOON + HOUR
AFTER = NOON + 2 * HOUR


@pytest.fixture
def house(request: pytest.FixtureRequest, tmp_path: Path) -> House:
    """On SQLite; on both for whoever asks for `database`, for what a list says knows no database."""
    both = "database" in request.fixturenames
    found: Database = request.getfixturevalue("database" if both else "sqlite_database")
    made = build_house(found, tmp_path, now=NOON)
    closed_session(made, NOON)
    return made


@pytest.fixture
def workshop(house: House, tmp_path: Path) -> Workshop:
    return open_workshop(house, tmp_path / "reports")


def revoke(
    house: House,
    reason: str = "key_compromise",
    *,
    since: datetime | None = None,
    certificate: str | None = None,
    now: datetime = LATER,
) -> Revoked:
    with house.database.reading() as tx:
        clinic = find_clinic(tx, "harbour")
    return revoke_certificate(
        house.database,
        clinic,
        RevokeCertificate(reason=reason, since=since, certificate=certificate),
        keys_folder=house.keys_folder,
        system_user="tests",
        now=now,
    )


def keys_of(house: House) -> ClinicKeys:
    return load_clinic_keys(house.keys_folder, house.clinic_id)


def judge(
    data: bytes, house: House, *crls: bytes, authority: x509.Certificate | None = None
) -> Verdict:
    """What an inspector says who holds the root, perhaps lists, and perhaps an authority."""
    root = x509.load_pem_x509_certificate(export_root_pem(house.keys_folder))
    pinned = [] if authority is None else [authority.public_bytes(Encoding.PEM)]
    pins = PinFiles(authorities=pinned, crls=crls).read()
    return verify_report(data, trust_roots=[root], pins=pins)


def the_list(house: House) -> bytes:
    pem = kept_list(house.keys_folder)
    assert pem is not None
    return pem


def test_a_stolen_key_is_replaced_in_the_same_act_and_the_clinic_seals_on(
    database: Database, house: House, workshop: Workshop, tmp_path: Path
) -> None:
    old = keys_of(house)
    first = report(workshop, house.clinic_id, tmp_path / "first.pdf", NOON)

    revoked = revoke(house)

    new = keys_of(house)
    assert revoked.keys is not None
    assert (new.certificate, new.note_verifier_key) == (
        revoked.keys.certificate,
        revoked.keys.note_verifier_key,
    )
    assert new.certificate != old.certificate
    assert new.note_verifier_key != old.note_verifier_key
    second = report(workshop, house.clinic_id, tmp_path / "second.pdf", AFTER)
    verdict = judge(second.read_bytes(), house)
    assert verdict.outcome is Outcome.ACCEPTED, verdict.failed
    # The list travels in the plain file too, and does not name the new certificate.
    assert check(verdict, "revocation").holds is True
    assert b"/CRLs" in second.read_bytes()
    assert b"/CRLs" not in first.read_bytes()
    assert audit_clinic(house.database, house.clinic_id).problems == ()
    with house.database.reading() as tx:
        (body,) = log.read_bodies(tx, house.clinic_id, [revoked.index]).values()
    assert b'"kind":"key.revoked"' in body
    assert old.certificate.fingerprint(SHA256()).hex().encode() in body


def test_who_holds_only_the_old_report_and_the_new_list_learns_of_it(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    old = report(workshop, house.clinic_id, tmp_path / "old.pdf", NOON).read_bytes()
    without = judge(old, house)
    assert (without.outcome, check(without, "revocation").holds) == (Outcome.ACCEPTED, None)

    revoke(house)

    verdict = judge(old, house, the_list(house))
    assert verdict.outcome is Outcome.REJECTED
    (failed,) = verdict.failed
    assert failed.code == "revocation"
    assert "no time-stamp that counts shows the seal before" in failed.reason


def test_a_certificate_that_was_only_replaced_keeps_its_reports(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    note_key = keys_of(house).note_verifier_key
    old = report(workshop, house.clinic_id, tmp_path / "old.pdf", NOON).read_bytes()

    revoked = revoke(house, "superseded")

    assert judge(old, house, the_list(house)).outcome is Outcome.ACCEPTED
    assert revoked.void == ()
    # Nobody else had the key, so the one that signs the log stays.
    assert keys_of(house).note_verifier_key == note_key


def test_what_was_sealed_after_the_loss_is_named_and_rejected(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    sealed = report(workshop, house.clinic_id, tmp_path / "old.pdf", LATER).read_bytes()

    revoked = revoke(house, "superseded", since=NOON + timedelta(minutes=30), now=AFTER)

    day = NOON.date().isoformat()
    assert [(each.first, each.last) for each in revoked.void] == [(day, day)]
    verdict = judge(sealed, house, the_list(house))
    assert [each.code for each in verdict.failed] == ["revocation"]
    assert "and the seal was made at" in verdict.failed[0].reason


def test_a_seal_that_was_seen_before_outlives_the_theft(
    house: House, workshop: Workshop, tmp_path: Path, clock: Clock
) -> None:
    outside = Outside(clock)
    asking = replace(workshop, anchors=outside.plan())
    seen = report(asking, house.clinic_id, tmp_path / "seen.pdf", clock()).read_bytes()

    revoke(house)

    crl = the_list(house)
    assert judge(seen, house, crl, authority=outside.first.root).outcome is Outcome.ACCEPTED
    # Who takes nobody's word for the time cannot tell it from a forgery.
    assert judge(seen, house, crl).outcome is Outcome.REJECTED


def test_the_archive_time_stamp_brings_the_list_into_a_file_from_before(
    sqlite_database: Database, tmp_path: Path, clock: Clock
) -> None:
    from integration.anchoring.test_anchoring_seals import report as kept_report

    house = build_house(sqlite_database, tmp_path, now=NOON)
    closed_session(house, NOON)
    outside = Outside(clock)
    asking = replace(open_workshop(house, tmp_path / "reports"), anchors=outside.plan())
    _, path = kept_report(asking, house, clock())
    before = path.read_bytes()
    revoke(house)

    assert extend_reports(asking, now=clock.tick(hours=2)) == 1

    assert judge(before, house, authority=outside.first.root).outcome is Outcome.ACCEPTED
    verdict = judge(path.read_bytes(), house, authority=outside.first.root)
    assert verdict.outcome is Outcome.ACCEPTED, verdict.failed
    assert check(verdict, "revocation").holds is True
    unseen = judge(path.read_bytes(), house)
    assert [each.code for each in unseen.failed] == ["revocation"]


def test_openssl_reads_the_list_and_refuses_the_old_certificate_alone(
    house: House, tmp_path: Path
) -> None:
    old = keys_of(house).certificate
    revoke(house)
    (tmp_path / "crl.pem").write_bytes(the_list(house))
    (tmp_path / "root.pem").write_bytes(export_root_pem(house.keys_folder))
    for name, certificate in (("old", old), ("new", keys_of(house).certificate)):
        (tmp_path / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))

    def openssl(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["openssl", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    def refusal(name: str) -> str:
        at = str(int(AFTER.timestamp()))
        files = ("-CAfile", "root.pem", "-CRLfile", "crl.pem")
        return openssl("verify", "-crl_check", "-attime", at, *files, f"{name}.pem").stderr

    shown = openssl("crl", "-in", "crl.pem", "-noout", "-text", "-CAfile", "root.pem")
    assert "verify OK" in shown.stderr
    assert f"Serial Number: {old.serial_number:X}" in shown.stdout.replace("Number: 0", "Number: ")
    assert "Key Compromise" in shown.stdout
    assert "certificate revoked" in refusal("old")
    assert refusal("new") == ""


def test_an_earlier_certificate_is_revoked_without_another_rotation(
    database: Database, house: House
) -> None:
    old = keys_of(house).certificate
    revoke(house, "superseded")
    before = keys_of(house).note_verifier_key
    named = old.fingerprint(SHA256()).hex()

    graver = revoke(house, "key_compromise", certificate=named[:12], now=AFTER, since=LATER)

    assert graver.keys is None
    assert keys_of(house).note_verifier_key == before
    assert all_revoked(house.keys_folder)[old.serial_number].reason == "key_compromise"
    for reason, since in (
        ("key_compromise", LATER),
        ("superseded", NOON),
        ("key_compromise", AFTER),
    ):
        with pytest.raises(Conflict, match="revoked"):
            revoke(house, reason, certificate=named, now=AFTER, since=since)
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_what_cannot_be_revoked_is_refused_and_nothing_changes(house: House) -> None:
    before = keys_of(house).note_verifier_key
    for since in (NOON - HOUR, AFTER):
        with pytest.raises(Refused, match="between the beginning of the certificate and now"):
            revoke(house, since=since)
    with pytest.raises(NotFound, match="0 certificates"):
        revoke(house, certificate="00ff")
    (house.keys_folder / "root" / "root.key").rename(house.keys_folder / "safe")
    with pytest.raises(KeysMissing, match="bring it back"):
        revoke(house)
    assert keys_of(house).note_verifier_key == before
    assert all_revoked(house.keys_folder) == {}


def test_a_list_from_before_the_revocation_is_given_to_nobody(house: House) -> None:
    revoke(house, "superseded")
    root_key = house.keys_folder / "root" / "root.key"
    root_key.unlink()
    assert fresh_crl(house.keys_folder, now=AFTER) is not None
    stranger = Revocation(
        certificate_sha256="ab" * 32, serial="abc", since=NOON, reason="superseded"
    )

    note_revocation(house.keys_folder, house.clinic_id, stranger)

    assert fresh_crl(house.keys_folder, now=AFTER) is None


def test_two_lists_of_one_second_are_told_apart(house: House) -> None:
    first, second = (fresh_crl(house.keys_folder, now=NOON) for _ in range(2))
    assert first is not None
    assert second is not None
    numbers = [
        x509.load_der_x509_crl(each).extensions.get_extension_for_class(x509.CRLNumber).value
        for each in (first, second)
    ]
    assert numbers[1].crl_number == numbers[0].crl_number + 1


def test_after_a_crash_the_next_start_puts_the_revocation_on_the_list(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = keys_of(house)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("compliance.operations.revoking.put_in_place", die)
        with pytest.raises(KeyboardInterrupt):
            revoke(house)
    assert all_revoked(house.keys_folder) == {}
    found = look_at_records(house.database, house.keys_folder, MIGRATIONS, AFTER)
    assert "revocation_unlisted" in {finding.code for finding in found}

    settle_all(house.database, house.keys_folder)

    assert list(all_revoked(house.keys_folder)) == [old.certificate.serial_number]
    assert keys_of(house).certificate != old.certificate
    with house.database.reading() as tx:
        assert find_unlisted(tx, house.clinic_id, house.keys_folder) == []


def test_backups_of_keys_and_records_carry_the_revocation(
    database: Database, house: House, workshop: Workshop, tmp_path: Path
) -> None:
    made = back_up(workshop, tmp_path / "early.jsonl.gz")
    revoke(house)
    kept = read_revocations(house.keys_folder, house.clinic_id)
    note = back_up_keys(tmp_path, tmp_path / "keys.age", SECRET, now=AFTER)
    restore_keys(tmp_path / "other", Path(note.file), SECRET)
    assert read_revocations(tmp_path / "other" / "keys", house.clinic_id) == kept
    url = house.database.engine.url.render_as_string(hide_password=False)
    house.database.dispose()

    # The records come back as they were before the revocation, and learn of it again.
    place = find_installation(url, data_dir=tmp_path, migrations=MIGRATIONS)
    bring_back(place, made, replace=True, now=AFTER)

    again = place.site.open_current()
    assert again is not None
    with again.reading() as tx:
        assert len(log.list_places(tx, house.clinic_id, REVOKED)) == 1
    assert audit_clinic(again, house.clinic_id).problems == ()
    again.dispose()


@pytest.mark.parametrize(
    ("named", "reason"),
    [("in force", "is in force"), ("unknown", "never had"), ("malformed", "of another form")],
)
def test_the_audit_names_a_revocation_that_cannot_be(house: House, named: str, reason: str) -> None:
    sha256 = keys_of(house).certificate.fingerprint(SHA256()).hex()
    data = Revocation(
        certificate_sha256={"in force": sha256}.get(named, "ab" * 32),
        serial="abc",
        since=NOON,
        reason="superseded",
    ).to_data()
    if named == "malformed":
        data["reason"] = "forgotten"
    with house.database.writing() as tx:
        index = append(tx, system_actor(house.clinic_id, "tests"), REVOKED, data, now=LATER)

    (problem,) = audit_clinic(house.database, house.clinic_id).problems

    assert problem.index == index
    assert reason in problem.reason


def test_a_revocation_of_another_form_is_none() -> None:
    good = {
        "certificate_sha256": "ab" * 32,
        "serial": "1f",
        "since": "2026-11-20T12:00:00.000Z",
        "reason": "superseded",
    }
    assert read_revocation(good).to_data() == good
    for name, value in (
        ("certificate_sha256", "AB" * 32),
        ("serial", ""),
        ("since", "2026-11-20T12:00:00.500Z"),
        ("since", "yesterday"),
        ("reason", "remove_from_crl"),
        ("reason", None),
    ):
        with pytest.raises(BadRevocation):
            read_revocation({**good, name: value})
