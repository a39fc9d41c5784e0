"""Who may reach what: every route and method, asked by everybody.

The routes come from the app's own map, and what each is for stands in one table here. A
route without a row, and a row without a route, fail the test.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest
from flask import Flask
from flask.testing import FlaskClient
from web.api.calling import make_token
from web.desk.visiting import PASSWORD, let_sign_in, token_in
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from compliance.app import create_app, migrate
from compliance.domain.access import Actor, Auth, Role
from compliance.domain.sterilization.judging import Program
from compliance.domain.sterilization.words import Growth, SterilizerType
from compliance.operations.inventory.lots import AddLot, add_lot
from compliance.operations.people.accounts import CreatePerson, create_person
from compliance.operations.people.passwords import PasswordHash, hash_password
from compliance.operations.reporting.requests import RequestReport, request_report
from compliance.operations.sterilization.cycles import RecordCycle, record_cycle
from compliance.operations.sterilization.loading import scan_in, start_load
from compliance.operations.sterilization.machines import AddSterilizer, add_sterilizer
from compliance.operations.sterilization.recalling import recall_lot
from compliance.operations.sterilization.spores import RecordSporeTest, record_spore_test
from compliance.operations.things import find_device
from compliance.settings import Settings
from compliance.web.context import EXTENSION
from givens import Clock
from harbour import House, build_house, closed_session, open_one, released_pack

PUBLIC: Final = "public"
ANYBODY: Final = frozenset(Role)
"""Everybody who is signed in."""

PRACTITIONER, OPERATOR, MANAGER, INSPECTOR = (
    Role.PRACTITIONER,
    Role.OPERATOR,
    Role.MANAGER,
    Role.INSPECTOR,
)
TREATING: Final = frozenset({PRACTITIONER, MANAGER})
READING: Final = frozenset({PRACTITIONER, MANAGER, INSPECTOR})
AT_WORK: Final = frozenset({PRACTITIONER, OPERATOR, MANAGER, INSPECTOR})
STERILIZING: Final = frozenset({OPERATOR, MANAGER})
MANAGING: Final = frozenset({MANAGER})
STAFFING: Final = frozenset({MANAGER, Role.ADMIN})
INSTALLING: Final = frozenset({Role.ADMIN})
INSPECTING: Final = frozenset({MANAGER, INSPECTOR})

ACCESS: Final[dict[str, str | frozenset[Role]]] = {
    "static": PUBLIC,
    "health.show_health": PUBLIC,
    "health.show_readiness": PUBLIC,
    "health.show_metrics": PUBLIC,
    "auth.show_login": PUBLIC,
    "auth.do_login": PUBLIC,
    "auth.do_logout": PUBLIC,
    "verify.show_form": PUBLIC,
    "verify.judge": PUBLIC,
    "verify.download_page": PUBLIC,
    "desk_roots.show_root": PUBLIC,
    "desk_roots.download_root": PUBLIC,
    "api.post_verify": PUBLIC,
    "api.get_openapi": PUBLIC,
    "api_docs.show_docs": PUBLIC,
    "first_run.show": PUBLIC,
    "first_run.found": PUBLIC,
    "first_run.give_code": PUBLIC,
    "house_joining.show_invitation": PUBLIC,
    "house_joining.accept": PUBLIC,
    "root_sheet.show_code": PUBLIC,
    "root_sheet.show_sheet": PUBLIC,
    "trust.show": PUBLIC,
    "trust.show_code": PUBLIC,
    "trust.download": PUBLIC,
    "auth.start": ANYBODY,
    "auth.show_lock": ANYBODY,
    "auth.do_unlock": ANYBODY,
    "auth.show_clinic": ANYBODY,
    "auth.do_choose_clinic": ANYBODY,
    "account.show": ANYBODY,
    "account.change_password": ANYBODY,
    "account.change_pin": ANYBODY,
    "account.end_login": ANYBODY,
    "desk_manager.show_day": MANAGING,
    "desk_manager.show_sessions": MANAGING,
    "desk_sessions.show_at_manager": TREATING,
    "desk_handing_out.hand_out": TREATING,
    "desk_setting_right.show_stale": MANAGING,
    "desk_wrong_device.show_device": TREATING,
    "desk_wrong_device.set_device_right": TREATING,
    "desk_amending.show_form": TREATING,
    "desk_amending.amend": TREATING,
    "desk_sessions.show_inspector": INSPECTING,
    "desk_sessions.show_at_inspector": INSPECTING,
    "challenge.show": INSPECTING,
    "challenge.enter": INSPECTING,
    "accesses.show_all": MANAGING,
    "accesses.show_own": frozenset({INSPECTOR}),
    "erasure.show_erasures": TREATING,
    "erasure.ask": MANAGING,
    "erasure.ask_colleague": MANAGING,
    "erasure.show_erasure": TREATING,
    "erasure.confirm": TREATING,
    "erasure.withdraw": MANAGING,
    "recalls.show_recalls": AT_WORK,
    "recalls.take_notice": MANAGING,
    "recalls.show_recall": AT_WORK,
    "recalls.note": TREATING,
    "recalls.pull": STERILIZING,
    "recalls.move": MANAGING,
    "recalls.close": MANAGING,
    "recalls.download": AT_WORK,
    "recalls.show_search": AT_WORK,
    "recalls.hand_out_recall": MANAGING,
    "recalls.hand_out_search": MANAGING,
    "recalls.download_list": INSPECTING,
    "desk_reports.show_reports": INSPECTING,
    "desk_reports.ask_for_report": MANAGING,
    "desk_reports.show_report": INSPECTING,
    "desk_reports.cancel": MANAGING,
    "desk_reports.download_report": INSPECTING,
    "desk_reports.download_volume": INSPECTING,
    "house_people.show_people": STAFFING,
    "house_people.show_invite": STAFFING,
    "house_people.do_invite": STAFFING,
    "house_people.end_invitation": STAFFING,
    "house_people.show_tokens": STAFFING,
    "house_people.make_token": STAFFING,
    "house_people.end_token": STAFFING,
    "house_person.show_person": STAFFING,
    "house_person.switch_off": STAFFING,
    "house_person.switch_on": STAFFING,
    "house_person.end_login": STAFFING,
    "house_person.add_paper": STAFFING,
    "house_person.send_scan": STAFFING,
    "house_person.withdraw_paper": STAFFING,
    "house_person.offer_reset": STAFFING,
    "house_person.change_roles": STAFFING,
    "house_people.bring_person": INSTALLING,
    "house_protocols.show_templates": MANAGING,
    "house_protocols.show_version": MANAGING,
    "house_protocols.copy_version": MANAGING,
    "house_protocols.show_comparison": MANAGING,
    "house_drafting.show_draft": MANAGING,
    "house_drafting.save_draft": MANAGING,
    "house_drafting.throw_away": MANAGING,
    "house_drafting.show_preview": MANAGING,
    "house_drafting.show_publish": MANAGING,
    "house_drafting.publish": MANAGING,
    "sterilizers_board.show_board": MANAGING,
    "sterilizers_making.show_form": MANAGING,
    "sterilizers_making.add": MANAGING,
    "sterilizers_machine.show_machine": MANAGING,
    "sterilizers_machine.move": MANAGING,
    "sterilizers_machine.enter_service": MANAGING,
    "sterilizers_listing.show_cycles": MANAGING,
    "sterilizers_cycle.show_cycle": MANAGING,
    "sterilizers_cycle.decide": MANAGING,
    "sterilizers_imports.show_imports": MANAGING,
    "sterilizers_imports.upload": MANAGING,
    "sterilizers_imports.show_import": MANAGING,
    "sterilizers_imports.send_raw": MANAGING,
    "sterilizers_mapping.show_mapping": MANAGING,
    "sterilizers_mapping.take_sample": MANAGING,
    "sterilizers_mapping.show_preview": MANAGING,
    "sterilizers_mapping.save": MANAGING,
    "sterilizers_rules.show_rules": MANAGING,
    "sterilizers_tightening.show_choice": MANAGING,
    "sterilizers_tightening.add": MANAGING,
    "house_renaming.rename": STAFFING,
    "house_clinic.show": MANAGING,
    "house_clinic.change": MANAGING,
    "house_things.show_overview": MANAGING,
    "house_things.show_family": MANAGING,
    "house_things.send_labels": MANAGING,
    "house_thing.show_thing": MANAGING,
    "house_thing.archive": MANAGING,
    "house_thing.change": MANAGING,
    "house_thing.restore": MANAGING,
    "house_thing.fill_container": MANAGING,
    "house_thing.count_lot": MANAGING,
    "house_thing.open_lot": MANAGING,
    "house_importing.show_upload": MANAGING,
    "house_importing.upload": MANAGING,
    "house_importing.show_plan": MANAGING,
    "house_importing.confirm": MANAGING,
    "house_importing.discard": MANAGING,
    "house_making.show_form": MANAGING,
    "house_making.add": MANAGING,
    "tablet.show": TREATING,
    "opening.show": TREATING,
    "opening.create": TREATING,
    "opening.show_warnings": TREATING,
    "sessions.show": READING,
    "sessions.answer": TREATING,
    "sessions.lay_aside": TREATING,
    "sessions.undo": TREATING,
    "sessions.start": TREATING,
    "sessions.finish": TREATING,
    "closing.show_close": TREATING,
    "closing.close": TREATING,
    "closing.show_closed": TREATING,
    "closing.show_abort": TREATING,
    "closing.abort": TREATING,
    "amending.show": TREATING,
    "amending.amend": TREATING,
    "notes.show_client": TREATING,
    "notes.set_client": TREATING,
    "notes.show_consent": TREATING,
    "notes.consent": TREATING,
    "notes.show_ink": READING,
    "notes.show_override": TREATING,
    "notes.override": TREATING,
    "notes.show_take_over": TREATING,
    "notes.take_over": TREATING,
    "aftercare.show_follow_up": TREATING,
    "aftercare.follow_up": TREATING,
    "aftercare.show_history": READING,
    "aftercare.show_incident": TREATING,
    "aftercare.incident": TREATING,
    "sterilization.show": STERILIZING,
    "sterilization.show_packs": STERILIZING,
    "sterilization.register": STERILIZING,
    "sterilization.show_release": STERILIZING,
    "sterilization.release": STERILIZING,
    "sterilization.show_pack": STERILIZING,
    "sterilization.damage": STERILIZING,
    "sterilization.show_load": STERILIZING,
    "sterilization.scan_into_load": STERILIZING,
    "sterilization.write_into_load": STERILIZING,
    "sterilization.take_out_of_load": STERILIZING,
    "sterilization.choose_load_run": STERILIZING,
    "sterilization.start_this_load": STERILIZING,
    "sterilization.show_reading": STERILIZING,
    "sterilization.read_load_out": STERILIZING,
    "sterilization.read_log_of_load": STERILIZING,
    "sterilization.choose_cycle_of_load": STERILIZING,
    "sterilization.give_load_up": STERILIZING,
    "sterilization.show_day_test": STERILIZING,
    "sterilization.enter_day_test": STERILIZING,
    "sterilization.show_cycle": STERILIZING,
    "sterilization.read_cycle_indicator": STERILIZING,
    "sterilization.decide_cycle_flag": STERILIZING,
    "sterilization.show_cycle_release": STERILIZING,
    "sterilization.release_this_cycle": STERILIZING,
    "sterilization.send_labels": STERILIZING,
    "sterilization.show_spore_start": STERILIZING,
    "sterilization.start_spore_test": STERILIZING,
    "sterilization.show_spore_test": STERILIZING,
    "sterilization.read_spore_test": STERILIZING,
    "api.get_devices": AT_WORK,
    "api.get_device": AT_WORK,
    "api.post_device": MANAGING,
    "api.get_packs": AT_WORK,
    "api.get_pack": AT_WORK,
    "api.post_pack": STERILIZING,
    "api.post_release": STERILIZING,
    "api.get_lots": AT_WORK,
    "api.get_lot": AT_WORK,
    "api.post_lot": MANAGING,
    "api.post_lot_opened": MANAGING,
    "api.post_lot_count": MANAGING,
    "api.get_products": AT_WORK,
    "api.post_product": MANAGING,
    "api.get_clinic": AT_WORK,
    "api.post_clinic": MANAGING,
    "api.get_effective_profile": AT_WORK,
    "api.post_profile": MANAGING,
    "api.get_templates": AT_WORK,
    "api.get_template": AT_WORK,
    "api.get_waiting": AT_WORK,
    "api.get_sterilizers": AT_WORK,
    "api.get_sterilizer": AT_WORK,
    "api.post_sterilizer": MANAGING,
    "api.post_move": MANAGING,
    "api.post_service": MANAGING,
    "api.get_cycles": AT_WORK,
    "api.get_cycle": AT_WORK,
    "api.post_cycle": STERILIZING,
    "api.post_cycle_release": STERILIZING,
    "api.post_flag": STERILIZING,
    "api.get_indicators": AT_WORK,
    "api.post_indicator": STERILIZING,
    "api.post_import": STERILIZING,
    "api.get_loads": AT_WORK,
    "api.get_load": AT_WORK,
    "api.post_load": STERILIZING,
    "api.post_read_out": STERILIZING,
    "api.post_logged": STERILIZING,
    "api.post_given_up": STERILIZING,
    "api.get_recalls": AT_WORK,
    "api.get_recall": AT_WORK,
    "api.get_recall_sessions": AT_WORK,
    "api.get_recall_packs": AT_WORK,
    "api.get_recall_not_affected": AT_WORK,
    "api.post_pull": STERILIZING,
    "api.post_recall": MANAGING,
    "api.post_call": TREATING,
    "api.post_recall_close": MANAGING,
    "api.post_recall_file": MANAGING,
    "api.post_meetings_file": MANAGING,
    "api.get_signed_lists": INSPECTING,
    "api.get_signed_list": INSPECTING,
    "api.get_meetings": AT_WORK,
    "api.get_challenges": INSPECTING,
    "api.post_challenge": INSPECTING,
    "api.get_inspector_accesses": INSPECTING,
    "api.get_erasures": TREATING,
    "api.get_erasure": TREATING,
    "api.post_erasure": MANAGING,
    "api.post_colleague_erasure": MANAGING,
    "api.post_erasure_confirm": TREATING,
    "api.post_erasure_withdraw": MANAGING,
    "api.get_reports": INSPECTING,
    "api.post_report": MANAGING,
    "api.get_report": INSPECTING,
    "api.post_cancel": MANAGING,
    "api.get_pdf": INSPECTING,
    "api.get_volume": INSPECTING,
    "api.get_sessions": READING,
    "api.get_session": READING,
    "api.get_history": READING,
    "api.post_session": TREATING,
    "api.put_item": TREATING,
    "api.delete_item": TREATING,
    "api.post_start": TREATING,
    "api.post_finish": TREATING,
    "api.post_close": TREATING,
    "api.post_abort": TREATING,
    "api.post_amendment": TREATING,
    "api.post_client": TREATING,
    "api.post_right_device": TREATING,
    "api.post_device_amendment": TREATING,
    "api.post_session_file": TREATING,
    "api.post_consent": TREATING,
    "api.post_follow_up": TREATING,
    "api.post_incident": TREATING,
    "api.post_override": TREATING,
    "api.post_take_over": TREATING,
}
ENDS_THE_LOGIN: Final = frozenset({"auth.do_logout", "auth.show_lock", "auth.do_unlock"})

IDS: Final = frozenset(
    {
        "session_id",
        "report_id",
        "pack",
        "pack_id",
        "device",
        "user_id",
        "thing_id",
        "sterilizer",
        "cycle_id",
        "recall_id",
        "load_id",
        "test_id",
        "lot_id",
    }
)
"""The parts of an address that belong to a clinic."""

NOBODY_HAS: Final = "019aa000-0000-7000-8000-00000000dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Things:
    """Ids of one clinic, by the names they have in the addresses."""

    session_id: str
    report_id: str
    pack: str
    pack_id: str
    device: str
    user_id: str
    """Somebody of whom nothing depends: what may be done to them is done."""

    sterilizer: str
    cycle_id: str
    recall_id: str
    load_id: str
    test_id: str
    lot_id: str

    def fill(self, rule: Rule) -> str:
        """The address of a rule for these things."""
        values = {
            "session_id": self.session_id,
            "report_id": self.report_id,
            "lot_id": self.lot_id,
            "pack": self.pack,
            "pack_id": self.pack_id,
            "device": self.device,
            "code": "gloves_worn",
            "number": "1",
            "template": "needle_roller",
            "login_id": "00" * 32,
            "user_id": self.user_id,
            "sterilizer": self.sterilizer,
            "cycle_id": self.cycle_id,
            "recall_id": self.recall_id,
            "load_id": self.load_id,
            "test_id": self.test_id,
            "family": "devices",
            "thing_id": self.device,
            "template_id": "needle_roller",
            "version": "1",
            "token": "no-such-invitation",
            "draft_id": NOBODY_HAS,
            "erasure_id": NOBODY_HAS,
            "import_id": NOBODY_HAS,
            "token_id": NOBODY_HAS,
            "invitation_id": NOBODY_HAS,
            "qualification_id": NOBODY_HAS,
            "filename": "css/base.css",
            "name": "clients",
            "sha256": "00" * 32,
            "flag": "overlap",
        }
        address = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda found: values[found[1]], rule.rule)
        return address + ("?item=gloves_worn" if rule.endpoint.startswith("desk_amending") else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One app with two clinics, and everybody signed in at the first."""

    app: Flask
    own: Things
    foreign: Things
    cookies: dict[Role, str]
    tokens: dict[Role, str]

    def ask(
        self,
        rule: Rule,
        method: str,
        role: Role | None,
        things: Things,
        *,
        csrf: bool = True,
    ) -> TestResponse:
        """Send one request without any content, as a browser or as a program."""
        address = things.fill(rule)
        client = self.app.test_client()
        if is_api(rule):
            headers = {} if role is None else {"Authorization": f"Bearer {self.tokens[role]}"}
            body: dict[str, str] | None = (
                {} if method in ("POST", "PUT") and rule.endpoint != "api.post_verify" else None
            )
            return client.open(address, method=method, headers=headers, json=body, buffered=True)
        if role is not None:
            fresh = rule.endpoint in ENDS_THE_LOGIN
            cookie = sign_in(self.app, role) if fresh else self.cookies[role]
            client.set_cookie("aseptrail", cookie)
        data = {}
        if method == "POST" and csrf:
            page = "/login" if role is None else "/verify"
            data["csrf_token"] = token_in(client.get(page))
        return client.open(address, method=method, data=data, buffered=True)


