"""A person at the command line: known by their password, for acts that are theirs."""

from __future__ import annotations

from dataclasses import dataclass, field

from compliance.cli.secrets_input import read_secret
from compliance.domain.access import Actor, Auth
from compliance.errors import NotFound
from compliance.operations.people.grants import issue_grant
from compliance.operations.people.sign_in import SignIn, resume_login, sign_in, sign_out
from compliance.operations.signing import Act
from compliance.web.context import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who typed their password for one command."""

    actor: Actor
    password: str = field(repr=False)

    def sign(self, services: Services, act: Act) -> str:
        """Leave to sign exactly this act, by the password that was typed for it."""
        return issue_grant(
            services.database,
            actor=self.actor,
            password=self.password,
            act_hash=act.hash(),
            now=services.clock(),
        )


def ask_person(services: Services, slug: str, username: str, *, stdin: bool) -> Person:
    """Ask for a person's password and let them act in a clinic; nobody stays signed in.

    Raises:
        WrongSecret: the name or password is not right; the attempt counts as one at a screen.
        NotFound: the clinic is not open to this person.
    """
    password = read_secret(f"Password of {username}", stdin=stdin, confirm=False)
    wanted = SignIn(username=username, password=password, user_agent="compliance (command line)")
    now = services.clock()
    token = sign_in(services.database, wanted, now=now)
    with services.database.writing() as tx:
        idle = services.settings.idle_lock_seconds
        known = resume_login(tx, token, now=now, idle_lock_seconds=idle)
        sign_out(tx, token, now=now)
    clinics = () if known is None else known.clinics
    for clinic in clinics:
        if known is not None and clinic.slug == slug:
            actor = clinic.to_actor(known.user_id, Auth.PASSWORD)
            return Person(actor=actor, password=password)
    raise NotFound(f"there is no clinic {slug} for {username}")
