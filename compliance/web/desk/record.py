"""One session as the desk shows it: the record, its amendments beside it, and its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compliance.domain.access import Action, Actor
from compliance.domain.answers import Answer
from compliance.domain.template import Item
from compliance.operations.people.listing import read_names
from compliance.operations.personal import read_texts
from compliance.operations.treatments.reading import (
    AmendmentRow,
    HistoryLine,
    SessionRecord,
    find_commitments,
    read_history,
    read_session,
)
from compliance.store.session import Tx
from compliance.web.context import current_clinic, services, show_time
from compliance.web.desk.handing_out import purposes_for
from compliance.web.desk.telling import Teller
from compliance.web.desk.wording import (
    AUTH,
    PHASES,
    item_label,
    say_evidence,
    say_result,
    show_maybe,
)
from compliance.web.tablet.wording import localized, show_part


def record_values(
    tx: Tx, session_id: str, *, actor: Actor, base: str, amend: bool = True
) -> dict[str, Any]:
    """Everything the page of one session needs; one snapshot.

    Args:
        tx: an open reading transaction.
        session_id: of the actor's clinic; any other is not found.
        actor: who looks.
        base: the address under which this desk shows sessions.
        amend: whether corrections can be entered from this desk.
    """
    now = services().clock()
    record = read_session(tx, session_id, actor=actor, now=now, keyring=services().keyring)
    history = read_history(tx, session_id, actor=actor)
    teller = _find_teller(tx, record, history, actor=actor)
    amendable = amend and record.row.state.ended and actor.may(Action.AMEND_SESSION)
    return {
        "session_id": session_id,
        "number": record.row.closed_index,
        "client": record.client_ref,
        "state": record.row.state.value,
        "late": record.row.late,
        "amended": record.row.amended,
        "facts": _facts(record, teller),
        "warnings": tuple(warning["text"] for warning in record.row.warnings),
        "blockers": _blockers(record),
        "waits": tuple(
            f"{show_part(wait.component)} was sent back on {show_time(wait.since)}."
            for wait in record.waits
            if not wait.pack_id
        ),
        "phases": _phases(record, teller, amend_base=f"{base}/{session_id}" if amendable else None),
        "amendments": len(record.amendments),
        "history": tuple(teller.tell(line) for line in history),
        "base": base,
        "device": _device_values(record, teller),
        "device_href": f"{base}/{session_id}/device" if _mendable(record, actor, amend) else None,
        "files": purposes_for(record, actor=actor) if amend else (),
    }


def _mendable(record: SessionRecord, actor: Actor, amend: bool) -> bool:
    """Whether the device can be set right from this desk."""
    state = record.row.state
    if state.ended:
        return amend and actor.may(Action.AMEND_SESSION)
    return amend and state.accepts_answers and actor.may(Action.RECORD_SESSION)


def _device_values(record: SessionRecord, teller: Teller) -> tuple[dict[str, Any], ...]:
    """Amendments of the device itself, each with the old one and the new one."""
    return tuple(
        {
            "index": amendment.index,
            "old": amendment.data["old"]["label"],
            "new": amendment.data["new"]["label"],
            "reason": teller.text(amendment.data["reason"]),
            "who": teller.name(amendment.data["signature"]["by"]),
            "when": show_time(amendment.at),
        }
        for amendment in record.amendments
        if amendment.item == "device"
    )


def _find_teller(
    tx: Tx, record: SessionRecord, history: Sequence[HistoryLine], *, actor: Actor
) -> Teller:
    """Open every name and text that the record and its history speak of."""
    commitments = find_commitments([line.data for line in history])
    return Teller(
        template=record.loaded.facts.template,
        names={**record.names, **read_names(tx, clinic_id=actor.clinic_id)},
        texts=read_texts(tx, services().keyring, actor.clinic_id, commitments),
    )


def _facts(record: SessionRecord, teller: Teller) -> tuple[tuple[str, str], ...]:
    row, template = record.row, record.loaded.facts.template
    title = localized(template.title, current_clinic().language)
    pairs = (
        ("Client", record.client_ref),
        ("Protocol", f"{title}, version {row.template_version}"),
        ("Device", row.device_label),
        ("Practitioner", teller.name(row.practitioner_id)),
        ("Opened", show_time(row.opened_at)),
        ("Treatment started", show_maybe(row.started_at)),
        ("Treatment ended", show_maybe(row.finished_at)),
        ("Aborted" if row.state.value == "aborted" else "Closed", show_maybe(row.ended_at)),
        (
            "Entries in the log",
            f"{row.opened_index} to {row.closed_index}"
            if row.closed_index is not None
            else f"from {row.opened_index}",
        ),
    )
    return tuple((term, value) for term, value in pairs if value is not None)


def _blockers(record: SessionRecord) -> tuple[dict[str, str], ...]:
    return tuple(
        {
            "item": item_label(record.loaded.facts.template, blocker.item),
            "reason": blocker.reason,
            "fix": blocker.fix,
        }
        for blocker in record.gate.blockers
    )


def _phases(
    record: SessionRecord, teller: Teller, *, amend_base: str | None
) -> tuple[dict[str, Any], ...]:
    answers = record.loaded.answers
    amendments: dict[str, list[AmendmentRow]] = {}
    for amendment in record.amendments:
        amendments.setdefault(amendment.item, []).append(amendment)
    shown = []
    for phase, word in PHASES.items():
        rows = [
            _item_values(
                item,
                answers.get(item.code),
                tuple(
                    _amendment_values(each, item, teller) for each in amendments.get(item.code, ())
                ),
                teller,
                f"{amend_base}/amend?item={item.code}" if amend_base else None,
            )
            for item in record.loaded.facts.template.items
            if item.phase is phase and (item.code in answers or item.code in amendments)
        ]
        if rows:
            shown.append({"label": word, "rows": rows})
    return tuple(shown)


def _item_values(
    item: Item,
    answer: Answer | None,
    amendments: tuple[Mapping[str, Any], ...],
    teller: Teller,
    amend_href: str | None,
) -> dict[str, Any]:
    return {
        "label": localized(item.label, current_clinic().language),
        "answer": say_result(item, answer.result if answer else None),
        "evidence": say_evidence(answer.evidence) if answer else (),
        "who": teller.name(answer.user_id) if answer else "",
        "when": show_time(answer.recorded_at) if answer else "",
        "how": AUTH.get(answer.auth, answer.auth) if answer else "",
        "late": f"Done {show_time(answer.performed_at)}" if answer and answer.late else "",
        "amendments": amendments,
        "amend_href": amend_href,
    }


def _amendment_values(amendment: AmendmentRow, item: Item, teller: Teller) -> dict[str, Any]:
    data = amendment.data
    return {
        "index": amendment.index,
        "old": say_result(item, data["old"]),
        "new": say_result(item, data["new"]),
        "evidence": say_evidence(data["evidence_new"]),
        # The order of the pieces says nothing.
        "evidence_changed": sorted(map(repr, data["evidence_new"]))
        != sorted(map(repr, data["evidence_old"])),
        "reason": teller.text(data["reason"]),
        "who": teller.name(data["signature"]["by"]),
        "when": show_time(amendment.at),
        "how": AUTH.get(data["signature"]["auth"], data["signature"]["auth"]),
    }
