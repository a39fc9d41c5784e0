"""Reports and their verification over the API."""

from __future__ import annotations

import hashlib

from flask import Flask
from web.api.calling import Api, problem, read
from werkzeug.test import TestResponse

from compliance.web.api.verify import MAX_FILE_BYTES

PERIOD = {"from": "2026-11-01", "to": "2026-11-20"}


def send_file(
    api: Api, data: bytes, name: str = "file", challenge: str | None = None
) -> TestResponse:
    said = ""
    if challenge is not None:
        said = f'--cut\r\nContent-Disposition: form-data; name="challenge"\r\n\r\n{challenge}\r\n'
    head = (
        said + f'--cut\r\nContent-Disposition: form-data; name="{name}"; filename="r.pdf"\r\n\r\n'
    )
    # Written out, for the test client would leave the temporary file of a large form open.
    body = head.encode() + data + b"\r\n--cut--\r\n"
    return api.client.post(
        "/api/v1/verify", data=body, content_type="multipart/form-data; boundary=cut"
    )


def test_a_report_is_made_fetched_and_judged(api: Api) -> None:
    api.closed()

    asked = api.post("/reports", PERIOD, by="manager")
    report = read(asked, 202)
    found = read(api.get(asked.headers["Location"].removeprefix("/api/v1"), by="manager"))

    assert report["state"] == "queued"
    assert found["state"] == "done"
    assert found["period"] == PERIOD
    (file,) = found["files"]
    pdf = api.get(file["href"].removeprefix("/api/v1"), by="inspector")
    data = pdf.data
    pdf.close()
    assert pdf.mimetype == "application/pdf"
    assert hashlib.sha256(data).hexdigest() == file["sha256"]
    verdict = read(send_file(api, data))
    assert verdict["outcome"] == "accepted"
    assert verdict["exit_code"] == 0
    assert verdict["sha256"] == file["sha256"]
    assert verdict["trust"]["source"] == "this installation's own root"
    assert verdict["trust"]["root_fingerprint"] == verdict["root_fingerprint"]
    asked_for = read(send_file(api, data, challenge="never entered"))
    assert [c["holds"] for c in asked_for["checks"] if c["code"] == "challenge"] == [False]
    middle = len(data) // 2
    altered = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    changed = read(send_file(api, altered))
    assert changed["outcome"] == "rejected"
    assert any(check["holds"] is False for check in changed["checks"])


def test_a_report_has_only_the_files_that_it_has(api: Api) -> None:
    report = read(api.post("/reports", PERIOD, by="manager"), 202)["id"]

    for path in ("volumes/1", "volumes/0", "volumes/999999"):
        problem(api.get(f"/reports/{report}/{path}", by="manager"), 404, "not_found")
    problem(api.post(f"/reports/{report}/cancel", by="manager"), 409, "conflict")


def test_a_retry_asks_for_one_report_only(api: Api) -> None:
    first = read(api.post("/reports", PERIOD, by="manager", Idempotency_Key="r"), 202)
    again = read(api.post("/reports", PERIOD, by="manager", Idempotency_Key="r"), 202)

    assert again == first
    assert [r["id"] for r in read(api.get("/reports", by="inspector"))["items"]] == [first["id"]]


def test_a_report_leaves_a_field_for_the_inspector_where_asked(api: Api) -> None:
    api.closed()
    asked = read(api.post("/reports", {**PERIOD, "countersign": True}, by="manager"), 202)
    plain = read(api.post("/reports", PERIOD, by="manager"), 202)

    assert (asked["countersign"], plain["countersign"]) == (True, False)
    for report, codes in ((asked, ["countersigned"]), (plain, [])):
        pdf = api.get(f"/reports/{report['id']}/pdf", by="inspector")
        verdict = read(send_file(api, pdf.data))
        pdf.close()
        assert verdict["outcome"] == "accepted"
        assert [c["code"] for c in verdict["checks"] if c["code"] == "countersigned"] == codes
    refused = api.post("/reports", {**PERIOD, "countersign": "yes"}, by="manager")
    assert problem(refused, 422, "invalid_fields")["field"] == "countersign"


def test_a_bad_period_or_filter_is_refused_by_name(api: Api) -> None:
    for body, field in (
        ({"from": "2026-11-20"}, "to"),
        ({"from": "20261101", "to": "2026-11-20"}, "from"),
        ({**PERIOD, "filters": {"colour": "blue"}}, "filters.colour"),
    ):
        response = api.post("/reports", body, by="manager")
        assert problem(response, 422, "invalid_fields")["field"] == field
    backwards = {"from": "2026-11-20", "to": "2026-11-01"}
    assert api.post("/reports", backwards, by="manager").status_code == 422


def test_a_stranger_may_have_anything_judged(api: Api) -> None:
    verdict = read(send_file(api, b"no PDF at all"))

    assert verdict["outcome"] == "cannot_be_judged"
    assert verdict["exit_code"] == 2


def test_only_one_file_in_a_form_is_judged(api: Api) -> None:
    assert problem(send_file(api, b"x", "other"), 422, "invalid_value")["field"] == "body"
    nothing = api.client.post("/api/v1/verify", content_type="multipart/form-data")
    assert problem(nothing, 422, "invalid_value")["field"] == "file"
    problem(api.client.post("/api/v1/verify", json={}), 415, "unsupported_media_type")


def test_a_file_beyond_the_limit_is_refused(api: Api) -> None:
    response = send_file(api, bytes(MAX_FILE_BYTES + 100_000))

    problem(response, 413, "request_entity_too_large")


def test_judging_is_limited_in_rate(app: Flask, api: Api) -> None:
    app.config["RATELIMIT_ENABLED"] = True

    answers = [api.client.post("/api/v1/verify", json={}).status_code for _ in range(21)]

    assert answers[:20] == [415] * 20
    assert answers[20] == 429
