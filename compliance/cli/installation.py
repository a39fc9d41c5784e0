"""Opening the installation for one command, and who acts in it."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from compliance.app import create_app, migrate, settings_from_environment
from compliance.domain.access import Actor, system_actor
from compliance.operations.clinics import find_clinic
from compliance.operations.system.readiness import require_answer, require_ready
from compliance.settings import Settings
from compliance.store.session import Tx
from compliance.web.context import EXTENSION, Services

PRIVATE_UMASK: Final = 0o077
"""What a command writes holds personal data or keys: for its owner alone."""


@contextmanager
def open_installation(
    settings: Settings | None = None, *, migrating: bool = True
) -> Iterator[Services]:
    """Open database and keys as the server does, and close them afterwards.

    Args:
        settings: those of the environment unless given.
        migrating: False for a command that must not change what it looks at.

    Raises:
        StorageUnreachable: no answer, or a database of another version.
        SettingInvalid: naming the setting.
    """
    os.umask(PRIVATE_UMASK)
    app = create_app(settings or settings_from_environment())
    services: Services = app.extensions[EXTENSION]
    try:
        require_answer(services.database)
        if migrating:
            migrate(app)
        else:
            require_ready(services.database, services.root / "migrations")
        yield services
    finally:
        services.database.dispose()
        services.keyring.subjects.close()


def system_user() -> str:
    """The user of the operating system as the log names it; the environment is not asked."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = f"uid-{uid}"
    return re.sub(r"[^a-z0-9._-]", "-", name.lower())[:60] or f"uid-{uid}"


def acting_in(tx: Tx, slug: str) -> Actor:
    """The command line acting in a clinic; raises ``NotFound``."""
    return system_actor(find_clinic(tx, slug).clinic_id, system_user())
