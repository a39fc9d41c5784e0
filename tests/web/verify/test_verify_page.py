"""Checking a report in the browser, without an account."""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

import pytest
from flask import Flask
from web.desk.visiting import Browser, browse
from werkzeug.test import TestResponse

from compliance.keys.revocation import fresh_crl
from compliance.keys.revoking import kept_list, note_revocation, revocation_of
from compliance.keys.storage import export_root_pem, load_clinic_keys
from compliance.report.verifying.verdict import Verdict
from compliance.web.verifying import judging, pages
from harbour import House
from unit.verifying.building import make_keys


def check(app: Flask, content: bytes, name: str = "report.pdf", **more: object) -> TestResponse:
    """Drop a file as somebody without an account does."""
    stranger = browse(app)
    return stranger.post("/verify", page="/verify", file=(io.BytesIO(content), name), **more)


def test_a_good_report_is_accepted_and_drawn_anew(app: Flask, report: bytes) -> None:
    response = check(app, report)

    page = response.text
    assert response.status_code == 200
    assert 'data-outcome="accepted"' in page
    assert "has not been altered since the clinic sealed it" in page
    assert "this installation’s own root certificate" in page
    assert "What this does not prove" in page
    assert "C-1002" in page
    assert "The wrong site was tapped." in page
    assert "The client felt faint." in page
    assert page.index("Accepted") < page.index("What was checked")


