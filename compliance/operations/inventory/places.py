"""Rooms, and the sharps containers that stand in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from compliance.domain.access import Action, Actor
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.identifiers import new_id
from compliance.operations.inventory.checking import check_code, check_label
from compliance.operations.inventory.entering import Addition, enter_additions, enter_change
from compliance.store import inventory, single_things
from compliance.store.inventory import ContainerRow, RoomRow, Wanted
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class AddRoom:
    code: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenContainer:
    """A fresh sharps container, in use from now on."""

    code: str
    label: str
    room: str | None = None
    """The room's id or code."""


def add_room(tx: Tx, command: AddRoom, *, actor: Actor, now: datetime) -> RoomRow:
    """Enter a room.

    Raises:
        Refused: a bad code or name.
        Conflict: the code is taken.
    """
    actor.require(Action.MANAGE_DEVICES)
    addition = prepare_room(command, actor=actor, now=now)
    if single_things.find_room(tx, actor.clinic_id, command.code) is not None:
        raise Conflict(f"there is already a room with the code {command.code!r}")
    enter_additions(tx, actor, [addition], now=now)
    return RoomRow(**addition.values)


def prepare_room(command: AddRoom, *, actor: Actor, now: datetime) -> Addition:
    """What adding a room writes; raises ``Refused``."""
    check_code("code", command.code)
    described = {"code": command.code, "label": check_label("label", command.label)}
    room_id = new_id(now)
    return Addition(
        values={
            **described,
            "clinic_id": actor.clinic_id,
            "room_id": room_id,
            "created_at": now,
            "archived_at": None,
        },
        kind="room.added",
        data={"room": room_id, **described},
    )


def rename_room(tx: Tx, room_id: str, label: str, *, actor: Actor, now: datetime) -> RoomRow:
    """Give a room another name; old and new stay in the log."""
    actor.require(Action.MANAGE_DEVICES)
    row = find_room(tx, room_id, actor=actor)
    clean = check_label("label", label)
    if clean != row.label:
        data = {"room": row.room_id, "old": {"label": row.label}, "new": {"label": clean}}
        enter_change(tx, actor, "room.changed", data, now=now)
        single_things.update_room(tx, actor.clinic_id, row.room_id, {"label": clean})
    return find_room(tx, room_id, actor=actor)


def archive_room(tx: Tx, room_id: str, *, actor: Actor, now: datetime) -> None:
    actor.require(Action.MANAGE_DEVICES)
    row = find_room(tx, room_id, actor=actor)
    if row.archived_at is None:
        enter_change(tx, actor, "room.archived", {"room": row.room_id}, now=now)
        single_things.update_room(tx, actor.clinic_id, row.room_id, {"archived_at": now})


def restore_room(tx: Tx, room_id: str, *, actor: Actor, now: datetime) -> None:
    actor.require(Action.MANAGE_DEVICES)
    row = find_room(tx, room_id, actor=actor)
    if row.archived_at is not None:
        enter_change(tx, actor, "room.restored", {"room": row.room_id}, now=now)
        single_things.update_room(tx, actor.clinic_id, row.room_id, {"archived_at": None})


def find_room(tx: Tx, room: str, *, actor: Actor) -> RoomRow:
    """Find by id or code; raises ``NotFound``."""
    actor.require(Action.READ_THINGS)
    row = single_things.find_room(tx, actor.clinic_id, room)
    if row is None:
        raise NotFound(f"there is no room {room!r} in this clinic")
    return row


def search_rooms(tx: Tx, wanted: Wanted, *, actor: Actor) -> list[RoomRow]:
    """A keyset page by (name, id) of what matches."""
    actor.require(Action.READ_THINGS)
    return inventory.search_rooms(tx, actor.clinic_id, wanted)


