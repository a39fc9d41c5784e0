"""What every route needs: the services of the app, who is asking, and what the page frame shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, cast
from zoneinfo import ZoneInfo

from flask import current_app, request
from flask_login import current_user

from compliance.domain.access import ALLOWED, Action, Actor, Role
from compliance.errors import ComplianceError, NotPermitted
from compliance.operations.people.access import ClinicAccess
from compliance.operations.people.sign_in import SignedIn
from compliance.operations.people.tokens import Scope, TokenBearer
from compliance.operations.personal import Keyring
from compliance.operations.reporting.workshop import Workshop
from compliance.settings import Settings
from compliance.store.session import Database

EXTENSION: Final = "aseptrail"
"""Under this name `Services` lies in ``app.extensions``."""

_READING_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class SignInRequired(ComplianceError):
    """Nobody is signed in, or not any more."""

    code = "sign_in_required"


class ScreenLocked(SignInRequired):
    """Somebody is signed in, but the screen is locked: a PIN or a password opens it."""

    code = "screen_locked"


class ClinicRequired(SignInRequired):
    """Somebody is signed in who has to choose a clinic first."""

    code = "clinic_required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the app puts together once and every route uses."""

    database: Database
    clock: Callable[[], datetime]
    """The current time, aware and in UTC; tests inject their own."""
    settings: Settings
    keys_folder: Path
    keyring: Keyring
    """Opens and seals personal data."""
    workshop: Workshop
    """What making a report needs."""
    start_report: Callable[[str, str], None]
    """Starts the making of (clinic id, report id); called after the request was committed."""
    root: Path
    """The folder that holds ``templates``, ``static`` and ``migrations``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NavigationEntry:
    """One entry of the bar at the top."""

    label: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What ``base.html`` shows around every page."""

    title: str
    clinic_name: str
    user_name: str
    role: str
    demo: bool
    nav: tuple[NavigationEntry, ...]
    version: str
    idle_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who is asking, as flask-login keeps it for one request.

    The methods have the names and shapes that flask-login asks for.
    """

    token: str = field(repr=False)
    signed_in: SignedIn | None = None
    bearer: TokenBearer | None = None

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def is_active(self) -> bool:
        return True

    @property
    def is_anonymous(self) -> bool:
        return False

    def get_id(self) -> str:
        """The token, not the user: so one browser can be signed out and the others stay."""
        return self.token


def services() -> Services:
    return cast("Services", current_app.extensions[EXTENSION])


def current_identity() -> Identity | None:
    """Who is asking, also with a locked screen; None when nobody is signed in."""
    # flask-login hands out a proxy; comparing types needs the object behind it.
    user = current_user._get_current_object()
    return user if isinstance(user, Identity) else None


def current_sign_in() -> SignedIn:
    """The browser that is signed in, also with a locked screen or without a clinic.

    Raises:
        SignInRequired: nobody is signed in at this browser.
    """
    identity = current_identity()
    if identity is None or identity.signed_in is None:
        raise SignInRequired("sign in first")
    return identity.signed_in


def require_unlocked() -> SignedIn:
    """The browser that is signed in, for pages that need no clinic.

    Raises:
        SignInRequired: nobody is signed in, or the screen is locked.
    """
    signed_in = current_sign_in()
    if signed_in.locked:
        raise ScreenLocked("the screen is locked")
    return signed_in


def current_actor(*, scope: Scope | None = None) -> Actor:
    """The person acting in the current clinic.

    Args:
        scope: what an API token needs for this route; without it ``read`` for
            requests that only read and ``write`` for all others. Signing is
            asked for where it happens, by `use_grant`.

    Raises:
        SignInRequired: nobody is signed in, the screen is locked, or no clinic is chosen.
        NotPermitted: the token lacks the scope.
    """
    identity = current_identity()
    if identity is not None and identity.bearer is not None:
        needed = scope or (Scope.READ if request.method in _READING_METHODS else Scope.WRITE)
        if needed not in identity.bearer.scopes:
            raise NotPermitted(f"this token has no scope {needed.value!r}")
        return identity.bearer.actor
    signed_in = require_unlocked()
    if signed_in.actor is None:
        raise ClinicRequired("choose a clinic first")
    return signed_in.actor


def current_clinic() -> ClinicAccess:
    """The clinic the person acts in.

    Raises:
        SignInRequired: nobody is signed in, or no clinic is chosen.
    """
    identity = current_identity()
    clinic = _clinic_of(identity)
    if clinic is None:
        raise (SignInRequired if identity is None else ClinicRequired)("choose a clinic first")
    return clinic


def _clinic_of(identity: Identity | None) -> ClinicAccess | None:
    if identity is None:
        return None
    if identity.bearer is not None:
        return identity.bearer.clinic
    return None if identity.signed_in is None else identity.signed_in.clinic


def page_values(title: str, *, section: str = "") -> Page:
    """The frame of a page for whoever is asking; ``section`` is a key of the navigation."""
    identity = current_identity()
    clinic = _clinic_of(identity)
    signed_in = None if identity is None else identity.signed_in
    if signed_in is None or clinic is None or signed_in.locked:
        return plain_page(title, section=section)
    return Page(
        title=title,
        clinic_name=clinic.name,
        user_name=signed_in.display_name,
        role=", ".join(sorted(role.value for role in clinic.roles)),
        demo=services().settings.demo or clinic.demo,
        nav=_navigation(clinic.roles, section),
        version=software_version(),
        idle_seconds=services().settings.idle_lock_seconds,
    )


def plain_page(title: str, *, section: str = "") -> Page:
    """The frame for nobody in particular; asks neither cookie nor database."""
    return Page(
        title=title,
        clinic_name="",
        user_name="",
        role="",
        demo=services().settings.demo,
        nav=_navigation(frozenset(), section),
        version=software_version(),
        idle_seconds=0,
    )


_NAVIGATION: Final[tuple[tuple[str, str, str, Callable[[frozenset[Role]], bool]], ...]] = (
    ("tablet", "Tablet", "/tablet", lambda roles: _may(roles, Action.RECORD_SESSION)),
    (
        "sterilization",
        "Sterilization",
        "/sterilization",
        lambda roles: _may(roles, Action.REGISTER_PACKS),
    ),
    ("manager", "Manager", "/manager", lambda roles: Role.MANAGER in roles),
    ("inspector", "Inspector", "/inspector", lambda roles: Role.INSPECTOR in roles),
    ("recalls", "Recalls", "/recalls", lambda roles: _may(roles, Action.TRACE)),
    ("search", "Search", "/search", lambda roles: _may(roles, Action.TRACE)),
    ("people", "People", "/manager/people", lambda roles: _may(roles, Action.MANAGE_PEOPLE)),
    ("things", "Things", "/manager/things", lambda roles: _may(roles, Action.MANAGE_DEVICES)),
    (
        "sterilizers",
        "Sterilizers",
        "/manager/sterilizers",
        lambda roles: _may(roles, Action.MANAGE_DEVICES),
    ),
    (
        "templates",
        "Checklists",
        "/manager/templates",
        lambda roles: _may(roles, Action.MANAGE_TEMPLATES),
    ),
    ("clinic", "Clinic", "/manager/clinic", lambda roles: _may(roles, Action.CHANGE_CLINIC)),
    ("reports", "Reports", "/reports", lambda roles: _may(roles, Action.EXPORT_REPORTS)),
    ("account", "Account", "/account", bool),
    ("verify", "Verify", "/verify", lambda _roles: True),
)
"""Key, label, address and who sees it, in the order of the bar."""


def _may(roles: frozenset[Role], action: Action) -> bool:
    return any(action in ALLOWED[role] for role in roles)


def _navigation(roles: frozenset[Role], section: str) -> tuple[NavigationEntry, ...]:
    return tuple(
        NavigationEntry(label=label, href=href, current=key == section)
        for key, label, href, shown in _NAVIGATION
        if shown(roles)
    )


def home_path(roles: frozenset[Role]) -> str:
    """Where somebody with these roles starts their day."""
    if Role.MANAGER in roles:
        return "/manager"
    return _navigation(roles, "")[0].href


def show_time(at: datetime) -> str:
    """Spell a time in the clinic's zone, in UTC where there is no clinic: 20 Nov 2026, 14:05."""
    clinic = _clinic_of(current_identity())
    local = at.astimezone(ZoneInfo("UTC" if clinic is None else clinic.time_zone))
    return f"{local.day} {local:%b %Y, %H:%M}" + (" UTC" if clinic is None else "")


def software_version() -> str:
    try:
        return version("aseptrail")
    except PackageNotFoundError:
        return "0"
