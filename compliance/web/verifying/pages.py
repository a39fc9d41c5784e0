"""Checking a report without an account: a file in, a verdict out."""

from __future__ import annotations

import functools
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Flask, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.exceptions import RequestEntityTooLarge

from compliance.operations.inspections import LONGEST
from compliance.report.verifier_page import FILE_NAME, build_page, installed_sources
from compliance.report.verifying.audit_file import TraceFile
from compliance.report.verifying.verdict import Outcome, Verdict
from compliance.web.context import page_values, show_time, software_version
from compliance.web.desk.roots import root_fingerprint, root_pem
from compliance.web.tablet.wording import show_iso_date
from compliance.web.verifying.drawing import MOST_SESSIONS, redraw
from compliance.web.verifying.judging import (
    MAX_UPLOAD_BYTES,
    NoSuchCertificate,
    judge_upload,
    read_root,
)
from compliance.web.verifying.pinned import (
    MOST_BRACKETS,
    authorities_shown,
    bracket_rows,
    own_pins,
    read_authority,
    read_crl,
)

blueprint = Blueprint("verify", __name__)

_SHOWN: Final = {
    Outcome.ACCEPTED: ("Accepted", "good"),
    Outcome.REJECTED: ("Rejected", "bad"),
    Outcome.CANNOT_BE_JUDGED: ("Cannot be judged", "warn"),
}
_LEVELS: Final = {
    0: "0: not altered since the clinic sealed it",
    1: "1: not altered, and it existed by the times that the time-stamps say",
    2: "2: not altered, and enough witnesses saw one history only",
    3: "3: not altered, and the same log as in a report met before or at the challenge",
}
_ABOUT: Final = {
    "inspection": "one session, with every entry the clinic quotes about it",
    "client_copy": "one session, as the client’s copy",
    "recall": "a recall’s lists, which nobody can show to be complete",
    "search": "a search’s list, which nobody can show to be complete",
}
_MEGABYTES: Final = MAX_UPLOAD_BYTES // (1024 * 1024)


def register_verify(app: Flask) -> None:
    """Add the page; `web.security` limits how often one address may use it."""
    app.register_blueprint(blueprint)


@blueprint.get("/verify")
def show_form() -> ResponseReturnValue:
    return _form_page()


@blueprint.post("/verify")
def judge() -> ResponseReturnValue:
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        problem = "No file arrived. Choose the PDF that the clinic gave you, then press the button."
        return _form_page(problem), HTTPStatus.UNPROCESSABLE_ENTITY
    if not upload.stream.read(1):
        problem = f"“{upload.filename}” is empty. Ask for the file again; a report has some 100 kB."
        return _form_page(problem), HTTPStatus.UNPROCESSABLE_ENTITY
    upload.stream.seek(0)
    try:
        brought = read_root(request.files.get("root"))
        authority = read_authority(request.files.get("tsa"))
        pins = own_pins(authority, read_crl(request.files.get("crl")))
    except NoSuchCertificate as error:
        return _form_page(str(error)), HTTPStatus.UNPROCESSABLE_ENTITY
    trusted = [pem for pem in (root_pem(), brought) if pem is not None]
    # What was typed beyond the limit was never a challenge; the field does not take it either.
    challenge = request.form.get("challenge", "").strip()[:LONGEST] or None
    verdict = judge_upload(upload, trust_pems=trusted, pins=pins, challenge=challenge)
    return _verdict_page(verdict, name=upload.filename, brought=brought is not None)


@blueprint.get("/verify.html")
def download_page() -> ResponseReturnValue:
    # Saved and opened from a disk, and never shown here: a page that judges in the clinic's
    # own address would have to be believed like the clinic's computer.
    return Response(
        _built_page(software_version()),
        mimetype="text/html",
        headers={"Content-Disposition": f'attachment; filename="{FILE_NAME}"'},
    )