def is_api(rule: Rule) -> bool:
    return rule.rule.startswith("/api/v1/")


def sign_in(app: Flask, role: Role) -> str:
    """Sign in at the first clinic; returns the cookie."""
    client: FlaskClient = app.test_client()
    username = "root-person" if role is Role.ADMIN else f"harbour-{role.value}"
    form = {"csrf_token": token_in(client.get("/login"))}
    answered = client.post("/login", data={**form, "username": username, "password": PASSWORD})
    assert answered.status_code == 303, answered.text
    if role is Role.ADMIN:
        page = client.get("/clinic")
        form = {"csrf_token": token_in(page), "clinic_id": app.config["TEST_CLINIC"]}
        assert client.post("/clinic", data=form).status_code == 303
    cookie = client.get_cookie("aseptrail")
    assert cookie is not None
    return cookie.value


def make_things(house: House, clock: Clock) -> Things:
    open_one(house, clock.now)
    session_id = closed_session(house, clock.now)
    code = f"P-{house.clinic_id[-6:]}"
    pack_id = released_pack(house, code, "ROLLER-1", clock.now)
    with house.database.writing() as tx:
        asked = RequestReport(first=clock.now.date(), last=clock.now.date())
        report = request_report(tx, asked, actor=house.manager, now=clock.now)
    person = CreatePerson(
        username=f"spare-{house.clinic_id[-6:]}",
        display_name="Spare Person",
        password_hash=PasswordHash("unusable"),
        roles=frozenset({Role.PRACTITIONER}),
    )
    with house.database.writing() as tx:
        spare = create_person(
            tx, person, keyring=house.keyring, actor=house_manager(house), now=clock.now
        )
    sterilizer_id, cycle_id, recall_id = make_room(house, clock)
    load_id, test_id = make_load(house, clock, sterilizer_id, cycle_id)
    return Things(
        session_id=session_id,
        report_id=report.report_id,
        pack=pack_id,
        pack_id=pack_id,
        device=device_id(house),
        user_id=spare,
        sterilizer=sterilizer_id,
        cycle_id=cycle_id,
        recall_id=recall_id,
        load_id=load_id,
        test_id=test_id,
        lot_id=make_lot(house, clock),
    )


