"""The clinic in the API: read by everybody at work, set right by the manager."""

from __future__ import annotations

from web.api.calling import Api, problem, read


def test_the_clinic_is_read_and_its_name_set_right(api: Api) -> None:
    before = read(api.get("/clinic"))
    assert (before["slug"], before["name"], before["language"]) == (
        "harbour",
        "Harbour Skin Clinic",
        "en",
    )

    changed = read(api.post("/clinic", {"name": "Harbor  Skin Clinic"}, by="manager"))

    assert changed == {**before, "name": "Harbor Skin Clinic"}
    assert read(api.get("/clinic")) == changed
    german = read(api.post("/clinic", {"language": "de"}, by="manager"))
    assert german == {**changed, "language": "de"}


def test_a_repeated_request_makes_one_change(api: Api) -> None:
    key = {"Idempotency-Key": "rename-1"}
    first = api.post("/clinic", {"name": "Harbor Clinic"}, by="manager", **key)
    again = api.post("/clinic", {"name": "Harbor Clinic"}, by="manager", **key)

    assert read(first) == read(again)
    assert again.headers["Idempotent-Replayed"] == "true"
    problem(api.post("/clinic", {"name": "Harbor Clinic"}, by="manager"), 409, "conflict")


def test_what_cannot_be_changed_is_refused_by_name(api: Api) -> None:
    for field, value in (("time_zone", "Europe/Berlin"), ("slug", "harbor"), ("demo", True)):
        refused = api.post("/clinic", {field: value}, by="manager")
        assert field in str(problem(refused, 422, "invalid_fields"))
    problem(api.post("/clinic", {"language": "fr"}, by="manager"), 422, "invalid_fields")
    problem(api.post("/clinic", {"name": "\u0000"}, by="manager"), 422, "invalid_value")
    problem(api.post("/clinic", {}, by="manager"), 409, "conflict")
    problem(api.post("/clinic", {"name": "Mine"}, by="practitioner"), 403, "not_permitted")
    assert read(api.get("/clinic"))["name"] == "Harbour Skin Clinic"
