"""Signed lists of recalls and searches: kept, handed out again, extended, erased with a client."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from integration.sterilization.recalled import notice

from compliance.domain.access import Role
from compliance.errors import IdempotencyMismatch, NotFound, NotPermitted
from compliance.keys.storage import load_clinic_keys
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.erasure.asking import (
    RequestErasure,
    confirm_erasure,
    request_erasure,
)
from compliance.operations.erasure.completing import complete_erasures
from compliance.operations.once import Keyed, RequestKey
from compliance.operations.reporting import tracing
from compliance.operations.reporting.kept_files import FileGone
from compliance.operations.reporting.traced_keeping import (
    ExportedTrace,
    fetch_trace,
    list_recall_traces,
    list_traces,
    recall_trace,
    remember_trace,
)
from compliance.operations.reporting.traced_lists import list_recall, list_search
from compliance.operations.reporting.tracing import ExportTrace, export_trace
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.sterilization.recalling import NoteCall, note_call
from compliance.operations.treatments.reading import client_id_of
from compliance.store import log
from givens import NOON
from harbour import House, closed_session

LATER = NOON + timedelta(hours=2)


@pytest.fixture
def recall(house: House) -> str:
    """Lot L1 is taken back; C-1001 met it."""
    closed_session(house, NOON)
    return notice(house, "L1", NOON + timedelta(hours=1)).recall_id


def recall_list(house: House, recall: str) -> ExportTrace:
    with house.database.reading() as tx:
        return list_recall(tx, recall, actor=house.manager, keyring=house.keyring, now=LATER)


def search_list(house: House, kind: str, ref: str) -> ExportTrace:
    with house.database.reading() as tx:
        return list_search(tx, kind, ref, actor=house.manager, keyring=house.keyring)


def press(workshop: Workshop, house: House, command: ExportTrace) -> ExportedTrace:
    return export_trace(workshop, command, actor=house.manager, now=LATER)


def exported(house: House) -> int:
    with house.database.reading() as tx:
        return len(log.list_places(tx, house.clinic_id, "report"))


def call(house: House, recall: str, session: str) -> None:
    noted = NoteCall(recall_id=recall, session_id=session, outcome="reached")
    with house.database.writing() as tx:
        note_call(tx, noted, actor=house.manager, now=LATER, keyring=house.keyring)


def test_a_second_press_gives_the_same_file_until_a_list_says_something_else(
    workshop: Workshop, house: House, recall: str
) -> None:
    first = press(workshop, house, recall_list(house, recall))
    found = press(workshop, house, search_list(house, "lot", "l1"))
    # Making a file is an entry itself, and changes nothing that a list says.
    again = press(workshop, house, recall_list(house, recall))
    found_again = press(workshop, house, search_list(house, "lot", "l1"))
    assert (again.path, again.sha256, again.replayed) == (first.path, first.sha256, True)
    assert (found_again.path, found_again.replayed) == (found.path, True)
    assert exported(house) == 2

    call(house, recall, recall_list(house, recall).sessions[0])
    called = press(workshop, house, recall_list(house, recall))
    assert (called.replayed, called.path != first.path, exported(house)) == (False, True, 3)
    with house.database.reading() as tx:
        of_recall = list_recall_traces(tx, recall, actor=house.inspector)
        everything = list_traces(tx, actor=house.inspector)
        fetched = fetch_trace(tx, workshop, found.report_id, actor=house.inspector)
    assert [each.sha256 for each in of_recall] == [called.sha256, first.sha256]
    assert [each.row.purpose for each in everything] == ["recall", "search", "recall"]
    # Whoever called a client stands in the list as well, and their erasure must find it.
    assert len(of_recall[0].row.people) == 2
    assert house.manager.user_id in of_recall[0].row.people
    assert fetched.path.read_bytes() == found.path.read_bytes()
    assert audit_clinic(house.database, house.clinic_id).problems == ()


def test_each_person_gets_a_file_of_their_own_and_only_who_may(
    workshop: Workshop, house: House, recall: str
) -> None:
    first = press(workshop, house, recall_list(house, recall))
    other = replace(house.practitioner, roles=frozenset({Role.MANAGER}))
    theirs = export_trace(workshop, recall_list(house, recall), actor=other, now=LATER)
    assert (theirs.replayed, theirs.path != first.path) == (False, True)
    with pytest.raises(NotPermitted):
        export_trace(workshop, recall_list(house, recall), actor=house.practitioner, now=LATER)
    with house.database.reading() as tx:
        with pytest.raises(NotPermitted):
            fetch_trace(tx, workshop, first.report_id, actor=house.operator)
        elsewhere = replace(house.manager, clinic_id="another")
        with pytest.raises(NotFound):
            fetch_trace(tx, workshop, first.report_id, actor=elsewhere)


def test_a_press_that_lost_the_race_gets_the_file_of_the_other(
    workshop: Workshop, house: House, recall: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = recall_list(house, recall)
    meanwhile: list[ExportedTrace] = []

    def press_meanwhile(keys_folder: Path, clinic_id: str) -> Any:
        monkeypatch.undo()
        meanwhile.append(press(workshop, house, command))
        return load_clinic_keys(keys_folder, clinic_id)

    # Both found nothing kept, and both draw.
    monkeypatch.setattr(tracing, "load_clinic_keys", press_meanwhile)
    second = press(workshop, house, command)
    assert (second.replayed, second.path) == (True, meanwhile[0].path)
    assert exported(house) == 1
    assert [path.name for path in second.path.parent.iterdir()] == [second.path.name]


def test_a_list_goes_with_the_erasure_of_whom_it_names_and_no_other_does(
    workshop: Workshop, house: House
) -> None:
    closed_session(house, NOON)
    closed_session(house, NOON, client="C-1002", pack="P-2")
    named = press(workshop, house, search_list(house, "client", "C-1001"))
    spared = press(workshop, house, search_list(house, "client", "C-1002"))
    asked = RequestErasure(client_ref="C-1001", basis="gdpr_17_1_b")
    with house.database.writing() as tx:
        row = request_erasure(tx, asked, actor=house.manager, now=LATER, keyring=house.keyring)
    with house.database.writing() as tx:
        confirm_erasure(tx, row.erasure_id, grant=None, actor=house.practitioner, now=LATER)
    complete_erasures(workshop, now=LATER)
    assert not named.path.exists()
    assert spared.path.exists()
    with house.database.reading() as tx:
        listed = list_traces(tx, actor=house.manager)
    assert [each.sha256 is None for each in listed] == [False, True]


def test_the_entry_and_the_row_name_a_client_by_the_pseudonym(
    workshop: Workshop, house: House
) -> None:
    closed_session(house, NOON)
    press(workshop, house, search_list(house, "client", "C-1001"))
    with house.database.reading() as tx:
        (listed,) = list_traces(tx, actor=house.manager)
        body = log.read_body(tx, house.clinic_id, listed.row.idx) or b""
        client = client_id_of(tx, "C-1001", actor=house.manager, keyring=house.keyring)
    assert (listed.row.kind, listed.row.ref) == ("client", client)
    data = json.loads(body)["data"]
    assert (data["about"], data["kept"]) == ({"kind": "client", "ref": client}, listed.row.name)
    assert b"C-1001" not in body


def test_a_key_gets_its_file_again_though_more_was_said_since(
    workshop: Workshop, house: House, recall: str
) -> None:
    request = RequestKey(
        clinic_id=house.clinic_id, principal=house.manager.user_id, route="list", key="once"
    )
    keyed = Keyed(request=request, body={})
    assert recall_trace(workshop, keyed) is None
    made = remember_trace(
        workshop, keyed, press(workshop, house, recall_list(house, recall)), now=LATER
    )
    call(house, recall, recall_list(house, recall).sessions[0])
    newer = press(workshop, house, recall_list(house, recall))
    known = recall_trace(workshop, keyed)
    assert known is not None
    assert (known.path, known.path != newer.path) == (made.path, True)
    assert remember_trace(workshop, keyed, newer, now=LATER).path == made.path
    with pytest.raises(IdempotencyMismatch):
        recall_trace(workshop, replace(keyed, body={"other": "1"}))
    made.path.unlink()
    with pytest.raises(FileGone):
        recall_trace(workshop, keyed)
    # Whoever presses the button is not sent away: they get another one.
    call(house, recall, recall_list(house, recall).sessions[0])
    assert press(workshop, house, recall_list(house, recall)).path.is_file()
