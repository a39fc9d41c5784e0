"""Opening a session, with the warnings that matter at that moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from compliance.domain.access import Action, Actor
from compliance.domain.template import Template
from compliance.domain.words import SessionState
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.catalogue import effective_rules
from compliance.operations.clinics import clinic_of
from compliance.operations.identifiers import checked_id, new_id
from compliance.operations.personal import Keyring, commit_value, disclose, find_index
from compliance.operations.sealing import append, hold_log
from compliance.operations.templates import find_template
from compliance.operations.treatments.loading import Outcome, find_open_row
from compliance.store import clients, sessions, things
from compliance.store.clients import ClientRow
from compliance.store.clinics import ClinicRow
from compliance.store.session import Tx
from compliance.store.things import DeviceRow

MAX_CLIENT_REF = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """What a tablet knows when a client sits down."""

    client_ref: str
    template: str
    """``ID`` for the newest version, or ``ID@VERSION``."""
    device: str
    """Its id, or the code on its label."""
    session_id: str | None = None
    """A UUID chosen by the tablet, so that sending twice cannot open twice."""


def open_session(
    tx: Tx, command: OpenSession, *, actor: Actor, now: datetime, keyring: Keyring
) -> Outcome:
    """Open a draft session in the caller's transaction.

    The client is found by the blind index of the reference, or made. Warnings
    never stop the opening; they are recorded with it.

    Raises:
        NotPermitted, NotFound: no such template or device in this clinic.
        Refused: a bad client reference or session id.
        Conflict: the session id is taken.
    """
    actor.require(Action.RECORD_SESSION)
    hold_log(tx, actor.clinic_id)
    clinic = clinic_of(tx, actor)
    template, hash_ = find_template(tx, actor.clinic_id, command.template)
    device = _device(tx, actor.clinic_id, command.device)
    session_id = new_id(now) if command.session_id is None else checked_id("id", command.session_id)
    if sessions.find_session(tx, actor.clinic_id, session_id) is not None:
        raise Conflict(f"session {session_id} exists already")
    client = _client(tx, command.client_ref, actor=actor, now=now, keyring=keyring)
    warnings = find_warnings(tx, clinic, client, template, now=now)
    entry = {
        "session": session_id,
        "client": {"id": client.client_id, "ref": {"commit": client.ref_commitment.hex()}},
        "template": {"id": template.id, "version": template.version, "hash": hash_},
        "device": {
            "id": device.device_id,
            "label": device.label,
            "components": [dict(component) for component in device.components],
        },
        "practitioner": actor.user_id,
        "warnings": warnings,
    }
    index = append(tx, actor, "session.opened", entry, now=now)
    sessions.insert_session(
        tx,
        {
            "clinic_id": actor.clinic_id,
            "session_id": session_id,
            "state": SessionState.DRAFT.value,
            "version": 1,
            "template_id": template.id,
            "template_version": template.version,
            "client_id": client.client_id,
            "device_id": device.device_id,
            "practitioner_id": actor.user_id,
            "opened_at": now,
            "opened_index": index,
            "late": False,
            "amended": False,
            "warnings": warnings,
        },
    )
    clients.touch_client(tx, actor.clinic_id, client.client_id, now=now)
    return Outcome(session_id=session_id, state=SessionState.DRAFT, version=1, index=index)


def preview_warnings(
    tx: Tx, client_ref: str, template: str, *, actor: Actor, now: datetime, keyring: Keyring
) -> list[dict[str, str]]:
    """The warnings that opening would record; reads only, for the opening screen."""
    actor.require(Action.RECORD_SESSION)
    index = find_index(keyring, actor.clinic_id, "client.ref", client_ref)
    client = clients.find_client(tx, actor.clinic_id, index)
    if client is None:
        return []
    chosen, _ = find_template(tx, actor.clinic_id, template)
    return find_warnings(tx, clinic_of(tx, actor), client, chosen, now=now)


def find_warnings(
    tx: Tx, clinic: ClinicRow, client: ClientRow, template: Template, *, now: datetime
) -> list[dict[str, str]]:
    """Interval, last time's contraindications and a known steel allergy; warn, never block."""
    warnings = []
    if client.steel_allergy:
        warnings.append(
            {
                "code": "steel_allergy",
                "text": "This client is allergic to steel: use titanium needles.",
            }
        )
    past = [
        session
        for session in clients.past_sessions(tx, clinic.clinic_id, client.client_id, 10)
        if session.started_at is not None
    ]
    if past:
        warnings.extend(_interval_warning(clinic, template, past[0].opened_at, now))
        warnings.extend(_screening_warning(tx, clinic, past[0].session_id))
    return warnings


