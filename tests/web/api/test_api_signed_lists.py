"""Signed lists over the API: made once while nothing changes, listed, fetched, told when erased."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

from integration.sterilization.recalled import notice
from web.api.calling import Api

from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.sterilization.recalling import NoteCall, note_call
from compliance.web.context import EXTENSION
from givens import NOON
from harbour import closed_session


def recalled(api: Api) -> tuple[str, str]:
    """(recall, session): lot L1 is taken back, and one client met it."""
    session = closed_session(api.house, NOON)
    return notice(api.house, "L1", api.clock.tick(hours=1)).recall_id, session


def call(api: Api, recall: str, session: str) -> None:
    command = NoteCall(recall_id=recall, session_id=session, outcome="reached")
    with api.house.database.writing() as tx:
        note_call(
            tx,
            command,
            actor=api.house.manager,
            now=api.clock.tick(minutes=1),
            keyring=api.house.keyring,
        )


def test_lists_are_made_once_kept_and_fetched_again(api: Api) -> None:
    recall, session = recalled(api)
    first = api.post(f"/recalls/{recall}/file", by="manager")
    again = api.post(f"/recalls/{recall}/file", by="manager")
    met = api.post("/meetings/file", {"kind": "client", "ref": "C-1001"}, by="manager")
    assert (first.status_code, met.status_code) == (200, 200), first.text + met.text
    assert first.data.startswith(b"%PDF")
    assert (again.data, again.headers["Idempotent-Replayed"]) == (first.data, "true")
    assert "Idempotent-Replayed" not in first.headers

    page = api.get("/signed-lists?limit=1", by="inspector").json
    assert page is not None
    rest = api.get(f"/signed-lists?limit=1&cursor={page['next_cursor']}", by="inspector").json
    assert rest is not None
    (search,), (listed,) = page["items"], rest["items"]
    assert (search["purpose"], search["recall_id"], search["about"]["kind"]) == (
        "search",
        None,
        "client",
    )
    assert "C-1001" not in str(page)
    assert (listed["purpose"], listed["recall_id"], listed["about"]) == ("recall", recall, None)
    assert listed["sha256"] == hashlib.sha256(first.data).hexdigest()
    fetched = api.get(listed["href"].removeprefix("/api/v1"), by="inspector")
    assert fetched.data == first.data
    call(api, recall, session)
    assert api.post(f"/recalls/{recall}/file", by="manager").data != first.data
    assert audit_clinic(api.house.database, api.house.clinic_id).problems == ()


def test_a_key_keeps_its_file_and_its_end_is_told(api: Api) -> None:
    recall, session = recalled(api)
    address = f"/recalls/{recall}/file"
    first = api.post(address, by="manager", Idempotency_Key="list-1")
    call(api, recall, session)
    again = api.post(address, by="manager", Idempotency_Key="list-1")
    assert (again.status_code, again.data) == (200, first.data)
    other = api.post("/meetings/file", {"kind": "lot", "ref": "L1"}, by="manager")
    assert other.status_code == 200
    folder: Path = api.client.application.extensions[EXTENSION].workshop.reports_folder
    for path in folder.rglob("list-*.pdf"):
        assert path.stat().st_mode & 0o077 == 0
        path.unlink()
    gone = api.post(address, by="manager", Idempotency_Key="list-1")
    assert (gone.status_code, (gone.json or {})["code"]) == (409, "file_gone")
    listed = api.get("/signed-lists", by="manager").json or {}
    assert api.get(f"/signed-lists/{listed['items'][0]['id']}/pdf", by="manager").status_code == 404


def test_who_may_not_export_gets_no_list_and_what_is_unknown_is_not_found(api: Api) -> None:
    recall, _ = recalled(api)
    unknown = "01a12ad5-8a00-7936-bfd4-f8aa04334069"
    body = {"kind": "client", "ref": "C-9999"}
    assert api.post(f"/recalls/{recall}/file", by="practitioner").status_code == 403
    assert api.post("/meetings/file", body, by="operator").status_code == 403
    assert api.post("/meetings/file", body, by="manager").status_code == 404
    assert api.post(f"/recalls/{unknown}/file", by="manager").status_code == 404
    assert api.get(f"/signed-lists/{unknown}/pdf", by="manager").status_code == 404
    assert api.get("/signed-lists?cursor=broken", by="manager").status_code == 422
    assert NOON + timedelta(hours=1) == api.clock()
