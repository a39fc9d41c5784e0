"""Files of recalls and searches, good and lying, for comparing verdicts."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from compliance.ledger.canonical import JsonValue, canonical_bytes
from unit.verifying.building import Clinic, fill
from unit.verifying.mutants import Maker, Mutant
from unit.verifying.test_verifying_traced import LIES, MAY, Change, content_of, quote, trace_of

LATE: Final = "entered late with pack P-7, done 1 May 2026, 09:30, refused 1 May 2026, 12:30"

ODD: Final[tuple[tuple[str, JsonValue], ...]] = (
    ("lists", []),
    ("lists", [{}]),
    ("purpose", 1),
    ("recall", 1),
    ("title", None),
)


def traced_mutants(maker: Maker) -> Iterator[Mutant]:
    """A recall's lists, a search's, and every lie that a test of the command tells."""
    log = maker.other_log("traced")
    fill(log)
    good = trace_of(log)

    def changed(name: str, change: Change) -> Mutant:
        content = copy.deepcopy(good)
        change(content)
        return maker.of_bytes(f"trace: {name}", canonical_bytes(content))

    yield changed("good", lambda _content: None)
    for name, (_, change) in LIES.items():
        yield changed(name, change)
    yield replace(changed("challenged", lambda _content: None), challenge="Anything")
    yield changed("a search", make_search)
    yield changed("another entry", lambda c: c["entries"].append(quote(log, 1)))
    for key in good:
        yield changed(f"without {key}", leave_out(key))
    for key, odd in ODD:
        yield changed(f"odd {key}", put(key, odd))
    yield from _refused(maker, log)


def leave_out(key: str) -> Change:
    """Leave out one key of the whole."""
    return lambda content: content.pop(key)


def put(key: str, value: JsonValue) -> Change:
    """Put another value in the place of one."""
    return lambda content: content.update({key: value})


def make_search(content: dict[str, Any]) -> None:
    """Leave out what only a recall has."""
    entries = [each for each in content["entries"] if '"kind":"recall.' not in each["body"]]
    content.update(purpose="search", recall=None, title="Search for lot L1", entries=entries)
    for row in content["lists"][0]["rows"]:
        row.pop()
    content["lists"][0]["columns"].pop()


def _refused(maker: Maker, log: Clinic) -> Iterator[Mutant]:
    """A late answer of the second session was refused; its use of a pack is listed, or is not."""
    said: dict[str, JsonValue] = {
        "session": "s-may-2",
        "used": [{"kind": "pack", "code": "P-7"}],
        "performed_at": "2026-05-01T07:30:00.000Z",
    }
    log.append("session.refused", MAY + timedelta(hours=4, minutes=30), said)
    content = content_of(log)
    content["entries"].append(quote(log, len(log.bodies) - 1))
    told = {each["index"]: each for each in content["entries"]}
    content["entries"] = list(told.values())
    for number, cell in enumerate(("lot L1", f"lot L1; {LATE}", f"{LATE}; {LATE}")):
        content["lists"][0]["rows"][1][2] = cell
        yield maker.of_bytes(f"trace: refused {number}", canonical_bytes(content))
