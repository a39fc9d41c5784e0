"""The meaning layer, second half: what every closed session must have, and what followed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final

from compliance.ledger.canonical import JsonValue, canonical_bytes
from compliance.ledger.entry import Entry, parse_time
from compliance.report.verifying.entries import ReadLog, answer, entry_text
from compliance.report.verifying.shape import (
    any_count,
    any_list,
    any_object,
    any_text,
    exact_object,
    member,
)
from compliance.report.verifying.verdict import Check

CONFIRMED_ITEMS: Final = (
    "device_sterilized_before",
    "device_sterilized_after",
    "gloves_worn",
    "mask_worn",
    "skin_disinfected_before",
    "skin_disinfected_after",
)
"""Every closed session has each of them answered ``yes``."""

NEEDLE_MATERIALS: Final = frozenset({"titanium", "surgical_steel"})

_STATE_AFTER: Final[Mapping[str, str | None]] = {
    "session.opened": "draft",
    "session.started": "in_progress",
    "session.finished": "treated",
    "session.signed": "awaiting_reprocessing",
    "session.closed": None,
    "session.aborted": None,
}
"""Nothing means that the session is over."""

_Templates = Mapping[str, JsonValue]


def check_sessions(log: ReadLog) -> Iterator[Check]:
    """Ask whether what is called closed may be called so.

    The rules are repeated here and not taken from the software that closed the
    session: an inspector's copy must not believe what a clinic's copy let through.
    """
    # (1) every closed session has its checklist's every required item, the seven fixed ones
    #     among them, by the template it names, and was opened before;
    # (2) an amendment is of a session that was closed before;
    # (3) the sessions listed as open are those that the entries leave open.
    yield answer(
        "sessions",
        "Every closed session has its complete checklist",
        closing_problems(log),
        f"{sum(1 for _ in log.of_kind('session.closed'))} closed sessions were checked.",
    )
    yield check_amendments(log)
    yield _open_sessions(log)


def check_amendments(log: ReadLog) -> Check:
    """Ask whether every amendment is of a session that was closed before."""
    return answer(
        "amendments",
        "Every amendment is of a closed session",
        _amendment_problems(log),
        f"{sum(1 for _ in log.of_kind('session.amended'))} amendments were checked.",
    )


def closing_problems(log: ReadLog) -> Iterator[str]:
    """Name what a closed session lacks of what the template it names demands."""
    templates = _templates(log)
    closed: set[str] = set()
    for entry in log.of_kind("session.closed"):
        session = entry_text(entry, "session")
        if session in closed:
            yield f"entry {entry.index} closes a session a second time"
        closed.add(session)
        for problem in _closing_problems(entry, templates, log):
            yield f"entry {entry.index}: {problem}"


def _templates(log: ReadLog) -> _Templates:
    """Return the templates by the hash of their bytes, whatever hash they claim."""
    found: dict[str, JsonValue] = {}
    for entry in log.by_index.values():
        if entry.kind == "template.published":
            template = any_object(member(dict(entry.data), "template"), "template")
            found[hashlib.sha256(canonical_bytes(template)).hexdigest()] = template
    return found


def _closing_problems(entry: Entry, templates: _Templates, log: ReadLog) -> Iterator[str]:
    template = templates.get(entry_text(entry, "template", "hash"))
    if template is None:
        yield "its checklist template is not shown"
        return
    results = _results(entry)
    overridden = {
        any_text(member(item, "item"), "overrides.item")
        for item in any_list(member(dict(entry.data), "overrides"), "overrides")
    }
    yield from _missing_items(template, results)
    for code in CONFIRMED_ITEMS:
        if code not in results:
            yield f"{code} is not answered"
        elif results[code] != "yes" and code not in overridden:
            yield f"{code} is not confirmed"
    if results.get("needle_material") not in NEEDLE_MATERIALS:
        yield "needle_material is neither titanium nor surgical_steel"
    yield from _opening_problems(entry, log)


def _results(entry: Entry) -> dict[str, JsonValue]:
    results: dict[str, JsonValue] = {}
    for item in any_list(member(dict(entry.data), "items"), "items"):
        results[any_text(member(item, "code"), "items.code")] = member(item, "result")
    return results


def _missing_items(template: JsonValue, results: Mapping[str, JsonValue]) -> Iterator[str]:
    for item in any_list(member(template, "items"), "template.items"):
        code = any_text(member(item, "code"), "template.items.code")
        required = _is_required(member(item, "required_when"), results)
        if required is None:
            yield f"{code} is required in a case this software cannot read"
        elif required and results.get(code) is None and code not in CONFIRMED_ITEMS:
            yield f"{code} is not answered"


def _is_required(condition: JsonValue, results: Mapping[str, JsonValue]) -> bool | None:
    """Return whether an item is required; nothing for a condition of an unknown form."""
    if condition is None:
        return True
    if not isinstance(condition, dict) or condition.keys() != {"item", "is"}:
        return None
    item = condition["item"]
    return results.get(item) == condition["is"] if isinstance(item, str) else None


def _opening_problems(entry: Entry, log: ReadLog) -> Iterator[str]:
    index = any_count(member(dict(entry.data), "opened", "index"), "opened.index")
    opened = log.by_index.get(index)
    if index >= entry.index:
        yield "it says it was opened after it was closed"
    elif opened is not None:
        same = opened.kind == "session.opened" and (
            entry_text(opened, "session") == entry_text(entry, "session")
        )
        if not same:
            yield f"entry {index} did not open this session"
        elif parse_time(member(dict(entry.data), "opened", "at")) != opened.at:
            yield "it gives another time of opening than the entry that opened it"


def _amendment_problems(log: ReadLog) -> Iterator[str]:
    for entry in log.of_kind("session.amended"):
        index = any_count(member(dict(entry.data), "closed_index"), "closed_index")
        amended = log.by_index.get(index)
        if amended is None:
            yield f"entry {entry.index} amends entry {index}, which is not shown"
        elif (
            index >= entry.index
            or amended.kind not in {"session.closed", "session.aborted"}
            or entry_text(amended, "session") != entry_text(entry, "session")
        ):
            yield f"entry {entry.index} amends entry {index}, which did not close that session"
        if entry_text(entry, "item") == "device":
            yield from _device_problems(entry)


def _device_problems(entry: Entry) -> Iterator[str]:
    """An amendment of the device names both devices whole, and not the same one twice."""
    named = [
        exact_object(member(dict(entry.data), side), {"id", "label", "components"}, side)
        for side in ("old", "new")
    ]
    if named[0]["id"] == named[1]["id"]:
        yield f"entry {entry.index} amends the device to the same one"


def _open_sessions(log: ReadLog) -> Check:
    code, name = "open_sessions", "The sessions listed as open are those left open"
    volume = log.audit.data["volume"]
    if volume is not None and member(volume, "number") != member(volume, "of"):
        reason = "The list is judged with the last volume."
        return Check(code=code, name=name, holds=None, reason=reason)
    return answer(code, name, _open_problems(log), "As far as the range shows, they are.")


def _open_problems(log: ReadLog) -> Iterator[str]:
    states: dict[str, str | None] = {}
    for entry in log.inside:
        if entry.kind in _STATE_AFTER:
            states[entry_text(entry, "session")] = _STATE_AFTER[entry.kind]
    listed: set[str] = set()
    for item in any_list(log.audit.data["open_sessions"], "open_sessions"):
        session = any_text(member(item, "session"), "session")
        state = any_text(member(item, "state"), "state")
        if session in listed:
            yield f"session {session} is listed twice"
        listed.add(session)
        # A session that did nothing in the range is listed on the clinic's word.
        if states.get(session, state) != state:
            yield f"session {session} is listed as {state}, which it is not"
        yield from _listed_problems(session, item, log)
    for session, left_in in states.items():
        if left_in is not None and session not in listed:
            yield f"session {session} was left open and is not listed"


def _listed_problems(session: str, item: JsonValue, log: ReadLog) -> Iterator[str]:
    index = any_count(member(item, "opened_index"), "opened_index")
    opened = log.by_index.get(index)
    if index >= log.audit.end:
        yield f"session {session} is listed as opened after the range"
    elif opened is not None and (
        opened.kind != "session.opened" or entry_text(opened, "session") != session
    ):
        yield f"entry {index} did not open session {session}"
