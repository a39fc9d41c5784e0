"""Evidence: what a tick points at, and whether it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from compliance.domain.tracing import LotNotice
from compliance.domain.words import EvidenceKind, PackState, ReprocessingMode

BEFORE_KIND: Final[Mapping[ReprocessingMode, EvidenceKind]] = MappingProxyType(
    {
        ReprocessingMode.STEAM: EvidenceKind.PACK,
        ReprocessingMode.PRESTERILIZED_SINGLE_USE: EvidenceKind.LOT,
        ReprocessingMode.DISINFECT_AND_BARRIER: EvidenceKind.DISINFECTION,
    }
)
AFTER_KIND: Final[Mapping[ReprocessingMode, EvidenceKind]] = MappingProxyType(
    {
        ReprocessingMode.STEAM: EvidenceKind.RETURNED,
        ReprocessingMode.PRESTERILIZED_SINGLE_USE: EvidenceKind.SHARPS,
        ReprocessingMode.DISINFECT_AND_BARRIER: EvidenceKind.DISINFECTION,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A part of a device with its own way of being made safe."""

    component: str
    mode: ReprocessingMode
    material: str | None
    """Needle material where the component carries needles."""

    def to_json(self) -> dict[str, Any]:
        return {"component": self.component, "mode": self.mode.value, "material": self.material}


@dataclass(frozen=True, slots=True, kw_only=True)
class PackFacts:
    """A pack as the register knows it at the moment of judging."""

    pack_id: str
    code: str
    state: PackState
    expires_on: date
    device_id: str | None
    used_in: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a piece of evidence does not hold, and the way out."""

    code: str
    reason: str
    rule: str
    fix: str


def component_from_json(raw: Mapping[str, Any]) -> Component:
    return Component(
        component=raw["component"],
        mode=ReprocessingMode(raw["mode"]),
        material=raw.get("material"),
    )


def judge_pack(
    pack: PackFacts | None, *, device_id: str, session_id: str, today: date
) -> Problem | None:
    """Say why a pack may not be used in this session, or None.

    A pack is usable through its whole expiry day.
    """
    if pack is None:
        return Problem(
            code="pack_unknown",
            reason="This pack is not in the register.",
            rule="steam_pack",
            fix="Scan the label again, or take another pack.",
        )
    other = "Take another released pack and scan it."
    if pack.state is PackState.USED and pack.used_in != session_id:
        return Problem(
            code="pack_used",
            reason=f"Pack {pack.code} was already used in another session.",
            rule="steam_pack",
            fix=other,
        )
    if pack.state is PackState.REGISTERED:
        return Problem(
            code="pack_not_released",
            reason=f"Pack {pack.code} has not been released.",
            rule="steam_pack",
            fix="Have the sterilization room release it, or take another pack.",
        )
    if pack.state in (PackState.DAMAGED, PackState.RECALLED):
        return Problem(
            code=f"pack_{pack.state.value}",
            reason=f"Pack {pack.code} is {pack.state.value}.",
            rule="steam_pack",
            fix=other,
        )
    if pack.expires_on < today:
        return Problem(
            code="pack_expired",
            reason=f"Pack {pack.code} expired on {pack.expires_on.isoformat()}.",
            rule="pack_max_shelf_days",
            fix=other,
        )
    if pack.device_id is not None and pack.device_id != device_id:
        return Problem(
            code="pack_other_device",
            reason=f"Pack {pack.code} holds another device.",
            rule="steam_pack",
            fix="Scan the pack of the device used, or open the session on that device.",
        )
    return None


def judge_lot(
    ref: Mapping[str, Any], *, today: date, recalled: frozenset[LotNotice] = frozenset()
) -> Problem | None:
    """A sterile single-use article is usable through its whole expiry day."""
    if not ref.get("lot"):
        return Problem(
            code="lot_missing",
            reason="The lot number is missing.",
            rule="presterilized_lot",
            fix="Scan the code on the package, or type the lot.",
        )
    problem = judge_recalled(ref, recalled)
    if problem is not None:
        return problem
    if date.fromisoformat(ref["expires_on"]) < today:
        return Problem(
            code="lot_expired",
            reason=f"Lot {ref['lot']} expired on {ref['expires_on']}.",
            rule="presterilized_lot",
            fix="Take an unexpired one and scan it.",
        )
    return None


def judge_recalled(ref: Mapping[str, Any], recalled: frozenset[LotNotice]) -> Problem | None:
    """Any lot that its maker took back is refused: of an article, a serum or a disinfectant."""
    lot, gtin = ref.get("lot"), ref.get("udi")
    if not lot or not any(notice.takes_back(lot, gtin) for notice in recalled):
        return None
    return Problem(
        code="lot_recalled",
        reason=f"Lot {ref['lot']} was recalled by its maker.",
        rule="presterilized_lot",
        fix="Set this lot aside, take another one and scan it.",
    )


def judge_disinfection(ref: Mapping[str, Any], *, needs_barrier: bool) -> Problem | None:
    """The contact time must reach the product's own; exactly the product's time is enough."""
    required = ref.get("required_seconds")
    if required is not None and ref["contact_seconds"] < required:
        return Problem(
            code="contact_time_short",
            reason=f"{ref['name']} needs {required} s; {ref['contact_seconds']} s were given.",
            rule="contact_time",
            fix=f"Disinfect again for at least {required} s and answer again.",
        )
    if needs_barrier and not ref.get("barrier"):
        return Problem(
            code="barrier_missing",
            reason="No fresh barrier sheath is recorded.",
            rule="barrier",
            fix="Put on a fresh barrier sheath and confirm it.",
        )
    return None
