"""Devices: handpieces and reusable devices, with every part that touches the client."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from compliance.domain.access import Action, Actor
from compliance.domain.evidence import Component
from compliance.domain.words import NEEDLE_MATERIALS
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.identifiers import new_id
from compliance.operations.inventory.checking import (
    check_code,
    check_depth,
    check_label,
    check_note,
)
from compliance.operations.inventory.entering import Addition, enter_additions, enter_change
from compliance.store import inventory, single_things, things
from compliance.store.inventory import Wanted
from compliance.store.session import Tx
from compliance.store.things import DeviceRow

_COMPONENT: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOST_COMPONENTS: Final = 8
LONGEST_SETTINGS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDevice:
    """A handpiece or reusable device with every part that touches the client."""

    code: str
    """On its label; scanned to choose it."""
    label: str
    components: tuple[Component, ...]
    max_depth_mm: str | None = None
    settings: str | None = None
    """The maker's other limits, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDevice:
    """What may be set right on a device. Other parts make it another device."""

    device_id: str
    label: str
    max_depth_mm: str | None
    settings: str | None


def add_device(tx: Tx, command: AddDevice, *, actor: Actor, now: datetime) -> DeviceRow:
    """Enter a device into the clinic's inventory and log.

    Raises:
        Refused: a bad code, label, component, material or depth.
        Conflict: the code is taken.
    """
    actor.require(Action.MANAGE_DEVICES)
    addition = prepare_device(command, actor=actor, now=now)
    if things.find_device(tx, actor.clinic_id, command.code) is not None:
        raise Conflict(f"there is already a device with the code {command.code!r}")
    enter_additions(tx, actor, [addition], now=now)
    return DeviceRow(**addition.values)


def prepare_device(command: AddDevice, *, actor: Actor, now: datetime) -> Addition:
    """What adding a device writes; raises ``Refused``."""
    checked = check_device(command)
    described = {
        "code": checked.code,
        "label": checked.label,
        "components": [component.to_json() for component in checked.components],
        "max_depth_mm": checked.max_depth_mm,
        "settings": checked.settings,
    }
    device_id = new_id(now)
    return Addition(
        values={
            **described,
            "clinic_id": actor.clinic_id,
            "device_id": device_id,
            "created_at": now,
            "archived_at": None,
        },
        kind="device.added",
        data={"device": device_id, **described},
    )


def check_device(command: AddDevice) -> AddDevice:
    """Return the device as it will be recorded; raises ``Refused``."""
    check_code("code", command.code)
    _check_components(command.components)
    return replace(
        command,
        label=check_label("label", command.label),
        max_depth_mm=check_depth("max_depth_mm", command.max_depth_mm),
        settings=check_note("settings", command.settings, most=LONGEST_SETTINGS),
    )


def _check_components(components: tuple[Component, ...]) -> None:
    names = [component.component for component in components]
    if not 1 <= len(names) <= MOST_COMPONENTS or len(set(names)) != len(names):
        raise Refused("components", names, "must be 1 to 8 different parts")
    for component in components:
        if _COMPONENT.fullmatch(component.component) is None:
            raise Refused(
                "components.component",
                component.component,
                "is no code",
                allowed="a-z, 0-9 and _, starting with a letter",
            )
        if component.material not in (None, *NEEDLE_MATERIALS):
            raise Refused(
                "components.material",
                component.material,
                "is not a needle material used here",
                allowed=", ".join(NEEDLE_MATERIALS),
            )


def change_device(tx: Tx, command: ChangeDevice, *, actor: Actor, now: datetime) -> DeviceRow:
    """Set name and limits right; old and new stay in the log. Nothing new makes no entry.

    Raises:
        NotFound, Refused: as for adding.
    """
    actor.require(Action.MANAGE_DEVICES)
    row = find_device(tx, command.device_id, actor=actor)
    values = {
        "label": check_label("label", command.label),
        "max_depth_mm": check_depth("max_depth_mm", command.max_depth_mm),
        "settings": check_note("settings", command.settings, most=LONGEST_SETTINGS),
    }
    old = {"label": row.label, "max_depth_mm": row.max_depth_mm, "settings": row.settings}
    if values == old:
        return row
    data = {"device": row.device_id, "old": old, "new": values}
    enter_change(tx, actor, "device.changed", data, now=now)
    single_things.update_device(tx, actor.clinic_id, row.device_id, values)
    return find_device(tx, row.device_id, actor=actor)


def archive_device(tx: Tx, device: str, *, actor: Actor, now: datetime) -> None:
    """Take a device out of use: no new session can choose it, old records still show it."""
    actor.require(Action.MANAGE_DEVICES)
    row = find_device(tx, device, actor=actor)
    if row.archived_at is None:
        enter_change(tx, actor, "device.archived", {"device": row.device_id}, now=now)
        single_things.update_device(tx, actor.clinic_id, row.device_id, {"archived_at": now})


def restore_device(tx: Tx, device: str, *, actor: Actor, now: datetime) -> None:
    """Take an archived device into use again."""
    actor.require(Action.MANAGE_DEVICES)
    row = find_device(tx, device, actor=actor)
    if row.archived_at is not None:
        enter_change(tx, actor, "device.restored", {"device": row.device_id}, now=now)
        single_things.update_device(tx, actor.clinic_id, row.device_id, {"archived_at": None})


def find_device(tx: Tx, device: str, *, actor: Actor) -> DeviceRow:
    """Find by id or code; raises ``NotFound``."""
    actor.require(Action.READ_THINGS)
    row = things.find_device(tx, actor.clinic_id, device)
    if row is None:
        raise NotFound(f"there is no device {device!r} in this clinic")
    return row


def list_devices(
    tx: Tx, *, actor: Actor, after: tuple[str, str] | None = None, limit: int = 50
) -> list[DeviceRow]:
    """A keyset page by (label, id)."""
    actor.require(Action.READ_THINGS)
    return list(things.list_devices(tx, actor.clinic_id, after=after, limit=limit))


def search_devices(tx: Tx, wanted: Wanted, *, actor: Actor) -> list[DeviceRow]:
    """A keyset page by (label, id) of what matches."""
    actor.require(Action.READ_THINGS)
    return inventory.search_devices(tx, actor.clinic_id, wanted)
