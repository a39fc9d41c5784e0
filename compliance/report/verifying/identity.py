"""Whether the clinic is described as its log describes it, with every change of its name that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from compliance.ledger.canonical import JsonValue
from compliance.ledger.entry import Entry
from compliance.report.verifying.entries import ReadLog
from compliance.report.verifying.shape import member
from compliance.report.verifying.verdict import Check

_CODE: Final = "identity"
_NAME: Final = "The clinic is the one the log was begun for"

_CHANGED: Final = "clinic.changed"
_FOR_EVER: Final = ("slug", "time_zone", "demo")
_CHANGEABLE: Final = ("name", "language")


def check_identity(log: ReadLog) -> Check:
    """Ask whether the clinic is described as the log's first entry and the changes since do.

    Otherwise demonstration data could be printed as real, or one clinic's log under
    another's name.
    """
    # (1) the log's first entry is shown, and slug, time zone and demo are its own;
    # (2) each change of name and language that is shown replaces what was in force before it,
    #     so that none between two of them was left out unless it was undone as well;
    # (3) name and language are those of the last one, or of the first entry without any.
    # A change inside the range cannot be missing. That none outside of it is newer than those
    # shown, a file cannot prove: it may bear a name that the clinic had, and never another.
    genesis = log.by_index.get(0)
    if genesis is None or genesis.kind != "log.genesis":
        return _answer(False, "No: the log's first entry is not shown.")
    clinic = member(dict(log.audit.data), "clinic")
    for key in _FOR_EVER:
        if member(dict(genesis.data), key) != member(clinic, key):
            reason = f"No: the report gives another {key} than the log's first entry."
            return _answer(False, reason)
    in_force = {key: member(dict(genesis.data), key) for key in _CHANGEABLE}
    changes = [log.by_index[i] for i in sorted(log.by_index) if log.by_index[i].kind == _CHANGED]
    for change in changes:
        old, new = _read_description(change, "old"), _read_description(change, "new")
        if old is None or new is None:
            return _answer(False, f"No: entry {change.index} does not say what it changes.")
        if old != in_force:
            reason = (
                f"No: entry {change.index} replaces another name or language than was in force."
            )
            return _answer(False, reason)
        in_force = dict(new)
    said = f"entry {changes[-1].index}" if changes else "the log's first entry"
    for key in _CHANGEABLE:
        if member(clinic, key) != in_force[key]:
            return _answer(False, f"No: the report gives another {key} than {said}.")
    if not changes:
        return _answer(True, "Its first entry says so.")
    return _answer(True, f"Its first entry says so, and {said} what it is called since.")


def _read_description(change: Entry, side: str) -> Mapping[str, JsonValue] | None:
    """Name and language of one side of a change; None where it is not exactly that."""
    said = change.data.get(side)
    if not isinstance(said, dict) or set(said) != set(_CHANGEABLE):
        return None
    return said if all(isinstance(value, str) for value in said.values()) else None


def _answer(holds: bool, reason: str) -> Check:
    return Check(code=_CODE, name=_NAME, holds=holds, reason=reason)
