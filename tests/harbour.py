"""A small clinic for tests, made through the same operations as real use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from compliance.domain.access import Actor, Auth, Role
from compliance.domain.evidence import Component
from compliance.domain.words import ProductKind, ReprocessingMode
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.founding import FoundClinic, found_clinic, open_keyring
from compliance.operations.identifiers import new_id
from compliance.operations.packs import RegisterPack, register_pack, release_pack
from compliance.operations.people.accounts import CreatePerson, create_person
from compliance.operations.people.passwords import PasswordHash
from compliance.operations.personal import Keyring
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.things import AddDevice, AddProduct, add_device, add_product
from compliance.operations.treatments.answering import AnswerItem, answer_item
from compliance.operations.treatments.closing import (
    CloseSession,
    close_session,
    finish_session,
    start_session,
)
from compliance.operations.treatments.loading import Outcome
from compliance.operations.treatments.notes import SignConsent, sign_consent
from compliance.operations.treatments.opening import OpenSession, open_session
from compliance.store.session import Database
from givens import ROOT

INK = b"\x89PNG\r\n\x1a\n" + b"ink" * 20


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A founded clinic with four people and three devices, one per reprocessing mode."""

    database: Database
    keyring: Keyring
    keys_folder: Path
    clinic_id: str
    practitioner: Actor
    manager: Actor
    operator: Actor
    inspector: Actor

    def token_actor(self, actor: Actor) -> Actor:
        """The same person through an API token that may sign: no password is asked."""
        return Actor(
            user_id=actor.user_id,
            clinic_id=actor.clinic_id,
            roles=actor.roles,
            auth=Auth.TOKEN,
            entitled_override=actor.entitled_override,
        )


def build_house(
    database: Database,
    folder: Path,
    *,
    now: datetime,
    slug: str = "harbour",
    profiles: tuple[str, ...] = ("US-NEHA-BAMC-2024",),
) -> House:
    """Found a clinic and fill it; passwords are not usable, people act by token."""
    keys_folder = folder / "keys"
    clinic = found_clinic(
        database,
        FoundClinic(slug=slug, name="Harbour Skin Clinic", profiles=profiles),
        keys_folder=keys_folder,
        system_user="tests",
        now=now,
    )
    keyring = open_keyring(folder)
    actors = {}
    with database.writing() as tx:
        for role in (Role.PRACTITIONER, Role.MANAGER, Role.OPERATOR, Role.INSPECTOR):
            admin = Actor(
                user_id="system:tests",
                clinic_id=clinic.clinic_id,
                roles=frozenset({Role.ADMIN, Role.MANAGER}),
                auth=Auth.SYSTEM,
            )
            user_id = create_person(
                tx,
                CreatePerson(
                    username=f"{slug}-{role.value}",
                    display_name=f"{role.value.title()} Ó Murchú",
                    password_hash=PasswordHash("unusable"),
                    roles=frozenset({role}),
                    entitled_override=role is Role.PRACTITIONER,
                ),
                keyring=keyring,
                actor=admin,
                now=now,
            )
            actors[role] = Actor(
                user_id=user_id,
                clinic_id=clinic.clinic_id,
                roles=frozenset({role}),
                auth=Auth.TOKEN,
                entitled_override=role is Role.PRACTITIONER,
            )
        _fill(tx, actors[Role.MANAGER], now)
    return House(
        database=database,
        keyring=keyring,
        keys_folder=keys_folder,
        clinic_id=clinic.clinic_id,
        practitioner=actors[Role.PRACTITIONER],
        manager=actors[Role.MANAGER],
        operator=actors[Role.OPERATOR],
        inspector=actors[Role.INSPECTOR],
    )


def _fill(tx: Any, manager: Actor, now: datetime) -> None:
    single, barrier, steam = (
        ReprocessingMode.PRESTERILIZED_SINGLE_USE,
        ReprocessingMode.DISINFECT_AND_BARRIER,
        ReprocessingMode.STEAM,
    )
    pen = (
        Component(component="handpiece", mode=barrier, material=None),
        Component(component="cartridge", mode=single, material="surgical_steel"),
    )
    for code, label, components in (
        ("PEN-1", "Pen 1", pen),
        ("ROLLER-1", "Roller 1", (Component(component="roller", mode=steam, material="titanium"),)),
        ("TIP-1", "Tip 1", (Component(component="tip", mode=single, material="titanium"),)),
    ):
        add_device(
            tx, AddDevice(code=code, label=label, components=components), actor=manager, now=now
        )
    for code, name, seconds, use in (
        ("SKIN-60", "Skin spray", 60, ("skin",)),
        ("SURF-300", "Surface wipe", 300, ("surface",)),
    ):
        product = AddProduct(
            code=code,
            kind=ProductKind.DISINFECTANT,
            name=name,
            contact_seconds=seconds,
            use=use,
        )
        add_product(tx, product, actor=manager, now=now)


def open_one(
    house: House,
    now: datetime,
    *,
    device: str = "TIP-1",
    template: str = "cosmetic_medical_microneedling",
    client: str = "C-1001",
) -> str:
    """Open a draft session and return its id."""
    with house.database.writing() as tx:
        outcome = open_session(
            tx,
            OpenSession(client_ref=client, template=template, device=device),
            actor=house.practitioner,
            now=now,
            keyring=house.keyring,
        )
    return outcome.session_id


