"""Treatment sessions as plain JSON: the shapes of ``schemas.sessions``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from compliance.domain.answers import Answer, asked_items
from compliance.domain.template import Item
from compliance.ledger.entry import format_time
from compliance.operations.treatments.reading import (
    HistoryLine,
    ListedSession,
    SessionRecord,
)

Json = dict[str, Any]


def show_moment(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)


def show_line(listed: ListedSession) -> Json:
    line = listed.line
    return {
        "id": line.session_id,
        "state": line.state.value,
        "version": line.version,
        "client_ref": listed.client_ref,
        "template": {"id": line.template_id, "version": line.template_version},
        "device": {"id": line.device_id, "label": line.device_label},
        "practitioner": {"id": line.practitioner_id, "name": line.practitioner_name},
        "opened_at": format_time(line.opened_at),
        "started_at": show_moment(line.started_at),
        "finished_at": show_moment(line.finished_at),
        "ended_at": show_moment(line.ended_at),
        "closed_index": line.closed_index,
        "late": line.late,
        "amended": line.amended,
    }


def show_session(record: SessionRecord) -> Json:
    return {
        **_head(record),
        "warnings": [dict(warning) for warning in record.row.warnings],
        "items": _items(record),
        "gate": {
            "next_step": record.next_step,
            "open": record.gate.open,
            "blockers": [blocker.to_json() for blocker in record.gate.blockers],
            "waiting": list(record.gate.waiting),
        },
        **_notes(record),
        "amendments": _amendments(record),
        "events": _events(record),
        "waits": [show_wait(wait) for wait in record.waits],
    }


def _head(record: SessionRecord) -> Json:
    row = record.row
    return {
        "id": row.session_id,
        "state": row.state.value,
        "version": row.version,
        "client_ref": record.client_ref,
        "template": {
            "id": row.template_id,
            "version": row.template_version,
            "hash": row.template_hash,
        },
        "device": {
            "id": row.device_id,
            "label": row.device_label,
            "components": [component.to_json() for component in record.loaded.facts.components],
        },
        "practitioner": _person(record, row.practitioner_id),
        "opened_at": format_time(row.opened_at),
        "started_at": show_moment(row.started_at),
        "finished_at": show_moment(row.finished_at),
        "ended_at": show_moment(row.ended_at),
        "opened_index": row.opened_index,
        "signed_index": row.signed_index,
        "closed_index": row.closed_index,
        "late": row.late,
        "amended": row.amended,
        "follow_up_on": None if row.follow_up_on is None else row.follow_up_on.isoformat(),
    }


def _person(record: SessionRecord, user_id: str) -> Json:
    return {"id": user_id, "name": record.name_of(user_id)}


def _items(record: SessionRecord) -> list[Json]:
    facts = record.loaded.facts
    asked = {item.code for item in asked_items(facts.template, facts.answers)}
    return [
        {
            **show_item(item),
            "asked": item.code in asked,
            "answer": _answer(record, facts.answers.get(item.code)),
        }
        for item in facts.template.items
    ]


def show_item(item: Item) -> Json:
    """What an item asks, without any answer."""
    return {
        "code": item.code,
        "phase": item.phase.value,
        "kind": item.kind.value,
        "label": dict(item.label),
        "options": [{"value": each.value, "label": dict(each.label)} for each in item.options],
        "unit": item.unit,
        "min": None if item.minimum is None else str(item.minimum),
        "max": None if item.maximum is None else str(item.maximum),
        "evidence_wanted": item.evidence,
    }


def _answer(record: SessionRecord, answer: Answer | None) -> Json | None:
    if answer is None:
        return None
    return {
        "result": answer.result,
        "evidence": [dict(piece) for piece in answer.evidence],
        "by": _person(record, answer.user_id),
        "auth": answer.auth,
        "recorded_at": format_time(answer.recorded_at),
        "performed_at": format_time(answer.performed_at),
        "late": answer.late,
        "index": answer.index,
    }


def _notes(record: SessionRecord) -> Json:
    notes = record.loaded.notes
    return {
        "overrides": [
            {
                "index": note.index,
                "item": note.item or "",
                "by": _person(record, note.data["by"]),
                "at": note.data["at"],
                "reason": record.text_of(note.data["reason"]),
            }
            for note in notes
            if note.kind == "override"
        ],
        "handovers": [
            {
                "index": note.index,
                "from_": _person(record, note.data["from"]),
                "to": _person(record, note.data["to"]),
                "reason": record.text_of(note.data["reason"]),
            }
            for note in notes
            if note.kind == "taken_over"
        ],
        "consents": [
            {
                "index": note.index,
                "text_id": note.data["text_id"],
                "text_version": note.data["text_version"],
                "at": note.data["at"],
            }
            for note in notes
            if note.kind == "consent"
        ],
    }


def _amendments(record: SessionRecord) -> list[Json]:
    shown = []
    for amendment in record.amendments:
        data, signature = amendment.data, amendment.data["signature"]
        shown.append(
            {
                "index": amendment.index,
                "at": format_time(amendment.at),
                "item": amendment.item,
                "old": data["old"],
                "new": data["new"],
                "evidence_old": list(data["evidence_old"]),
                "evidence_new": list(data["evidence_new"]),
                "reason": record.text_of(data["reason"]),
                "signature": {
                    "by": _person(record, signature["by"]),
                    "meaning": signature["meaning"],
                    "at": signature["at"],
                    "auth": signature["auth"],
                },
            }
        )
    return shown


def _events(record: SessionRecord) -> list[Json]:
    return [
        {
            "index": event.index,
            "kind": event.kind,
            "at": format_time(event.at),
            "grade": event.data.get("grade"),
            "escalated": event.data.get("escalated"),
            "outcome": event.data.get("outcome"),
            "signs": list(event.data.get("signs") or ()),
            "text": record.text_of(event.data.get("description") or event.data.get("note")),
        }
        for event in record.events
    ]


def show_wait(wait: Any) -> Json:
    return {
        "session_id": wait.session_id,
        "component": wait.component,
        "device_id": wait.device_id,
        "since": format_time(wait.since),
        "pack_id": wait.pack_id or None,
    }


def show_history(line: HistoryLine, record: SessionRecord, texts: Mapping[str, str]) -> Json:
    return {
        "index": line.index,
        "kind": line.kind,
        "at": line.at,
        "by": _person(record, line.user_id),
        "auth": line.auth,
        "data": _with_texts(line.data, texts),
    }


def _with_texts(value: Any, texts: Mapping[str, str]) -> Any:
    """The same JSON, with the text beside each commitment that can still be opened."""
    if isinstance(value, Mapping):
        if set(value) == {"commit"}:
            return {**value, "value": texts.get(value["commit"])}
        return {name: _with_texts(inner, texts) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_with_texts(inner, texts) for inner in value]
    return value
