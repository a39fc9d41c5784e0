"""The product's app with one address more: a POST that does everything but the database.

Started by `bench.over_http` through granian; reads the settings from the environment.
"""

from __future__ import annotations

from uuid import UUID

from flask import Flask, request
from flask.typing import ResponseReturnValue

from compliance.app import create_app, settings_from_environment
from compliance.web.identity import API_PREFIX

FLOOR = f"{API_PREFIX}/bench"


def make_app() -> Flask:
    app = create_app(settings_from_environment())

    def answer(session_id: UUID) -> ResponseReturnValue:
        body = request.get_json()
        key = request.headers["Idempotency-Key"]
        answered = {"id": str(session_id), "state": "closed", "version": 22, "index": len(key)}
        return {**answered, **body}, 200, {"ETag": '"22"'}

    app.add_url_rule(f"{FLOOR}/<uuid:session_id>", "bench", answer, methods=["POST"])
    return app


app = make_app()