def make_lot(house: House, clock: Clock) -> str:
    lot = AddLot(product="SURF-300", code="D77", quantity=4)
    with house.database.writing() as tx:
        return add_lot(tx, lot, actor=house.manager, now=clock.now).lot_id


def make_load(house: House, clock: Clock, sterilizer_id: str, cycle_id: str) -> tuple[str, str]:
    """A load that runs, and a spore test in incubation."""
    operator = house.operator
    told = RecordSporeTest(
        cycle_id=cycle_id,
        lot="BI-7",
        expires_on=clock.now.date(),
        result=Growth.PENDING,
        control=None,
        control_lot="BI-7",
    )
    with house.database.writing() as tx:
        for scanned in (sterilizer_id, "ROLLER-1"):
            scan_in(tx, scanned, actor=operator, now=clock.now)
        load = start_load(tx, actor=operator, now=clock.now)
        test = record_spore_test(tx, told, actor=operator, now=clock.now)
    return load.load_id, test.test_id


def make_room(house: House, clock: Clock) -> tuple[str, str, str]:
    """A sterilizer with a cycle, and a recall."""
    limits = Program(name="134", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=180)
    command = AddSterilizer(
        code="ROOM-1",
        name="Autoclave",
        type=SterilizerType.B,
        serial="1",
        programs=(limits,),
        installed_on=clock.now.date(),
    )
    manager = house.manager
    with house.database.writing() as tx:
        machine = add_sterilizer(tx, command, actor=manager, now=clock.now)
        told = RecordCycle(
            sterilizer=machine.sterilizer_id, number="1", program="134", run_at=clock.now
        )
        cycle = record_cycle(tx, told, actor=manager, now=clock.now)
        recall = recall_lot(tx, "NEVER-USED", actor=manager, now=clock.now)
    return machine.sterilizer_id, cycle.cycle_id, recall.recall_id


