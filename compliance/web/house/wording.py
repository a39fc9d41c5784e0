"""The words for people and things: families, kinds, acts of the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from compliance.domain.access import Role
from compliance.domain.words import ItemKind, Phase, ProductKind, ReprocessingMode
from compliance.operations.inventory.entering import HistoryLine
from compliance.web.tablet.wording import show_date, show_part

ROLES: Final[Mapping[Role, str]] = MappingProxyType(
    {
        Role.PRACTITIONER: "Practitioner",
        Role.OPERATOR: "Sterilization operator",
        Role.MANAGER: "Manager",
        Role.INSPECTOR: "Inspector",
        Role.ADMIN: "Administrator",
    }
)
ROLE_CHOICES: Final = tuple(
    (role.value, ROLES[role])
    for role in (Role.PRACTITIONER, Role.OPERATOR, Role.MANAGER, Role.INSPECTOR)
)
PRODUCT_KINDS: Final[Mapping[ProductKind, str]] = MappingProxyType(
    {
        ProductKind.DISINFECTANT: "Disinfectant",
        ProductKind.SERUM: "Serum",
        ProductKind.ANAESTHETIC: "Anaesthetic",
        ProductKind.AFTERCARE: "Aftercare product",
        ProductKind.CARTRIDGE: "Cartridge",
    }
)
MODES: Final[Mapping[ReprocessingMode, str]] = MappingProxyType(
    {
        ReprocessingMode.STEAM: "Steam, reusable",
        ReprocessingMode.PRESTERILIZED_SINGLE_USE: "Sterile, single use",
        ReprocessingMode.DISINFECT_AND_BARRIER: "Disinfected, with barrier",
    }
)
MATERIALS: Final[Mapping[str, str]] = MappingProxyType(
    {"titanium": "Titanium", "surgical_steel": "Surgical steel"}
)
QUALIFICATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {"licence": "Licence", "certificate": "Certificate", "training": "Training"}
)
PHASES: Final[Mapping[Phase, str]] = MappingProxyType(
    {Phase.BEFORE: "Before", Phase.DURING: "During", Phase.AFTER: "After"}
)
ITEM_KINDS: Final[Mapping[ItemKind, str]] = MappingProxyType(
    {
        ItemKind.ATTESTATION: "Yes or no",
        ItemKind.CHOICE: "Choice",
        ItemKind.MEASUREMENT: "Measurement",
        ItemKind.EVIDENCE: "Evidence",
    }
)
EVIDENCE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "device_before": "Proof for each part of the device",
        "device_after": "What became of each part of the device",
        "disinfectant": "Disinfectant and contact time",
        "consent": "The client’s signature",
        "contraindications": "The list of contraindications",
        "product:serum": "Serum with its lot",
        "product:anaesthetic": "Anaesthetic with its lot",
        "product:aftercare": "Aftercare product with its lot",
    }
)
ATTEMPTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "accepted": ("Came in", "good"),
        "wrong": ("Wrong password or PIN", "bad"),
        "waiting": ("Refused, the account was waiting", "warn"),
        "disabled": ("Refused, the account was off", "warn"),
        "no_access": ("Refused, the access had ended", "warn"),
        "unknown": ("Unknown name", "warn"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyWords:
    """How a family of things is spoken of."""

    many: str
    one: str
    why: str
    """Why the clinic keeps them here, in two sentences at most."""
    empty: str
    add: str


FAMILY_WORDS: Final[Mapping[str, FamilyWords]] = MappingProxyType(
    {
        "devices": FamilyWords(
            many="Devices",
            one="Device",
            why="Every part that touches a client is named with the way it is made safe again."
            " The checklist asks for exactly the proof that way leaves.",
            empty="Add the first handpiece or roller, then print its label.",
            add="Add a device",
        ),
        "products": FamilyWords(
            many="Products",
            one="Product",
            why="Disinfectants are checked against the contact time entered here."
            " Serums, anaesthetics and aftercare are recorded with their lot, so that a recall finds whom it concerns.",
            empty="Add the disinfectants first: no session starts without one.",
            add="Add a product",
        ),
        "lots": FamilyWords(
            many="Lots",
            one="Lot",
            why="What expires first stands on top. A bottle that was opened may end earlier than its label says.",
            empty="Add a product first, then the lot that is printed on it.",
            add="Add a lot",
        ),
        "containers": FamilyWords(
            many="Sharps containers",
            one="Sharps container",
            why="A used needle ends in a named container. When the container is full, enter it and open another.",
            empty="Open the first container and put its label on it.",
            add="Open a container",
        ),
        "rooms": FamilyWords(
            many="Rooms",
            one="Room",
            why="A room gives sharps containers a place to stand.",
            empty="Add the treatment rooms.",
            add="Add a room",
        ),
    }
)

_ACTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "added": "Added",
        "changed": "Changed",
        "archived": "Archived",
        "restored": "Taken into use again",
        "opened": "Opened",
        "counted": "Counted",
        "filled": "Full and closed",
    }
)
FIELD_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "label": "Name",
        "name": "Name",
        "max_depth_mm": "Deepest setting, mm",
        "settings": "Other limits",
        "contact_seconds": "Contact time, s",
        "use": "For",
        "maker": "Maker",
        "listing": "Listing",
        "material": "Needles",
        "open_days": "Days after opening",
        "expires_on": "Expires",
        "received_on": "Received",
        "room": "Room",
    }
)


def say_act(kind: str) -> str:
    return _ACTS.get(kind.partition(".")[2], kind)


def say_change(line: HistoryLine, rooms: Mapping[str, str]) -> tuple[str, ...]:
    """What an entry changed, a line for each field."""
    data = line.data
    if line.kind == "lot.counted":
        return (f"{_value('', data['old'], rooms)} → {data['new']} pieces",)
    if line.kind == "lot.opened":
        end = f", good until {_value('', data['discard_on'], rooms)}" if data["discard_on"] else ""
        return (f"On {_value('', data['opened_on'], rooms)}{end}",)
    if not line.kind.endswith(".changed"):
        return ()
    return tuple(
        f"{FIELD_WORDS.get(name, name)}: {_value(name, data['old'].get(name), rooms)}"
        f" → {_value(name, new, rooms)}"
        for name, new in data["new"].items()
        if data["old"].get(name) != new
    )


def _value(name: str, value: Any, rooms: Mapping[str, str]) -> str:
    if value in (None, "", []):
        return "nothing"
    if name == "room":
        return rooms.get(str(value), "another room")
    if isinstance(value, list):
        return ", ".join(show_part(str(each)) for each in value)
    try:
        return show_date(date.fromisoformat(str(value)))
    except ValueError:
        return str(value)
