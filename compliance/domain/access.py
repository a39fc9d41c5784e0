"""Who may do what: roles, actions and the person acting."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from compliance.errors import NotPermitted


class Role(enum.StrEnum):
    """What a person is in one clinic. ``admin`` is a role of the installation."""

    PRACTITIONER = "practitioner"
    OPERATOR = "operator"
    MANAGER = "manager"
    INSPECTOR = "inspector"
    ADMIN = "admin"


class Auth(enum.StrEnum):
    """How the person acting was recognised; stored in every entry."""

    PASSWORD = "password"  # noqa: S105 (a word of the record, not a secret)
    PIN = "pin"
    TOKEN = "token"  # noqa: S105 (a word of the record, not a secret)
    SYSTEM = "system"


class Action(enum.StrEnum):
    """Everything a role may allow."""

    RECORD_SESSION = "record_session"
    SIGN_SESSION = "sign_session"
    AMEND_SESSION = "amend_session"
    READ_SESSIONS = "read_sessions"
    READ_THINGS = "read_things"
    TRACE = "trace"
    MANAGE_DEVICES = "manage_devices"
    REGISTER_PACKS = "register_packs"
    RELEASE_PACKS = "release_packs"
    RECORD_EVENT = "record_event"
    EXPORT_REPORTS = "export_reports"
    READ_REPORTS = "read_reports"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_TEMPLATES = "manage_templates"
    CHANGE_CLINIC = "change_clinic"
    MANAGE_INSTALLATION = "manage_installation"
    REQUEST_ERASURE = "request_erasure"
    CONFIRM_ERASURE = "confirm_erasure"
    ENTER_CHALLENGE = "enter_challenge"
    READ_ACCESSES = "read_accesses"


_READING: Final = frozenset({Action.READ_SESSIONS, Action.READ_THINGS, Action.TRACE})

ALLOWED: Final[Mapping[Role, frozenset[Action]]] = MappingProxyType(
    {
        Role.PRACTITIONER: _READING
        | {
            Action.RECORD_SESSION,
            Action.SIGN_SESSION,
            Action.AMEND_SESSION,
            Action.RECORD_EVENT,
            Action.CONFIRM_ERASURE,
        },
        # Who sterilizes must be able to follow a pack to the clients it met, and no further.
        Role.OPERATOR: frozenset(
            {Action.READ_THINGS, Action.TRACE, Action.REGISTER_PACKS, Action.RELEASE_PACKS}
        ),
        Role.MANAGER: _READING
        | {
            Action.RECORD_SESSION,
            Action.SIGN_SESSION,
            Action.AMEND_SESSION,
            Action.RECORD_EVENT,
            Action.MANAGE_DEVICES,
            Action.REGISTER_PACKS,
            Action.RELEASE_PACKS,
            Action.EXPORT_REPORTS,
            Action.READ_REPORTS,
            Action.MANAGE_PEOPLE,
            Action.MANAGE_TEMPLATES,
            Action.CHANGE_CLINIC,
            Action.REQUEST_ERASURE,
            Action.CONFIRM_ERASURE,
            Action.ENTER_CHALLENGE,
            Action.READ_ACCESSES,
        },
        Role.INSPECTOR: _READING
        | {Action.READ_REPORTS, Action.ENTER_CHALLENGE, Action.READ_ACCESSES},
        Role.ADMIN: frozenset({Action.MANAGE_INSTALLATION, Action.MANAGE_PEOPLE}),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The person acting, in one clinic, for the length of one request or command."""

    user_id: str
    """A UUID, or ``system:NAME`` for the command line and for jobs."""

    clinic_id: str
    roles: frozenset[Role]
    auth: Auth
    may_sign: bool = True
    """False for an API token without the scope ``sign``."""

    entitled_override: bool = False

    def may(self, action: Action) -> bool:
        return any(action in ALLOWED[role] for role in self.roles)

    def require(self, action: Action) -> None:
        """Raise ``NotPermitted`` unless one of the actor's roles includes the action."""
        if not self.may(action):
            raise NotPermitted(f"your role does not include {action.value.replace('_', ' ')}")


def system_actor(clinic_id: str, name: str) -> Actor:
    """The command line or a job, acting for the clinic; recorded as ``system:NAME``."""
    return Actor(
        user_id=f"system:{name}",
        clinic_id=clinic_id,
        roles=frozenset({Role.MANAGER, Role.ADMIN}),
        auth=Auth.SYSTEM,
    )