def house_manager(house: House) -> Actor:
    """The manager at a screen: giving access to others is refused to tokens."""
    return replace(house.manager, auth=Auth.PASSWORD)


def device_id(house: House) -> str:
    with house.database.reading() as tx:
        return find_device(tx, "PEN-1", actor=house.manager).device_id


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("access")
    clock = Clock()
    settings = replace(
        Settings.from_environ({"COMPLIANCE_DATA_DIR": str(folder)}),
        jobs_url="inline",
        idle_lock_seconds=86_400,
    )
    app = create_app(settings, clock=clock)
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, RATELIMIT_ENABLED=False)
    migrate(app)
    services = app.extensions[EXTENSION]
    house = build_house(services.database, folder, now=clock.now)
    stranger = build_house(services.database, folder, now=clock.now, slug="hilltop")
    password = hash_password(PASSWORD, username="somebody")
    let_sign_in(house, password)
    app.config["TEST_CLINIC"] = house.clinic_id
    installer = Actor(
        user_id="system:tests",
        clinic_id=house.clinic_id,
        roles=frozenset({Role.ADMIN, Role.MANAGER}),
        auth=Auth.SYSTEM,
    )
    person = CreatePerson(
        username="root-person",
        display_name="Root Person",
        password_hash=password,
        roles=frozenset(),
        admin=True,
    )
    with services.database.writing() as tx:
        admin_id = create_person(
            tx, person, keyring=services.keyring, actor=installer, now=clock.now
        )
    admin = replace(house.manager, user_id=admin_id, roles=frozenset({Role.ADMIN}))
    people = {role: getattr(house, role.value) for role in AT_WORK} | {Role.ADMIN: admin}
    yield World(
        app=app,
        own=make_things(house, clock),
        foreign=make_things(stranger, clock),
        cookies={role: sign_in(app, role) for role in Role},
        tokens={role: make_token(house, actor, clock.now) for role, actor in people.items()},
    )
    services.database.dispose()