def _interval_warning(
    clinic: ClinicRow, template: Template, last: datetime, now: datetime
) -> list[dict[str, str]]:
    zone = ZoneInfo(clinic.time_zone)
    today = now.astimezone(zone).date()
    days = (today - last.astimezone(zone).date()).days
    if template.interval_days is None or days >= template.interval_days:
        return []
    citation = effective_rules(clinic.profiles, today).cite("interval")
    text = (
        f"The last treatment was {days} days ago; this protocol keeps"
        f" {template.interval_days} days. {citation.text}"
    )
    return [{"code": "interval", "text": text}]


def _screening_warning(tx: Tx, clinic: ClinicRow, session_id: str) -> list[dict[str, str]]:
    answers = sessions.read_answers(tx, clinic.clinic_id, session_id)
    screening = answers.get("contraindications_screened")
    if screening is None or screening.result != "present":
        return []
    named = ", ".join(str(piece["ref"]["code"]).replace("_", " ") for piece in screening.evidence)
    return [{"code": "contraindicated_before", "text": f"The last screening found: {named}."}]


def _device(tx: Tx, clinic_id: str, name: str) -> DeviceRow:
    device = things.find_device(tx, clinic_id, name)
    if device is None:
        raise NotFound(f"there is no device {name!r} in this clinic")
    if device.archived_at is not None:
        raise Refused("device_id", device.label, "is archived", allowed="a device in use")
    return device


def _client(tx: Tx, client_ref: str, *, actor: Actor, now: datetime, keyring: Keyring) -> ClientRow:
    ref = client_ref.strip()
    if not 1 <= len(ref) <= MAX_CLIENT_REF:
        raise Refused(
            "client_ref", client_ref, "is no client reference", allowed="1 to 80 characters"
        )
    index = find_index(keyring, actor.clinic_id, "client.ref", ref)
    known = clients.find_client(tx, actor.clinic_id, index)
    if known is not None:
        return known
    client_id = new_id(now)
    commitment = commit_value(
        tx, keyring, subject=(actor.clinic_id, client_id), field="client.ref", value=ref
    )
    client = ClientRow(
        clinic_id=actor.clinic_id,
        client_id=client_id,
        ref_index=index,
        ref_commitment=bytes.fromhex(commitment["commit"]),
        steel_allergy=None,
        last_session_at=None,
    )
    clients.insert_client(tx, client, now=now)
    return client


def recent_client_refs(tx: Tx, *, actor: Actor, keyring: Keyring, limit: int = 8) -> list[str]:
    """The references of the clients seen last, for the opening screen."""
    actor.require(Action.RECORD_SESSION)
    rows = clients.recent_clients(tx, actor.clinic_id, limit)
    opened = disclose(tx, keyring, actor.clinic_id, [row.ref_commitment.hex() for row in rows])
    found = (opened.get(row.ref_commitment.hex()) for row in rows)
    return [disclosed.value for disclosed in found if disclosed is not None]


def correct_client(
    tx: Tx, session_id: str, client_ref: str, *, actor: Actor, now: datetime, keyring: Keyring
) -> Outcome:
    """Set right a wrong client reference before closing; old and new stay in the log.

    Raises:
        SessionEnded: after signing, only an amendment can do it.
    """
    actor.require(Action.RECORD_SESSION)
    row = find_open_row(tx, session_id, actor=actor)
    client = _client(tx, client_ref, actor=actor, now=now, keyring=keyring)
    entry = {
        "session": session_id,
        "field": "client",
        "old": {"id": row.client_id, "ref": {"commit": row.client_commitment.hex()}},
        "new": {"id": client.client_id, "ref": {"commit": client.ref_commitment.hex()}},
    }
    index = append(tx, actor, "session.corrected", entry, now=now)
    sessions.update_session(tx, row, {"client_id": client.client_id})
    return Outcome(session_id=session_id, state=row.state, version=row.version + 1, index=index)
