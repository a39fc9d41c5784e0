from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from compliance.domain.access import Actor, Auth, Role
from compliance.errors import Conflict, NotFound, NotPermitted, Refused, SignatureRequired
from compliance.operations.people.accounts import (
    ChangeRoles,
    CreatePerson,
    change_roles,
    create_person,
    disable_person,
    reset_password,
)
from compliance.operations.people.attempts import TooManyAttempts, WrongSecret
from compliance.operations.people.grants import GrantUsed, issue_grant, use_grant
from compliance.operations.people.listing import list_people, read_names
from compliance.operations.people.passwords import PasswordHash
from compliance.operations.people.tokens import (
    CreateToken,
    NewToken,
    Scope,
    TokenBearer,
    create_token,
    list_tokens,
    resume_token,
    revoke_token,
    touch_token,
)
from compliance.operations.personal import Keyring
from compliance.store.models.log import LogBody
from compliance.store.session import Database
from unit.people.cases import NOW, PASSWORD, AddClinic, AddPerson

ACT, OTHER_ACT = b"\x01" * 32, b"\x02" * 32
SECOND = timedelta(seconds=1)


def entries(database: Database, actor: Actor) -> list[dict[str, Any]]:
    with database.reading() as tx:
        rows = tx.execute(
            select(LogBody.body).where(LogBody.clinic_id == actor.clinic_id).order_by(LogBody.idx)
        )
        return [json.loads(body) for (body,) in rows]


def person(user_id: str, clinic: Actor, *roles: Role, auth: Auth = Auth.PASSWORD) -> Actor:
    return Actor(user_id=user_id, clinic_id=clinic.clinic_id, roles=frozenset(roles), auth=auth)


@pytest.fixture
def mira(operator: Actor, add_person: AddPerson) -> Actor:
    return person(add_person(operator, "mira", Role.PRACTITIONER), operator, Role.PRACTITIONER)


def grant(database: Database, actor: Actor) -> str:
    return issue_grant(database, actor=actor, password=PASSWORD, act_hash=ACT, now=NOW)


def test_a_grant_signs_its_act_once(database: Database, mira: Actor) -> None:
    grant_id = grant(database, mira)
    with database.writing() as tx:
        used = use_grant(tx, grant_id, actor=mira, act_hash=ACT, now=NOW)
    assert used == GrantUsed(auth=Auth.PASSWORD, grant_id=grant_id)
    with database.writing() as tx, pytest.raises(SignatureRequired):
        use_grant(tx, grant_id, actor=mira, act_hash=ACT, now=NOW)


def test_a_grant_is_good_for_two_minutes(database: Database, mira: Actor) -> None:
    late, in_time = grant(database, mira), grant(database, mira)
    end = NOW + timedelta(minutes=2)
    with database.writing() as tx, pytest.raises(SignatureRequired):
        use_grant(tx, late, actor=mira, act_hash=ACT, now=end)
    with database.writing() as tx:
        use_grant(tx, in_time, actor=mira, act_hash=ACT, now=end - SECOND)


def test_a_grant_is_bound_to_act_person_and_clinic(
    database: Database, mira: Actor, operator: Actor, add_person: AddPerson
) -> None:
    grant_id = grant(database, mira)
    other_id = add_person(operator, "otto", Role.PRACTITIONER)
    wrong = [
        (mira, OTHER_ACT),
        (replace(mira, user_id=other_id), ACT),
        (replace(mira, clinic_id="00000000-0000-7000-8000-000000000000"), ACT),
    ]
    for actor, act in wrong:
        with database.writing() as tx, pytest.raises(SignatureRequired):
            use_grant(tx, grant_id, actor=actor, act_hash=act, now=NOW)
    with database.writing() as tx:
        use_grant(tx, grant_id, actor=mira, act_hash=ACT, now=NOW)


def test_a_grant_survives_a_signing_that_failed(database: Database, mira: Actor) -> None:
    grant_id = grant(database, mira)
    with suppress(Conflict), database.writing() as tx:
        use_grant(tx, grant_id, actor=mira, act_hash=ACT, now=NOW)
        raise Conflict("something else was in the way")
    with database.writing() as tx:
        use_grant(tx, grant_id, actor=mira, act_hash=ACT, now=NOW)


def test_a_pin_is_not_a_signature(database: Database, mira: Actor) -> None:
    by_pin = replace(mira, auth=Auth.PIN)
    with database.writing() as tx, pytest.raises(SignatureRequired):
        use_grant(tx, None, actor=by_pin, act_hash=ACT, now=NOW)
    with pytest.raises(WrongSecret):
        issue_grant(database, actor=by_pin, password="246810", act_hash=ACT, now=NOW)
    grant_id = grant(database, by_pin)
    with database.writing() as tx:
        used = use_grant(tx, grant_id, actor=by_pin, act_hash=ACT, now=NOW)
    assert used.auth is Auth.PASSWORD