def open_container(tx: Tx, command: OpenContainer, *, actor: Actor, now: datetime) -> ContainerRow:
    """Enter a fresh sharps container that is in use from now on.

    Raises:
        Refused: a bad code or name, or an archived room.
        NotFound: no such room.
        Conflict: the code is taken.
    """
    actor.require(Action.MANAGE_DEVICES)
    check_code("code", command.code)
    check_label("label", command.label)
    if single_things.find_container(tx, actor.clinic_id, command.code) is not None:
        raise Conflict(f"there is already a container with the code {command.code!r}")
    room = find_room(tx, command.room, actor=actor) if command.room else None
    if room is not None and room.archived_at is not None:
        raise Refused("room", room.code, "is archived", allowed="a room in use")
    addition = prepare_container(
        command, None if room is None else room.room_id, actor=actor, now=now
    )
    enter_additions(tx, actor, [addition], now=now)
    return find_container(tx, addition.values["container_id"], actor=actor)


def prepare_container(
    command: OpenContainer, room_id: str | None, *, actor: Actor, now: datetime
) -> Addition:
    """What entering a container in this room writes; raises ``Refused``."""
    check_code("code", command.code)
    described = {"code": command.code, "label": check_label("label", command.label)}
    container_id = new_id(now)
    return Addition(
        values={
            **described,
            "clinic_id": actor.clinic_id,
            "container_id": container_id,
            "room_id": room_id,
            "opened_at": now,
            "full_at": None,
            "archived_at": None,
        },
        kind="container.opened",
        data={"container": container_id, **described, "room": room_id},
    )


def change_container(
    tx: Tx, container_id: str, *, label: str, room: str | None, actor: Actor, now: datetime
) -> ContainerRow:
    """Give a container another name or place; old and new stay in the log."""
    actor.require(Action.MANAGE_DEVICES)
    row = find_container(tx, container_id, actor=actor)
    place = find_room(tx, room, actor=actor).room_id if room else None
    old = {"label": row.label, "room": row.room_id}
    new = {"label": check_label("label", label), "room": place}
    if new != old:
        data = {"container": row.container_id, "old": old, "new": new}
        enter_change(tx, actor, "container.changed", data, now=now)
        values = {"label": new["label"], "room_id": place}
        single_things.update_container(tx, actor.clinic_id, row.container_id, values)
    return find_container(tx, container_id, actor=actor)


def fill_container(tx: Tx, container: str, *, actor: Actor, now: datetime) -> None:
    """Enter that a container is full and closed; nothing more goes into it."""
    actor.require(Action.MANAGE_DEVICES)
    row = find_container(tx, container, actor=actor)
    if row.full_at is not None:
        raise Conflict(f"container {row.code} was full already")
    enter_change(tx, actor, "container.filled", {"container": row.container_id}, now=now)
    single_things.update_container(tx, actor.clinic_id, row.container_id, {"full_at": now})


def archive_container(tx: Tx, container: str, *, actor: Actor, now: datetime) -> None:
    """Take a container off the list, usually when it was collected."""
    actor.require(Action.MANAGE_DEVICES)
    row = find_container(tx, container, actor=actor)
    if row.archived_at is None:
        enter_change(tx, actor, "container.archived", {"container": row.container_id}, now=now)
        single_things.update_container(tx, actor.clinic_id, row.container_id, {"archived_at": now})


def restore_container(tx: Tx, container: str, *, actor: Actor, now: datetime) -> None:
    actor.require(Action.MANAGE_DEVICES)
    row = find_container(tx, container, actor=actor)
    if row.archived_at is not None:
        enter_change(tx, actor, "container.restored", {"container": row.container_id}, now=now)
        single_things.update_container(tx, actor.clinic_id, row.container_id, {"archived_at": None})


def find_container(tx: Tx, container: str, *, actor: Actor) -> ContainerRow:
    """Find by id or code; raises ``NotFound``."""
    actor.require(Action.READ_THINGS)
    row = single_things.find_container(tx, actor.clinic_id, container)
    if row is None:
        raise NotFound(f"there is no container {container!r} in this clinic")
    return row


def list_open_containers(tx: Tx, *, actor: Actor) -> list[ContainerRow]:
    """The containers that still take something, by name, for screens that offer them."""
    actor.require(Action.READ_THINGS)
    found = inventory.search_containers(tx, actor.clinic_id, Wanted(limit=200))
    return [row for row in found if row.full_at is None]


def search_containers(tx: Tx, wanted: Wanted, *, actor: Actor) -> list[ContainerRow]:
    """A keyset page by (name, id) of what matches."""
    actor.require(Action.READ_THINGS)
    return inventory.search_containers(tx, actor.clinic_id, wanted)
