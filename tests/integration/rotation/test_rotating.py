"""Keys follow one another: each is vouched for by the one before, and a retired one counts no more."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from integration.safekeeping.places import MIGRATIONS, back_up, bring_back, judge, report

from compliance.keys.rotating import NewKeys, prepare_rotation, read_history, waiting_rotation
from compliance.keys.storage import ClinicKeys, load_clinic_keys, load_root
from compliance.ledger.rotation import BadRotation, KeyChain, Rotation
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.clinics import find_clinic
from compliance.operations.reporting import trees
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.rotating import (
    KeysBehind,
    Rotated,
    enter_rotation,
    read_chain,
    rotate_keys,
    settle_all,
)
from compliance.operations.safekeeping.doctor.records import look_at_records
from compliance.operations.safekeeping.restoring import find_installation
from compliance.report.verifying.verdict import Outcome
from compliance.store import log
from compliance.store.session import Database
from givens import NOON
from harbour import House, build_house, closed_session, open_workshop

LATER = NOON + timedelta(hours=1)
AFTER = NOON + timedelta(hours=2)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    made = build_house(database, tmp_path, now=NOON)
    closed_session(made, NOON)
    return made


@pytest.fixture
def workshop(house: House, tmp_path: Path) -> Workshop:
    return open_workshop(house, tmp_path / "reports")


def rotate(house: House, *, note: bool = True, seal: bool = True) -> Rotated:
    with house.database.reading() as tx:
        clinic = find_clinic(tx, "harbour")
    return rotate_keys(
        house.database,
        clinic,
        NewKeys(note=note, seal=seal),
        keys_folder=house.keys_folder,
        system_user="tests",
        now=LATER,
    )


def keys_of(house: House) -> ClinicKeys:
    return load_clinic_keys(house.keys_folder, house.clinic_id)


def test_reports_of_before_and_after_hold_and_the_history_goes_on(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    old = keys_of(house)
    first = report(workshop, house.clinic_id, tmp_path / "first.pdf", NOON)
    kept = judge(first, house.keys_folder).checkpoint
    assert kept is not None

    rotated = rotate(house)
    second = report(workshop, house.clinic_id, tmp_path / "second.pdf", AFTER)

    assert rotated.keys.note_verifier_key != old.note_verifier_key
    assert rotated.keys.certificate != old.certificate
    verdict = judge(second, house.keys_folder, kept)
    assert (verdict.outcome, verdict.level) == (Outcome.ACCEPTED, 3)
    (said,) = [check.reason for check in verdict.checks if check.code == "keys"]
    assert said == f"The last rotation is entry {rotated.index}, signed by the key it retired."
    assert judge(first, house.keys_folder).outcome is Outcome.ACCEPTED
    assert audit_clinic(house.database, house.clinic_id).problems == ()
    again = rotate(house, seal=False)
    assert again.keys.certificate == rotated.keys.certificate
    third = report(workshop, house.clinic_id, tmp_path / "third.pdf", AFTER)
    assert judge(third, house.keys_folder, kept).level == 3


def test_what_a_retired_key_signs_later_is_rejected_with_the_reason(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    stolen = tmp_path / "stolen"
    shutil.copytree(house.keys_folder, stolen)
    rotated = rotate(house)

    with pytest.raises(KeysBehind, match=f"entry {rotated.index}"):
        report(replace(workshop, keys_folder=stolen), house.clinic_id, tmp_path / "no.pdf", AFTER)
    found = look_at_records(house.database, stolen, MIGRATIONS, AFTER)
    assert "keys_behind" in {finding.code for finding in found}
    # Whoever holds the old keys leaves that question out.
    forged = _report_with(workshop, house, stolen, tmp_path / "forged.pdf")

    verdict = judge(forged, house.keys_folder)
    assert verdict.outcome is Outcome.REJECTED
    assert [check.code for check in verdict.failed] == ["keys"]
    assert f"retired by entry {rotated.index}" in verdict.failed[0].reason


def _report_with(workshop: Workshop, house: House, keys: Path, output: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "require_current", lambda _tx, _keys: None)
        return report(replace(workshop, keys_folder=keys), house.clinic_id, output, AFTER)


def test_a_certificate_that_was_retired_seals_no_later_report(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    stolen = tmp_path / "stolen"
    shutil.copytree(house.keys_folder, stolen)
    rotated = rotate(house, note=False)

    verdict = judge(
        report(replace(workshop, keys_folder=stolen), house.clinic_id, tmp_path / "f.pdf", AFTER),
        house.keys_folder,
    )

    assert [check.code for check in verdict.failed] == ["keys"]
    assert "the certificate that sealed the file was retired" in verdict.failed[0].reason
    assert str(rotated.index) in verdict.failed[0].reason


def test_a_rotation_that_the_old_key_did_not_sign_is_none(house: House) -> None:
    old, new = keys_of(house), rotate(house).keys
    (rotation,) = read_history(house.keys_folder, house.clinic_id)
    sha256 = old.certificate.fingerprint(SHA256()).hex()

    def chain() -> KeyChain:
        return KeyChain(
            clinic=house.clinic_id, note_key=old.note_verifier_key, certificate_sha256=sha256
        )

    chain().follow(7, rotation)
    for changed in (
        replace(rotation, certificate_sha256="00" * 32),
        replace(rotation, note_key=old.note_verifier_key),
        replace(rotation, old_note_key=new.note_verifier_key),
        replace(rotation, statement_signature="bm9uZQ=="),
        replace(rotation, statement_signature="no base64"),
    ):
        with pytest.raises(BadRotation):
            chain().follow(7, changed)
    other = replace(chain(), clinic="another")
    with pytest.raises(BadRotation):
        other.follow(7, rotation)


def test_the_audit_names_a_rotation_that_nobody_signed(house: House) -> None:
    key = keys_of(house).note_verifier_key
    forged = Rotation(
        old_note_key=key,
        note_key=key,
        old_certificate_sha256="00" * 32,
        certificate_sha256="11" * 32,
        statement_signature="bm9uZQ==",
    )
    index = enter_rotation(house.database, house.clinic_id, forged, "tests", LATER)

    (problem,) = audit_clinic(house.database, house.clinic_id).problems

    assert problem.index == index
    assert "not signed by the key that it retires" in problem.reason


@pytest.mark.parametrize("entered", [True, False], ids=["after-the-entry", "before-the-entry"])
def test_a_crash_leaves_the_keys_that_the_log_knows(
    house: House, workshop: Workshop, tmp_path: Path, *, entered: bool
) -> None:
    old = keys_of(house)
    rotation = prepare_rotation(
        house.keys_folder,
        old,
        NewKeys(),
        clinic_name="Harbour Skin Clinic",
        root=load_root(house.keys_folder),
        now=LATER,
    )
    if entered:
        enter_rotation(house.database, house.clinic_id, rotation, "tests", LATER)

    settle_all(house.database, house.keys_folder)

    now = keys_of(house)
    assert (now.note_verifier_key != old.note_verifier_key) is entered
    assert waiting_rotation(house.keys_folder, house.clinic_id) is None
    made = report(workshop, house.clinic_id, tmp_path / "after.pdf", AFTER)
    assert judge(made, house.keys_folder).outcome is Outcome.ACCEPTED


def test_a_backup_from_before_the_rotation_is_restored_and_rotates_again(
    house: House, workshop: Workshop, tmp_path: Path
) -> None:
    made = back_up(workshop, tmp_path / "early.jsonl.gz")
    rotate(house)
    second = back_up(workshop, tmp_path / "late.jsonl.gz", now=AFTER)
    url = house.database.engine.url.render_as_string(hide_password=False)
    house.database.dispose()
    place = find_installation(url, data_dir=tmp_path, migrations=MIGRATIONS)

    for source in (made, second):
        bring_back(place, source, replace=True, now=AFTER)
        again = place.site.open_current()
        assert again is not None
        with again.reading() as tx:
            chain = read_chain(tx, house.clinic_id)
            assert chain is not None
            assert len(log.list_places(tx, house.clinic_id, "key.rotated")) == 1
        assert chain.note_key == keys_of(house).note_verifier_key
        assert audit_clinic(again, house.clinic_id).problems == ()
        name = tmp_path / f"{source.name}.pdf"
        pdf = report(replace(workshop, database=again), house.clinic_id, name, AFTER)
        again.dispose()
        assert judge(pdf, house.keys_folder).outcome is Outcome.ACCEPTED
