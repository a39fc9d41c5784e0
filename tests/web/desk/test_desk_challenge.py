"""The challenge at the desk: the inspector types it in, and the page that judges looks for it."""

from __future__ import annotations

import io
from pathlib import Path

from flask import Flask
from web.desk.visiting import Browser, Filled, browse, token_in

from compliance.web.context import EXTENSION

ADDRESS = "/inspector/challenge"


def make_report(app: Flask, manager: Browser) -> Path:
    today = "2026-11-20"
    answered = manager.post("/reports", page="/reports", **{"from": today, "to": today})
    assert answered.status_code == 303, answered.text
    folder: Path = app.extensions[EXTENSION].workshop.reports_folder
    (made,) = folder.rglob("*.pdf")
    return made


def judge(app: Flask, file: Path, challenge: str) -> str:
    client = browse(app).client
    form = {
        "csrf_token": token_in(client.get("/verify")),
        "file": (io.BytesIO(file.read_bytes()), "report.pdf"),
        "challenge": challenge,
    }
    return client.post("/verify", data=form, content_type="multipart/form-data").text


def test_an_inspector_gives_a_word_and_finds_it_in_the_report(
    app: Flask, filled: Filled, inspector: Browser, manager: Browser
) -> None:
    short = inspector.post(ADDRESS, page=ADDRESS, challenge="no")
    given = inspector.post(ADDRESS, page=ADDRESS, challenge="green crane 7731")
    report = make_report(app, manager)

    assert short.status_code == 422
    assert given.status_code == 303
    assert "green crane 7731" in inspector.read(ADDRESS)
    assert "The log holds the challenge you gave" in judge(app, report, "green crane 7731")
    found, missed = judge(app, report, "green crane 7731"), judge(app, report, "red crane")
    assert "It holds the challenge that you gave." in found
    assert "3: not altered" in found
    assert "must not be relied on" in missed


def test_nobody_has_given_one_yet(manager: Browser) -> None:
    assert "Nobody has given one yet." in manager.read(ADDRESS)
