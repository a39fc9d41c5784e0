"""A tablet for tests: it opens pages and sends their own forms, as a browser without scripts does."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from html import unescape
from html.parser import HTMLParser
from typing import Any, Protocol

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from compliance.domain.access import Role
from harbour import INK, House

PASSWORD = "violet tram harbour"
PIN = "246810"
INK_URL = "data:image/png;base64," + base64.b64encode(INK).decode()


class Clock(Protocol):
    """The clock of the tests; ``tick`` moves it."""

    now: datetime

    def __call__(self) -> datetime: ...

    def tick(self, **by: float) -> datetime: ...


class _Forms(HTMLParser):
    """Collects the forms of a page with what each would send untouched."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._select: str | None = None
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = True
            action = found.get("action", "")
            self.forms.append({"action": action, "fields": {}, "buttons": []})
        if not self._open or not self.forms:
            return
        fields, name = self.forms[-1]["fields"], found.get("name", "")
        if tag == "button" and name:
            self.forms[-1]["buttons"].append((name, found.get("value", "")))
        if tag == "select":
            self._select = name
        chosen = "selected" in found or self._select not in fields
        if tag == "option" and self._select is not None and chosen:
            fields[self._select] = found.get("value", "")
        if tag == "textarea" and name:
            fields[name] = ""
        if tag == "input" and name and "form" not in found:
            box = found.get("type") in ("radio", "checkbox")
            if not box or "checked" in found:
                fields[name] = found.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        if tag == "form":
            self._open = False


def forms_of(text: str) -> list[dict[str, Any]]:
    parser = _Forms()
    parser.feed(text)
    return parser.forms


def words_of(response: TestResponse) -> str:
    """The page as somebody reads it."""
    body = re.sub(r"<(script|style)[^>]*>.*?</\1>", " ", response.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


class Tablet:
    """One browser without scripts."""

    def __init__(self, client: FlaskClient, house: House, clock: Clock) -> None:
        self.client = client
        self.house = house
        self.clock = clock

    def sign_in(self, role: Role) -> Tablet:
        self.send("/login", "/login", username=f"harbour-{role.value}", password=PASSWORD)
        return self

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def form(self, page: str, action: str, **wanted: str) -> dict[str, str]:
        """What the page's form with this action would send; ``wanted`` picks among several."""
        for form in forms_of(self.client.get(page).text):
            same = all(form["fields"].get(name) == value for name, value in wanted.items())
            if form["action"] == action and same:
                return dict(form["fields"])
        raise AssertionError(f"no form to {action} with {wanted} on {page}")

    def send(self, page: str, action: str, **fields: Any) -> TestResponse:
        """Open a page, fill its form and send it."""
        pick = {name: fields[name] for name in ("component", "kind") if name in fields}
        untouched = self.form(page, action, **pick)
        return self.client.post(action, data={**untouched, **fields})

    def post(self, path: str, data: dict[str, Any]) -> TestResponse:
        """Send exactly this."""
        return self.client.post(path, data=data)

    def open(
        self,
        client_ref: str = "C-1001",
        device: str = "TIP-1",
        template: str = "cosmetic_medical_microneedling",
    ) -> str:
        """Open a session by the page and return its id."""
        answer = self.send(
            "/sessions/new",
            "/sessions/new",
            client_ref=client_ref,
            device_code=device,
            template=template,
        )
        if answer.status_code != 303:
            raise AssertionError(words_of(answer))
        return answer.headers["Location"].rpartition("/")[2]

    def answer(
        self, session_id: str, item: str, phase: str = "before", **fields: Any
    ) -> TestResponse:
        """Answer one row by its own form."""
        page = f"/sessions/{session_id}"
        return self.send(f"{page}?phase={phase}", f"{page}/items/{item}", **fields)

    def consent(self, session_id: str) -> TestResponse:
        page = f"/sessions/{session_id}/consent"
        return self.send(page, page, ink=INK_URL)

    def step(self, session_id: str, verb: str) -> TestResponse:
        page = f"/sessions/{session_id}"
        return self.send(page, f"{page}/{verb}")

    def answer_before(self, session_id: str, *, skip: tuple[str, ...] = ()) -> None:
        """Everything before the start, for the device TIP-1."""
        self.consent(session_id)
        for item, result in (
            ("consultation_done", "yes"),
            ("contraindications_screened", "none"),
            ("steel_allergy", "no"),
            ("body_site", "face"),
            ("gloves_worn", "yes"),
            ("mask_worn", "yes"),
            ("skin_disinfected_before", "yes"),
            ("needle_material", "titanium"),
        ):
            if item not in skip:
                accepted(self.answer(session_id, item, result=result))
        if "device_sterilized_before" not in skip:
            accepted(
                self.answer(
                    session_id,
                    "device_sterilized_before",
                    component="tip",
                    kind="lot",
                    ref="(01)09506000134352(17)280131(10)L1",
                )
            )

    def treat(self, session_id: str) -> None:
        """From the start to everything after the treatment, for the device TIP-1."""
        accepted(self.step(session_id, "start"))
        accepted(self.answer(session_id, "depth", "during", result="0,5"))
        accepted(self.answer(session_id, "serum_applied", "during", result="none"))
        accepted(self.step(session_id, "finish"))
        for item, result in (
            ("skin_disinfected_after", "yes"),
            ("reaction", "expected"),
            ("aftercare_given", "yes"),
        ):
            accepted(self.answer(session_id, item, "after", result=result))
        accepted(self.answer(session_id, "aftercare_product", "after", name="Balm", lot="B9"))
        accepted(self.answer(session_id, "device_sterilized_after", "after", container="Sharps 1"))

    def close(self, session_id: str, password: str = PASSWORD) -> TestResponse:
        page = f"/sessions/{session_id}/close"
        return self.send(page, page, password=password)

    def closed_session(self, client_ref: str = "C-1001") -> str:
        session_id = self.open(client_ref)
        self.answer_before(session_id)
        self.treat(session_id)
        accepted(self.close(session_id))
        return session_id


def accepted(response: TestResponse) -> None:
    """The form was taken and the browser was sent on."""
    if response.status_code != 303:
        raise AssertionError(f"{response.status_code}: {words_of(response)[:1500]}")
