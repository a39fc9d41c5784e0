"""Rows that no entry stands behind: counted first, and named only when there are too many."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from compliance.operations.auditing.expecting import (
    AMENDMENT,
    ANSWER,
    CLIENT,
    EVENT,
    MENTION,
    MET,
    NOTE,
    PACK,
    PLACE,
    SESSION,
    USE,
)
from compliance.operations.auditing.problems import MOST_PROBLEMS, Findings, Shape
from compliance.operations.auditing.replaying import Replay
from compliance.operations.sealing import place_of
from compliance.store import log, projection
from compliance.store.session import Tx

NOBODY: Final = "no entry of the log made this row"

_PLACED: Final[Mapping[Shape, tuple[str, str]]] = MappingProxyType(
    {
        SESSION: ("session_id", "session"),
        ANSWER: ("session_id", "session"),
        USE: ("session_id", "session"),
        PACK: ("pack_id", "pack"),
    }
)


def find_superfluous_rows(
    tx: Tx, clinic_id: str, replay: Replay, *, size: int, findings: Findings
) -> None:
    """Name what the comparison by key could not meet: rows of sessions that were never opened."""
    too_many = [
        shape
        for shape in (*_PLACED, NOTE, AMENDMENT, MET, EVENT, PLACE, MENTION)
        if projection.count_rows(tx, shape.table, clinic_id) > replay.counted[shape]
    ]
    # Places and mentions first: the other rows are judged by them.
    if PLACE in too_many:
        _name_places(tx, clinic_id, findings)
    if MENTION in too_many:
        _name_mentions(tx, clinic_id, findings)
    for shape in too_many:
        for reason in _named(tx, clinic_id, shape, size):
            findings.add(shape.table, reason)
    for session_id in projection.marked_without_amendment(tx, clinic_id):
        reason = f"session_id={session_id}: column amended is true without an amendment"
        findings.add("treatment_session", reason)
    for client_id in projection.clients_without_session(tx, clinic_id):
        if client_id not in replay.former_clients:
            findings.add(CLIENT.table, f"client_id={client_id}: {NOBODY}")


def _named(tx: Tx, clinic_id: str, shape: Shape, size: int) -> list[str]:
    if shape in _PLACED:
        key, place = _PLACED[shape]
        keys = projection.unplaced(tx, shape.table, key, place, clinic_id)
        return [f"{key}={value}: {NOBODY}" for value in keys]
    if shape in (NOTE, AMENDMENT, MET):
        rows = projection.unmentioned(tx, shape.table, clinic_id)
        return [f"{shape.name(row)}: {NOBODY}" for row in rows]
    if shape is EVENT:
        rows = projection.beyond(tx, shape.table, ("idx",), clinic_id, size)
        return [f"idx={index}: {NOBODY}" for index in rows]
    return []


def _name_places(tx: Tx, clinic_id: str, findings: Findings) -> None:
    for kind, thing, index in projection.every_place(tx, clinic_id):
        entry = _entry(tx, clinic_id, index)
        if _place(entry, index) != (kind, thing):
            findings.add(PLACE.table, f"kind={kind}, thing={thing}, idx={index}: {NOBODY}")
        if len(findings.problems) >= MOST_PROBLEMS:
            return


def _place(entry: Mapping[str, Any], index: int) -> tuple[str, str] | None:
    try:
        return place_of(str(entry.get("kind")), _data(entry), index)
    except KeyError:
        return None


def _name_mentions(tx: Tx, clinic_id: str, findings: Findings) -> None:
    for thing, index in projection.every_mention(tx, clinic_id):
        if _data(_entry(tx, clinic_id, index)).get("session") != thing:
            findings.add(MENTION.table, f"thing={thing}, idx={index}: {NOBODY}")
        if len(findings.problems) >= MOST_PROBLEMS:
            return


def _entry(tx: Tx, clinic_id: str, index: int) -> Mapping[str, Any]:
    body = log.read_body(tx, clinic_id, index)
    try:
        entry = json.loads(body or b"{}")
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


def _data(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    data = entry.get("data")
    return data if isinstance(data, dict) else {}
