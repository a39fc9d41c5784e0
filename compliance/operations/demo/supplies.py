"""The demo's cupboard: lots, packs, and what is usually answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from compliance.domain.template import Item
from compliance.domain.words import ItemKind, ReprocessingMode
from compliance.operations.demo.cast import DEVICES

_GTIN: Final = "09506000134352"
"""The example number of GS1, which no maker owns."""

_USUAL: Final[Mapping[str, str]] = {
    "contraindications_screened": "none",
    "steel_allergy": "no",
    "unbearable_pain": "no",
    "pain_relief": "none",
}
_COMPONENTS: Final = {device.code: device.components for device in DEVICES}
_PRODUCTS: Final[Mapping[str, tuple[str, ...]]] = {
    "product:serum": ("SERUM-HA", "SERUM-VC"),
    "product:anaesthetic": ("NUMB-4",),
    "product:aftercare": ("BALM-C", "BALM-S"),
}


class Supplies:
    """Draws results and evidence; every cartridge has a serial number of its own."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._serial = 4100
        self.packs: dict[str, str] = {}
        """The released pack that lies ready, by the code of its device."""

    def result(self, item: Item, device: str) -> Any:
        """What is answered on an ordinary day."""
        if item.code == "needle_material":
            return next(part.material for part in _COMPONENTS[device] if part.material is not None)
        if item.kind is ItemKind.MEASUREMENT:
            return {"value": self._measure(item.code, device), "unit": item.unit}
        if item.kind is not ItemKind.CHOICE:
            return "yes"
        if item.code in _USUAL:
            return _USUAL[item.code]
        if item.code == "reaction":
            return self._random.choice(("none", "expected", "expected"))
        if item.code == "body_site":
            return self._random.choice(("face", "face", "face", "neck", "decollete", "scalp"))
        return self._random.choice([option.value for option in item.options])

    def _measure(self, code: str, device: str) -> str:
        if code == "depth":
            roller = device.startswith("ROLLER")
            return self._random.choice(
                ("0.2", "0.25", "0.3") if roller else ("0.3", "0.5", "1", "1.5")
            )
        if code == "duration":
            return str(self._random.randint(8, 15))
        if code == "anaesthetic_minutes":
            return str(self._random.randint(45, 65))
        return str(self._random.randint(1, 6))

    def evidence(self, item: Item, device: str, today: date) -> Sequence[Mapping[str, Any]] | None:
        """What the tick points at; None for an item that takes none."""
        if item.evidence in ("device_before", "device_after"):
            before = item.evidence == "device_before"
            return [
                piece
                for part in _COMPONENTS[device]
                for piece in self._part(part.component, part.mode, device, today, before=before)
            ]
        if item.evidence == "disinfectant":
            seconds = self._random.choice((60, 60, 75, 90))
            ref = {"product": "SKIN-60", "lot": self._lot("SD", today), "contact_seconds": seconds}
            return [{"component": "skin", "kind": "disinfection", "ref": ref}]
        if item.evidence is not None and item.evidence in _PRODUCTS:
            code = self._random.choice(_PRODUCTS[item.evidence])
            ref = {"product": code, "lot": self._lot(code[:2], today), "expires_on": _later(today)}
            return [{"component": "product", "kind": "product", "ref": ref}]
        return None

    def _part(
        self, name: str, mode: ReprocessingMode, device: str, today: date, *, before: bool
    ) -> Sequence[Mapping[str, Any]]:
        if mode is ReprocessingMode.DISINFECT_AND_BARRIER:
            ref: Any = {
                "product": "SURFACE-300",
                "lot": self._lot("SW", today),
                "contact_seconds": self._random.choice((300, 300, 330)),
                "barrier": "yes",
            }
            kind = "disinfection"
        elif mode is ReprocessingMode.STEAM:
            kind, ref = ("pack", self.packs.pop(device)) if before else ("returned", "")
        elif before:
            kind, ref = "lot", self._scan(today)
        else:
            kind, ref = "sharps", f"Sharps container {1 + today.toordinal() // 14 % 3}"
        return [{"component": name, "kind": kind, "ref": ref}]

    def _scan(self, today: date) -> str:
        """What the scanner reads off a cartridge's blister."""
        self._serial += 1
        expiry = (today + timedelta(days=540)).replace(day=28)
        lot = self._lot("TC", today)
        return f"(01){_GTIN}(17){expiry:%y%m%d}(10){lot}(21){self._serial}"

    def _lot(self, letters: str, today: date) -> str:
        """A lot lasts two weeks."""
        return f"{letters}{today:%y}{today.isocalendar().week // 2:02d}"


def _later(today: date) -> str:
    return (today + timedelta(days=400)).replace(day=28).isoformat()
