"""What an inspector takes away once: this installation's root certificate and its fingerprint."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from compliance.errors import NotFound
from compliance.keys.storage import KeysMissing, export_root_pem, load_root
from compliance.report.verifying.judging import fingerprint_of
from compliance.web.context import page_values, services

blueprint = Blueprint("desk_roots", __name__)


def root_fingerprint() -> str | None:
    """SHA-256 in groups of four digits; None before the first clinic is made."""
    try:
        return fingerprint_of(load_root(services().keys_folder).certificate)
    except KeysMissing:
        return None


def root_pem() -> bytes | None:
    """The certificate; None before the first clinic is made."""
    try:
        return export_root_pem(services().keys_folder)
    except KeysMissing:
        return None


@blueprint.get("/root")
def show_root() -> ResponseReturnValue:
    return render_template(
        "verify/root.html",
        page=page_values("Root certificate", section="verify"),
        fingerprint=root_fingerprint(),
    )


@blueprint.get("/root.pem")
def download_root() -> ResponseReturnValue:
    pem = root_pem()
    if pem is None:
        raise NotFound("this installation has no root certificate yet")
    return Response(
        pem,
        mimetype="application/x-pem-file",
        headers={"Content-Disposition": 'attachment; filename="aseptrail-root.pem"'},
    )
