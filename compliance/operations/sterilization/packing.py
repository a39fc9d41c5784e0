"""The packs that a load yields: made with its release, one for each thing inside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from compliance.domain.access import Action, Actor
from compliance.domain.sterilization.words import CycleKind
from compliance.errors import Refused
from compliance.operations.clinics import clinic_of
from compliance.operations.packs import PackRow, RegisterPack, list_packs, register_pack
from compliance.operations.sealing import hold_log
from compliance.operations.sterilization.cycles import MOST_CONTENTS, find_cycle
from compliance.operations.sterilization.machines import SterilizerRow, find_sterilizer
from compliance.operations.sterilization.releasing import Released, release_cycle
from compliance.store import loads, names, things
from compliance.store.session import Tx
from compliance.store.sterilizers import CycleRow


def suggest_code(known: Sequence[str], day: date) -> str:
    """The next code of the day, such as 261120-03."""
    start = f"{day:%y%m%d}-"
    numbers = [
        int(code.removeprefix(start))
        for code in known
        if re.fullmatch(re.escape(start) + r"[0-9]{2,4}", code)
    ]
    return f"{start}{max(numbers, default=0) + 1:02d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPack:
    """A pack to make of a load."""

    contents: str
    device: str | None = None
    """Id or code."""
    code: str | None = None
    """None: the next one of the day."""
    expires_on: date | None = None


def release_load(
    tx: Tx,
    cycle_id: str,
    *,
    expires_on: date | None,
    grant: str | None,
    actor: Actor,
    now: datetime,
    packs: Sequence[WantedPack] | None = None,
) -> Released:
    """Make the packs of a load and release them with it, under one signature.

    Packs that were registered by hand for this cycle stay; then none are made. A
    refusal of the release takes the packs back with the transaction.

    Args:
        expires_on: of all packs that name none; None: the longest the clinic's rules allow.
        packs: those to make; None: one of everything inside.

    Raises:
        Blocked, Conflict, SignatureRequired: as `releasing.release_cycle`.
        Refused: an expiry beyond what the rules allow; packs of a run that yields none,
            or with a device that was not inside.
    """
    actor.require(Action.RELEASE_PACKS)
    hold_log(tx, actor.clinic_id)
    row = find_cycle(tx, cycle_id, actor=actor)
    machine = find_sterilizer(tx, row.sterilizer_id, actor=actor)
    by_hand = things.list_registered(tx, row.clinic_id, row.cycle_id)
    wanted = packs
    if packs is None:
        inside = () if by_hand or row.kind is not CycleKind.PRODUCTION else row.contents
        wanted = [WantedPack(contents=each["text"], device=each["device"]) for each in inside]
    else:
        _check_wanted(tx, row, packs)
    if row.released_at is None and wanted:
        _make_packs(tx, row, machine, wanted, expires_on, actor=actor, now=now)
    return release_cycle(tx, cycle_id, grant=grant, actor=actor, now=now)


def _check_wanted(tx: Tx, row: CycleRow, packs: Sequence[WantedPack]) -> None:
    if len(packs) > MOST_CONTENTS:
        raise Refused("packs", len(packs), "is too long", allowed=f"up to {MOST_CONTENTS}")
    if packs and row.kind is not CycleKind.PRODUCTION:
        raise Refused("packs", len(packs), "cannot come from a test run", allowed="[]")
    inside = {each["device"] for each in row.contents if each["device"] is not None}
    for pack in packs:
        device = things.find_device(tx, row.clinic_id, pack.device) if pack.device else None
        # Where contents are on record, a device beyond them was not in this load.
        if device is not None and row.contents and device.device_id not in inside:
            raise Refused("device", device.code, f"was not in cycle {row.number}")


def _make_packs(
    tx: Tx,
    row: CycleRow,
    machine: SterilizerRow,
    wanted: Sequence[WantedPack],
    expires_on: date | None,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    day = row.run_at.astimezone(ZoneInfo(clinic_of(tx, actor).time_zone)).date()
    known = [pack.code for pack in list_packs(tx, actor=actor, limit=200)]
    for each in wanted:
        code = each.code or suggest_code(known, day)
        while each.code is None and things.find_pack(tx, row.clinic_id, code) is not None:
            known.append(code)
            code = suggest_code(known, day)
        known.append(code)
        command = RegisterPack(
            code=code,
            device=each.device,
            contents=each.contents,
            sterilizer=machine.code,
            cycle_number=row.number,
            sterilized_on=day,
            expires_on=each.expires_on or expires_on,
            cycle_id=row.cycle_id,
        )
        register_pack(tx, command, actor=actor, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPack:
    """A pack and who stands for it, as its label says."""

    pack: PackRow
    initials: str
    """Of who released it, or registered it while nobody has."""


def packs_of_cycle(tx: Tx, cycle_id: str, *, actor: Actor) -> list[LabelledPack]:
    """Every pack of a load, by code; raises ``NotFound``."""
    row = find_cycle(tx, cycle_id, actor=actor)
    found = things.find_packs(tx, row.clinic_id, loads.pack_ids_of(tx, row.clinic_id, cycle_id))
    return label_packs(tx, sorted(found, key=lambda pack: pack.code))


def label_packs(tx: Tx, packs: Sequence[PackRow]) -> list[LabelledPack]:
    """The packs with the initials of their operators."""
    known = names.display_names(tx, {pack.released_by or pack.registered_by for pack in packs})
    return [
        LabelledPack(
            pack=pack, initials=initials(known.get(pack.released_by or pack.registered_by, ""))
        )
        for pack in packs
    ]


def initials(name: str) -> str:
    """The first letters of a name's words: Aoife Ó Murchú is AÓM."""
    return "".join(word[0] for word in name.split() if word[0].isalpha()).upper()[:4]
