from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from compliance.domain.access import Actor, Auth, Role
from compliance.errors import NotFound, NotPermitted
from compliance.operations.people import passwords
from compliance.operations.people.accounts import (
    ChangeRoles,
    change_roles,
    disable_person,
    enable_person,
    reset_password,
)
from compliance.operations.people.attempts import (
    LONGEST_WAIT,
    UNKNOWN,
    TooManyAttempts,
    WrongSecret,
    wait_after,
)
from compliance.operations.people.listing import list_attempts, list_logins
from compliance.operations.people.own_account import (
    SetPassword,
    SetPin,
    revoke_login,
    set_password,
    set_pin,
)
from compliance.operations.people.sign_in import (
    LIFETIME,
    SignedIn,
    SignIn,
    choose_clinic,
    lock_login,
    resume_login,
    sign_in,
    sign_out,
    touch_login,
)
from compliance.operations.people.tablet import TakeOver, list_colleagues, take_over_tablet
from compliance.store.models.people import Login, UserAccount
from compliance.store.session import Database
from unit.people.cases import NOW, PASSWORD, PIN, AddClinic, AddPerson

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def come_in(
    database: Database, username: str, now: datetime = NOW, password: str = PASSWORD
) -> str:
    return sign_in(database, SignIn(username=username, password=password), now=now)


def resume(
    database: Database, token: str, now: datetime = NOW, idle: int = 86_400
) -> SignedIn | None:
    with database.reading() as tx:
        return resume_login(tx, token, now=now, idle_lock_seconds=idle)


