"""One-time links as a manager hands them over: shown once, as text and as a picture."""

from __future__ import annotations

import base64
import io

import segno
from flask import render_template, request

from compliance.operations.people.invitations import NewLink
from compliance.web.context import page_values, services, show_time


def show_link(link: NewLink, title: str, what: str, *, back: str) -> str:
    """The page that shows a one-time link, once, as text and as a QR code."""
    base = (services().settings.public_url or request.host_url).rstrip("/")
    address = f"{base}/invitation/{link.token}"
    return render_template(
        "house/link.html",
        page=page_values(title, section="people"),
        heading=title,
        what=what,
        address=address,
        picture=qr_picture(address),
        until=show_time(link.expires_at),
        username=link.username,
        back=back,
    )


def qr_picture(text: str) -> str:
    """A QR code as a data address; pictures from elsewhere are forbidden on every page."""
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(buffer, kind="png", scale=6, border=4)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
