"""What is forgotten about signing in, and what is not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from compliance.domain.access import Actor, Auth, Role
from compliance.jobs.tidying import tidy_up
from compliance.operations.people import tidying
from compliance.operations.people.attempts import WrongSecret
from compliance.operations.people.grants import issue_grant
from compliance.operations.people.sign_in import SignIn, sign_in
from compliance.store.models.people import Login, SignGrant, SignInEvent
from compliance.store.session import Database
from unit.people.cases import NOW, PASSWORD, AddPerson

HOUR = timedelta(hours=1)


def rows(database: Database) -> tuple[int, ...]:
    """How many attempts, browsers and grants there are."""
    with database.reading() as tx:
        return tuple(
            tx.scalar(select(func.count()).select_from(table)) or 0
            for table in (SignInEvent, Login, SignGrant)
        )


def come(database: Database, actor: Actor, now: datetime) -> None:
    """Sign in once wrong and once right, and ask for leave to sign."""
    with pytest.raises(WrongSecret):
        sign_in(database, SignIn(username="mary", password="not hers at all"), now=now)
    sign_in(database, SignIn(username="mary", password=PASSWORD), now=now)
    issue_grant(database, actor=actor, password=PASSWORD, act_hash=bytes(32), now=now)


def test_what_nobody_needs_is_forgotten_in_its_time(
    database: Database, operator: Actor, add_person: AddPerson
) -> None:
    user = add_person(operator, "mary", Role.PRACTITIONER)
    mary = Actor(user_id=user, clinic_id=operator.clinic_id, roles=frozenset(), auth=Auth.PASSWORD)
    come(database, mary, NOW)
    full = rows(database)

    assert tidy_up(database, lambda: NOW + 20 * HOUR) == 0
    assert rows(database) == full
    tidy_up(database, lambda: NOW + tidying.KEEP_GRANTS + HOUR)
    assert rows(database) == (full[0], 1, 0)
    tidy_up(database, lambda: NOW + tidying.KEEP_LOGINS + 20 * HOUR)
    assert rows(database) == (full[0], 0, 0)
    tidy_up(database, lambda: NOW + tidying.KEEP_ATTEMPTS + HOUR)
    assert rows(database) == (0, 0, 0)


def test_many_go_in_small_transactions(
    database: Database, operator: Actor, add_person: AddPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_person(operator, "mary", Role.PRACTITIONER)
    monkeypatch.setattr(tidying, "BATCH", 2)
    for hour in range(5):
        sign_in(database, SignIn(username="mary", password=PASSWORD), now=NOW + hour * HOUR)

    assert tidy_up(database, lambda: NOW + tidying.KEEP_LOGINS + 14 * HOUR) == 2
    assert rows(database)[1] == 3
    assert tidy_up(database, lambda: NOW + tidying.KEEP_ATTEMPTS + 10 * HOUR) == 3 + 5
