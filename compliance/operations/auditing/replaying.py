"""Replaying the entries: each one demands the rows that its operation wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from compliance.domain.template import TemplateInvalid
from compliance.domain.tracing import Mark, Trace, find_traces
from compliance.domain.words import EvidenceKind, SessionState
from compliance.errors import ComplianceError
from compliance.ledger.entry import Entry
from compliance.operations.auditing.anchoring import BESIDE
from compliance.operations.auditing.beside import AFTER_THE_END, demand_met, demand_refused
from compliance.operations.auditing.expecting import (
    AMENDMENT,
    CLIENT,
    ENDED,
    EVENT,
    MENTION,
    NOTE,
    PLACE,
    Batch,
    milliseconds,
)
from compliance.operations.auditing.gate_again import check_record
from compliance.operations.auditing.live import LiveSession, kept_consent, kept_override
from compliance.operations.auditing.problems import Findings, Shape
from compliance.operations.auditing.room import ROOM
from compliance.operations.auditing.shelf import SHELF
from compliance.operations.auditing.stock import Stock
from compliance.operations.sealing import CLINIC_CHANGED, RESTORE, place_of
from compliance.operations.treatments.tracing import find_amended, serials_of
from compliance.store.projection import encode_json
from compliance.store.session import Tx

_PACK: Final = EvidenceKind.PACK.value


class Replay:
    """The state that the entries so far have led to. Sessions leave it when they end."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.stock = Stock(findings)
        self._live: dict[str, LiveSession] = {}
        self._batch = Batch(0, 0)
        self.former_clients: set[str] = set()
        """Clients that a correction took a session from; they may have none left."""
        self.counted: Counter[Shape] = Counter()

    def begin(self, start: int, end: int) -> None:
        self._batch = Batch(start, end)

    def apply(self, entry: Entry) -> None:
        """Take one entry; data that no operation can have written is a problem."""
        try:
            self._mark(entry)
            # Nearly every entry is a session's.
            if (step := _SESSION.get(entry.kind)) is not None:
                self._step(step, entry)
            elif (handler := _STOCK.get(entry.kind)) is not None:
                handler(self.stock, entry, entry.data)
            elif (shelving := SHELF.get(entry.kind)) is not None:
                shelving[0](self.stock.shelf, shelving[1], entry, entry.data)
            elif (working := ROOM.get(entry.kind)) is not None:
                working(self.stock.room, entry, entry.data)
                self.stock.shelf.note(entry)
        except TemplateInvalid as error:
            self._findings.add("log_body", f"the template cannot be used: {error}", entry.index)
        # A rewritten log may hold anything; whatever trips here was not written by us.
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, ComplianceError):
            self._findings.add("log_body", f"{entry.kind}: malformed data", entry.index)

    def compare(self, tx: Tx, clinic_id: str) -> None:
        self.counted += self._batch.compare(tx, clinic_id, self._findings)

    def demand_rest(self, size: int) -> None:
        self._batch = Batch(size, size)
        for session in self._live.values():
            session.demand(self._batch)
        self.stock.demand_packs(self._batch)

    def _mark(self, entry: Entry) -> None:
        data: Any = entry.data
        place = place_of(entry.kind, data, entry.index)
        if place is not None:
            self._batch.demand(PLACE, (place[1], place[0], entry.index), entry.index)
        if isinstance(data.get("session"), str):
            self._batch.demand(MENTION, (data["session"], entry.index), entry.index)

    def _step(self, step: Callable[[Replay, LiveSession, Entry, Any], None], entry: Entry) -> None:
        session = self._live.get(str(entry.data.get("session")))
        if entry.kind in AFTER_THE_END:
            self._beside(entry, entry.data, session)
        elif entry.kind == "session.opened":
            self._open(entry, entry.data)
        elif session is None:
            reason = f"session={entry.data.get('session')}: {entry.kind}, but it is not open"
            self._findings.add("log_body", reason, entry.index)
        else:
            step(self, session, entry, entry.data)

    def _open(self, entry: Entry, data: Any) -> None:
        session_id = data["session"]
        if session_id in self._live:
            self._findings.add("log_body", f"session={session_id}: opened twice", entry.index)
        began = (data["client"], data["practitioner"], data["device"])
        self._live[session_id] = LiveSession(session_id, data, entry.at, entry.index, *began)
        self._demand_client(data["client"], entry.index)

    def _demand_client(self, client: Any, index: int) -> None:
        self._batch.demand(CLIENT, (client["id"], bytes.fromhex(client["ref"]["commit"])), index)

    def _answer(self, session: LiveSession, entry: Entry, data: Any) -> None:
        old = session.answers.get(data["item"])
        if data["old"] != (None if old is None else old.result):
            reason = f"session={session.session_id}: the old answer to {data['item']} was another"
            self._findings.add("log_body", reason, entry.index)
        if not session.state.accepts_answers:
            reason = f"session={session.session_id}: answered after it was signed"
            self._findings.add("log_body", reason, entry.index)
        if data["evidence"] and session.started_at is not None:
            self._meet(session.session_id, entry, find_traces(data["evidence"]))
        freed, taken = session.answer(entry)
        session.version += 1
        for kind, ref in freed:
            if kind == _PACK:
                self.stock.give_back_pack(ref)
        for kind, ref in taken:
            if kind == _PACK:
                self.stock.use_pack(ref, session.session_id, entry.index)

    def _start(self, session: LiveSession, entry: Entry, _data: Any) -> None:
        self._move(session, entry, SessionState.DRAFT, SessionState.IN_PROGRESS)
        session.started_at = entry.at
        self._meet(session.session_id, entry, session.met())

    def _meet(self, session_id: str, entry: Entry, met: Iterable[Mark]) -> None:
        demand_met(self._batch, session_id, entry, met)

    def _finish(self, session: LiveSession, entry: Entry, _data: Any) -> None:
        self._move(session, entry, SessionState.IN_PROGRESS, SessionState.TREATED)
        session.finished_at = entry.at
        template = self.stock.template(session.opened["template"]["hash"])
        if template is not None:
            today = entry.at.astimezone(self.stock.zone).date()
            session.follow_up_on = (today + timedelta(days=template.follow_up_days)).isoformat()

    def _sign(self, session: LiveSession, entry: Entry, data: Any) -> None:
        self._check_record(session, entry, data, SessionState.AWAITING_REPROCESSING)
        self._move(session, entry, SessionState.TREATED, SessionState.AWAITING_REPROCESSING)
        session.signed_index, session.signed = entry.index, data

    def _close(self, session: LiveSession, entry: Entry, data: Any) -> None:
        needed = SessionState.TREATED
        if session.signed is not None:
            needed = SessionState.AWAITING_REPROCESSING
            same = ("signature", "idempotency_key", "warnings", "tablet", "anchor")
            if any(data[name] != session.signed[name] for name in same):
                reason = f"session={session.session_id}: not what was signed"
                self._findings.add("log_body", reason, entry.index)
        self._check_record(session, entry, data, SessionState.CLOSED)
        self._move(session, entry, needed, SessionState.CLOSED)
        self._end(session, entry)

    def _abort(self, session: LiveSession, entry: Entry, data: Any) -> None:
        self._check_record(session, entry, data, SessionState.ABORTED)
        session.state = SessionState.ABORTED
        session.version += 1
        self._end(session, entry)

    def _check_record(
        self, session: LiveSession, entry: Entry, data: Any, state: SessionState
    ) -> None:
        if data["state"] != state.value:
            reason = f"session={session.session_id}: {entry.kind} says state {data['state']}"
            self._findings.add("log_body", reason, entry.index)
        if session.signed is None:
            self.stock.anchors.check_named(entry, data)
        template = self.stock.template(session.opened["template"]["hash"])
        check_record(self._findings, session, template, data, entry.index)

    def _end(self, session: LiveSession, entry: Entry) -> None:
        session.closed_index, session.ended_at = entry.index, entry.at
        del self._live[session.session_id]
        session.demand(self._batch)
        self.stock.end(entry, session.uses, self._batch)

    def _move(
        self, session: LiveSession, entry: Entry, needed: SessionState, to: SessionState
    ) -> None:
        if session.state is not needed:
            reason = f"session={session.session_id}: {entry.kind} while it was {session.state}"
            self._findings.add("log_body", reason, entry.index)
        session.state = to
        session.version += 1

    def _override(self, session: LiveSession, entry: Entry, data: Any) -> None:
        session.overrides.append(kept_override(entry))
        self._note(session, entry, "override", data["item"], kept_override(entry))

    def _consent(self, session: LiveSession, entry: Entry, _data: Any) -> None:
        session.consent = entry.index
        self._note(session, entry, "consent", "consent_signed", kept_consent(entry))

    def _take_over(self, session: LiveSession, entry: Entry, data: Any) -> None:
        session.practitioner = data["to"]
        self._note(session, entry, "taken_over", None, data)

    def _note(
        self, session: LiveSession, entry: Entry, kind: str, item: str | None, kept: Any
    ) -> None:
        session.version += 1
        row = (session.session_id, entry.index, kind, item, encode_json(kept))
        self._batch.demand(NOTE, row, entry.index)

    def _correct(self, session: LiveSession, entry: Entry, data: Any) -> None:
        if data["field"] == "device":
            self._correct_device(session, entry, data)
            return
        if data["old"] != session.client:
            reason = f"session={session.session_id}: the client before was another"
            self._findings.add("log_body", reason, entry.index)
        self.former_clients.add(data["old"]["id"])
        session.client = data["new"]
        session.version += 1
        self._demand_client(data["new"], entry.index)

    def _correct_device(self, session: LiveSession, entry: Entry, data: Any) -> None:
        # A device may be renamed while a session is open, so its label is not compared.
        if {**data["old"], "label": ""} != {**session.device, "label": ""}:
            reason = f"session={session.session_id}: the device before was another"
            self._findings.add("log_body", reason, entry.index)
        if not session.state.accepts_answers:
            reason = f"session={session.session_id}: corrected after it was signed"
            self._findings.add("log_body", reason, entry.index)
        session.device = data["new"]
        if session.started_at is not None:
            self._meet(session.session_id, entry, (Mark(Trace.DEVICE.value, data["new"]["id"]),))
        session.version += 1

    def _beside(self, entry: Entry, data: Any, session: LiveSession | None) -> None:
        if entry.kind == "session.amended":
            if session is not None:
                reason = f"session={session.session_id}: amended before it ended"
                self._findings.add("log_body", reason, entry.index)
            kept = (data["session"], entry.index, data["item"], encode_json(data))
            self._batch.demand(AMENDMENT, (*kept, milliseconds(entry.at)), entry.index)
            self._batch.demand(ENDED, (data["session"], data["closed_index"], True), entry.index)
            self._meet(data["session"], entry, find_amended(data))
            self.stock.amend(data)
            self._batch.need_marks(serials_of(data["evidence_new"]), entry.index)
        elif entry.kind == "session.refused":
            demand_refused(self._batch, entry)
        elif entry.kind != "device.returned":
            row = (entry.index, entry.kind, data["session"], encode_json(data))
            self._batch.demand(EVENT, (*row, milliseconds(entry.at)), entry.index)


_STOCK: Final[Mapping[str, Callable[[Stock, Entry, Any], None]]] = MappingProxyType(
    {
        "log.genesis": Stock.found,
        RESTORE: Stock.restore,
        "clinic.profiles_set": Stock.set_profiles,
        CLINIC_CHANGED: Stock.change_clinic,
        "template.published": Stock.publish,
        "user.added": Stock.add_person,
        "user.changed": Stock.change_person,
        "user.renamed": Stock.rename_person,
        "pack.registered": Stock.register_pack,
        "pack.released": Stock.release_pack,
        "pack.damaged": Stock.damage_pack,
        "recall.pulled": Stock.pull_packs,
        **BESIDE,
    }
)
_SESSION: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "session.opened": Replay._open,
        "session.answered": Replay._answer,
        "session.started": Replay._start,
        "session.finished": Replay._finish,
        "session.signed": Replay._sign,
        "session.closed": Replay._close,
        "session.aborted": Replay._abort,
        "session.overridden": Replay._override,
        "session.taken_over": Replay._take_over,
        "session.corrected": Replay._correct,
        "consent.signed": Replay._consent,
        **dict.fromkeys(AFTER_THE_END, Replay._beside),
    }
)
