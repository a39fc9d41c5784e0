"""The register of sterile packs: registered, released with a signature, used once.

A pack names its sterilizer and cycle. Where the clinic keeps that sterilizer,
the cycle must be on record and released; otherwise the word is all there is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from compliance.domain.access import Action, Actor, system_actor
from compliance.domain.sterilization.words import CycleKind, SterilizerState
from compliance.domain.words import EvidenceKind, PackState
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.catalogue import effective_rules
from compliance.operations.clinics import clinic_of
from compliance.operations.identifiers import new_id
from compliance.operations.sealing import append, hold_log
from compliance.operations.signing import Act, sign_act
from compliance.operations.things import CODE
from compliance.operations.treatments.closing import close_after_release
from compliance.store import log, recalls, sessions, sterilizers, things
from compliance.store.session import Tx
from compliance.store.sterilizers import CycleRow
from compliance.store.things import PackRow, WaitRow

__all__ = ["PackRow", "WaitRow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterPack:
    """A pack as it comes out of a load."""

    code: str
    device: str | None
    """The device inside, by id or code; None for a set without a device of its own."""
    contents: str
    sterilizer: str
    cycle_number: str
    sterilized_on: date
    expires_on: date | None = None
    """None: the longest the clinic's rules allow."""
    cycle_id: str | None = None
    """None: found by its number; a counter that was reset has given a number twice."""


def register_pack(tx: Tx, command: RegisterPack, *, actor: Actor, now: datetime) -> PackRow:
    """Enter a pack that is not released yet.

    Raises:
        Refused: a bad code or date, or an expiry beyond what the rules allow.
        NotFound: no such device.
        Conflict: the code is taken.
    """
    actor.require(Action.REGISTER_PACKS)
    _check_pack(command)
    hold_log(tx, actor.clinic_id)
    if things.find_pack(tx, actor.clinic_id, command.code) is not None:
        raise Conflict(f"there is already a pack with the code {command.code!r}")
    device = None
    if command.device:
        device = things.find_device(tx, actor.clinic_id, command.device)
        if device is None:
            raise NotFound(f"there is no device {command.device!r} in this clinic")
    cycle = _recorded_cycle(tx, command, actor=actor)
    pack = PackRow(
        clinic_id=actor.clinic_id,
        pack_id=new_id(now),
        code=command.code,
        device_id=device.device_id if device else None,
        contents=command.contents.strip(),
        sterilizer=command.sterilizer.strip(),
        cycle_number=command.cycle_number.strip(),
        sterilized_on=command.sterilized_on,
        expires_on=_expiry(tx, command, actor=actor, now=now),
        state=PackState.REGISTERED,
        registered_at=now,
        registered_by=actor.user_id,
        released_at=None,
        released_by=None,
        used_in=None,
        cycle_id=None if cycle is None else cycle.cycle_id,
    )
    things.insert_pack(tx, pack)
    data: dict[str, Any] = {
        "pack": pack.pack_id,
        "code": pack.code,
        "device": pack.device_id,
        "contents": pack.contents,
        "sterilized_on": pack.sterilized_on.isoformat(),
        "expires_on": pack.expires_on.isoformat(),
        "cycle": {"sterilizer": pack.sterilizer, "number": pack.cycle_number},
    }
    if cycle is not None:
        data["cycle_id"] = cycle.cycle_id
    append(tx, actor, "pack.registered", data, now=now)
    return pack


def _recorded_cycle(tx: Tx, command: RegisterPack, *, actor: Actor) -> CycleRow | None:
    """The load on record, where the clinic keeps the sterilizer.

    Raises:
        NotFound: the sterilizer is kept, but no such cycle of it.
        Refused: the load was no production load, or ran on another day.
    """
    machine = sterilizers.find_sterilizer(tx, actor.clinic_id, command.sterilizer.strip())
    if machine is None:
        return None
    number = command.cycle_number.strip()
    found = sterilizers.find_numbered(tx, actor.clinic_id, machine.sterilizer_id, number)
    if command.cycle_id is not None:
        found = [each for each in found if each.cycle_id == command.cycle_id]
    if not found:
        raise NotFound(f"cycle {number} of {machine.code} is not recorded; record the load first")
    cycle = found[0]
    if cycle.kind is not CycleKind.PRODUCTION:
        raise Refused("cycle_number", number, "was no production load")
    day = cycle.run_at.astimezone(ZoneInfo(clinic_of(tx, actor).time_zone)).date()
    if day != command.sterilized_on:
        raise Refused(
            "sterilized_on",
            command.sterilized_on.isoformat(),
            "is not the day of this cycle",
            allowed=day.isoformat(),
        )
    return cycle


def _check_pack(command: RegisterPack) -> None:
    if CODE.fullmatch(command.code) is None:
        raise Refused("code", command.code, "is no code", allowed="1 to 40 of A-Z, 0-9, . _ -")
    for field, text, most in (
        ("contents", command.contents, 200),
        ("sterilizer", command.sterilizer, 60),
        ("cycle_number", command.cycle_number, 40),
    ):
        if not 1 <= len(text.strip()) <= most:
            raise Refused(field, text, "is missing", allowed=f"1 to {most} characters")


def _expiry(tx: Tx, command: RegisterPack, *, actor: Actor, now: datetime) -> date:
    clinic = clinic_of(tx, actor)
    today = now.astimezone(ZoneInfo(clinic.time_zone)).date()
    if command.sterilized_on > today:
        raise Refused("sterilized_on", command.sterilized_on.isoformat(), "lies in the future")
    rules = effective_rules(clinic.profiles, today)
    days = int(rules.values["pack_max_shelf_days"])
    latest = command.sterilized_on + timedelta(days=days)
    if command.expires_on is None:
        return latest
    if not command.sterilized_on <= command.expires_on <= latest:
        raise Refused(
            "expires_on",
            command.expires_on.isoformat(),
            f"is outside what the rules allow: {rules.cite('pack_max_shelf_days')}",
            allowed=f"{command.sterilized_on.isoformat()} to {latest.isoformat()}",
        )
    return command.expires_on