@functools.cache
def _built_page(version: str) -> bytes:
    return build_page(installed_sources(), software=f"Aseptrail {version}").encode()


@blueprint.errorhandler(RequestEntityTooLarge)
def refuse_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    problem = (
        f"The file is larger than {_MEGABYTES} MB. Reports come in volumes that are smaller; check "
        "them one by one, or use the command line, which takes larger files."
    )
    return _form_page(problem), HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def _form_page(problem: str = "") -> str:
    return render_template(
        "verify/form.html",
        page=page_values("Check a report", section="verify"),
        problem=problem,
        megabytes=_MEGABYTES,
        fingerprint=root_fingerprint(),
    )


def _verdict_page(verdict: Verdict, *, name: str, brought: bool) -> str:
    word, tone = _SHOWN[verdict.outcome]
    own = root_fingerprint()
    return render_template(
        "verify/verdict.html",
        page=page_values("Verdict", section="verify"),
        name=name,
        word=word,
        tone=tone,
        outcome=verdict.outcome.value,
        sentence=verdict.sentence,
        facts=_facts(verdict),
        trust=_trust(verdict, own, brought=brought),
        own=own,
        relied_on=verdict.root_fingerprint,
        checks=tuple(
            {"name": check.name, "ok": check.holds, "reason": check.reason}
            for check in verdict.checks
        ),
        does_not_prove=verdict.does_not_prove,
        brackets=bracket_rows(verdict),
        authorities=authorities_shown(verdict),
        more_brackets=max(0, len(verdict.brackets) - MOST_BRACKETS),
        drawn=_draw(verdict),
    )


def _draw(verdict: Verdict) -> Markup | None:
    """The record as markup; None where nothing can be drawn. Never raises.

    What is wrong with the data of a rejected file may show only while the page is
    made, and the verdict about it must be shown all the same.
    """
    if verdict.audit is not None and verdict.audit.trace is not None:
        return _draw_lists(verdict.audit.trace)
    redrawn = redraw(verdict.audit)
    if redrawn is None:
        return None
    try:
        return Markup(  # noqa: S704 (our own template, which escapes all it is given)
            render_template("verify/_drawn.html", redrawn=redrawn, most=MOST_SESSIONS)
        )
    except Exception:
        current_app.logger.exception("the record of an uploaded report could not be drawn")
        return None


def _draw_lists(trace: TraceFile) -> Markup:
    """A recall's or a search's lists; texts throughout, so that nothing can fail to be drawn."""
    lists = tuple((one, tuple((column, "text") for column in one.columns)) for one in trace.lists)
    return Markup(  # noqa: S704 (our own template, which escapes all it is given)
        render_template("verify/_lists.html", trace=trace, lists=lists)
    )


def _facts(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    pairs: list[tuple[str, str | None]] = [
        ("Clinic", verdict.clinic),
        ("Period", _period(verdict)),
        ("About", _ABOUT.get(verdict.about or "")),
        ("Signed by", verdict.signed_by),
        (
            "Signed at",
            None
            if verdict.signed_at is None
            else f"{show_time(verdict.signed_at)}, by the clinic’s own clock",
        ),
        ("Trust level", None if verdict.level is None else _LEVELS.get(verdict.level)),
    ]
    return tuple((term, value) for term, value in pairs if value is not None)


def _period(verdict: Verdict) -> str | None:
    """The days as people write them; as they stand in the file if they are no dates."""
    if verdict.period is None:
        return None
    try:
        first, last = (show_iso_date(day) for day in verdict.period)
    except ValueError:
        return " to ".join(verdict.period)
    return first if first == last else f"{first} to {last}"


def _trust(verdict: Verdict, own: str | None, *, brought: bool) -> str:
    """Which root the verdict relies on: a code for the template's sentences."""
    if verdict.root_fingerprint is None:
        return "none"
    if verdict.root_fingerprint == own:
        return "own_too" if brought else "own"
    return "brought"
