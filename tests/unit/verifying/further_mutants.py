"""Files of one session, and reports with loads and packs, for comparing verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from timing_authorities import buy_authority

from compliance.ledger.canonical import JsonValue
from compliance.report.session_payload import SessionParts, build_session
from compliance.report.verifying.shape import CLIENT_COPY
from unit.verifying.building import answers, fill, parts_of, resign, treat
from unit.verifying.lasting_mutants import Bench, countersigned
from unit.verifying.mutants import Maker, Mutant
from unit.verifying.test_verifying_loads import (
    BEFORE,
    CYCLE,
    LOAD_RELEASED,
    PACK_RELEASED,
    REGISTERED,
)
from unit.verifying.test_verifying_single import SESSION, single_of
from unit.verifying.test_verifying_time_stamps import AT, part

HISTORY: Final = ("session.opened", "session.started", "session.finished")
LATE_MARCH: Final = datetime(2026, 3, 29, 9, tzinfo=UTC)

Told = tuple[str, dict[str, Any]]


def session_mutants(maker: Maker) -> Iterator[Mutant]:
    """One session's file: for an inspector, for the client, with something missing or altered."""

    def of(name: str, parts: SessionParts) -> Mutant:
        return maker.of_bytes(f"session: {name}", build_session(parts))

    clinic = maker.clinic
    good = single_of(clinic)
    yield of("good", good)
    yield replace(of("challenged", good), challenge="Anything")
    for purpose in ("inspection", CLIENT_COPY):
        for kind in (*HISTORY, "session.closed"):
            less = single_of(clinic, purpose=purpose, without=(kind,))
            yield of(f"{purpose} without {kind}", less)
    yield of("copy", single_of(clinic, purpose=CLIENT_COPY, without=HISTORY))
    yield of("of another session", single_of(clinic, "s-march-2"))
    yield of("of an open session", single_of(clinic, "s-open"))
    yield of("of nobody", single_of(clinic, "s-none"))
    for index in range(3, len(clinic.bodies), 5):
        yield of(f"with entry {index}", single_of(clinic, also=(index,)))
    false = [replace(one, value="Somebody else") for one in good.disclosures]
    yield of("false names", replace(good, disclosures=false))
    yield of("twice", replace(good, entries=[*good.entries, good.entries[-1]]))
    yield of("unordered", replace(good, entries=good.entries[::-1]))
    yield of("purpose", replace(good, purpose="marketing"))
    yield from _stamped(maker, good)


def _stamped(maker: Maker, good: SessionParts) -> Iterator[Mutant]:
    bought = buy_authority(AT)
    stamps = (part(maker.clinic, bought.authority, good.size),)
    stamped = maker.of_bytes("session: stamped", build_session(replace(good, anchors=stamps)))
    yield stamped
    yield replace(stamped, name="session: stamped, pinned", authorities=(bought.root,))
    bench = Bench(maker=maker, bought=buy_authority(AT))
    copy = build_session(single_of(maker.clinic, SESSION, purpose=CLIENT_COPY))
    inviting = bench.seal(copy, countersign=True)
    folder = maker.folder / "inspectorate"
    folder.mkdir(exist_ok=True)
    archived = maker.mutant("session: archived", bench.extend(inviting, 1))
    yield archived
    yield replace(archived, name="session: archived, pinned", authorities=(bench.bought.root,))
    signed = countersigned(archived.data, folder)
    yield maker.mutant("session: countersigned, archived", bench.extend(signed, 2))


def load_mutants(maker: Maker) -> Iterator[Mutant]:
    """Chains from a pack to its load, each with another link missing or out of order."""
    orders: Sequence[tuple[Told | None, ...]] = (
        (CYCLE, REGISTERED, LOAD_RELEASED, PACK_RELEASED, None),
        (CYCLE, REGISTERED, PACK_RELEASED, None),
        (CYCLE, REGISTERED, LOAD_RELEASED, None),
        (CYCLE, REGISTERED, LOAD_RELEASED, None, PACK_RELEASED),
        (CYCLE, REGISTERED, PACK_RELEASED, None, LOAD_RELEASED),
        (REGISTERED, PACK_RELEASED, None),
        (CYCLE, LOAD_RELEASED, PACK_RELEASED, None, REGISTERED),
        (CYCLE, LOAD_RELEASED, REGISTERED, PACK_RELEASED, None),
    )
    for number, order in enumerate(orders):
        log = maker.other_log(f"load-{number}")
        fill(log)
        april = log.bodies[-4:]
        del log.bodies[-4:]
        for place, told in enumerate(order):
            at = LATE_MARCH + timedelta(hours=2 * place)
            if told is None:
                evidence: JsonValue = [BEFORE]
                extra: JsonValue = {"code": "extra", "result": "yes", "evidence": evidence}
                treat(log, "s-steam", at, {"items": [*answers(), extra]})
            else:
                log.append(told[0], at, dict(told[1]))
        log.bodies.extend(april)
        yield maker.of_parts(f"load {number}", resign(parts_of(log), maker.clinic))