def list_routes() -> list[tuple[Rule, str]]:
    """Every rule and method of the app as it is put together."""
    with tempfile.TemporaryDirectory() as folder:
        settings = replace(
            Settings.from_environ({"COMPLIANCE_DATA_DIR": folder}), jobs_url="inline"
        )
        app = create_app(settings)
        app.extensions[EXTENSION].database.dispose()
        return [
            (rule, method)
            for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        ]


ROUTES: Final = list_routes()
GUARDED: Final = [
    pair for pair in ROUTES if not isinstance(ACCESS.get(pair[0].endpoint, PUBLIC), str)
]


def name_of(value: object) -> str:
    return value.endpoint if isinstance(value, Rule) else str(value)


def roles_for(rule: Rule) -> frozenset[Role]:
    allowed = ACCESS[rule.endpoint]
    assert isinstance(allowed, frozenset)
    return allowed


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    endpoints = {rule.endpoint for rule, _ in ROUTES}

    assert endpoints - set(ACCESS) == set(), "say in ACCESS who may reach these"
    assert set(ACCESS) - endpoints == set(), "these are gone: take their rows away"


@pytest.mark.parametrize(("rule", "method"), GUARDED, ids=name_of)
def test_nobody_comes_in_without_signing_in(world: World, rule: Rule, method: str) -> None:
    response = world.ask(rule, method, None, world.own)

    if is_api(rule):
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
    else:
        assert response.status_code == 303
        assert response.headers["Location"].startswith("/login")


