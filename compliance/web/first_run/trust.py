"""How a tablet learns to trust this server's HTTPS, platform by platform."""

from __future__ import annotations

from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding
from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from compliance.errors import NotFound
from compliance.keys.certificates import fingerprint
from compliance.keys.storage import KeysMissing
from compliance.keys.tls import list_server_names, load_tls_root
from compliance.web.context import page_values, services
from compliance.web.first_run.sheet import qr_picture

blueprint = Blueprint("trust", __name__)


@blueprint.get("/tablet-trust")
def show() -> ResponseReturnValue:
    try:
        digest = fingerprint(load_tls_root(services().keys_folder))
    except KeysMissing:
        digest = ""
    addresses = _addresses()
    return render_template(
        "first_run/trust.html",
        page=page_values("Trust this server"),
        fingerprint=digest,
        address=addresses[0] if addresses else "",
        others=addresses[1:],
    )


@blueprint.get("/tls-root.crt")
def download() -> ResponseReturnValue:
    """The authority's certificate, in the form that every platform takes."""
    try:
        content = load_tls_root(services().keys_folder).public_bytes(Encoding.DER)
    except KeysMissing as error:
        raise NotFound("this server has no certificate authority of its own") from error
    return Response(
        content,
        mimetype="application/x-x509-ca-cert",
        headers={"Content-Disposition": 'attachment; filename="aseptrail-tls-root.crt"'},
    )


@blueprint.get("/tablet-trust/qr.svg")
def show_code() -> ResponseReturnValue:
    addresses = _addresses()
    if not addresses:
        raise NotFound("this server has no address of its own to show")
    return qr_picture(f"{addresses[0]}/tablet-trust")


def _addresses() -> tuple[str, ...]:
    """Addresses that the certificate stands for, the one to use first; none of this machine alone."""
    port = urlsplit(f"//{request.host}").port
    suffix = "" if port in (None, 443) else f":{port}"
    names = [
        name
        for name in list_server_names(services().keys_folder)
        if name not in ("localhost", "127.0.0.1", "::1")
    ]
    return tuple(f"https://{f'[{n}]' if ':' in n else n}{suffix}" for n in names)
