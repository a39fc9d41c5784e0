"""A clinic to measure in, made through the operations of real use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine

from compliance.app import ROOT
from compliance.domain.access import Actor, Auth, Role, system_actor
from compliance.domain.evidence import Component
from compliance.domain.template import read_template
from compliance.domain.words import FIXED_ITEMS, ProductKind, ReprocessingMode
from compliance.operations.anchoring.plan import plan_anchors
from compliance.operations.catalogue import CONSENT, seed_templates
from compliance.operations.founding import FoundClinic, found_clinic, open_keyring
from compliance.operations.people.accounts import CreatePerson, create_person
from compliance.operations.people.passwords import PasswordHash
from compliance.operations.personal import Keyring
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.templates import publish_template
from compliance.operations.things import AddDevice, AddProduct, add_device, add_product
from compliance.operations.treatments.answering import AnswerItem, answer_item
from compliance.operations.treatments.closing import (
    CloseSession,
    close_session,
    finish_session,
    start_session,
)
from compliance.operations.treatments.notes import SignConsent, sign_consent
from compliance.operations.treatments.opening import OpenSession, open_session
from compliance.settings import DATABASE_FILE, LOCAL_TSA, Settings
from compliance.store.schema import upgrade
from compliance.store.session import Database, Tx, engine_options, prepare_engine

START: Final = datetime(2021, 1, 4, 8, 0, tzinfo=UTC)
WHOLE: Final = "cosmetic_medical_microneedling"
"""A seed protocol with all its items: what a clinic really closes."""

SHORT: Final = "bench_fixed_items"
"""The seven fixed items and nothing else: what the mass of old sessions is made of."""

DEVICE: Final = "TIP-1"
_INK: Final = b"\x89PNG\r\n\x1a\n" + b"ink" * 700
_STEP: Final = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchClinic:
    """One clinic in a data folder of its own."""

    folder: Path
    database: Database
    keyring: Keyring
    clinic_id: str
    practitioner: Actor
    manager: Actor

    @property
    def database_file(self) -> Path:
        return self.folder / DATABASE_FILE

    def workshop(self) -> Workshop:
        return Workshop(
            database=self.database,
            keyring=self.keyring,
            keys_folder=self.folder / "keys",
            fonts=ROOT / "static" / "vendor" / "fonts",
            reports_folder=self.folder / "reports",
        )

    def stamping_workshop(self, now: datetime) -> Workshop:
        """The same with the installation's own time-stamp authority, whose clock stands at ``now``."""
        settings = Settings.from_environ(
            {"COMPLIANCE_DATA_DIR": str(self.folder), "COMPLIANCE_TSA_URL": LOCAL_TSA}
        )
        anchors = plan_anchors(settings, self.folder / "keys", lambda: now)
        return replace(self.workshop(), anchors=anchors)


def open_database(path: Path) -> Database:
    """Open a SQLite file exactly as the product does."""
    url = f"sqlite:///{path}"
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    return Database(engine, lock_file=path.parent / "writer.lock")


@contextmanager
def made_clinic(folder: Path, database: Database | None = None) -> Iterator[BenchClinic]:
    """Found a clinic with two people, a device, products and two templates; SQLite by default."""
    folder.mkdir(parents=True, exist_ok=True)
    database = database or open_database(folder / DATABASE_FILE)
    upgrade(database, ROOT / "migrations")
    founded = found_clinic(
        database,
        FoundClinic(slug="bench", name="Bench Clinic", time_zone="UTC"),
        keys_folder=folder / "keys",
        system_user="bench",
        now=START,
    )
    keyring = open_keyring(folder)
    system = system_actor(founded.clinic_id, "bench")
    with database.writing() as tx:
        practitioner = _person(tx, system, Role.PRACTITIONER, keyring)
        manager = _person(tx, system, Role.MANAGER, keyring)
        _fill(tx, manager)
    yield BenchClinic(
        folder=folder,
        database=database,
        keyring=keyring,
        clinic_id=founded.clinic_id,
        practitioner=practitioner,
        manager=manager,
    )
    database.dispose()
    keyring.subjects.close()


def _person(tx: Tx, system: Actor, role: Role, keyring: Keyring) -> Actor:
    command = CreatePerson(
        username=f"bench-{role.value}",
        display_name=f"{role.value.title()} Ó Murchú",
        password_hash=PasswordHash("unusable"),
        roles=frozenset({role}),
    )
    user_id = create_person(tx, command, keyring=keyring, actor=system, now=START)
    return Actor(
        user_id=user_id, clinic_id=system.clinic_id, roles=frozenset({role}), auth=Auth.TOKEN
    )


