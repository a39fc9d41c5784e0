"""A clinic with something of everything in its log, for the tests that audit and tamper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from compliance.keys.storage import load_clinic_keys
from compliance.ledger.note import Checkpoint, sign_note
from compliance.ledger.tree import Frontier
from compliance.operations.auditing import AuditResult, audit_clinic
from compliance.operations.treatments.amending import (
    AmendSession,
    RecordFollowUp,
    RecordIncident,
    amend_session,
    record_follow_up,
    record_incident,
)
from compliance.operations.treatments.answering import undo_answer
from compliance.operations.treatments.closing import AbortSession, abort_session
from compliance.operations.treatments.notes import override_item, take_over_session
from compliance.operations.treatments.opening import correct_client
from compliance.store import log
from compliance.store.session import Database
from givens import NOON
from harbour import House, answer, closed_session, open_one, released_pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Sessions in every state, and what happened beside them."""

    house: House
    closed: str
    amended: str
    reprocessed: str
    waiting: str
    aborted: str
    draft: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A story, a checkpoint somebody else keeps, and how to copy the database."""

    story: Story
    checkpoint: tuple[str, str]
    copy: Callable[[Path], Database]


def tell_story(house: House, now: datetime = NOON) -> Story:
    """Fill the house's log: every kind of entry about sessions occurs at least once."""
    closed = closed_session(house, now, client="C-1")
    amended = closed_session(house, now + timedelta(minutes=1), client="C-2", device="PEN-1")
    released_pack(house, "P-1", "ROLLER-1", now)
    reprocessed = closed_session(house, now + timedelta(minutes=2), client="C-3", device="ROLLER-1")
    released_pack(house, "P-2", "ROLLER-1", now + timedelta(minutes=3))
    waiting = closed_session(
        house, now + timedelta(minutes=4), client="C-4", device="ROLLER-1", pack="P-2"
    )
    later = now + timedelta(minutes=5)
    aborted = open_one(house, later, client="C-5")
    answer(house, aborted, "gloves_worn", "no", later)
    draft = open_one(house, later, client="C-6")
    answer(house, draft, "gloves_worn", "yes", later)
    answer(house, draft, "mask_worn", "yes", later)
    sick = [{"component": "client", "kind": "contraindication", "ref": "herpes"}]
    answer(house, draft, "contraindications_screened", "present", later, evidence=sick)
    _tell_rest(house, (amended, aborted, draft), later)
    return Story(
        house=house,
        closed=closed,
        amended=amended,
        reprocessed=reprocessed,
        waiting=waiting,
        aborted=aborted,
        draft=draft,
    )


def _tell_rest(house: House, sessions: tuple[str, str, str], now: datetime) -> None:
    amended, aborted, draft = sessions
    keyring, person = house.keyring, house.practitioner
    with house.database.writing() as tx:
        undo_answer(tx, draft, "mask_worn", actor=person, now=now)
        screened = ("contraindications_screened", "a dermatologist agreed")
        override_item(tx, draft, screened, actor=person, now=now, keyring=keyring)
        take_over_session(
            tx, draft, "the shift ended", actor=house.manager, now=now, keyring=keyring
        )
        correct_client(tx, draft, "C-7", actor=person, now=now, keyring=keyring)
        abort = AbortSession(
            session_id=aborted,
            what="no gloves left",
            why="the delivery was late",
            corrective_action="a second supplier",
            grant=None,
        )
        abort_session(tx, abort, actor=person, now=now, keyring=keyring)
        amend = AmendSession(
            session_id=amended, item="body_site", result="neck", reason="typed wrongly"
        )
        amend_session(tx, amend, actor=person, now=now, keyring=keyring)
        incident = RecordIncident(
            session_id=amended, grade="minor", signs=(), description="a small bruise"
        )
        record_incident(tx, incident, actor=person, now=now, keyring=keyring)
        follow_up = RecordFollowUp(session_id=amended, outcome="well", note="all is well")
        record_follow_up(tx, follow_up, actor=person, now=now, keyring=keyring)


def drop_guards(database: Database) -> None:
    """Remove every trigger, as somebody with the rights of the database's owner can."""
    with database.writing() as tx:
        if database.is_sqlite:
            found = tx.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            statements = [f"DROP TRIGGER {name}" for (name,) in found.all()]
        else:
            found = tx.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
            statements = [f"ALTER TABLE {name} DISABLE TRIGGER USER" for (name,) in found.all()]
        for statement in statements:
            tx.execute(text(statement))


def audit(house: House, **options: object) -> AuditResult:
    return audit_clinic(house.database, house.clinic_id, **options)  # type: ignore[arg-type]  # Tests hand on what they are given.


def sign_checkpoint(house: House) -> tuple[str, str]:
    """Sign the log as it is now; return (note, verifier key) as an inspector keeps them."""
    keys = load_clinic_keys(house.keys_folder, house.clinic_id)
    with house.database.reading() as tx:
        head = log.read_head(tx, house.clinic_id, lock=False)
    if head is None:
        raise LookupError("the clinic has no log")
    root = Frontier.from_bytes(head.size, head.frontier).root()
    note = sign_note(
        Checkpoint(origin=keys.note_name, size=head.size, root=root).text(),
        name=keys.note_name,
        sign=keys.note_private_key.sign,
        public_key=keys.note_public_key,
    )
    return note, keys.note_verifier_key
