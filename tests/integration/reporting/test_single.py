"""One session's signed file: for the inspector, and the client's copy."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from compliance.errors import NotFound, NotPermitted, Refused
from compliance.keys.storage import export_root_pem
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.reporting.single import (
    CLIENT_COPY,
    INSPECTION,
    ExportedSession,
    ExportSession,
    NotSigned,
    export_session,
)
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.treatments.amending import AmendSession, amend_session
from compliance.report.content.reading import read_content
from compliance.report.verifying.verdict import Outcome, Verdict
from compliance.report.verifying.verify import verify_report
from givens import NOON
from harbour import House, closed_session, open_one, released_pack
from paper import words_of

LATER = NOON + timedelta(hours=2)


def export(
    workshop: Workshop, house: House, session_id: str, purpose: str = INSPECTION
) -> ExportedSession:
    return export_session(
        workshop,
        ExportSession(
            session_id=session_id,
            purpose=purpose,
            output=workshop.keys_folder.parent / f"{purpose}.pdf",
        ),
        actor=house.manager,
        now=LATER,
    )


def judge(workshop: Workshop, path: Path) -> Verdict:
    root = x509.load_pem_x509_certificate(export_root_pem(workshop.keys_folder))
    return verify_report(path.read_bytes(), trust_roots=[root])


def problems(verdict: Verdict) -> list[str]:
    return [f"{c.code}: {c.reason}" for c in verdict.checks if c.holds is False]


def amend(house: House, session_id: str) -> None:
    with house.database.writing() as tx:
        amend_session(
            tx,
            AmendSession(
                session_id=session_id, item="body_site", result="neck", reason="Wrong site noted"
            ),
            actor=house.token_actor(house.manager),
            now=NOON + timedelta(hours=1),
            keyring=house.keyring,
        )


def test_the_file_of_a_closed_session_is_accepted_and_says_what_it_does_not_prove(
    workshop: Workshop, house: House
) -> None:
    session_id = closed_session(house, NOON)
    amend(house, session_id)

    made = export(workshop, house, session_id)
    verdict = judge(workshop, made.path)

    assert problems(verdict) == []
    assert (verdict.outcome, verdict.about, verdict.period) == (
        Outcome.ACCEPTED,
        "inspection",
        None,
    )
    assert "does not show that no entry was left out" in verdict.sentence
    assert any("could have been left out" in line for line in verdict.does_not_prove)
    assert {"inclusion", "belongs"} <= {check.code for check in verdict.checks}


def test_the_file_shows_the_session_its_amendment_and_every_entry(
    workshop: Workshop, house: House
) -> None:
    session_id = closed_session(house, NOON)
    amend(house, session_id)

    made = export(workshop, house, session_id)
    text = words_of(made.path)

    assert "Record of one session" in text
    assert "Wrong site noted" in text
    assert "treatment started" in text
    assert f"Record {made.record}" in text


def test_a_clients_copy_names_the_practitioner_and_nobody_else(
    workshop: Workshop, house: House
) -> None:
    session_id = closed_session(house, NOON)
    amend(house, session_id)

    made = export(workshop, house, session_id, CLIENT_COPY)
    verdict = judge(workshop, made.path)
    text = words_of(made.path)

    assert problems(verdict) == []
    assert (verdict.outcome, verdict.about) == (Outcome.ACCEPTED, "client_copy")
    assert "Practitioner Ó Murchú" in text
    assert "Manager Ó Murchú" not in text
    assert "treatment started" not in text
    assert "C-1001" in text
    audit = verdict.audit
    assert audit is not None
    assert b"Manager" not in audit.canonical.replace(b'"roles":["manager"]', b"")
    kinds = {body.rsplit(b'"kind":"', 1)[1].split(b'"')[0] for _, body in audit.context}
    assert kinds == {
        b"log.genesis",
        b"template.published",
        b"user.added",
        b"consent.signed",
        b"session.closed",
        b"session.amended",
    }


def test_a_signed_session_that_waits_for_its_device_can_be_shown(
    workshop: Workshop, house: House
) -> None:
    released_pack(house, "P-1", "ROLLER-1", NOON)
    session_id = closed_session(house, NOON, device="ROLLER-1")

    verdict = judge(workshop, export(workshop, house, session_id).path)

    assert problems(verdict) == []
    assert verdict.outcome is Outcome.ACCEPTED


def test_an_open_session_has_no_file_yet(workshop: Workshop, house: House) -> None:
    session_id = open_one(house, NOON)

    with pytest.raises(NotSigned):
        export(workshop, house, session_id)


def test_a_practitioner_hands_out_the_clients_copy_but_no_inspectors_file(
    workshop: Workshop, house: House, tmp_path: Path
) -> None:
    session_id = closed_session(house, NOON)
    copy = ExportSession(session_id=session_id, purpose=CLIENT_COPY, output=tmp_path / "copy.pdf")

    made = export_session(workshop, copy, actor=house.practitioner, now=LATER)

    assert judge(workshop, made.path).outcome is Outcome.ACCEPTED
    with pytest.raises(NotPermitted):
        export_session(
            workshop, replace(copy, purpose=INSPECTION), actor=house.practitioner, now=LATER
        )
    with pytest.raises(NotPermitted):
        export_session(workshop, copy, actor=house.inspector, now=LATER)


def test_an_unknown_purpose_and_a_foreign_session_are_refused(
    workshop: Workshop, house: House
) -> None:
    session_id = closed_session(house, NOON)

    with pytest.raises(Refused):
        export(workshop, house, session_id, "marketing")
    with pytest.raises(NotFound):
        export(workshop, house, "0190b6a0-0000-7000-8000-000000000000")


def test_the_export_is_an_entry_about_the_session_and_the_log_still_adds_up(
    workshop: Workshop, house: House
) -> None:
    session_id = closed_session(house, NOON)
    export(workshop, house, session_id, CLIENT_COPY)

    again = export(workshop, house, session_id)
    content = read_content(judge(workshop, again.path).audit)  # type: ignore[arg-type]

    assert content.single is not None
    assert [line.what for line in content.single.history][-1] == "exported as a file"
    assert problems(judge(workshop, again.path)) == []
    assert audit_clinic(house.database, house.clinic_id).problems == ()
