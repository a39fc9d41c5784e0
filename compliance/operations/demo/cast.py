"""Who and what the demo clinic has. Everything here is invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from compliance.domain.access import Role
from compliance.domain.evidence import Component
from compliance.domain.words import ProductKind, ReprocessingMode
from compliance.operations.things import AddDevice, AddProduct

SLUG: Final = "demo"
NAME: Final = "Liffey Skin Studio (demo)"
TIME_ZONE: Final = "Europe/Dublin"
PROFILES: Final = ("US-NEHA-BAMC-2024", "US-CDC-dental", "UK-HTM-01-05")
"""A stack: the client's record, weekly spore tests, and a test before the first load of a day."""
PIN: Final = "246810"


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """One account of the demo; the password is ``demo-`` and the username."""

    username: str
    display_name: str
    roles: frozenset[Role]
    pin: bool = False
    entitled_override: bool = False
    admin: bool = False
    announced: bool = True
    """Whether ``compliance demo`` prints the login."""

    @property
    def password(self) -> str:
        return f"demo-{self.username}"


PLAYERS: Final = (
    Player(
        username="practitioner",
        display_name="Aoife Brennan",
        roles=frozenset({Role.PRACTITIONER}),
        pin=True,
        entitled_override=True,
    ),
    Player(
        username="operator",
        display_name="Niamh Kavanagh",
        roles=frozenset({Role.OPERATOR}),
        pin=True,
    ),
    Player(username="manager", display_name="Declan Ó Sé", roles=frozenset({Role.MANAGER})),
    Player(username="inspector", display_name="Ruth Okafor", roles=frozenset({Role.INSPECTOR})),
    Player(username="admin", display_name="Sam Whelan", roles=frozenset(), admin=True),
    Player(
        username="colleague",
        display_name="Tomasz Zieliński",
        roles=frozenset({Role.PRACTITIONER}),
        pin=True,
        announced=False,
    ),
)

_STEAM: Final = ReprocessingMode.STEAM
_SINGLE: Final = ReprocessingMode.PRESTERILIZED_SINGLE_USE
_BARRIER: Final = ReprocessingMode.DISINFECT_AND_BARRIER


def _handpiece(cartridge: str) -> tuple[Component, ...]:
    return (
        Component(component="handpiece", mode=_BARRIER, material=None),
        Component(component="cartridge", mode=_SINGLE, material=cartridge),
    )


DEVICES: Final = (
    AddDevice(
        code="PEN-1",
        label="Pen 1 (titanium cartridges)",
        components=_handpiece("titanium"),
        max_depth_mm="3",
    ),
    AddDevice(
        code="PEN-2",
        label="Pen 2 (steel cartridges)",
        components=_handpiece("surgical_steel"),
        max_depth_mm="2.5",
    ),
    AddDevice(
        code="ROLLER-1",
        label="Roller 1, 0.3 mm",
        components=(Component(component="roller", mode=_STEAM, material="titanium"),),
        max_depth_mm="0.3",
    ),
    AddDevice(
        code="ROLLER-2",
        label="Roller 2, 0.25 mm",
        components=(Component(component="roller", mode=_STEAM, material="surgical_steel"),),
        max_depth_mm="0.3",
    ),
    AddDevice(
        code="STAMP-1",
        label="Needle stamp, sterile, single use",
        components=(Component(component="stamp", mode=_SINGLE, material="titanium"),),
        max_depth_mm="1.5",
    ),
    AddDevice(
        code="HEAD-1",
        label="Clinic device, head 36 needles",
        components=(
            Component(component="handpiece", mode=_BARRIER, material=None),
            Component(component="head", mode=_SINGLE, material="surgical_steel"),
        ),
        max_depth_mm="3",
    ),
)

ROLLERS: Final = ("ROLLER-1", "ROLLER-2")

PRODUCTS: Final = (
    AddProduct(
        code="SKIN-60",
        kind=ProductKind.DISINFECTANT,
        name="Skin disinfectant, alcohol 70 %",
        contact_seconds=60,
        use=("skin",),
    ),
    AddProduct(
        code="SURFACE-300",
        kind=ProductKind.DISINFECTANT,
        name="Surface wipes, quaternary",
        contact_seconds=300,
        use=("surface",),
    ),
    AddProduct(code="SERUM-HA", kind=ProductKind.SERUM, name="Hyaluronic serum, sterile ampoule"),
    AddProduct(code="SERUM-VC", kind=ProductKind.SERUM, name="Vitamin C serum, sterile ampoule"),
    AddProduct(
        code="NUMB-4", kind=ProductKind.ANAESTHETIC, name="Topical anaesthetic, lidocaine 4 %"
    ),
    AddProduct(code="BALM-C", kind=ProductKind.AFTERCARE, name="Calming balm with panthenol"),
    AddProduct(code="BALM-S", kind=ProductKind.AFTERCARE, name="Mineral sunscreen SPF 50"),
)

REGULARS: Final = ("KM-0412", "SO-0388", "EW-0275", "LB-0431", "DN-0197", "HT-0466")
"""Clients who come for the roller again and again."""

CLIENTS: Final = (
    "AB-0501", "CR-0344", "MF-0512", "PG-0290", "JL-0478", "NS-0155", "RV-0533", "TH-0321",
    "UB-0407", "WK-0260", "YD-0519", "ZC-0388", "AM-0544", "BQ-0301", "CE-0452", "DF-0213",
    "EO-0527", "FP-0369", "GR-0498", "HI-0177", "IV-0540", "JX-0335", "KA-0481", "LT-0256",
    "MY-0509", "NG-0392", "OH-0464", "PE-0228", "QU-0537", "RS-0310", "SW-0495", "TJ-0183",
    "UC-0521", "VD-0357", "WE-0443", "XF-0209", "YG-0516", "ZH-0374",
)  # fmt: skip
