"""What a new clinic still has to do before its first treatment can be recorded."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.domain.access import Action, Actor, Role
from compliance.domain.words import ProductKind
from compliance.operations.inventory.devices import list_devices
from compliance.operations.inventory.products import list_products
from compliance.store import log, people
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSteps:
    """What is there already."""

    practitioner: bool
    """Somebody was given the role, whether they came in or not."""
    device: bool
    disinfectant: bool

    @property
    def ready(self) -> bool:
        return self.practitioner and self.device and self.disinfectant


def read_first_steps(tx: Tx, *, actor: Actor) -> FirstSteps | None:
    """How far a clinic without any session is; None from its first session on.

    Raises:
        NotPermitted: the actor may not read sessions.
    """
    actor.require(Action.READ_SESSIONS)
    clinic_id = actor.clinic_id
    if log.has_place(tx, clinic_id, "session"):
        return None
    roles = people.find_clinic_roles(tx, clinic_id=clinic_id)
    products = list_products(tx, actor=actor)
    return FirstSteps(
        practitioner=any(role.role == Role.PRACTITIONER.value for role in roles),
        device=bool(list_devices(tx, actor=actor, limit=1)),
        disinfectant=any(product.kind == ProductKind.DISINFECTANT for product in products),
    )
