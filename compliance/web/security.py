"""What protects every answer: hosts, forms, limits and headers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect
from limits import RateLimitItem, parse
from werkzeug.exceptions import TooManyRequests

from compliance.operations.people.sign_in import normal_username
from compliance.settings import Settings
from compliance.web.context import services
from compliance.web.identity import is_api_request

CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; manifest-src 'self'"
)
READS_CODES: Final = frozenset({"sessions", "sterilization"})
"""Blueprints whose pages read codes by camera: the reader is wasm, which needs a leave of its own."""

_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=(self), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """So many requests to one address of the app, counted per key."""

    item: RateLimitItem
    key: Callable[[], str]


def _per_name() -> str:
    # Hashed: a name of any length makes a key of one length, and the counters hold no names.
    name = normal_username(request.form.get("username", ""))
    return f"{get_remote_address()} {hashlib.sha256(name.encode()).hexdigest()}"


_LIMITS: Final = {
    ("POST", "/login"): (
        _Limit(item=parse("10/minute"), key=_per_name),
        # One password tried on many names; a clinic behind one address stays far below.
        _Limit(item=parse("60/minute"), key=get_remote_address),
    ),
    # Tokens of 32 random bytes are not guessed; the limit keeps the hashing of passwords cheap.
    ("GET", "/invitation/<token>"): (_Limit(item=parse("60/minute"), key=get_remote_address),),
    ("POST", "/invitation/<token>"): (_Limit(item=parse("15/minute"), key=get_remote_address),),
    ("POST", "/lock"): (_Limit(item=parse("30/minute"), key=get_remote_address),),
    # A code of 58 bits; hashing two passwords is work that anyone here may set going.
    ("POST", "/first-run"): (_Limit(item=parse("20/minute"), key=get_remote_address),),
    ("POST", "/first-run/code"): (_Limit(item=parse("10/minute"), key=get_remote_address),),
    # Judging a PDF is work for a parser that anyone may set going.
    ("POST", "/verify"): (_Limit(item=parse("20/minute"), key=get_remote_address),),
    ("POST", "/api/v1/verify"): (_Limit(item=parse("20/minute"), key=get_remote_address),),
}


def register_security(app: Flask) -> None:
    """Guard every request and every answer.

    Call it when `Services` are in place and before anything else asks to see
    requests. Reads ``RATELIMIT_ENABLED`` (True unless set) and ``WTF_CSRF_ENABLED`` from the
    app's configuration.
    """
    settings = _settings(app)
    app.config["SESSION_COOKIE_SECURE"] = settings.cookie_secure
    app.config.setdefault("RATELIMIT_STORAGE_URI", "memory://")
    app.config.setdefault("RATELIMIT_ENABLED", True)
    # Pages send no referrer, so over TLS the strict check would refuse every form.
    # The token in the form and the cookie's SameSite carry the protection.
    app.config["WTF_CSRF_SSL_STRICT"] = False
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    csrf = CSRFProtect(app)
    limiter = Limiter(key_func=get_remote_address, app=app)
    hosts = _hosts(settings)

    def guard() -> ResponseReturnValue | None:
        if hosts and urlsplit(f"//{request.host}").hostname not in hosts:
            # Plain text: a page would need addresses built from the host that was refused.
            return Response("This server does not go by that name.\n", 400, mimetype="text/plain")
        _check_limits(limiter)
        if app.config["WTF_CSRF_ENABLED"] and not is_api_request(request.path):
            csrf.protect(apply_exemptions=True)
        return None

    app.before_request(guard)
    app.after_request(set_headers)


def _settings(app: Flask) -> Settings:
    with app.app_context():
        return services().settings


def _hosts(settings: Settings) -> frozenset[str]:
    """The names this server answers to; empty when the operator named none."""
    name = urlsplit(settings.public_url).hostname if settings.public_url else None
    return frozenset() if name is None else _LOOPBACK | {name.encode("idna").decode("ascii")}


def _check_limits(limiter: Limiter) -> None:
    if not current_app.config["RATELIMIT_ENABLED"]:
        return
    # The rule and not the path: an address that holds a token is one address all the same.
    path = request.path if request.url_rule is None else request.url_rule.rule
    for limit in _LIMITS.get((request.method, path), ()):
        if not limiter.limiter.hit(limit.item, path, limit.key()):
            raise TooManyRequests(retry_after=limit.item.get_expiry())


def set_headers(response: Response) -> Response:
    """Add the protecting headers; a route that set one of them keeps its own."""
    reads = request.blueprint in READS_CODES
    policy = CONTENT_POLICY.replace("'self';", "'self' 'wasm-unsafe-eval';", 1)
    response.headers.setdefault("Content-Security-Policy", policy if reads else CONTENT_POLICY)
    for name, value in _HEADERS:
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
