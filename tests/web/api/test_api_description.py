"""The description is true: generated requests find no answer that it does not name."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from web.api.calling import Api, read

WANTED = {
    GenerationMode.POSITIVE: {200, 201, 404, 409},
    GenerationMode.NEGATIVE: {404, 422},
}
"""What must have been seen, or the requests did not reach what they were made for."""

ROOT = Path(__file__).resolve().parents[3]
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def test_the_description_is_open_to_all_and_of_version_3_1(app: Flask) -> None:
    described = read(app.test_client().get("/api/v1/openapi.json"))

    assert described["openapi"].startswith("3.1")
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert all(path.startswith("/api/v1/") for path in described["paths"])


def test_the_description_lists_every_address_of_the_api(app: Flask) -> None:
    described = read(app.test_client().get("/api/v1/openapi.json"))
    served = {
        (method, re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/v1/")
    }

    listed = {
        (method.upper(), path)
        for path, operations in described["paths"].items()
        for method in operations
    }
    assert listed == served


def test_the_page_shows_every_call_without_inline_script(app: Flask) -> None:
    described = read(app.test_client().get("/api/v1/openapi.json"))

    page = app.test_client().get("/api/docs")

    assert page.status_code == 200
    for path, operations in described["paths"].items():
        for method in operations:
            assert f"{method.upper()} {path}" in page.text
    assert "<script>" not in page.text
    assert " style=" not in page.text


def test_the_guide_names_only_what_exists(app: Flask) -> None:
    guide = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    adapter = app.url_map.bind("")
    named = re.findall(r"-X (\w+)[^\n]*?\$API(/[^\s\"'?]*)", guide)
    named += [("GET", path) for path in re.findall(r"curl -s \"?\$API(/[^\s\"'?]*)", guide)]

    assert len(named) > 10
    for method, path in named:
        filled = re.sub(
            r"\$(SESSION|REPORT|LOAD|CYCLE|RECALL)", "01890a5d-ac96-774b-bcce-b302099a8057", path
        )
        assert adapter.test(f"/api/v1{filled}", method=method), (method, path)


@pytest.fixture
def described_api(app: Flask, api: Api) -> Any:
    """The description with a clinic behind it, to send generated requests to."""
    api.closed("PEN-1")
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name.lower())
def test_generated_requests_find_no_answer_that_is_not_described(
    described_api: Any, api: Api, mode: GenerationMode
) -> None:
    statuses: Counter[int] = Counter()
    operations = [found.ok() for found in described_api.get_all_operations()]
    # Half of the requests about a session are about one that exists.
    known = [api.open("PEN-1"), api.treated("TIP-1")]

    for operation in operations:
        probe(operation, api, mode, known, statuses)

    assert len(operations) > 35
    assert WANTED[mode] <= set(statuses)


def probe(
    operation: Any, api: Api, mode: GenerationMode, known: list[str], statuses: Counter[int]
) -> None:
    """Send requests made from the description, the same ones in every run."""
    role = "operator" if "pack" in operation.path else "manager"
    headers = {"Authorization": f"Bearer {api.tokens[role]}"}
    turn = itertools.count()

    @settings(
        # Each judged file starts a process of its own.
        max_examples=3 if operation.path.endswith("/verify") else 15,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        number = next(turn)
        if "session_id" in (case.path_parameters or {}) and number % 2:
            case.path_parameters["session_id"] = known[number // 2 % len(known)]
        response = case.call_and_validate(headers=headers, checks=CHECKS)
        statuses[response.status_code] += 1

    run()
