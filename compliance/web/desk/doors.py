"""Who may sit at which desk."""

from __future__ import annotations

from compliance.domain.access import Actor, Role
from compliance.errors import NotPermitted
from compliance.web.context import current_actor


def at_desk(*roles: Role) -> Actor:
    """The person acting, if they have one of these roles here.

    Raises:
        SignInRequired: nobody is signed in.
        NotPermitted: somebody is, whose desk this is not.
    """
    actor = current_actor()
    if actor.roles.isdisjoint(roles):
        named = " or ".join(role.value for role in roles)
        raise NotPermitted(f"this page is for the role {named}")
    return actor
