"""A wrong device: set right in an open session, amended with its evidence in an ended one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from compliance.domain.access import Action, Actor
from compliance.domain.template import Item
from compliance.domain.words import SessionState
from compliance.errors import NotFound, Refused
from compliance.operations.personal import Keyring, commit_value
from compliance.operations.sealing import append, hold_log
from compliance.operations.signing import Act, sign_act
from compliance.operations.templates import stored_template
from compliance.operations.treatments.amending import (
    NotEnded,
    as_used,
    current_value,
    day_of_use,
    with_device,
)
from compliance.operations.treatments.answering import take_back
from compliance.operations.treatments.evidence_reading import EvidenceReader
from compliance.operations.treatments.loading import Outcome, find_open_row, find_row
from compliance.operations.treatments.tracing import enter_amended, enter_device
from compliance.store import session_notes, sessions, things
from compliance.store.session import Tx
from compliance.store.session_notes import AmendmentRow
from compliance.store.sessions import SessionRow
from compliance.store.things import DeviceRow

DEVICE: Final = "device"
"""The item of an amendment that is of the device itself."""

EVIDENCE: Final = ("device_sterilized_before", "device_sterilized_after")
"""What was said of the device, and says nothing of another one."""


_Change = tuple[str, Any, Any, Sequence[Any], Sequence[Any]]
"""Item, old and new result, old and new evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectDevice:
    """Another device for a session that is still open."""

    session_id: str
    device: str
    """Its id, or the code on its label."""
    version: int | None = None
    """The session's version the person saw; None accepts any."""


def correct_device(tx: Tx, command: CorrectDevice, *, actor: Actor, now: datetime) -> Outcome:
    """Set right the device of an open session; old and new stay in the log.

    What was answered about the former device is taken back by entries of its own, and
    asked again. After the start, what it used up stays used.

    Raises:
        SessionEnded: after signing, only an amendment can do it.
        VersionMismatch, NotFound: no such device in this clinic.
        Refused: it is the same device, or an archived one.
    """
    actor.require(Action.RECORD_SESSION)
    row = find_open_row(tx, command.session_id, actor=actor, version=command.version)
    device = _device(tx, row, command.device)
    for code in _said_of_device(row, device):
        answer = sessions.read_answers(tx, row.clinic_id, row.session_id).get(code)
        if answer is not None:
            take_back(tx, row, answer, actor=actor, now=now)
            row = find_row(tx, row.session_id, actor=actor)
    entry = {
        "session": row.session_id,
        "field": DEVICE,
        "old": device_values(row),
        "new": _values(device),
    }
    index = append(tx, actor, "session.corrected", entry, now=now)
    if row.state is not SessionState.DRAFT:
        enter_device(tx, row, index, device.device_id)
    sessions.update_session(tx, row, {"device_id": device.device_id})
    return Outcome(session_id=row.session_id, state=row.state, version=row.version + 1, index=index)


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendDevice:
    """The device that was really used, with what is known of it; one signature for all."""

    session_id: str
    device: str
    """Its id, or the code on its label."""
    evidence_before: Sequence[Any]
    """How it was sterile before; empty where nothing can be shown, and then it is answered no."""
    evidence_after: Sequence[Any]
    reason: str
    grant: str | None = None


