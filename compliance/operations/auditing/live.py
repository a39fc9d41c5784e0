"""A session as the entries so far have made it, and the rows that it must have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from compliance.domain.tracing import Mark, Trace, find_traces
from compliance.domain.words import EvidenceKind, SessionState
from compliance.ledger.entry import Entry, format_time, parse_time
from compliance.operations.auditing.expecting import ANSWER, SESSION, USE, Batch, milliseconds
from compliance.operations.treatments.evidence_reading import serial_key
from compliance.store.projection import encode_json

_PACK: Final = EvidenceKind.PACK.value
_LOT: Final = EvidenceKind.LOT.value
_PLAIN: Final = re.compile(r"[a-z_0-9]+").fullmatch


@dataclass(slots=True)
class GivenAnswer:
    """The newest answer to one item."""

    result: Any
    evidence: list[Any]
    user: str
    auth: str
    at: datetime
    at_text: str
    performed: str
    late: bool
    index: int


@dataclass(slots=True)
class LiveSession:
    """A session that has not ended in the log yet."""

    session_id: str
    opened: Mapping[str, Any]
    """The data of ``session.opened``."""
    opened_at: datetime
    opened_index: int
    client: Mapping[str, Any]
    practitioner: str
    device: Mapping[str, Any]
    state: SessionState = SessionState.DRAFT
    version: int = 1
    started_at: datetime | None = None
    finished_at: datetime | None = None
    ended_at: datetime | None = None
    signed_index: int | None = None
    closed_index: int | None = None
    follow_up_on: str | None = None
    late: bool = False
    signed: Mapping[str, Any] | None = None
    """The data of ``session.signed``."""
    answers: dict[str, GivenAnswer] = field(default_factory=dict)
    overrides: list[Mapping[str, Any]] = field(default_factory=list)
    consent: int | None = None
    uses: set[tuple[str, str]] = field(default_factory=set)
    """Packs and serials that only this session may use."""

    def answer(self, entry: Entry) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        """Take an answer, or its taking back; return the uses (freed, taken)."""
        data: Any = entry.data
        item, evidence = data["item"], data["evidence"]
        old = self.answers.pop(item, None)
        if not data["undo"]:
            by: Any = entry.by
            self.answers[item] = GivenAnswer(
                data["new"],
                evidence,
                by["user"],
                by["auth"],
                entry.at,
                format_time(entry.at),
                data["performed_at"],
                data["late"],
                entry.index,
            )
        self.late = self.late or data["late"]
        if not evidence and (old is None or not old.evidence):
            return set(), set()
        before = _uses(old.evidence) if old is not None else set()
        kept = _uses(evidence)
        if not before and not kept:
            return before, kept
        # After the start a thing is open: what the checklist gives back stays used.
        freed = before - kept if self.state is SessionState.DRAFT else set()
        taken = kept - before - self.uses
        self.uses = (self.uses - freed) | taken
        return freed, taken

    def met(self) -> Iterator[Mark]:
        """Everything that meets the client when the treatment starts."""
        yield Mark(Trace.DEVICE.value, self.device["id"])
        for given in self.answers.values():
            yield from find_traces(given.evidence)

    def demand(self, batch: Batch) -> None:
        """Demand the session's row and everything that hangs on it."""
        batch.demand(SESSION, self._row(), self.closed_index or self.opened_index)
        batch.ask(ANSWER, self.session_id)
        batch.ask(USE, self.session_id)
        for kind, ref in self.uses:
            batch.demand(USE, (self.session_id, kind, ref), self.opened_index)
        for row, index in self._answer_rows():
            batch.demand(ANSWER, row, index)

    def _row(self) -> tuple[Any, ...]:
        material = self.answers.get("needle_material")
        template, device = self.opened["template"], self.device
        return (
            self.session_id,
            self.state.value,
            self.version,
            template["id"],
            template["version"],
            self.client["id"],
            device["id"],
            self.practitioner,
            milliseconds(self.opened_at),
            self.opened_index,
            _column(self.started_at),
            _column(self.finished_at),
            _column(self.ended_at),
            self.signed_index,
            self.closed_index,
            material.result if material is not None else None,
            self.late,
            encode_json(self.opened["warnings"]),
            self.follow_up_on,
        )

    def _answer_rows(self) -> Iterator[tuple[tuple[Any, ...], int]]:
        for item, given in self.answers.items():
            recorded = milliseconds(given.at)
            row = (
                self.session_id,
                item,
                _stored(given.result),
                encode_json(given.evidence),
                given.user,
                given.auth,
                recorded,
                recorded
                if given.performed == given.at_text
                else milliseconds(parse_time(given.performed)),
                given.late,
                given.index,
            )
            yield row, given.index


def kept_override(entry: Entry) -> dict[str, Any]:
    """What the projection keeps of an override."""
    data: Any = entry.data
    return {
        "item": data["item"],
        "by": entry.by["user"],
        "at": format_time(entry.at),
        "reason": data["reason"],
    }


def kept_consent(entry: Entry) -> dict[str, Any]:
    """What the projection keeps of a consent."""
    data: Any = entry.data
    return {
        "text_id": data["text_id"],
        "text_version": data["text_version"],
        "at": format_time(entry.at),
    }


def _column(moment: datetime | None) -> int | None:
    return None if moment is None else milliseconds(moment)


def _stored(result: Any) -> str:
    # Most answers are one plain word, whose JSON needs no encoder.
    if isinstance(result, str) and _PLAIN(result):
        return f'"{result}"'
    return encode_json(result)


def _uses(evidence: list[Any]) -> set[tuple[str, str]]:
    uses = set()
    for piece in evidence:
        if piece["kind"] == _PACK:
            uses.add((_PACK, piece["ref"]["pack"]))
        elif piece["kind"] == _LOT and piece["ref"].get("serial"):
            uses.add((_LOT, serial_key(piece["ref"])))
    return uses