def answer(
    house: House,
    session_id: str,
    item: str,
    result: Any,
    now: datetime,
    *,
    evidence: Any = None,
    performed_at: datetime | None = None,
) -> Outcome:
    with house.database.writing() as tx:
        return answer_item(
            tx,
            AnswerItem(
                session_id=session_id,
                item=item,
                result=result,
                evidence=evidence,
                performed_at=performed_at,
            ),
            actor=house.practitioner,
            now=now,
            keyring=house.keyring,
        )


def released_pack(house: House, code: str, device: str, now: datetime) -> str:
    """Register and release a pack; returns its id."""
    with house.database.writing() as tx:
        pack = register_pack(
            tx,
            RegisterPack(
                code=code,
                device=device,
                contents="roller",
                sterilizer="A1",
                cycle_number="100",
                sterilized_on=now.date(),
                expires_on=now.date() + timedelta(days=30),
            ),
            actor=house.operator,
            now=now,
        )
        release_pack(tx, pack.pack_id, grant=None, actor=house.operator, now=now)
    return pack.pack_id


def evidence_for(device: str, phase: str, *, pack: str = "P-1") -> list[dict[str, Any]]:
    """Good evidence for one of the three devices of the house."""
    disinfected = {
        "component": "handpiece",
        "kind": "disinfection",
        "ref": {"product": "SURF-300", "lot": "D77", "contact_seconds": 300, "barrier": "yes"},
    }
    if device == "ROLLER-1":
        kind, ref = ("pack", pack) if phase == "before" else ("returned", "")
        return [{"component": "roller", "kind": kind, "ref": ref}]
    part = "cartridge" if device == "PEN-1" else "tip"
    expires = date(2028, 1, 31).isoformat()
    before = {"component": part, "kind": "lot", "ref": {"lot": "L1", "expires_on": expires}}
    after = {"component": part, "kind": "sharps", "ref": "Sharps 1"}
    extra = [disinfected] if device == "PEN-1" else []
    return [before if phase == "before" else after, *extra]


def answer_before(
    house: House, session_id: str, now: datetime, *, device: str = "TIP-1", pack: str = "P-1"
) -> None:
    """Answer every item of the phase before of the template cosmetic_medical_microneedling."""
    with house.database.writing() as tx:
        sign_consent(
            tx,
            SignConsent(session_id=session_id, text_id="microneedling_consent", ink_png=INK),
            actor=house.practitioner,
            now=now,
            keyring=house.keyring,
        )
    for item, result in (
        ("consultation_done", "yes"),
        ("consent_signed", "yes"),
        ("contraindications_screened", "none"),
        ("steel_allergy", "no"),
        ("body_site", "face"),
        ("gloves_worn", "yes"),
        ("mask_worn", "yes"),
        ("needle_material", "titanium"),
    ):
        answer(house, session_id, item, result, now)
    spray = {"product": "SKIN-60", "contact_seconds": 60}
    skin = [{"component": "skin", "kind": "disinfection", "ref": spray}]
    answer(house, session_id, "skin_disinfected_before", "yes", now, evidence=skin)
    answer(
        house,
        session_id,
        "device_sterilized_before",
        "yes",
        now,
        evidence=evidence_for(device, "before", pack=pack),
    )


def answer_rest(house: House, session_id: str, now: datetime, *, device: str = "TIP-1") -> None:
    """Start, answer during, finish, answer after."""
    step(house, "start", session_id, now)
    answer(house, session_id, "depth", {"value": "0.5", "unit": "mm"}, now)
    answer(house, session_id, "serum_applied", "none", now)
    step(house, "finish", session_id, now)
    balm = {"component": "product", "kind": "product", "ref": {"name": "Balm", "lot": "B9"}}
    answer(house, session_id, "aftercare_product", "yes", now, evidence=[balm])
    answer(house, session_id, "skin_disinfected_after", "yes", now)
    answer(
        house,
        session_id,
        "device_sterilized_after",
        "yes",
        now,
        evidence=evidence_for(device, "after"),
    )
    answer(house, session_id, "reaction", "expected", now)
    answer(house, session_id, "aftercare_given", "yes", now)


def step(house: House, verb: str, session_id: str, now: datetime) -> Outcome:
    with house.database.writing() as tx:
        if verb == "start":
            return start_session(tx, session_id, actor=house.practitioner, now=now)
        if verb == "finish":
            return finish_session(tx, session_id, actor=house.practitioner, now=now)
        command = CloseSession(session_id=session_id, grant=None, idempotency_key=new_id(now))
        return close_session(tx, command, actor=house.practitioner, now=now)


def open_workshop(house: House, reports: Path) -> Workshop:
    """What reports of the house are made with, kept in a folder of the test's."""
    return Workshop(
        database=house.database,
        keyring=house.keyring,
        keys_folder=house.keys_folder,
        fonts=ROOT / "static" / "vendor" / "fonts",
        reports_folder=reports,
    )


def closed_session(
    house: House, now: datetime, *, device: str = "TIP-1", client: str = "C-1001", pack: str = "P-1"
) -> str:
    """A whole session, closed (or awaiting reprocessing for the steam device)."""
    session_id = open_one(house, now, device=device, client=client)
    answer_before(house, session_id, now, device=device, pack=pack)
    answer_rest(house, session_id, now, device=device)
    step(house, "close", session_id, now)
    return session_id


def problems(house: House) -> list[str]:
    """Return what the audit finds wrong with the clinic's records."""
    return [str(each) for each in audit_clinic(house.database, house.clinic_id).problems]