def amend_device(
    tx: Tx, command: AmendDevice, *, actor: Actor, now: datetime, keyring: Keyring
) -> Outcome:
    """Enter signed corrections of an ended session's device and of both sterilized items.

    They are entries of their own, made together or not at all; the closed record stays.

    Raises:
        NotEnded: the session is still open.
        NotFound: no such device in this clinic.
        Refused, EvidenceRefused: the same device, evidence that is not of it, or no reason.
        SignatureRequired: no valid grant.
    """
    actor.require(Action.AMEND_SESSION)
    hold_log(tx, actor.clinic_id)
    row = find_row(tx, command.session_id, actor=actor)
    if not row.state.ended or row.closed_index is None:
        raise NotEnded("the session is not closed yet: choose the right device instead")
    before = as_used(tx, row)
    device = _device(tx, before, command.device, archived=True)
    used = with_device(row, _values(device))
    changes: list[_Change] = [(DEVICE, device_values(before), _values(device), [], [])]
    for code, given in zip(
        EVIDENCE, (command.evidence_before, command.evidence_after), strict=True
    ):
        item = _item(tx, row, code)
        evidence = EvidenceReader(tx, used, item, today=day_of_use(row, now)).read(list(given))
        old, old_evidence = current_value(tx, row, code)
        new = "yes" if evidence else "no"
        changes.append((code, old, new, old_evidence, list(evidence)))
    return _enter(tx, row, changes, command, actor=actor, now=now, keyring=keyring)


def _enter(
    tx: Tx,
    row: SessionRow,
    changes: Sequence[_Change],
    command: AmendDevice,
    *,
    actor: Actor,
    now: datetime,
    keyring: Keyring,
) -> Outcome:
    amendments = session_notes.read_amendments(tx, row.clinic_id, row.session_id)
    act = Act(verb="amend", thing=row.session_id, version=len(amendments))
    signature = sign_act(tx, act, actor=actor, grant=command.grant, now=now)
    if not 3 <= len(command.reason.strip()) <= 2000:
        raise Refused("reason", command.reason, "is no reason", allowed="3 to 2000 characters")
    index = 0
    for item, old, new, evidence_old, evidence_new in changes:
        data = {
            "session": row.session_id,
            "closed_index": row.closed_index,
            "item": item,
            "old": old,
            "new": new,
            "evidence_old": list(evidence_old),
            "evidence_new": list(evidence_new),
            "reason": commit_value(
                tx,
                keyring,
                subject=(row.clinic_id, row.client_id),
                field="reason",
                value=command.reason.strip(),
            ),
            "signature": signature,
        }
        index = append(tx, actor, "session.amended", data, now=now)
        amendment = AmendmentRow(index=index, item=item, data=data, at=now)
        session_notes.insert_amendment(tx, row.clinic_id, row.session_id, amendment)
        enter_amended(tx, row, index, data)
    session_notes.mark_amended(tx, row.clinic_id, row.session_id)
    return Outcome(session_id=row.session_id, state=row.state, version=row.version, index=index)


def device_values(row: SessionRow) -> dict[str, Any]:
    """The device of a session as entries describe it."""
    return {
        "id": row.device_id,
        "label": row.device_label,
        "components": [dict(component) for component in row.device_components],
    }


def _values(device: DeviceRow) -> dict[str, Any]:
    return {
        "id": device.device_id,
        "label": device.label,
        "components": [dict(component) for component in device.components],
    }


def _device(tx: Tx, row: SessionRow, name: str, *, archived: bool = False) -> DeviceRow:
    device = things.find_device(tx, row.clinic_id, name)
    if device is None:
        raise NotFound(f"there is no device {name!r} in this clinic")
    if device.device_id == row.device_id:
        raise Refused("device", device.label, "is the device recorded now")
    if device.archived_at is not None and not archived:
        raise Refused("device", device.label, "is archived", allowed="a device in use")
    return device


def _said_of_device(row: SessionRow, device: DeviceRow) -> tuple[str, ...]:
    """The items whose answers were about the former device."""
    materials = [
        [component["material"] for component in components]
        for components in (row.device_components, device.components)
    ]
    same_needles = sorted(map(str, materials[0])) == sorted(map(str, materials[1]))
    return EVIDENCE if same_needles else (*EVIDENCE, "needle_material")


def _item(tx: Tx, row: SessionRow, code: str) -> Item:
    template = stored_template(
        tx, row.clinic_id, row.template_id, row.template_version, row.template_hash
    )
    item = template.item(code)
    if item is None:
        raise NotFound(f"this checklist has no item {code}")
    return item