def test_wrong_passwords_for_grants_count(database: Database, mira: Actor) -> None:
    for attempt in range(5):
        with pytest.raises(TooManyAttempts if attempt == 4 else WrongSecret):
            issue_grant(database, actor=mira, password="wrong", act_hash=ACT, now=NOW)
    with pytest.raises(TooManyAttempts):
        grant(database, mira)


def test_a_token_signs_without_a_grant_if_its_scopes_say_so(
    database: Database, mira: Actor
) -> None:
    token = replace(mira, auth=Auth.TOKEN)
    with database.writing() as tx:
        used = use_grant(tx, None, actor=token, act_hash=ACT, now=NOW)
    assert used == GrantUsed(auth=Auth.TOKEN, grant_id=None)
    with database.writing() as tx, pytest.raises(SignatureRequired, match="scope"):
        use_grant(tx, None, actor=replace(token, may_sign=False), act_hash=ACT, now=NOW)
    with pytest.raises(NotPermitted):
        grant(database, token)


def test_the_command_line_cannot_sign(database: Database, operator: Actor) -> None:
    with pytest.raises(NotPermitted):
        grant(database, operator)
    with database.writing() as tx, pytest.raises(SignatureRequired):
        use_grant(tx, None, actor=operator, act_hash=ACT, now=NOW)


def make_token(
    database: Database, actor: Actor, user_id: str, *scopes: str, seconds: int | None = None
) -> NewToken:
    command = CreateToken(
        user_id=user_id,
        label="booking system",
        scopes=frozenset(scopes),
        expires_at=None if seconds is None else NOW + seconds * SECOND,
    )
    with database.writing() as tx:
        return create_token(tx, command, actor=actor, now=NOW)


def resume(database: Database, secret: str, seconds: int = 0) -> TokenBearer | None:
    with database.reading() as tx:
        return resume_token(tx, secret, now=NOW + seconds * SECOND)


def test_a_token_stands_for_its_person_within_its_scopes(database: Database, mira: Actor) -> None:
    reading = make_token(database, mira, mira.user_id, "read")
    signing = make_token(database, mira, mira.user_id, "read", "write", "sign")
    assert reading.secret.startswith("ast_")
    assert reading.secret not in repr(reading)
    bearer = resume(database, reading.secret)
    assert bearer is not None
    assert bearer.actor == replace(mira, auth=Auth.TOKEN, may_sign=False)
    assert bearer.scopes == {Scope.READ}
    bearer = resume(database, signing.secret)
    assert bearer is not None
    assert bearer.actor.may_sign
    assert resume(database, reading.secret + "x") is None
    assert resume(database, "x") is None


def test_a_token_ends(database: Database, mira: Actor, operator: Actor) -> None:
    short = make_token(database, mira, mira.user_id, "read", seconds=60)
    long = make_token(database, mira, mira.user_id, "read")
    assert resume(database, short.secret, seconds=59) is not None
    assert resume(database, short.secret, seconds=60) is None
    with database.writing() as tx:
        revoke_token(tx, long.token_id, actor=mira, now=NOW)
        revoke_token(tx, long.token_id, actor=mira, now=NOW)
    assert resume(database, long.secret) is None
    kinds = [entry["kind"] for entry in entries(database, operator)]
    assert kinds.count("token.created") == 2
    assert kinds.count("token.revoked") == 1


def test_a_token_ends_with_the_membership_and_with_the_account(
    database: Database, mira: Actor, operator: Actor
) -> None:
    token = make_token(database, mira, mira.user_id, "read")
    roles = ChangeRoles(user_id=mira.user_id, roles=frozenset())
    with database.writing() as tx:
        change_roles(tx, roles, actor=operator, now=NOW)
    assert resume(database, token.secret) is None
    with database.writing() as tx:
        change_roles(tx, replace(roles, roles=mira.roles), actor=operator, now=NOW)
    assert resume(database, token.secret) is not None
    with database.writing() as tx:
        disable_person(tx, mira.user_id, actor=operator, now=NOW)
    assert resume(database, token.secret) is None


def test_nobody_makes_a_token_in_another_name_or_with_another_token(
    database: Database, mira: Actor, operator: Actor, add_person: AddPerson
) -> None:
    manager = person(add_person(operator, "boss", Role.MANAGER), operator, Role.MANAGER)
    for actor in (manager, replace(mira, auth=Auth.PIN), replace(mira, auth=Auth.TOKEN)):
        with pytest.raises(NotPermitted):
            make_token(database, actor, mira.user_id, "sign")
    made = make_token(database, operator, mira.user_id, "sign")
    last = entries(database, operator)[-1]
    assert last["by"] == {"auth": "system", "user": "system:tests"}
    assert last["data"] == {
        "token": made.token_id,
        "user": mira.user_id,
        "scopes": ["sign"],
        "expires_at": None,
    }


def test_tokens_are_refused_with_odd_scopes_labels_ends_and_people(
    database: Database, mira: Actor, operator: Actor
) -> None:
    for scopes in ((), ("read", "root")):
        with pytest.raises(Refused, match="scopes"):
            make_token(database, mira, mira.user_id, *scopes)
    with pytest.raises(Refused, match="expires"):
        make_token(database, mira, mira.user_id, "read", seconds=0)
    with pytest.raises(NotFound):
        make_token(database, operator, "00000000-0000-7000-8000-000000000000", "read")


