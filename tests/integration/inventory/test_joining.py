"""Invitations, new passwords, roles, qualifications: who may come in, and how deep they may go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from integration.inventory.stocking import at_screen
from sqlalchemy import text

from compliance.domain.access import Role, system_actor
from compliance.domain.gate import Blocked
from compliance.errors import Conflict, NotFound, NotPermitted, Refused
from compliance.operations.inventory.devices import ChangeDevice, change_device, find_device
from compliance.operations.people.accounts import ChangeRoles, disable_person
from compliance.operations.people.invitations import (
    Invite,
    NewLink,
    invite_person,
    invite_reset,
    list_open_invitations,
    revoke_invitation,
)
from compliance.operations.people.joining import (
    AcceptInvitation,
    accept_invitation,
    read_invitation,
)
from compliance.operations.people.managing import end_login_of, read_person, set_roles
from compliance.operations.people.qualifications import (
    AddQualification,
    add_qualification,
    list_qualifications,
    read_scan,
    withdraw_qualification,
)
from compliance.operations.people.sign_in import SignIn, resume_login, sign_in
from compliance.store import log
from compliance.store.session import Database
from givens import NOON
from harbour import House, answer, answer_before, answer_rest, build_house, open_one, step

PASSWORD = "violet tram harbour"
PDF = b"%PDF-1.7 a licence"


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return build_house(database, tmp_path, now=NOON)


def invite(house: House, *roles: Role, username: str = "anna", **more: object) -> NewLink:
    command = Invite(
        username=username,
        display_name=str(more.pop("display_name", "")),
        roles=frozenset(roles),
        **more,  # type: ignore[arg-type]  # fields of the command
    )
    with house.database.writing() as tx:
        return invite_person(tx, command, actor=at_screen(house.manager), now=NOON)


def accept(house: House, link: NewLink, **more: str) -> str:
    command = AcceptInvitation(
        token=link.token,
        display_name=more.get("display_name", "Anna Ó"),
        password=more.get("password", PASSWORD),
        pin=more.get("pin", "246810"),
    )
    return accept_invitation(house.database, command, keyring=house.keyring, now=NOON)


def entries(house: House) -> Iterator[dict[str, object]]:
    with house.database.reading() as tx:
        head = log.read_head(tx, house.clinic_id, lock=False)
        assert head is not None
        for _, _, body in log.read_range(tx, house.clinic_id, 0, head.size):
            yield json.loads(body or b"{}")


def test_an_invited_person_chooses_name_password_and_pin_and_comes_in(house: House) -> None:
    link = invite(house, Role.PRACTITIONER)

    assert accept(house, link) == "anna"

    token = sign_in(house.database, SignIn(username="anna", password=PASSWORD), now=NOON)
    with house.database.reading() as tx:
        signed_in = resume_login(tx, token, now=NOON, idle_lock_seconds=600)
    assert signed_in is not None
    assert signed_in.display_name == "Anna Ó"
    assert signed_in.has_pin


def test_the_log_says_who_invited_and_never_holds_the_link_or_the_name(house: House) -> None:
    link = invite(house, Role.PRACTITIONER, display_name="Anna Ó")
    accept(house, link)

    said = list(entries(house))
    kinds = [entry["kind"] for entry in said][-3:]
    assert kinds == ["user.invited", "user.added", "invitation.accepted"]
    assert said[-3]["by"] == {"auth": "password", "user": house.manager.user_id}
    assert said[-2]["by"] == {"auth": "system", "user": "system:invitation"}
    whole = json.dumps(said, ensure_ascii=False)
    assert link.token not in whole
    assert "Anna" not in whole


def test_a_link_works_once(house: House) -> None:
    link = invite(house, Role.PRACTITIONER)
    accept(house, link)

    with pytest.raises(NotFound):
        accept(house, link)


def test_a_link_ends_after_seven_days_and_when_it_is_taken_back(house: House) -> None:
    link, other = invite(house, Role.MANAGER), invite(house, Role.MANAGER, username="berta")
    with house.database.writing() as tx:
        revoke_invitation(tx, other.invitation_id, actor=at_screen(house.manager), now=NOON)

    with house.database.reading() as tx:
        read_invitation(tx, link.token, now=NOON + timedelta(days=7) - timedelta(seconds=1))
        for token, now in ((link.token, NOON + timedelta(days=7)), (other.token, NOON)):
            with pytest.raises(NotFound):
                read_invitation(tx, token, now=now)
        listed = list_open_invitations(tx, actor=at_screen(house.manager), now=NOON)
    assert [row.username for row in listed] == ["anna"]


def test_a_dismissed_managers_links_open_nothing(house: House) -> None:
    link = invite(house, Role.MANAGER)
    with house.database.writing() as tx:
        administrator = system_actor(house.clinic_id, "tests")
        disable_person(tx, house.manager.user_id, actor=administrator, now=NOON)

    with pytest.raises(NotFound):
        accept(house, link)


def test_an_inspector_comes_for_a_period_and_with_no_other_role(house: House) -> None:
    end = NOON + timedelta(days=14)
    for roles, valid_to in (
        ((Role.INSPECTOR,), None),
        ((Role.INSPECTOR, Role.MANAGER), end),
        ((Role.INSPECTOR,), NOON + timedelta(days=400)),
    ):
        with pytest.raises(Refused):
            invite(house, *roles, valid_to=valid_to)

    link = invite(house, Role.INSPECTOR, valid_to=end)
    accept(house, link, pin="")
    token = sign_in(house.database, SignIn(username="anna", password=PASSWORD), now=NOON)
    with house.database.reading() as tx:
        assert resume_login(tx, token, now=NOON, idle_lock_seconds=10**8) is not None
        assert resume_login(tx, token, now=end, idle_lock_seconds=10**8) is None


def test_whoever_works_at_the_tablet_needs_a_pin(house: House) -> None:
    with pytest.raises(Refused) as caught:
        accept(house, invite(house, Role.OPERATOR), pin="")

    assert caught.value.field == "pin"


def test_a_refused_password_leaves_the_link_good(house: House) -> None:
    link = invite(house, Role.MANAGER)
    with pytest.raises(Refused):
        accept(house, link, password="short")

    assert accept(house, link) == "anna"


def test_nobody_chooses_anothers_password_a_link_lets_them_choose_it_themselves(
    house: House,
) -> None:
    accept(house, invite(house, Role.PRACTITIONER))
    token = sign_in(house.database, SignIn(username="anna", password=PASSWORD), now=NOON)
    with house.database.reading() as tx:
        signed_in = resume_login(tx, token, now=NOON, idle_lock_seconds=600)
    assert signed_in is not None
    with house.database.writing() as tx:
        link = invite_reset(tx, signed_in.user_id, actor=at_screen(house.manager), now=NOON)
        with pytest.raises(Conflict):
            invite_reset(tx, house.manager.user_id, actor=at_screen(house.manager), now=NOON)

    accept(house, link, password="another quiet harbour", pin="")

    with house.database.reading() as tx:
        assert resume_login(tx, token, now=NOON, idle_lock_seconds=600) is None
    assert sign_in(
        house.database, SignIn(username="anna", password="another quiet harbour"), now=NOON
    )
    kinds = [entry["kind"] for entry in entries(house)]
    assert kinds[-3:] == ["user.reset_offered", "user.password_reset", "invitation.accepted"]


def test_a_newer_reset_link_ends_the_older_one(house: House) -> None:
    with house.database.writing() as tx:
        first = invite_reset(tx, house.operator.user_id, actor=at_screen(house.manager), now=NOON)
        second = invite_reset(tx, house.operator.user_id, actor=at_screen(house.manager), now=NOON)

    with pytest.raises(NotFound):
        accept(house, first)
    assert accept(house, second) == "harbour-operator"


def test_a_pin_or_a_token_invites_nobody(house: House) -> None:
    command = Invite(username="anna", display_name="", roles=frozenset({Role.MANAGER}))
    with pytest.raises(NotPermitted), house.database.writing() as tx:
        invite_person(tx, command, actor=house.manager, now=NOON)


def test_a_manager_signs_a_persons_browser_out_and_that_is_an_entry(house: House) -> None:
    accept(house, invite(house, Role.PRACTITIONER))
    token = sign_in(house.database, SignIn(username="anna", password=PASSWORD), now=NOON)
    with house.database.reading() as tx:
        signed_in = resume_login(tx, token, now=NOON, idle_lock_seconds=600)
        assert signed_in is not None
        file = read_person(tx, signed_in.user_id, actor=at_screen(house.manager), now=NOON)
    assert file.last_sign_in == NOON

    with house.database.writing() as tx:
        end_login_of(
            tx,
            file.person.user_id,
            file.logins[0].login_id,
            actor=at_screen(house.manager),
            now=NOON,
        )

    with house.database.reading() as tx:
        assert resume_login(tx, token, now=NOON, idle_lock_seconds=600) is None
    assert list(entries(house))[-1]["kind"] == "user.signed_out"


def test_nobody_takes_their_own_role_of_manager_away(house: House) -> None:
    command = ChangeRoles(user_id=house.manager.user_id, roles=frozenset({Role.PRACTITIONER}))
    with pytest.raises(Conflict), house.database.writing() as tx:
        set_roles(tx, command, actor=at_screen(house.manager), now=NOON)


def record(house: House, **more: object) -> str:
    command = AddQualification(
        **{  # type: ignore[arg-type]  # fields of the command
            "user_id": house.practitioner.user_id,
            "kind": "licence",
            "title": "Needling",
            "number": "SB-1",
            "valid_from": date(2026, 1, 1),
            **more,
        }
    )
    with house.database.writing() as tx:
        return add_qualification(
            tx, command, keyring=house.keyring, actor=at_screen(house.manager), now=NOON
        )


def test_a_scan_is_sealed_and_known_by_its_bytes(house: House) -> None:
    made = record(house, scan=PDF)

    with house.database.reading() as tx:
        scan = read_scan(
            tx,
            made,
            user_id=house.practitioner.user_id,
            actor=at_screen(house.manager),
            keyring=house.keyring,
        )
        sealed = tx.scalar(text("SELECT sealed FROM staff_document"))
    assert (scan.content, scan.media_type) == (PDF, "application/pdf")
    assert PDF not in bytes(sealed or b"")
    assert "SB-1" not in json.dumps(list(entries(house)))


@pytest.mark.parametrize(
    "scan", [b"<html><script>", b" %PDF-1.4", b"PK\x03\x04", b"GIF89a", b"\xff\xd8" + b"x"]
)
def test_a_scan_that_is_no_picture_or_pdf_is_refused(house: House, scan: bytes) -> None:
    with pytest.raises(Refused) as caught:
        record(house, scan=scan)

    assert caught.value.field == "scan"


def test_a_scan_above_five_megabytes_is_refused(house: House) -> None:
    with pytest.raises(Refused):
        record(house, scan=b"%PDF-" + bytes(5 * 1024 * 1024))


def blocked_codes(house: House, depth: str) -> list[str]:
    """What keeps a session with this depth from being closed, as far as limits go."""
    session_id = open_one(house, NOON)
    answer_before(house, session_id, NOON)
    answer_rest(house, session_id, NOON)
    answer(house, session_id, "depth", {"value": depth, "unit": "mm"}, NOON)
    try:
        step(house, "close", session_id, NOON)
    except Blocked as blocked:
        return [
            each.code
            for each in blocked.blockers
            if "maker_limit" in each.rule or "qualification" in each.rule
        ]
    return []


def test_without_a_licence_that_names_a_depth_nothing_is_limited(house: House) -> None:
    record(house, kind="training")

    assert blocked_codes(house, "2.5") == []


@pytest.mark.parametrize(("depth", "codes"), [("0.5", []), ("0.6", ["depth_beyond_licence"])])
def test_a_depth_beyond_the_licence_blocks_and_exactly_its_limit_does_not(
    house: House, depth: str, codes: list[str]
) -> None:
    record(house, depth_limit_mm="0.5")
    record(house, depth_limit_mm="3", valid_from=date(2027, 1, 1))

    assert blocked_codes(house, depth) == codes


def test_of_several_licences_the_widest_valid_one_counts(house: House) -> None:
    record(house, depth_limit_mm="0.5")
    record(house, depth_limit_mm="1.5", valid_to=NOON.date())

    assert blocked_codes(house, "1.5") == []


def test_a_licence_that_ran_out_gives_no_leave_instead_of_no_limit(house: House) -> None:
    record(house, depth_limit_mm="1.5", valid_to=NOON.date() - timedelta(days=1))

    assert blocked_codes(house, "0.2") == ["licence_not_valid"]


def test_a_withdrawn_licence_no_longer_counts(house: House) -> None:
    made = record(house, depth_limit_mm="0.2")
    with house.database.writing() as tx:
        withdraw_qualification(
            tx,
            made,
            user_id=house.practitioner.user_id,
            actor=at_screen(house.manager),
            now=NOON,
        )
        rows = list_qualifications(tx, actor=at_screen(house.manager))

    assert [row.archived_at for row in rows] == [NOON]
    assert blocked_codes(house, "1") == []


def test_a_depth_beyond_what_the_devices_maker_allows_blocks(house: House) -> None:
    with house.database.writing() as tx:
        tip = find_device(tx, "TIP-1", actor=house.manager)
        command = ChangeDevice(
            device_id=tip.device_id, label="Tip 1", max_depth_mm="1", settings=None
        )
        change_device(tx, command, actor=house.manager, now=NOON)

    assert blocked_codes(house, "1") == []
    assert blocked_codes(house, "1.1") == ["depth_beyond_device"]