def test_one_flipped_byte_is_rejected(app: Flask, report: bytes) -> None:
    changed = bytearray(report)
    changed[len(changed) // 3] ^= 1

    response = check(app, bytes(changed))

    assert response.status_code == 200
    assert 'data-outcome="rejected"' in response.text
    assert "must not be relied on" in response.text


@pytest.mark.parametrize(
    "content", [b"\x00\xff" * 500, b"hello", b"%PDF-1.7\n%%EOF\n"], ids=["noise", "text", "bare"]
)
def test_what_is_no_report_cannot_be_judged(app: Flask, house: House, content: bytes) -> None:
    response = check(app, content, name="holiday.jpg")

    assert response.status_code == 200
    assert 'data-outcome="cannot_be_judged"' in response.text


def test_an_empty_file_is_named_as_such(app: Flask, house: House) -> None:
    response = check(app, b"")

    assert response.status_code == 422
    assert "is empty" in response.text


def test_no_file_at_all_says_what_to_do(app: Flask, house: House) -> None:
    response = browse(app).post("/verify", page="/verify")

    assert response.status_code == 422
    assert "No file arrived" in response.text


def test_a_file_that_is_too_large_names_the_way_out(app: Flask, house: House) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 10_000

    response = check(app, bytes(20_000))

    assert response.status_code == 413
    assert "Reports come in volumes" in response.text


def test_the_name_of_the_file_is_shown_as_text(app: Flask, house: House) -> None:
    response = check(app, b"x", name="<script>alert(1)</script>.pdf")

    assert "<script>alert" not in response.text


def test_a_root_that_was_brought_is_trusted_too(
    app: Flask, house: House, report: bytes, tmp_path: Path
) -> None:
    """The report comes from this installation; the inspector holds another one's root."""
    make_keys(tmp_path / "elsewhere")
    other = export_root_pem(tmp_path / "elsewhere")

    response = check(app, report, root=(io.BytesIO(other), "ROOT.pem"))

    assert 'data-outcome="accepted"' in response.text
    assert "the certificate you brought was not needed" in response.text


def test_a_report_of_another_installation_needs_its_root(
    app: Flask, report: bytes, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = export_root_pem(house.keys_folder)
    make_keys(tmp_path / "elsewhere")
    other = export_root_pem(tmp_path / "elsewhere")
    monkeypatch.setattr(pages, "root_pem", lambda: other)
    monkeypatch.setattr(pages, "root_fingerprint", lambda: "0000")

    without = check(app, report)
    brought = check(app, report, root=(io.BytesIO(own), "ROOT.pem"))

    assert 'data-outcome="rejected"' in without.text
    assert 'data-outcome="accepted"' in brought.text
    assert "the certificate you brought</strong>, not under" in brought.text


def test_what_is_no_certificate_is_refused_in_words(app: Flask, house: House) -> None:
    response = check(app, b"x", root=(io.BytesIO(b"not a certificate"), "ROOT.pem"))

    assert response.status_code == 422
    assert "is not a certificate" in response.text


def test_nothing_is_kept_of_an_upload(
    app: Flask, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "uploads"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    seen: list[tuple[bytes, int]] = []

    def look(path: Path, **_: object) -> Verdict:
        seen.append((path.read_bytes(), path.parent.stat().st_mode & 0o777))
        raise OSError("the disk is full")

    monkeypatch.setattr(judging, "verify_in_subprocess", look)

    response = check(app, b"some bytes")

    assert response.status_code == 200
    assert 'data-outcome="cannot_be_judged"' in response.text
    assert seen == [(b"some bytes", 0o700)]
    assert list(place.iterdir()) == []


def test_when_too_many_ask_at_once_the_answer_is_still_a_verdict(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "_PATIENCE_SECONDS", 0)
    held = [judging._turns.acquire() for _ in range(2)]
    try:
        response = check(app, b"x")
    finally:
        for _ in held:
            judging._turns.release()

    assert 'data-outcome="cannot_be_judged"' in response.text
    assert "Try again in a minute" in response.text


def test_a_record_that_cannot_be_drawn_does_not_hide_the_verdict(
    app: Flask, house: House, report: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "redraw", lambda _audit: object())

    response = check(app, report)

    assert response.status_code == 200
    assert 'data-outcome="accepted"' in response.text
    assert "cannot be drawn by this version" in response.text


def test_long_reports_are_drawn_up_to_a_limit(
    app: Flask, house: House, report: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from compliance.web.verifying import drawing

    monkeypatch.setattr(drawing, "MOST_SESSIONS", 1)
    monkeypatch.setattr(pages, "MOST_SESSIONS", 1)

    page = check(app, report).text

    assert page.count('class="panel stack block"') == 1
    assert "more are in the report" in page


def test_a_form_without_its_token_is_refused(app: Flask, house: House) -> None:
    response = app.test_client().post("/verify", data={"file": (io.BytesIO(b"x"), "a.pdf")})

    assert response.status_code == 400


def test_the_page_is_the_same_for_those_who_are_signed_in(manager: Browser) -> None:
    assert "Check a report" in manager.read("/verify")


def test_a_list_of_revoked_certificates_is_taken_from_the_visitor_and_from_the_house(
    app: Flask, house: House, report: bytes
) -> None:
    seal = load_clinic_keys(house.keys_folder, house.clinic_id).certificate
    stolen = revocation_of(seal, reason="key_compromise", since=seal.not_valid_before_utc)
    elsewhere = house.keys_folder.parent / "elsewhere"
    shutil.copytree(house.keys_folder, elsewhere)
    note_revocation(elsewhere, house.clinic_id, stolen)
    fresh_crl(elsewhere, now=seal.not_valid_before_utc)
    crl = kept_list(elsewhere)
    assert crl is not None

    assert 'data-outcome="accepted"' in check(app, report).text
    brought = check(app, report, crl=(io.BytesIO(crl), "CRL.pem"))
    assert 'data-outcome="rejected"' in brought.text
    assert "it is revoked since" in brought.text
    wrong = check(app, report, crl=(io.BytesIO(b"a letter"), "CRL.pem"))
    assert wrong.status_code == 422
    assert "is no list of revoked certificates" in wrong.text
    large = check(app, report, crl=(io.BytesIO(bytes(256 * 1024 + 1)), "CRL.pem"))
    assert (large.status_code, "is too large" in large.text) == (422, True)

    note_revocation(house.keys_folder, house.clinic_id, stolen)
    fresh_crl(house.keys_folder, now=seal.not_valid_before_utc)
    assert 'data-outcome="rejected"' in check(app, report).text