def test_who_sees_which_tokens(
    database: Database, mira: Actor, operator: Actor, add_person: AddPerson
) -> None:
    boss = person(add_person(operator, "boss", Role.MANAGER), operator, Role.MANAGER)
    token = make_token(database, boss, boss.user_id, "read")
    bearer = resume(database, token.secret)
    assert bearer is not None
    with database.writing() as tx:
        assert list_tokens(tx, actor=mira) == ()
        with pytest.raises(NotFound):
            revoke_token(tx, token.token_id, actor=mira, now=NOW)
        touch_token(tx, bearer, now=NOW)
        assert [each.used_at for each in list_tokens(tx, actor=boss)] == [NOW]
    again = resume(database, token.secret, seconds=59)
    assert again is not None
    assert not again.touch_due


def test_people_enter_the_log_without_their_names(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    user_id = add_person(operator, "mira", Role.PRACTITIONER)
    command = ChangeRoles(user_id=user_id, roles=frozenset({Role.MANAGER}), entitled_override=True)
    with database.writing() as tx:
        change_roles(tx, command, actor=operator, now=NOW)
        disable_person(tx, user_id, actor=operator, now=NOW)
    _genesis, added, changed, disabled = entries(database, operator)
    assert added["kind"] == "user.added"
    assert added["data"]["roles"] == ["practitioner"]
    assert list(added["data"]["name"]) == ["commit"]
    assert "mira" not in json.dumps(added).lower()
    assert changed["data"] == {
        "user": user_id,
        "roles": ["manager"],
        "entitled_override": True,
        "valid_to": None,
    }
    assert (disabled["kind"], disabled["data"]) == ("user.disabled", {"user": user_id})
    with database.reading() as tx:
        (listed,) = list_people(tx, actor=operator, now=NOW)
        assert read_names(tx, clinic_id=operator.clinic_id) == {user_id: "Mira"}
    assert listed.roles == {Role.MANAGER}
    assert listed.disabled


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"username": "Mira"}, Refused),
        ({"username": "m"}, Refused),
        ({"display_name": "  "}, Refused),
        ({"roles": frozenset()}, Refused),
        ({"roles": frozenset({Role.ADMIN})}, Refused),
        ({"username": "taken"}, Conflict),
    ],
    ids=["capitals", "one letter", "no name", "no role", "admin as a role", "taken"],
)
def test_people_that_cannot_be_added(
    database: Database,
    operator: Actor,
    add_person: AddPerson,
    keyring: Keyring,
    changes: dict[str, Any],
    error: type[Exception],
) -> None:
    add_person(operator, "taken", Role.OPERATOR)
    command = replace(
        CreatePerson(
            username="mira",
            display_name="Mira",
            password_hash=PasswordHash("x"),
            roles=frozenset({Role.OPERATOR}),
        ),
        **changes,
    )
    with pytest.raises(error), database.writing() as tx:
        create_person(tx, command, keyring=keyring, actor=operator, now=NOW)


def test_a_manager_rules_only_over_people_of_their_own_clinic(
    database: Database,
    operator: Actor,
    add_clinic: AddClinic,
    add_person: AddPerson,
    keyring: Keyring,
) -> None:
    boss = person(add_person(operator, "boss", Role.MANAGER), operator, Role.MANAGER)
    shared = add_person(operator, "shared", Role.PRACTITIONER)
    south = add_clinic("south")
    foreign = add_person(south, "sven", Role.PRACTITIONER)
    root = add_person(operator, "root", Role.MANAGER, admin=True)
    with database.writing() as tx:
        command = ChangeRoles(user_id=shared, roles=frozenset({Role.OPERATOR}))
        change_roles(tx, command, actor=south, now=NOW)
    for user_id, error in ((shared, NotPermitted), (root, NotPermitted), (foreign, NotFound)):
        with pytest.raises(error), database.writing() as tx:
            disable_person(tx, user_id, actor=boss, now=NOW)
        with pytest.raises(error), database.writing() as tx:
            reset_password(tx, user_id, PasswordHash("x"), actor=boss, now=NOW)
    command = ChangeRoles(user_id=foreign, roles=frozenset({Role.OPERATOR}))
    with pytest.raises(NotFound), database.writing() as tx:
        change_roles(tx, command, actor=boss, now=NOW)
    with pytest.raises(Conflict), database.writing() as tx:
        disable_person(tx, boss.user_id, actor=boss, now=NOW)
    with pytest.raises(NotPermitted), database.writing() as tx:
        disable_person(tx, shared, actor=replace(boss, auth=Auth.PIN), now=NOW)
    new = CreatePerson(
        username="eve",
        display_name="Eve",
        password_hash=PasswordHash("x"),
        roles=frozenset(),
        admin=True,
    )
    with pytest.raises(NotPermitted), database.writing() as tx:
        create_person(tx, new, keyring=keyring, actor=boss, now=NOW)
