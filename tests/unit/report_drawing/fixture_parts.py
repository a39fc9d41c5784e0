"""People, devices, protocols and evidence of the fixture's clinic."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from compliance.ledger.canonical import canonical_bytes

CLINIC: Final[dict[str, Any]] = {
    "id": "01990000-0000-7000-8000-000000000001",
    "name": "Harbour Skin Clinic",
    "slug": "harbour",
    "time_zone": "Europe/Dublin",
    "language": "en",
    "demo": False,
}

PEOPLE: Final[dict[str, tuple[str, list[str]]]] = {
    "01991111-0000-7000-8000-000000000001": ("Aoife Ní Bhriain", ["manager", "practitioner"]),
    "01991111-0000-7000-8000-000000000002": ("Владимир Ковальчук-Заболотный", ["practitioner"]),
    "01991111-0000-7000-8000-000000000003": ("Żaneta Wiśniewska", ["practitioner", "operator"]),
    "01991111-0000-7000-8000-000000000004": ("Հասմիկ Պետրոսյան", ["practitioner"]),
}

REFERENCES: Final = (
    "Maire O'Shea",
    "Νίκος Παπαδόπουλος",
    "Đặng Thị Hương Giang",
    "Maximiliane-Theodora von Hohenlohe-Waldenburg-Schillingsfürst",
    "王芳",
    "Jürgen Groß",
)

_BEFORE: Final = (
    ("consultation_given", "attestation", "Procedure and risks explained", "Aufklärung erfolgt"),
    ("contraindications", "attestation", "Contraindications screened", "Gegenanzeigen geprüft"),
    ("device_sterilized_before", "evidence", "Device sterilized before", "Gerät vorher steril"),
    ("gloves_worn", "attestation", "Gloves worn", "Handschuhe getragen"),
    ("mask_worn", "attestation", "Mask worn", "Maske getragen"),
    ("needle_material", "choice", "Needle material", "Nadelmaterial"),
    (
        "skin_disinfected_before",
        "attestation",
        "Skin disinfected before",
        "Haut vorher desinfiziert",
    ),
)
_DURING: Final = (
    ("needle_depth", "measurement", "Deepest setting", "Größte Tiefe"),
    ("serum", "evidence", "Serum", "Serum"),
)
_AFTER: Final = (
    (
        "skin_disinfected_after",
        "attestation",
        "Skin disinfected after",
        "Haut nachher desinfiziert",
    ),
    ("device_sterilized_after", "evidence", "Device sterilized after", "Gerät nachher steril"),
    ("aftercare_explained", "attestation", "Aftercare explained", "Nachsorge erklärt"),
)


def _items() -> list[dict[str, Any]]:
    phases = (("before", _BEFORE), ("during", _DURING), ("after", _AFTER))
    return [
        {
            "code": code,
            "phase": phase,
            "kind": kind,
            "label": {"en": english, "de": german},
            "options": [
                {"code": "titanium", "label": {"en": "titanium", "de": "Titan"}},
                {
                    "code": "surgical_steel",
                    "label": {"en": "surgical steel", "de": "Chirurgenstahl"},
                },
            ]
            if kind == "choice"
            else None,
        }
        for phase, rows in phases
        for code, kind, english, german in rows
    ]


TEMPLATES: Final[tuple[dict[str, Any], ...]] = (
    {
        "schema": "aseptrail/template/1",
        "id": "microneedling-cosmetic",
        "version": 3,
        "title": {"en": "Microneedling, cosmetic depth", "de": "Microneedling, kosmetisch"},
        "items": _items(),
    },
    {
        "schema": "aseptrail/template/1",
        "id": "microneedling-medical",
        "version": 1,
        "title": {"en": "Microneedling, medical depth", "de": "Microneedling, medizinisch"},
        "items": _items(),
    },
)
TEMPLATE_HASH: Final = tuple(
    hashlib.sha256(canonical_bytes(template)).hexdigest() for template in TEMPLATES
)

DEVICES: Final[tuple[dict[str, Any], ...]] = (
    {
        "id": "01992222-0000-7000-8000-000000000001",
        "label": "Pen 2",
        "components": [
            {"component": "handpiece", "mode": "disinfect_and_barrier", "material": None},
            {"component": "cartridge", "mode": "presterilized_single_use", "material": "titanium"},
        ],
    },
    {
        "id": "01992222-0000-7000-8000-000000000002",
        "label": "Roller, 540 needles",
        "components": [
            {
                "component": "roller",
                "mode": "presterilized_single_use",
                "material": "surgical_steel",
            }
        ],
    },
    {
        "id": "01992222-0000-7000-8000-000000000003",
        "label": "Stamp no. 7",
        "components": [{"component": "stamp", "mode": "steam", "material": "surgical_steel"}],
    },
)


def evidence_before(device: int) -> list[dict[str, Any]]:
    """Return what shows that a device was sterile, by its reprocessing mode."""
    if device == 0:
        return [_disinfection(), _lot("cartridge")]
    if device == 1:
        return [_lot("roller")]
    pack = {
        "pack": "p-1",
        "code": "P-0412",
        "expires_on": "2027-04-20",
        "cycle": {"sterilizer": "Melag 43", "number": "118"},
    }
    return [{"component": "stamp", "kind": "pack", "ref": pack}]


def evidence_after(device: int) -> list[dict[str, Any]]:
    """Return where a device went after the treatment."""
    if device == 0:
        return [_disinfection(), _sharps("cartridge")]
    if device == 1:
        return [_sharps("roller")]
    return [{"component": "stamp", "kind": "returned", "ref": {"device": DEVICES[2]["id"]}}]


def _disinfection() -> dict[str, Any]:
    ref = {
        "product": "d-1",
        "name": "Mikrozid AF",
        "lot": "4711",
        "contact_seconds": 60,
        "required_seconds": 30,
        "barrier": True,
    }
    return {"component": "handpiece", "kind": "disinfection", "ref": ref}


def _lot(component: str) -> dict[str, Any]:
    ref = {
        "lot": "L2607-88",
        "expires_on": "2028-02-29",
        "udi": "(01)05391234560017",
        "serial": None,
    }
    return {"component": component, "kind": "lot", "ref": ref}


def _sharps(component: str) -> dict[str, Any]:
    return {"component": component, "kind": "sharps", "ref": {"container": "S-14"}}
