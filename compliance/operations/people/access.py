"""Which clinics are open to a person, and as what."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from compliance.domain.access import Actor, Auth, Role
from compliance.store import people
from compliance.store.bearers import BearerRow
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicAccess:
    """One clinic that is open to one person now."""

    clinic_id: str
    slug: str
    name: str
    time_zone: str
    language: str
    demo: bool
    roles: frozenset[Role]
    entitled_override: bool

    def to_actor(self, user_id: str, auth: Auth, *, may_sign: bool = True) -> Actor:
        """Return the person acting in this clinic."""
        return Actor(
            user_id=user_id,
            clinic_id=self.clinic_id,
            roles=self.roles,
            auth=auth,
            may_sign=may_sign,
            entitled_override=self.entitled_override,
        )


def list_clinics_open_to(
    tx: Tx, account: people.Account, *, now: datetime
) -> tuple[ClinicAccess, ...]:
    """The clinics the person may work in at ``now``, by name; none for a disabled account.

    The administrator of the installation may enter every clinic, as nothing but
    administrator unless the clinic gave them a role too.
    """
    if account.disabled_at is not None:
        return ()
    roles: dict[str, set[Role]] = defaultdict(set)
    overriding = set()
    for held in people.find_roles(tx, account.user_id, valid=now):
        roles[held.clinic_id].add(Role(held.role))
        if held.entitled_override:
            overriding.add(held.clinic_id)
    clinics = people.find_clinics(tx, None if account.admin else list(roles))
    added = {Role.ADMIN} if account.admin else set()
    return tuple(
        _access_to(
            clinic,
            frozenset(roles[clinic.clinic_id] | added),
            entitled_override=clinic.clinic_id in overriding,
        )
        for clinic in clinics
    )


def bearer_access(row: BearerRow) -> ClinicAccess | None:
    """What a token opens now, by the same rules as for its person; None for nothing."""
    roles = {Role(role) for role in row.roles} | ({Role.ADMIN} if row.admin else set())
    if row.disabled_at is not None or not roles:
        return None
    return _access_to(row.clinic, frozenset(roles), entitled_override=row.entitled_override)


def _access_to(
    clinic: people.ClinicRow, roles: frozenset[Role], *, entitled_override: bool
) -> ClinicAccess:
    return ClinicAccess(
        clinic_id=clinic.clinic_id,
        slug=clinic.slug,
        name=clinic.name,
        time_zone=clinic.time_zone,
        language=clinic.language,
        demo=clinic.demo,
        roles=roles,
        entitled_override=entitled_override,
    )
