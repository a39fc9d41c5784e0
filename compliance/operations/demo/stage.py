"""Where the demo is played: a clock that only moves forward, and people who act through it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from compliance.domain.access import Actor
from compliance.errors import ComplianceError
from compliance.operations.demo.cast import PIN, TIME_ZONE
from compliance.operations.people.grants import issue_grant
from compliance.operations.people.sign_in import (
    SignedIn,
    SignIn,
    resume_login,
    sign_in,
    sign_out,
)
from compliance.operations.people.tablet import TakeOver, take_over_tablet
from compliance.operations.personal import Keyring
from compliance.operations.signing import Act
from compliance.store.session import Database, Tx

T = TypeVar("T")

ZONE = ZoneInfo(TIME_ZONE)
TABLET = "Aseptrail demo tablet"
_NEVER_IDLE = 86_400


class DemoFailed(ComplianceError):
    """The demo's own script asked for something impossible; a fault of this software."""

    code = "demo_failed"


@dataclass(slots=True, kw_only=True)
class Stage:
    """The demo clinic while it is being played."""

    database: Database
    keyring: Keyring
    clinic_id: str
    now: datetime
    random: Random
    tablet: str | None = None
    """The token of the shared tablet's browser."""

    @property
    def today(self) -> date:
        return self.now.astimezone(ZONE).date()

    def pass_time(self, *, seconds: float = 0, minutes: float = 0) -> None:
        # Records keep milliseconds; a demo whose times all end in .000 would look made up.
        step = timedelta(seconds=seconds, minutes=minutes) // timedelta(milliseconds=1)
        self.now += timedelta(milliseconds=step)

    def wait_a_moment(self) -> None:
        """The seconds between two taps."""
        self.pass_time(seconds=self.random.uniform(8, 35))

    def go_to(self, moment: datetime) -> None:
        """Wait until then; does nothing when it is past."""
        self.now = max(self.now, moment)

    def local(self, day: date, hour: int, minute: int = 0) -> datetime:
        """A wall-clock time of the clinic, some seconds later so that it looks lived in."""
        moment = datetime.combine(day, time(hour, minute), tzinfo=ZONE)
        return moment.astimezone(UTC) + timedelta(milliseconds=self.random.randrange(1, 90_000))

    def act(self, deed: Callable[[Tx], T]) -> T:
        """One act, one transaction, as at a tablet."""
        with self.database.writing() as tx:
            return deed(tx)

    def read(self, question: Callable[[Tx], T]) -> T:
        with self.database.reading() as tx:
            return question(tx)

    def arrive(self, username: str) -> Actor:
        """Sign in at the tablet with the password and return the person acting."""
        command = SignIn(
            username=username,
            password=f"demo-{username}",
            user_agent=TABLET,
            replaces=self.tablet,
        )
        self.tablet = sign_in(self.database, command, now=self.now)
        return self._actor(self.tablet)

    def hand_over(self, to_user: str) -> Actor:
        """Give the tablet to a colleague, who types the PIN."""
        token = self.tablet or ""
        command = TakeOver(token=token, username=to_user, pin=PIN)
        signed_in = self._resume(token)
        self.tablet = take_over_tablet(self.database, command, signed_in=signed_in, now=self.now)
        return self._actor(self.tablet)

    def leave(self) -> None:
        """Sign out at the tablet."""
        token, self.tablet = self.tablet, None
        if token is not None:
            self.act(lambda tx: sign_out(tx, token, now=self.now))

    def grant(self, act: Act, actor: Actor, username: str) -> str:
        """Type the password for exactly this act."""
        self.pass_time(seconds=self.random.uniform(3, 9))
        return issue_grant(
            self.database,
            actor=actor,
            password=f"demo-{username}",
            act_hash=act.hash(),
            now=self.now,
        )

    def common(self, actor: Actor) -> Mapping[str, Any]:
        """The keyword arguments that most operations share."""
        return {"actor": actor, "now": self.now, "keyring": self.keyring}

    def _resume(self, token: str) -> SignedIn:
        signed_in = self.read(
            lambda tx: resume_login(tx, token, now=self.now, idle_lock_seconds=_NEVER_IDLE)
        )
        if signed_in is None:
            raise DemoFailed("somebody of the demo is signed out")
        return signed_in

    def _actor(self, token: str) -> Actor:
        actor = self._resume(token).actor
        if actor is None:
            raise DemoFailed("somebody of the demo has no clinic")
        return actor