@pytest.mark.parametrize("role", list(Role), ids=str)
@pytest.mark.parametrize(("rule", "method"), GUARDED, ids=name_of)
def test_a_role_reaches_what_is_its_own_and_nothing_else(
    world: World, rule: Rule, method: str, role: Role
) -> None:
    response = world.ask(rule, method, role, world.own)

    if role in roles_for(rule):
        assert response.status_code not in (401, 403), response.text
        assert response.status_code < 500
        assert not response.headers.get("Location", "").startswith("/login")
    else:
        assert response.status_code == 403, (response.status_code, response.text[:300])


@pytest.mark.parametrize(
    ("rule", "method"),
    [pair for pair in GUARDED if pair[0].arguments & IDS],
    ids=name_of,
)
def test_what_another_clinic_has_is_not_found(world: World, rule: Rule, method: str) -> None:
    """A foreign id is answered exactly as one that nobody has."""
    nothing = Things(
        session_id=NOBODY_HAS,
        report_id=NOBODY_HAS,
        pack=NOBODY_HAS,
        pack_id=NOBODY_HAS,
        device=NOBODY_HAS,
        user_id=NOBODY_HAS,
        sterilizer=NOBODY_HAS,
        cycle_id=NOBODY_HAS,
        recall_id=NOBODY_HAS,
        load_id=NOBODY_HAS,
        test_id=NOBODY_HAS,
        lot_id=NOBODY_HAS,
    )
    # People belong to the installation, so its administrator finds everybody.
    blind = roles_for(rule) - (INSTALLING if "user_id" in rule.arguments else set())
    for role in sorted(blind):
        foreign = world.ask(rule, method, role, world.foreign)
        unknown = world.ask(rule, method, role, nothing)

        assert foreign.status_code == unknown.status_code, role
        if method == "GET" or not is_api(rule):
            assert foreign.status_code == 404, role
        else:
            # A program that sends no content may be told so before its id is looked up.
            assert foreign.status_code in (404, 422), role


@pytest.mark.parametrize(
    "rule", [rule for rule, method in ROUTES if method == "POST" and not is_api(rule)], ids=name_of
)
def test_a_form_without_its_token_is_refused(world: World, rule: Rule) -> None:
    """Also for public forms, and before anything else is looked at."""
    for role in (None, *Role):
        response = world.ask(rule, "POST", role, world.own, csrf=False)

        assert response.status_code == 400, role


@pytest.mark.parametrize(
    ("rule", "method"),
    [pair for pair in ROUTES if ACCESS.get(pair[0].endpoint) == PUBLIC],
    ids=name_of,
)
def test_public_routes_ask_nobody_who_they_are(world: World, rule: Rule, method: str) -> None:
    response = world.ask(rule, method, None, world.own)

    assert response.status_code < 500
    assert response.status_code not in (401, 403)
