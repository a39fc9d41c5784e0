"""Handing out one session's file on a page: the same file until the log says more about the session."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from datetime import datetime
from typing import Any, Final

from compliance.domain.access import Action, Actor
from compliance.ledger.canonical import canonical_value_bytes
from compliance.operations.once import Keyed, RequestKey
from compliance.operations.reporting.kept_files import ExportedSession, FileGone
from compliance.operations.reporting.single import ExportSession, export_session
from compliance.operations.reporting.workshop import Workshop, software_name
from compliance.operations.sealing import QUOTED_ALWAYS
from compliance.operations.treatments.loading import find_row
from compliance.store import anchors, log
from compliance.store.session import Tx

__all__ = ["hand_out_session"]

_EXPORTED: Final = "report.exported"


def hand_out_session(
    workshop: Workshop, command: ExportSession, *, actor: Actor, now: datetime
) -> ExportedSession:
    """Make the file, or return the one that this person was handed out before.

    A second press must not make a second file and a second entry with another fingerprint.
    A new one is made once it would say more: the session was amended, an authority outside
    saw its end, keys, incarnation or the clinic's name changed, somebody in it was erased, the
    software is newer.
    Where the kept file was lost, another one is made and kept.

    Raises:
        Whatever `export_session` does, except for FileGone.
    """
    with workshop.database.reading() as tx:
        state = _read_state(tx, command.session_id, actor=actor)
    lost = 0
    while True:
        request = RequestKey(
            clinic_id=actor.clinic_id,
            # Their name is printed as that of who made it.
            principal=actor.user_id,
            route=f"hand out {command.session_id}",
            key=f"{command.purpose[:40]} {state}" + (f" {lost}" if lost else ""),
        )
        keyed = Keyed(request=request, body={"purpose": command.purpose})
        asked = dataclasses.replace(command, keyed=keyed)
        # Each key was answered at most once, so that the next unused one ends this.
        with contextlib.suppress(FileGone):
            return export_session(workshop, asked, actor=actor, now=now)
        lost += 1


def _read_state(tx: Tx, session_id: str, *, actor: Actor) -> str:
    """A hash over everything of the log on which the file depends, but for its size."""
    actor.require(Action.READ_SESSIONS)
    clinic_id, row = actor.clinic_id, find_row(tx, session_id, actor=actor)
    told = [
        (index, json.loads(body)) for index, body in log.read_mentions(tx, clinic_id, session_id)
    ]
    # Making the file is an entry about the session too.
    said = [index for index, entry in told if entry["kind"] != _EXPORTED]
    met = {row.client_id, row.practitioner_id, *(entry["by"]["user"] for _, entry in told)}
    newest = max(said, default=-1)
    stamped = [index for index, size in anchors.list_places(tx, clinic_id) if size > newest]
    state: dict[str, Any] = {
        "software": software_name(),
        "newest": newest,
        "anchor": min(stamped, default=-1),
        **{
            kind: sorted(index for _, index in log.list_places(tx, clinic_id, kind))
            for kind in (*QUOTED_ALWAYS, "user_renamed")
        },
        "erased": sorted(log.find_places(tx, clinic_id, "erasure", sorted(met)).values()),
    }
    return hashlib.sha256(canonical_value_bytes(state)).hexdigest()
