"""What a code in the sterilization room belongs to, and whether that goes into a load."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from compliance.domain.access import Actor
from compliance.domain.words import PackState, ReprocessingMode
from compliance.errors import Refused
from compliance.operations.sterilization.entering import house_of
from compliance.scanning.gs1 import parse_gs1
from compliance.store import sterilizers, things
from compliance.store.session import Tx
from compliance.store.things import DeviceRow, PackRow

_NEVER_AGAIN = frozenset({PackState.USED, PackState.DAMAGED, PackState.RECALLED})
"""What was inside such a pack may be packed anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A thing that a load takes, or the sterilizer that it goes into."""

    text: str
    """As the label of a pack will print it."""
    device: str | None = None
    sterilizer: str | None = None


def recognise(tx: Tx, scan: str, *, actor: Actor, now: datetime) -> Recognised:
    """Find what a code belongs to.

    Raises:
        Refused: it is unknown, or it does not go into a load; the message says what
            it is and what to do with it.
    """
    code = scan.strip()
    if not 1 <= len(code) <= 200:
        raise Refused("scan", scan, "is empty or too long", allowed="a code of 1 to 200 signs")
    machine = sterilizers.find_sterilizer(tx, actor.clinic_id, code)
    if machine is not None:
        return Recognised(text=machine.code, sterilizer=machine.sterilizer_id)
    device = things.find_device(tx, actor.clinic_id, code)
    if device is not None:
        return _device(device)
    pack = things.find_pack(tx, actor.clinic_id, code)
    if pack is not None:
        return _pack(tx, pack, actor=actor, now=now)
    if _is_article(code):
        raise Refused(
            "scan",
            code,
            "This is the code of a sterile single-use article",
            allowed="throw it away as sharps when it was opened; it is never sterilized again",
        )
    raise Refused(
        "scan",
        code,
        f"No device, pack or sterilizer has the code {code[:40]}",
        allowed="scan again; a set without a code is written in below",
    )


def _device(device: DeviceRow) -> Recognised:
    if device.archived_at is not None:
        raise Refused(
            "scan",
            device.code,
            f"{device.label} is out of use",
            allowed="ask the manager to bring it back first",
        )
    modes = {part["mode"] for part in device.components}
    if ReprocessingMode.STEAM.value not in modes:
        disinfected = ReprocessingMode.DISINFECT_AND_BARRIER.value in modes
        raise Refused(
            "scan",
            device.code,
            f"{device.label} has no part that is sterilized with steam",
            allowed="disinfect its handpiece, and throw its needles away as sharps"
            if disinfected
            else "throw it away as sharps after use",
        )
    return Recognised(text=device.label, device=device.device_id)


def _pack(tx: Tx, pack: PackRow, *, actor: Actor, now: datetime) -> Recognised:
    expired = pack.expires_on < house_of(tx, actor, now).today
    if pack.state in _NEVER_AGAIN or expired:
        if pack.device_id is None:
            return Recognised(text=pack.contents)
        device = things.find_device(tx, pack.clinic_id, pack.device_id)
        if device is not None:
            return _device(device)
    if pack.state is PackState.REGISTERED:
        raise Refused(
            "scan",
            pack.code,
            f"Pack {pack.code} waits for its release",
            allowed="release its load, or mark the pack as damaged",
        )
    raise Refused(
        "scan",
        pack.code,
        f"Pack {pack.code} is released and sterile until {pack.expires_on.isoformat()}",
        allowed="put it on the shelf; there is nothing to do",
    )


def _is_article(code: str) -> bool:
    try:
        scan = parse_gs1(code)
    except Refused:
        return False
    return scan.udi is not None or scan.lot is not None
