"""A clinic and people for tests, made through the operations; shared with the tests of the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import insert

from compliance.domain.access import Actor, system_actor
from compliance.operations.identifiers import new_id
from compliance.operations.sealing import begin_log
from compliance.store.models.people import Clinic
from compliance.store.session import Database

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
PASSWORD = "violet tram harbour"
PIN = "246810"

AddPerson = Callable[..., str]
AddClinic = Callable[[str], Actor]


def make_clinic(database: Database, slug: str) -> Actor:
    """Make a clinic with its log and return the command line acting in it."""
    clinic_id = new_id(NOW)
    actor = system_actor(clinic_id, "tests")
    with database.writing() as tx:
        tx.execute(
            insert(Clinic).values(
                clinic_id=clinic_id,
                slug=slug,
                name=slug.title(),
                time_zone="Europe/Berlin",
                language="en",
                profiles=[],
                demo=False,
                created_at=NOW,
            )
        )
        begin_log(tx, clinic_id, {"slug": slug}, actor=actor, now=NOW)
    return actor
