"""The first days of a clinic on the manager's page: what comes next, until the first session."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.domain.access import Actor
from compliance.operations.first_steps import read_first_steps
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do, why, and where."""

    done: bool
    what: str
    why: str
    do: str
    href: str


def list_first_steps(tx: Tx, *, actor: Actor) -> tuple[Step, ...]:
    """In the order in which they are done; none once a session was opened."""
    found = read_first_steps(tx, actor=actor)
    if found is None:
        return ()
    return (
        Step(
            done=found.practitioner,
            what="Invite who treats",
            why="Everybody signs in as themselves: a record names who did what.",
            do="Invite somebody",
            href="/manager/people/invite",
        ),
        Step(
            done=found.device,
            what="Add a device with its parts",
            why="Each part says how it is made safe, and the checklist asks for that proof.",
            do="Add a device",
            href="/manager/things/devices/new",
        ),
        Step(
            done=found.disinfectant,
            what="Add the disinfectant it is wiped with",
            why="Its contact time is what every wipe is measured against.",
            do="Add a product",
            href="/manager/things/products/new",
        ),
        Step(
            done=False,
            what="Open the first session on the tablet",
            why="Five checklists are there from the start; copy one to make it your own."
            if found.ready
            else "Possible once the steps above are done.",
            do="See the checklists",
            href="/manager/templates",
        ),
    )
