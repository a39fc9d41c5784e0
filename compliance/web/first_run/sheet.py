"""The sheet for the safe: the fingerprint of the records' root, to compare reports with."""

from __future__ import annotations

import io
from typing import Final

import segno
from flask import Blueprint, Response, render_template, session
from flask.typing import ResponseReturnValue

from compliance.errors import NotFound
from compliance.web.context import current_identity, page_values, services, show_time
from compliance.web.desk.roots import root_fingerprint

blueprint = Blueprint("root_sheet", __name__)

SHEET: Final = "/root-sheet"
FOUNDED: Final = "founded_clinic"
"""In the browser's session: the name of the clinic that was made there a moment ago."""


@blueprint.get(SHEET)
def show_sheet() -> ResponseReturnValue:
    """The sheet; public like the fingerprint itself, so it names no clinic to strangers."""
    fingerprint = _fingerprint()
    page = page_values("Fingerprint sheet", section="verify")
    return render_template(
        "first_run/sheet.html",
        page=page,
        rows=_rows(fingerprint),
        clinic=page.clinic_name or session.get(FOUNDED, ""),
        fresh=current_identity() is None and FOUNDED in session,
        printed=show_time(services().clock()),
    )


@blueprint.get("/root-qr.svg")
def show_code() -> ResponseReturnValue:
    """The fingerprint without blanks, for a scanner."""
    return qr_picture(_fingerprint().replace(" ", ""))


def qr_picture(text: str) -> Response:
    """A QR code as a picture file of this server, dark on white in every theme."""
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        buffer, kind="svg", scale=4, border=4, dark="#000000", light="#ffffff"
    )
    return Response(buffer.getvalue(), mimetype="image/svg+xml")


def _fingerprint() -> str:
    fingerprint = root_fingerprint()
    if fingerprint is None:
        raise NotFound("the root is made together with the first clinic")
    return fingerprint


def _rows(fingerprint: str) -> tuple[tuple[str, ...], ...]:
    """Groups of four, four groups a row: so that two people can read them to each other."""
    groups = fingerprint.split()
    return tuple(tuple(groups[at : at + 4]) for at in range(0, len(groups), 4))