def fail(database: Database, username: str, now: datetime, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(WrongSecret):
            come_in(database, username, now, "wrong password")


def outcomes(database: Database, username: str) -> list[str]:
    with database.reading() as tx:
        return [attempt.outcome for attempt in list_attempts(tx, username=username, limit=50)]


def test_a_login_knows_person_clinic_and_roles(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    user_id = add_person(operator, "mira", Role.PRACTITIONER, Role.MANAGER)
    signed_in = resume(database, come_in(database, "  MIRA "))
    assert signed_in is not None
    assert signed_in.actor == Actor(
        user_id=user_id,
        clinic_id=operator.clinic_id,
        roles=frozenset({Role.PRACTITIONER, Role.MANAGER}),
        auth=Auth.PASSWORD,
    )
    assert not signed_in.locked
    assert outcomes(database, "mira") == ["accepted"]


def test_the_database_holds_no_token(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    token = come_in(database, "mira")
    assert len(token) >= 43
    with database.reading() as tx:
        assert token not in repr(tx.execute(select(Login)).all())
    assert resume(database, token + "x") is None


def test_wrong_and_unknown_get_the_same_answer_and_take_the_same_path(
    database: Database,
    operator: Actor,
    add_person: AddPerson,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    checked: list[str] = []
    verify = PasswordHasher.verify

    def spy(self: PasswordHasher, stored: str, secret: str) -> bool:
        checked.append(stored)
        return verify(self, stored, secret)

    monkeypatch.setattr(PasswordHasher, "verify", spy)
    messages = set()
    for name in ("mira", "nobody"):
        with pytest.raises(WrongSecret) as refused:
            come_in(database, name, password="wrong password")
        messages.add(str(refused.value))
    assert len(messages) == 1
    assert len(checked) == 2
    assert checked[1] == passwords._DUMMY
    costs = {stored.split("$")[3] for stored in checked}
    assert costs == {"m=19456,t=2,p=1"}


def test_an_unknown_name_is_not_kept(database: Database) -> None:
    fail(database, "my-secret-password", NOW)
    assert outcomes(database, "my-secret-password") == []
    assert outcomes(database, UNKNOWN) == ["unknown"]


def test_the_fifth_failure_makes_even_the_right_password_wait(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    fail(database, "mira", NOW, times=4)
    come_in(database, "mira")
    fail(database, "mira", NOW, times=5)
    with pytest.raises(WrongSecret):
        come_in(database, "mira", NOW + 15 * MINUTE - SECOND)
    come_in(database, "mira", NOW + 15 * MINUTE)
    assert outcomes(database, "mira")[:2] == ["accepted", "waiting"]


def test_each_further_failure_doubles_the_wait(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    fail(database, "mira", NOW, times=5)
    later = NOW + 15 * MINUTE
    fail(database, "mira", later)
    with pytest.raises(WrongSecret):
        come_in(database, "mira", later + 30 * MINUTE - SECOND)
    come_in(database, "mira", later + 30 * MINUTE)
    # A success forgives: the next slip is a first one again.
    fail(database, "mira", later + 31 * MINUTE, times=4)
    come_in(database, "mira", later + 31 * MINUTE)


def test_waits_grow_up_to_a_day() -> None:
    waits = [wait_after(failures) for failures in range(1, 8)]
    assert waits == [None] * 4 + [15 * MINUTE, 30 * MINUTE, 60 * MINUTE]
    assert wait_after(1000) == LONGEST_WAIT


def test_a_guess_that_was_checked_before_the_wait_began_is_refused(
    database: Database, operator: Actor, add_person: AddPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    place = "compliance.operations.people.sign_in.check_secret"
    check = passwords.check_secret

    def slow(stored: str | None, secret: str) -> passwords.Proof:
        # Five other guesses are counted while this one is still being hashed.
        proof = check(stored, secret)
        monkeypatch.setattr(place, check)
        fail(database, "mira", NOW, times=5)
        return proof

    monkeypatch.setattr(place, slow)
    with pytest.raises(WrongSecret):
        come_in(database, "mira")


def test_an_old_hash_is_renewed_on_sign_in(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    user_id = add_person(operator, "mira", Role.PRACTITIONER)
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with database.writing() as tx:
        tx.execute(update(UserAccount).values(password_hash=old))
    come_in(database, "mira")
    with database.reading() as tx:
        query = select(UserAccount.password_hash).where(UserAccount.user_id == user_id)
        stored = tx.execute(query).scalar_one()
    assert "m=19456,t=2" in stored
    come_in(database, "mira")


def test_disabling_ends_an_open_browser_at_once(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    user_id = add_person(operator, "mira", Role.PRACTITIONER)
    token = come_in(database, "mira")
    with database.writing() as tx:
        disable_person(tx, user_id, actor=operator, now=NOW)
    assert resume(database, token) is None
    with pytest.raises(NotPermitted, match="switched off"):
        come_in(database, "mira")
    fail(database, "mira", NOW)
    with database.writing() as tx:
        enable_person(tx, user_id, actor=operator, now=NOW)
    assert resume(database, token) is None
    come_in(database, "mira")


def test_an_inspector_is_out_when_the_membership_ends(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    end = NOW + timedelta(hours=2)
    add_person(operator, "ivo", Role.INSPECTOR, valid_to=end)
    token = come_in(database, "ivo")
    assert resume(database, token, end - SECOND) is not None
    assert resume(database, token, end) is None
    with pytest.raises(NotPermitted, match="access has ended"):
        come_in(database, "ivo", end)
    assert outcomes(database, "ivo")[0] == "no_access"


def test_taking_the_last_role_away_ends_an_open_browser(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    user_id = add_person(operator, "mira", Role.PRACTITIONER)
    token = come_in(database, "mira")
    with database.writing() as tx:
        command = ChangeRoles(user_id=user_id, roles=frozenset({Role.OPERATOR}))
        change_roles(tx, command, actor=operator, now=NOW)
    changed = resume(database, token)
    assert changed is not None
    assert changed.actor is not None
    assert changed.actor.roles == {Role.OPERATOR}
    with database.writing() as tx:
        command = ChangeRoles(user_id=user_id, roles=frozenset())
        change_roles(tx, command, actor=operator, now=NOW)
    assert resume(database, token) is None


def test_a_login_ends_after_twelve_hours_however_busy(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    token = come_in(database, "mira")
    with database.writing() as tx:
        touch_login(tx, token, now=NOW + LIFETIME - SECOND)
    assert resume(database, token, NOW + LIFETIME - SECOND) is not None
    assert resume(database, token, NOW + LIFETIME) is None


def test_an_idle_screen_locks_and_stays_locked(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    token = come_in(database, "mira")
    at_limit = resume(database, token, NOW + 300 * SECOND, idle=300)
    assert at_limit is not None
    assert not at_limit.locked
    locked = resume(database, token, NOW + 301 * SECOND, idle=300)
    assert locked is not None
    assert locked.locked
    assert locked.actor is None
    assert not locked.touch_due


@pytest.mark.parametrize("idle", [30, 300])
def test_a_screen_in_use_is_written_rarely_and_never_locks(
    database: Database, operator: Actor, add_person: AddPerson, idle: int
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    token = come_in(database, "mira")
    writes = 0
    for second in range(1, 601):
        now = NOW + second * SECOND
        seen = resume(database, token, now, idle)
        assert seen is not None
        assert not seen.locked
        if seen.touch_due:
            writes += 1
            with database.writing() as tx:
                touch_login(tx, token, now=now)
    assert writes <= (20 if idle == 300 else 80)


def test_signing_in_again_ends_what_the_browser_held_before(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    first = come_in(database, "mira")
    command = SignIn(username="mira", password=PASSWORD, replaces=first)
    second = sign_in(database, command, now=NOW)
    assert second != first
    assert resume(database, first) is None
    assert resume(database, second) is not None


def test_browsers_are_listed_and_each_can_be_signed_out_by_its_owner_only(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    user_id = add_person(operator, "mira", Role.PRACTITIONER)
    add_person(operator, "otto", Role.OPERATOR)
    kept, lost = come_in(database, "mira"), come_in(database, "mira", NOW + SECOND)
    mira, otto = resume(database, kept), resume(database, come_in(database, "otto"))
    assert mira is not None
    assert otto is not None
    with database.reading() as tx:
        listed = list_logins(tx, user_id=user_id, now=NOW + SECOND)
    assert [login.created_at for login in listed] == [NOW + SECOND, NOW]
    with database.writing() as tx, pytest.raises(NotFound):
        revoke_login(tx, listed[0].login_id, signed_in=otto, now=NOW)
    with database.writing() as tx:
        revoke_login(tx, listed[0].login_id, signed_in=mira, now=NOW)
    assert resume(database, lost) is None
    with database.writing() as tx:
        sign_out(tx, kept, now=NOW)
    assert resume(database, kept) is None


def test_a_person_of_two_clinics_chooses_and_cannot_choose_a_third(
    database: Database, operator: Actor, add_clinic: AddClinic, add_person: AddPerson
) -> None:
    user_id = add_person(operator, "mira", Role.PRACTITIONER)
    south, west = add_clinic("south"), add_clinic("west")
    with database.writing() as tx:
        command = ChangeRoles(user_id=user_id, roles=frozenset({Role.MANAGER}))
        change_roles(tx, command, actor=south, now=NOW)
    token = come_in(database, "mira")
    before = resume(database, token)
    assert before is not None
    assert before.clinic is None
    assert before.actor is None
    with database.writing() as tx, pytest.raises(NotFound):
        choose_clinic(tx, token, west.clinic_id, signed_in=before)
    with database.writing() as tx:
        choose_clinic(tx, token, south.clinic_id, signed_in=before)
    after = resume(database, token)
    assert after is not None
    assert after.actor is not None
    assert after.actor.clinic_id == south.clinic_id
    assert after.actor.roles == {Role.MANAGER}


def test_an_administrator_enters_every_clinic_as_nothing_else(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "root", admin=True)
    signed_in = resume(database, come_in(database, "root"))
    assert signed_in is not None
    assert signed_in.actor is not None
    assert signed_in.actor.roles == {Role.ADMIN}


def test_a_pin_hands_the_tablet_over_and_keeps_its_age(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER, pin=True)
    add_person(operator, "otto", Role.OPERATOR, pin=True)
    add_person(operator, "nopin", Role.OPERATOR)
    token = come_in(database, "mira")
    with database.writing() as tx:
        lock_login(tx, token)
    locked = resume(database, token)
    assert locked is not None
    assert locked.locked
    with database.reading() as tx:
        offered = list_colleagues(tx, clinic_id=operator.clinic_id, now=NOW)
    assert [each.username for each in offered] == ["mira", "otto"]
    command = TakeOver(token=token, username="otto", pin=PIN)
    later = NOW + timedelta(hours=1)
    fresh = take_over_tablet(database, command, signed_in=locked, now=later)
    assert resume(database, token) is None
    taken = resume(database, fresh, later)
    assert taken is not None
    assert (taken.username, taken.auth, taken.locked) == ("otto", Auth.PIN, False)
    assert resume(database, fresh, NOW + LIFETIME) is None


def test_wrong_pins_make_the_account_wait_and_say_until_when(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER, pin=True)
    token = come_in(database, "mira")
    signed_in = resume(database, token)
    assert signed_in is not None
    wrong = TakeOver(token=token, username="mira", pin="975310")
    for _ in range(4):
        with pytest.raises(WrongSecret):
            take_over_tablet(database, wrong, signed_in=signed_in, now=NOW)
    with pytest.raises(TooManyAttempts) as waits:
        take_over_tablet(database, wrong, signed_in=signed_in, now=NOW)
    assert waits.value.until == NOW + 15 * MINUTE
    right = TakeOver(token=token, username="mira", pin=PIN)
    with pytest.raises(TooManyAttempts):
        take_over_tablet(database, right, signed_in=signed_in, now=NOW)
    assert resume(database, token) is not None


def test_nobody_takes_a_tablet_over_from_another_clinic_or_without_a_pin(
    database: Database, operator: Actor, add_clinic: AddClinic, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER, pin=True)
    add_person(operator, "nopin", Role.PRACTITIONER)
    add_person(add_clinic("south"), "sven", Role.PRACTITIONER, pin=True)
    token = come_in(database, "mira")
    signed_in = resume(database, token)
    assert signed_in is not None
    for name in ("sven", "nopin", "nobody"):
        command = TakeOver(token=token, username=name, pin=PIN)
        with pytest.raises(WrongSecret):
            take_over_tablet(database, command, signed_in=signed_in, now=NOW)


def test_a_login_that_ended_meanwhile_is_not_taken_over(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER, pin=True)
    token = come_in(database, "mira")
    signed_in = resume(database, token)
    assert signed_in is not None
    with database.writing() as tx:
        sign_out(tx, token, now=NOW)
    with pytest.raises(NotFound):
        take_over_tablet(
            database,
            TakeOver(token=token, username="mira", pin=PIN),
            signed_in=signed_in,
            now=NOW,
        )


def test_a_new_password_needs_the_old_one_and_ends_other_browsers(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    here, there = come_in(database, "mira"), come_in(database, "mira")
    signed_in = resume(database, here)
    assert signed_in is not None
    with pytest.raises(WrongSecret):
        set_password(
            database,
            SetPassword(current="wrong password", new="another long one"),
            signed_in=signed_in,
            now=NOW,
        )
    set_password(
        database,
        SetPassword(current=PASSWORD, new="another long one"),
        signed_in=signed_in,
        now=NOW,
    )
    assert resume(database, here) is not None
    assert resume(database, there) is None
    fail(database, "mira", NOW, times=0)
    come_in(database, "mira", password="another long one")


def test_a_pin_of_ones_own_needs_the_password(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    add_person(operator, "mira", Role.PRACTITIONER)
    token = come_in(database, "mira")
    signed_in = resume(database, token)
    assert signed_in is not None
    with pytest.raises(WrongSecret):
        set_pin(database, SetPin(password="wrong", pin="864209"), signed_in=signed_in, now=NOW)
    set_pin(database, SetPin(password=PASSWORD, pin="864209"), signed_in=signed_in, now=NOW)
    command = TakeOver(token=token, username="mira", pin="864209")
    assert take_over_tablet(database, command, signed_in=signed_in, now=NOW)


def test_a_reset_password_ends_browsers_and_the_wait(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    user_id = add_person(operator, "mira", Role.PRACTITIONER)
    token = come_in(database, "mira")
    fail(database, "mira", NOW, times=5)
    fresh = passwords.hash_password("another long one", username="mira")
    with database.writing() as tx:
        reset_password(tx, user_id, fresh, actor=operator, now=NOW)
    assert resume(database, token) is None
    come_in(database, "mira", password="another long one")