def release_pack(
    tx: Tx, pack: str, *, grant: str | None, actor: Actor, now: datetime
) -> tuple[PackRow, tuple[str, ...]]:
    """Release a pack with a signature, and close the sessions that waited for it.

    A session waits for a later cycle of its device: a pack of that device that
    was registered after the device came back. Returns the pack and the ids of
    the sessions that closed with it.

    Raises:
        NotFound, Conflict: no such pack, or one that is not waiting for release.
        SignatureRequired: no valid grant.
    """
    actor.require(Action.RELEASE_PACKS)
    hold_log(tx, actor.clinic_id)
    row = find_pack(tx, pack, actor=actor)
    if row.state is not PackState.REGISTERED:
        raise Conflict(f"pack {row.code} is {row.state.value}, it cannot be released")
    _demand_released_load(tx, row)
    act = Act(verb="release", thing=row.pack_id, version=1)
    signature = sign_act(tx, act, actor=actor, grant=grant, now=now)
    return release_signed(tx, row, signature, actor=actor, now=now)


def release_signed(
    tx: Tx, row: PackRow, signature: Mapping[str, Any], *, actor: Actor, now: datetime
) -> tuple[PackRow, tuple[str, ...]]:
    """Release a pack under a signature that was given for it or for its whole load."""
    data = {"pack": row.pack_id, "code": row.code, "signature": dict(signature)}
    index = append(tx, actor, "pack.released", data, now=now)
    values = {
        "state": PackState.RELEASED.value,
        "released_at": now,
        "released_by": actor.user_id,
    }
    things.update_pack(tx, row.clinic_id, row.pack_id, values)
    closed = _end_waits(tx, row, index, actor=actor, now=now) if row.device_id else ()
    return find_pack(tx, row.pack_id, actor=actor), closed


def _demand_released_load(tx: Tx, pack: PackRow) -> None:
    """A failed, unreleased or recalled load never yields a usable pack."""
    if pack.cycle_id is None:
        machine = sterilizers.find_sterilizer(tx, pack.clinic_id, pack.sterilizer)
        if machine is not None and machine.state is not SterilizerState.IN_SERVICE:
            raise Conflict(f"{machine.code} is {machine.state.value.replace('_', ' ')}")
        return
    cycle = sterilizers.find_cycle(tx, pack.clinic_id, pack.cycle_id)
    if cycle is None or cycle.released_at is None:
        raise Conflict(f"cycle {pack.cycle_number} of {pack.sterilizer} is not released yet")
    for recall in recalls.recalls_of(tx, pack.clinic_id, cycle.sterilizer_id):
        if recalls.is_in_window(recall, cycle.run_at):
            raise Conflict(f"cycle {pack.cycle_number} of {pack.sterilizer} is recalled")


def release_act(pack: PackRow) -> Act:
    """What a grant for this release must be bound to."""
    return Act(verb="release", thing=pack.pack_id, version=1)


def _end_waits(
    tx: Tx, pack: PackRow, index: int, *, actor: Actor, now: datetime
) -> tuple[str, ...]:
    closed = []
    for wait in things.list_waits(tx, pack.clinic_id, pack.device_id):
        if wait.since > pack.registered_at:
            continue
        things.end_wait(tx, wait, pack.pack_id)
        if all(other.pack_id for other in things.read_waits(tx, wait.clinic_id, wait.session_id)):
            system = system_actor(actor.clinic_id, "release")
            signed = _signed_with_release(tx, wait, pack, index)
            close_after_release(tx, wait.session_id, signed=signed, actor=system, now=now)
            closed.append(wait.session_id)
    return tuple(closed)


def _signed_with_release(tx: Tx, wait: WaitRow, pack: PackRow, index: int) -> Mapping[str, Any]:
    """The signed record with the release filled into its returned components."""
    row = sessions.find_session(tx, wait.clinic_id, wait.session_id)
    body = None
    if row is not None and row.signed_index is not None:
        body = log.read_body(tx, wait.clinic_id, row.signed_index)
    if body is None:
        raise NotFound(f"session {wait.session_id} has no signed record")
    data: dict[str, Any] = json.loads(body)["data"]
    for item in data["items"]:
        for piece in item["evidence"]:
            if piece["kind"] == EvidenceKind.RETURNED.value:
                piece["ref"].update(
                    {"pack": pack.pack_id, "code": pack.code, "released_index": index}
                )
    return data


def find_pack(tx: Tx, pack: str, *, actor: Actor) -> PackRow:
    """Find by id or code; raises ``NotFound``."""
    actor.require(Action.READ_THINGS)
    row = things.find_pack(tx, actor.clinic_id, pack)
    if row is None:
        raise NotFound(f"there is no pack {pack!r} in this clinic")
    return row


def list_packs(
    tx: Tx,
    *,
    actor: Actor,
    state: PackState | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> Sequence[PackRow]:
    """A keyset page, newest first."""
    actor.require(Action.READ_THINGS)
    return things.list_packs(tx, actor.clinic_id, state=state, after=after, limit=limit)


def list_waiting(tx: Tx, *, actor: Actor) -> Sequence[WaitRow]:
    """What came back from treatments and waits for its next release, oldest first."""
    actor.require(Action.READ_THINGS)
    return things.list_waits(tx, actor.clinic_id)
