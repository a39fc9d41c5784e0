"""The signed file of a recall: made beside other workers, and judged by the verifier."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography import x509
from integration.sterilization.recalled import notice

from compliance.keys.storage import export_root_pem, load_clinic_keys
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.clinics import find_clinic
from compliance.operations.reporting import tracing
from compliance.operations.reporting.traced_quotes import read_size
from compliance.operations.reporting.tracing import (
    ExportTrace,
    TraceList,
    export_trace,
)
from compliance.operations.reporting.trees import sign_tree
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.sterilization.recalling import NoteCall, note_call
from compliance.report.verifying.verdict import Outcome, Verdict
from compliance.report.verifying.verify import verify_report
from compliance.store import sessions
from givens import NOON
from harbour import House, closed_session, open_one

LATER = NOON + timedelta(hours=2)


def recall_command(house: House) -> ExportTrace:
    """The file of the recall of lot L1, which one closed session met."""
    session = closed_session(house, NOON)
    recall = notice(house, "L1", NOON + timedelta(hours=1))
    with house.database.reading() as tx:
        size, zone = read_size(tx, house.manager), find_clinic(tx, "harbour").time_zone

    def spell(moment: datetime) -> str:
        local = moment.astimezone(ZoneInfo(zone))
        return f"{local.day} {local:%b %Y, %H:%M}"

    affected = TraceList(
        title="Clients affected",
        explained="",
        columns=(("Client", 0.2), ("Treated", 0.2), ("What they met", 0.3), ("Calls", 0.3)),
        rows=[("C-1001", spell(NOON), "lot L1", "not called yet")],
        empty="Nobody.",
    )
    return ExportTrace(
        title="Recall of lot L1",
        sentences=(f"The recall was opened on {spell(recall.opened_at)} and is still open.",),
        lists=(affected,),
        size=size,
        sessions=(session,),
        people=frozenset({client_of(house, session)}),
        recall=recall,
    )


def client_of(house: House, session: str) -> str:
    with house.database.reading() as tx:
        row = sessions.find_session(tx, house.clinic_id, session)
    assert row is not None
    return row.client_id


def judge(workshop: Workshop, path: Path) -> Verdict:
    root = x509.load_pem_x509_certificate(export_root_pem(workshop.keys_folder))
    return verify_report(path.read_bytes(), trust_roots=[root])


def test_a_longer_log_that_a_parallel_worker_signs_meanwhile_is_no_rollback(
    workshop: Workshop, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = recall_command(house)
    worked: list[int] = []

    def work_meanwhile(keys_folder: Path, clinic_id: str) -> Any:
        # Between the first look at the clinic and the checkpoint somebody works and signs.
        keys = load_clinic_keys(keys_folder, clinic_id)
        open_one(house, LATER)
        with house.database.writing() as tx:
            worked.append(sign_tree(tx, find_clinic(tx, "harbour"), keys).size)
        return keys

    monkeypatch.setattr(tracing, "load_clinic_keys", work_meanwhile)
    made = export_trace(workshop, command, actor=house.manager, now=LATER)
    verdict = judge(workshop, made.path)

    assert [check.reason for check in verdict.failed] == []
    assert verdict.outcome is Outcome.ACCEPTED
    assert verdict.audit is not None
    assert verdict.audit.size >= worked[0]
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_a_call_made_after_the_lists_were_read_is_not_held_against_them(
    workshop: Workshop, house: House
) -> None:
    command = recall_command(house)
    assert command.recall is not None
    call = NoteCall(
        recall_id=command.recall.recall_id, session_id=command.sessions[0], outcome="reached"
    )
    with house.database.writing() as tx:
        note_call(tx, call, actor=house.manager, now=LATER, keyring=house.keyring)

    made = export_trace(workshop, command, actor=house.manager, now=LATER)
    verdict = judge(workshop, made.path)

    assert [check.reason for check in verdict.failed] == []
    assert (verdict.outcome, verdict.about) == (Outcome.ACCEPTED, "recall")
