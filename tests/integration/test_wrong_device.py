"""A wrong device: corrected while the session is open, amended with its evidence afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from compliance.domain.access import Actor
from compliance.errors import NotFound, Refused, SignatureRequired
from compliance.keys.storage import export_root_pem
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.reporting.exporting import ExportReport, export_report
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.treatments.amending import AmendSession, NotEnded, amend_session
from compliance.operations.treatments.devices import (
    AmendDevice,
    CorrectDevice,
    amend_device,
    correct_device,
)
from compliance.operations.treatments.loading import SessionEnded
from compliance.operations.treatments.reading import read_history, read_session
from compliance.report.content.reading import read_content
from compliance.report.verifying.verdict import Outcome
from compliance.report.verifying.verify import verify_report
from compliance.store.session import Database
from givens import NOON, ROOT
from harbour import (
    House,
    answer_before,
    answer_rest,
    build_house,
    closed_session,
    evidence_for,
    open_one,
    step,
)

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return build_house(database, tmp_path, now=NOON)


def correct(house: House, session_id: str, device: str) -> None:
    with house.database.writing() as tx:
        command = CorrectDevice(session_id=session_id, device=device)
        correct_device(tx, command, actor=house.practitioner, now=LATER)


def amend(house: House, session_id: str, *, actor: Actor | None = None, **changes: Any) -> None:
    command = AmendDevice(
        session_id=session_id,
        device="PEN-1",
        evidence_before=evidence_for("PEN-1", "before"),
        evidence_after=evidence_for("PEN-1", "after"),
        reason="The pen was used, not the tip",
    )
    with house.database.writing() as tx:
        amend_device(
            tx,
            replace(command, **changes),
            actor=actor or house.token_actor(house.manager),
            now=LATER,
            keyring=house.keyring,
        )


def kinds_after(house: House, session_id: str, count: int) -> list[tuple[str, Any]]:
    with house.database.reading() as tx:
        lines = read_history(tx, session_id, actor=house.manager)[-count:]
    return [(line.kind, line.data.get("item") or line.data.get("field")) for line in lines]


def test_correcting_the_device_of_a_draft_takes_back_what_was_said_of_the_other(
    house: House,
) -> None:
    session_id = open_one(house, NOON, device="TIP-1")
    answer_before(house, session_id, NOON, device="TIP-1")

    correct(house, session_id, "PEN-1")

    assert kinds_after(house, session_id, 3) == [
        ("session.answered", "device_sterilized_before"),
        ("session.answered", "needle_material"),
        ("session.corrected", "device"),
    ]
    with house.database.reading() as tx:
        record = read_session(tx, session_id, actor=house.manager, now=LATER, keyring=house.keyring)
    assert record.row.device_label == "Pen 1"
    assert "device_sterilized_before" not in record.loaded.answers
    assert {blocker.item for blocker in record.gate.blockers} >= {"device_sterilized_before"}
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_a_session_with_a_corrected_device_is_closed_on_the_right_one(house: House) -> None:
    session_id = open_one(house, NOON, device="TIP-1")
    correct(house, session_id, "PEN-1")
    answer_before(house, session_id, LATER, device="PEN-1")
    answer_rest(house, session_id, LATER, device="PEN-1")

    step(house, "close", session_id, LATER)

    with house.database.reading() as tx:
        closed = read_history(tx, session_id, actor=house.manager)[-1]
    assert (closed.kind, closed.data["device"]["label"]) == ("session.closed", "Pen 1")
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_the_same_an_unknown_and_a_closed_sessions_device_are_refused(house: House) -> None:
    session_id = open_one(house, NOON, device="TIP-1")
    with pytest.raises(Refused):
        correct(house, session_id, "TIP-1")
    with pytest.raises(NotFound):
        correct(house, session_id, "PEN-9")
    with pytest.raises(NotEnded):
        amend(house, session_id)

    closed = closed_session(house, NOON, client="C-2")
    with pytest.raises(SessionEnded):
        correct(house, closed, "PEN-1")


def test_amending_the_device_enters_it_with_its_evidence_and_keeps_the_old(house: House) -> None:
    session_id = closed_session(house, NOON)

    amend(house, session_id)

    assert kinds_after(house, session_id, 3) == [
        ("session.amended", "device"),
        ("session.amended", "device_sterilized_before"),
        ("session.amended", "device_sterilized_after"),
    ]
    with house.database.reading() as tx:
        record = read_session(tx, session_id, actor=house.manager, now=LATER, keyring=house.keyring)
    assert record.row.device_label == "Tip 1"
    assert record.amendments[0].data["new"]["label"] == "Pen 1"
    components = {piece["component"] for piece in record.amendments[1].data["evidence_new"]}
    assert components == {"handpiece", "cartridge"}
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_without_evidence_of_the_right_device_the_items_become_no(house: House) -> None:
    session_id = closed_session(house, NOON)

    amend(house, session_id, evidence_before=[], evidence_after=[])

    with house.database.reading() as tx:
        history = read_history(tx, session_id, actor=house.manager)
    assert [(line.data["old"], line.data["new"]) for line in history[-2:]] == [("yes", "no")] * 2


def test_later_amendments_are_judged_by_the_device_that_was_used(house: House) -> None:
    session_id = closed_session(house, NOON)
    amend(house, session_id)
    command = AmendSession(
        session_id=session_id,
        item="device_sterilized_before",
        result="yes",
        evidence=evidence_for("PEN-1", "before"),
        reason="The lot was misread",
    )

    with house.database.writing() as tx:
        amend_session(
            tx,
            command,
            actor=house.token_actor(house.manager),
            now=LATER,
            keyring=house.keyring,
        )

    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_an_amendment_of_the_device_needs_evidence_of_it_a_reason_and_a_signature(
    house: House,
) -> None:
    session_id = closed_session(house, NOON)

    with pytest.raises(Refused):
        amend(house, session_id, evidence_before=evidence_for("TIP-1", "before"))
    with pytest.raises(Refused):
        amend(house, session_id, reason="")
    with pytest.raises(SignatureRequired):
        amend(house, session_id, actor=replace(house.token_actor(house.manager), may_sign=False))

    with house.database.reading() as tx:
        assert read_history(tx, session_id, actor=house.manager)[-1].kind == "session.closed"


def test_the_report_shows_both_devices_and_is_accepted(house: House, tmp_path: Path) -> None:
    session_id = closed_session(house, NOON)
    amend(house, session_id)
    workshop = Workshop(
        database=house.database,
        keyring=house.keyring,
        keys_folder=house.keys_folder,
        fonts=ROOT / "static" / "vendor" / "fonts",
        reports_folder=tmp_path,
    )
    output = tmp_path / "day.pdf"

    export_report(
        workshop,
        ExportReport(first=NOON.date(), last=NOON.date(), output=output),
        actor=house.manager,
        now=LATER,
    )

    root = x509.load_pem_x509_certificate(export_root_pem(house.keys_folder))
    verdict = verify_report(output.read_bytes(), trust_roots=[root])
    assert [check.reason for check in verdict.failed] == []
    assert verdict.outcome is Outcome.ACCEPTED
    assert verdict.audit is not None
    (block,) = read_content(verdict.audit).sessions
    assert block.device == "Tip 1 (tip, titanium) → Pen 1 (handpiece, cartridge, surgical steel)"
    assert (block.amendments[0].label, block.amendments[0].reason) == (
        "Device",
        "The pen was used, not the tip",
    )
