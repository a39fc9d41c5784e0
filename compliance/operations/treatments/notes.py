"""What happens beside the checklist of an open session: override, take-over, consent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from compliance.domain.access import Action, Actor
from compliance.errors import NotPermitted, Refused
from compliance.keys.subjects import seal, unseal
from compliance.ledger.entry import format_time
from compliance.operations.catalogue import consent_text
from compliance.operations.identifiers import new_id
from compliance.operations.personal import Keyring, commit_value
from compliance.operations.sealing import append
from compliance.operations.treatments.loading import Outcome, find_open_row
from compliance.store import disclosures, session_notes, sessions
from compliance.store.session import Tx
from compliance.store.session_notes import NoteRow
from compliance.store.sessions import SessionRow

OVERRIDABLE: Final = ("contraindications_screened",)
MAX_INK_BYTES: Final = 200_000
_PNG: Final = b"\x89PNG\r\n\x1a\n"


def override_item(
    tx: Tx,
    session_id: str,
    item_and_reason: tuple[str, str],
    *,
    actor: Actor,
    now: datetime,
    keyring: Keyring,
) -> Outcome:
    """Decide to treat in spite of a screened contraindication, with a reason.

    Raises:
        NotPermitted: the person is not entitled to decide this.
        Refused: the item cannot be overridden, or there is no reason.
    """
    item, reason = item_and_reason
    actor.require(Action.RECORD_SESSION)
    if not actor.entitled_override:
        raise NotPermitted("only a practitioner entitled to decide can override a screening")
    if item not in OVERRIDABLE:
        raise Refused("item", item, "cannot be overridden", allowed=", ".join(OVERRIDABLE))
    row = find_open_row(tx, session_id, actor=actor)
    committed = _reason(tx, keyring, row, reason)
    data = {"session": session_id, "item": item, "reason": committed}
    index = append(tx, actor, "session.overridden", data, now=now)
    kept = {"item": item, "by": actor.user_id, "at": format_time(now), "reason": committed}
    note = NoteRow(index=index, kind="override", item=item, data=kept)
    return _note(tx, row, note)


def take_over_session(
    tx: Tx, session_id: str, reason: str, *, actor: Actor, now: datetime, keyring: Keyring
) -> Outcome:
    """Let a colleague go on with a session; both names stay in the record."""
    actor.require(Action.RECORD_SESSION)
    row = find_open_row(tx, session_id, actor=actor)
    if row.practitioner_id == actor.user_id:
        raise Refused("practitioner", actor.user_id, "has this session already")
    data = {
        "session": session_id,
        "from": row.practitioner_id,
        "to": actor.user_id,
        "reason": _reason(tx, keyring, row, reason),
    }
    index = append(tx, actor, "session.taken_over", data, now=now)
    note = NoteRow(index=index, kind="taken_over", item=None, data=data)
    session_notes.insert_note(tx, row.clinic_id, row.session_id, note)
    sessions.update_session(tx, row, {"practitioner_id": actor.user_id})
    return _after(row, index)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignConsent:
    """The client's ink on a known text."""

    session_id: str
    text_id: str
    ink_png: bytes


def sign_consent(
    tx: Tx, command: SignConsent, *, actor: Actor, now: datetime, keyring: Keyring
) -> Outcome:
    """Keep the client's ink signature, sealed, and enter it with the text's exact version.

    Raises:
        Refused: no picture, or one that is too large or no PNG.
        NotFound: there is no such text.
    """
    actor.require(Action.RECORD_SESSION)
    row = find_open_row(tx, command.session_id, actor=actor)
    text = consent_text(command.text_id)
    ink = command.ink_png
    if not ink.startswith(_PNG) or len(ink) > MAX_INK_BYTES:
        raise Refused("ink", len(ink), "is no signature picture", allowed="a PNG up to 200 kB")
    sha256 = hashlib.sha256(ink).hexdigest()
    committed = commit_value(
        tx,
        keyring,
        subject=(row.clinic_id, row.client_id),
        field="consent.ink",
        value=sha256,
    )
    joined = "\n".join(f"{code}:{text['text'][code]}" for code in sorted(text["text"]))
    data = {
        "session": row.session_id,
        "text_id": text["id"],
        "text_version": text["version"],
        "text_sha256": hashlib.sha256(joined.encode()).hexdigest(),
        "ink": committed,
    }
    index = append(tx, actor, "consent.signed", data, now=now)
    key = keyring.subjects.key_for(row.clinic_id, row.client_id)
    disclosures.insert_attachment(
        tx,
        disclosures.SealedFile(
            clinic_id=row.clinic_id,
            attachment_id=new_id(now),
            session_id=row.session_id,
            subject_id=row.client_id,
            kind="consent_ink",
            media_type="image/png",
            sha256=sha256,
            sealed=seal(key, ink, sha256.encode()),
            index=index,
        ),
    )
    kept = {"text_id": text["id"], "text_version": text["version"], "at": format_time(now)}
    return _note(tx, row, NoteRow(index=index, kind="consent", item="consent_signed", data=kept))


def read_consent_ink(
    tx: Tx, session_id: str, *, actor: Actor, keyring: Keyring
) -> tuple[bytes, str] | None:
    """The ink of the newest consent and its media type, or None when erased or absent."""
    actor.require(Action.READ_SESSIONS)
    file = disclosures.find_attachment(tx, actor.clinic_id, session_id, "consent_ink")
    if file is None:
        return None
    key = keyring.subjects.find(actor.clinic_id, file.subject_id)
    if key is None:
        return None
    return unseal(key, file.sealed, file.sha256.encode()), file.media_type


def _reason(tx: Tx, keyring: Keyring, row: SessionRow, reason: str) -> dict[str, str]:
    if not 3 <= len(reason.strip()) <= 2000:
        raise Refused("reason", reason, "is no reason", allowed="3 to 2000 characters")
    return commit_value(
        tx,
        keyring,
        subject=(row.clinic_id, row.client_id),
        field="reason",
        value=reason.strip(),
    )


def _note(tx: Tx, row: SessionRow, note: NoteRow) -> Outcome:
    session_notes.insert_note(tx, row.clinic_id, row.session_id, note)
    sessions.update_session(tx, row, {})
    return _after(row, note.index)


def _after(row: SessionRow, index: int) -> Outcome:
    return Outcome(session_id=row.session_id, state=row.state, version=row.version + 1, index=index)