def _fill(tx: Tx, manager: Actor) -> None:
    tip = Component(
        component="tip", mode=ReprocessingMode.PRESTERILIZED_SINGLE_USE, material="titanium"
    )
    device = AddDevice(code=DEVICE, label="Tip 1", components=(tip,))
    add_device(tx, device, actor=manager, now=START)
    spray = AddProduct(
        code="SKIN-60",
        kind=ProductKind.DISINFECTANT,
        name="Skin spray",
        contact_seconds=60,
        use=("skin",),
    )
    add_product(tx, spray, actor=manager, now=START)
    whole = next(each for each in seed_templates() if each.id == WHOLE)
    body = {
        **whole.body,
        "id": SHORT,
        "items": [item for item in whole.body["items"] if item["code"] in FIXED_ITEMS],
    }
    publish_template(tx, read_template(body), actor=manager, now=START)


_SKIN: Final = [
    {
        "component": "skin",
        "kind": "disinfection",
        "ref": {"product": "SKIN-60", "lot": "S5", "contact_seconds": 60},
    }
]
_LOT: Final = [
    {"component": "tip", "kind": "lot", "ref": {"lot": "L1", "expires_on": "2099-01-31"}}
]
_SHARPS: Final = [{"component": "tip", "kind": "sharps", "ref": "Sharps 1"}]
_BALM: Final = [{"component": "product", "kind": "product", "ref": {"name": "Balm", "lot": "B9"}}]
_BEFORE: Final[tuple[tuple[str, Any, Any], ...]] = (
    ("consultation_done", "yes", None),
    ("consent_signed", "yes", None),
    ("contraindications_screened", "none", None),
    ("steel_allergy", "no", None),
    ("body_site", "face", None),
    ("device_sterilized_before", "yes", _LOT),
    ("gloves_worn", "yes", None),
    ("mask_worn", "yes", None),
    ("skin_disinfected_before", "yes", _SKIN),
    ("needle_material", "titanium", None),
)
_DURING: Final[tuple[tuple[str, Any, Any], ...]] = (
    ("depth", {"value": "0.5", "unit": "mm"}, None),
    ("serum_applied", "none", None),
)
_AFTER: Final[tuple[tuple[str, Any, Any], ...]] = (
    ("skin_disinfected_after", "yes", _SKIN),
    ("aftercare_product", "yes", _BALM),
    ("device_sterilized_after", "yes", _SHARPS),
    ("reaction", "expected", None),
    ("aftercare_given", "yes", None),
)


class Visit:
    """One session played step by step, a tenth of a second between steps."""

    def __init__(self, clinic: BenchClinic, template: str, client: str, now: datetime) -> None:
        self._clinic = clinic
        self._actor = clinic.practitioner
        self._items = None if template == WHOLE else set(FIXED_ITEMS)
        self.now = now
        command = OpenSession(client_ref=client, template=template, device=DEVICE)
        with clinic.database.writing() as tx:
            outcome = open_session(tx, command, actor=self._actor, now=now, keyring=clinic.keyring)
        self.session_id = outcome.session_id

    def treat(self) -> None:
        """Everything before the closing signature."""
        if self._items is None:
            self._consent()
        self._answer(_BEFORE)
        with self._clinic.database.writing() as tx:
            start_session(tx, self.session_id, actor=self._actor, now=self._tick())
        self._answer(_DURING)
        with self._clinic.database.writing() as tx:
            finish_session(tx, self.session_id, actor=self._actor, now=self._tick())
        self._answer(_AFTER)

    def close(self) -> None:
        command = CloseSession(
            session_id=self.session_id, grant=None, idempotency_key=self.session_id
        )
        with self._clinic.database.writing() as tx:
            close_session(tx, command, actor=self._actor, now=self._tick())

    def _tick(self) -> datetime:
        self.now += _STEP
        return self.now

    def _consent(self) -> None:
        command = SignConsent(session_id=self.session_id, text_id=CONSENT, ink_png=_INK)
        with self._clinic.database.writing() as tx:
            sign_consent(
                tx,
                command,
                actor=self._actor,
                now=self._tick(),
                keyring=self._clinic.keyring,
            )

    def _answer(self, answers: tuple[tuple[str, Any, Any], ...]) -> None:
        for item, result, evidence in answers:
            if self._items is not None and item not in self._items:
                continue
            command = AnswerItem(
                session_id=self.session_id, item=item, result=result, evidence=evidence
            )
            with self._clinic.database.writing() as tx:
                answer_item(
                    tx,
                    command,
                    actor=self._actor,
                    now=self._tick(),
                    keyring=self._clinic.keyring,
                )
