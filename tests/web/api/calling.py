"""A program that uses the API, for tests."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from compliance.domain.access import Actor, system_actor
from compliance.operations.people.tokens import CreateToken, create_token
from givens import Clock
from harbour import INK, House, evidence_for

SCOPES = frozenset({"read", "write", "sign", "export"})
ROLES = ("practitioner", "manager", "operator", "inspector")


def make_token(
    house: House,
    actor: Actor,
    now: datetime,
    *,
    scopes: frozenset[str] = SCOPES,
    expires_at: datetime | None = None,
) -> str:
    """Make a token as the command line does; returns its secret."""
    command = CreateToken(
        user_id=actor.user_id, label="tests", scopes=scopes, expires_at=expires_at
    )
    with house.database.writing() as tx:
        made = create_token(tx, command, actor=system_actor(house.clinic_id, "tests"), now=now)
    return made.secret


def make_tokens(house: House, now: datetime) -> dict[str, str]:
    """One token a role, with every scope."""
    return {role: make_token(house, getattr(house, role), now) for role in ROLES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Calls the API as one of the people of a clinic."""

    client: FlaskClient
    house: House
    tokens: dict[str, str]
    clock: Clock

    def send(
        self, method: str, path: str, body: Any = None, *, by: str = "practitioner", **headers: str
    ) -> TestResponse:
        """Send JSON; header names are written with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        token = self.tokens.get(by, by)
        if token:
            sent["Authorization"] = f"Bearer {token}"
        return self.client.open(f"/api/v1{path}", method=method, json=body, headers=sent)

    def get(self, path: str, *, by: str = "practitioner", **headers: str) -> TestResponse:
        return self.send("GET", path, by=by, **headers)

    def post(
        self, path: str, body: Any = None, *, by: str = "practitioner", **headers: str
    ) -> TestResponse:
        return self.send("POST", path, body, by=by, **headers)

    def answer(self, session: str, item: str, result: Any, **more: Any) -> TestResponse:
        return self.send("PUT", f"/sessions/{session}/items/{item}", {"result": result, **more})

    def open(self, device: str = "TIP-1", **more: Any) -> str:
        body = {
            "client_ref": "C-1001",
            "template": "cosmetic_medical_microneedling",
            "device_id": device,
            **more,
        }
        opened = self.post("/sessions", body)
        assert opened.status_code == 201, opened.text
        return str(opened.json["id"])  # type: ignore[index]  # werkzeug: JSON may be absent

    def answer_phase(self, session: str, phase: str, device: str = "TIP-1") -> None:
        """Answer every asked item of a phase with what a good treatment has."""
        if phase == "before":
            ink = base64.b64encode(INK).decode()
            consent = {"text_id": "microneedling_consent", "ink_png": ink}
            assert self.post(f"/sessions/{session}/consent", consent).status_code == 201
        pending = True
        while pending:
            items = read(self.get(f"/sessions/{session}"))["items"]
            open_items = [i for i in items if i["asked"] and i["phase"] == phase]
            pending = False
            for item in (i for i in open_items if i["answer"] is None):
                result, evidence = good_answer(item, device)
                sent = self.answer(session, item["code"], result, evidence=evidence)
                assert sent.status_code == 200, sent.text
                pending = True

    def step(self, session: str, verb: str, **headers: str) -> TestResponse:
        return self.post(f"/sessions/{session}/{verb}", **headers)

    def treated(self, device: str = "TIP-1", **more: Any) -> str:
        """A session that only has to be closed."""
        session = self.open(device, **more)
        self.answer_phase(session, "before", device)
        assert self.step(session, "start").status_code == 200
        self.answer_phase(session, "during", device)
        assert self.step(session, "finish").status_code == 200
        self.answer_phase(session, "after", device)
        return session

    def closed(self, device: str = "TIP-1", **more: Any) -> str:
        session = self.treated(device, **more)
        assert self.step(session, "close").status_code == 200
        return session

    def released_pack(self, code: str, device: str = "ROLLER-1") -> TestResponse:
        body = {
            "code": code,
            "device_id": device,
            "contents": "roller",
            "sterilizer": "A1",
            "cycle_number": "7",
            "sterilized_on": self.clock().date().isoformat(),
        }
        registered = self.post("/packs", body, by="operator")
        assert registered.status_code == 201, registered.text
        return self.post(f"/packs/{code}/release", by="operator")


CHOICES = {"needle_material": "titanium", "anaesthetic": "topical", "serum_applied": "applied"}


def good_answer(item: dict[str, Any], device: str) -> tuple[Any, Any]:
    """What a good treatment answers to an item of any of the seed protocols."""
    wanted = item["evidence_wanted"]
    if item["kind"] == "measurement":
        return {"value": "0.5" if item["unit"] == "mm" else "1", "unit": item["unit"]}, None
    if item["kind"] == "choice":
        return CHOICES.get(item["code"], item["options"][0]["value"]), None
    if wanted in ("device_before", "device_after"):
        return "yes", evidence_for(device, wanted.removeprefix("device_"))
    if wanted == "disinfectant":
        ref = {"product": "SKIN-60", "contact_seconds": 60}
        return "yes", [{"component": "skin", "kind": "disinfection", "ref": ref}]
    if (wanted or "").startswith("product:"):
        ref = {"name": "Balm", "lot": "B9"}
        return "yes", [{"component": "product", "kind": "product", "ref": ref}]
    return "yes", None


def read(response: TestResponse, status: int = 200) -> Any:
    """The JSON of an answer with this status."""
    assert response.status_code == status, response.text
    return response.json


def problem(response: TestResponse, status: int, code: str) -> Any:
    """The problem of a refusal with this status and code."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    assert response.json is not None
    assert response.json["code"] == code, response.text
    return response.json
