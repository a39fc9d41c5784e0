"""Reports, session files and lists of a clinic whose name was changed, honest ones and lies."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from compliance.ledger.canonical import JsonValue, canonical_bytes
from compliance.ledger.proofs import inclusion_proof
from compliance.ledger.tree import root_hash
from compliance.report.payload import AuditParts, ContextEntry
from compliance.report.session_payload import build_session
from unit.verifying.building import USER, Clinic, fill, parts_of, resign
from unit.verifying.mutants import Maker, Mutant
from unit.verifying.test_verifying_single import single_of
from unit.verifying.test_verifying_traced import quote, trace_of

BEGUN: Final = "Klinik Łódź"
MARCH: Final = datetime(2026, 3, 20, 9, tzinfo=UTC)
MAY: Final = datetime(2026, 5, 1, 9, tzinfo=UTC)
WRONG_OLD: Final = "replaces another name or language than was in force"
SAYS_NOTHING: Final = "does not say what it changes"


def called(name: str, language: str = "pl") -> dict[str, JsonValue]:
    return {"name": name, "language": language}


def changed(old: JsonValue, new: JsonValue) -> dict[str, JsonValue]:
    return {"old": old, "new": new}


TO_NEW: Final = changed(called(BEGUN), called("Klinik Łódź Süd"))
AND_ON: Final = changed(called("Klinik Łódź Süd"), called("Praxis Łódź", "de"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a log says of its clinic's name, and what a report of March says."""

    inside: Sequence[Mapping[str, JsonValue]] = ()
    """Entered in March, before the session that stays open."""

    after: Sequence[Mapping[str, JsonValue]] = ()
    """Entered in May, and quoted."""

    untold: Sequence[Mapping[str, JsonValue]] = ()
    """Entered after those, and not quoted."""

    clinic: Mapping[str, JsonValue]
    wrong: str | None = None
    """Part of the reason for which the report is rejected; None for one that is accepted."""


TELLINGS: Final[Mapping[str, Telling]] = {
    "renamed in March": Telling(inside=[TO_NEW], clinic=called("Klinik Łódź Süd")),
    "renamed since": Telling(after=[TO_NEW], clinic=called("Klinik Łódź Süd")),
    "renamed twice": Telling(inside=[TO_NEW], after=[AND_ON], clinic=called("Praxis Łódź", "de")),
    "another language": Telling(
        after=[changed(called(BEGUN), called(BEGUN, "de"))], clinic=called(BEGUN, "de")
    ),
    "the newest change left out": Telling(
        inside=[TO_NEW], untold=[AND_ON], clinic=called("Klinik Łódź Süd")
    ),
    "another name without an entry": Telling(
        clinic=called("Klinik Lodz"), wrong="another name than the log's first entry"
    ),
    "another language without an entry": Telling(
        clinic=called(BEGUN, "de"), wrong="another language than the log's first entry"
    ),
    "still the old name": Telling(
        inside=[TO_NEW], clinic=called(BEGUN), wrong="another name than entry"
    ),
    "still the old language": Telling(
        after=[changed(called(BEGUN), called("Praxis", "de"))],
        clinic=called("Praxis"),
        wrong="another language than entry",
    ),
    "a wrong old name": Telling(
        inside=[changed(called("Klinik Lodz"), called("Klinik Łódź Süd"))],
        clinic=called("Klinik Łódź Süd"),
        wrong=WRONG_OLD,
    ),
    "a wrong old language": Telling(
        inside=[changed(called(BEGUN, "en"), called("Klinik Łódź Süd"))],
        clinic=called("Klinik Łódź Süd"),
        wrong=WRONG_OLD,
    ),
    "one in between left out": Telling(
        after=[AND_ON], clinic=called("Praxis Łódź", "de"), wrong=WRONG_OLD
    ),
    "the time zone as well": Telling(
        inside=[changed(called(BEGUN), {**called("Praxis"), "time_zone": "UTC"})],
        clinic=called("Praxis"),
        wrong=SAYS_NOTHING,
    ),
    "no language": Telling(
        inside=[changed(called(BEGUN), {"name": "Praxis"})],
        clinic=called("Praxis"),
        wrong=SAYS_NOTHING,
    ),
    "no old": Telling(
        inside=[{"new": called("Praxis")}], clinic=called("Praxis"), wrong=SAYS_NOTHING
    ),
    "old is a list": Telling(
        inside=[changed([BEGUN, "pl"], called("Praxis"))],
        clinic=called("Praxis"),
        wrong=SAYS_NOTHING,
    ),
    "a number for a name": Telling(
        inside=[changed(called(BEGUN), {"name": 5, "language": "pl"})],
        clinic=called("Praxis"),
        wrong=SAYS_NOTHING,
    ),
}


def tell(maker: Maker, telling: Telling) -> tuple[Clinic, AuditParts]:
    """A log of its own with these changes, and the parts of its report of March."""
    log = maker.other_log("renamed")
    fill(log)
    later = log.bodies[-5:]
    del log.bodies[-5:]
    for change in telling.inside:
        log.append("clinic.changed", MARCH, dict(change))
    log.bodies.extend(later)
    shown = [log.append("clinic.changed", MAY, dict(change)) for change in telling.after]
    for change in telling.untold:
        log.append("clinic.changed", MAY, dict(change))
    parts = parts_of(log)
    known = {each.index for each in parts.context}
    context = [*parts.context, *(_context(log, at) for at in shown if at not in known)]
    clinic = {**parts.clinic, **telling.clinic}
    return log, resign(replace(parts, context=context, clinic=clinic), maker.clinic)


def _context(log: Clinic, index: int) -> ContextEntry:
    leaves = log.leaves()

    def node(level: int, at: int) -> bytes:
        return root_hash(leaves[at << level : (at + 1) << level])

    proof = inclusion_proof(index, len(leaves), node)
    return ContextEntry(index=index, body=log.bodies[index], proof=proof)


def renamed_mutants(maker: Maker) -> Iterator[Mutant]:
    """Each telling as a report; some as the file of one session and as a recall's lists."""
    for name, telling in TELLINGS.items():
        _, parts = tell(maker, telling)
        yield maker.of_parts(f"renamed: {name}", parts)
    for name in ("renamed twice", "still the old name", "a wrong old name"):
        yield session_of(maker, name)
        yield lists_of(maker, name)
    yield session_of_renamed_colleague(maker)


def session_of(maker: Maker, name: str) -> Mutant:
    """The file of a session of March."""
    log, parts = tell(maker, TELLINGS[name])
    single = replace(single_of(log, also=places_of(log)), clinic=parts.clinic)
    return maker.of_bytes(f"renamed session: {name}", build_session(single))


def session_of_renamed_colleague(maker: Maker) -> Mutant:
    """The file of a session whose practitioner is called otherwise since."""
    log = maker.other_log("colleague")
    fill(log)
    old, new = log.hide("user.name", "Ada Maß"), log.hide("user.name", "Ada Groß")
    index = log.append("user.renamed", MAY, {"user": USER, "old": old, "new": new})
    single = build_session(single_of(log, also=(index,)))
    return maker.of_bytes("renamed session: a colleague", single)


def lists_of(maker: Maker, name: str) -> Mutant:
    """A recall's lists."""
    log, parts = tell(maker, TELLINGS[name])
    content = copy.deepcopy(trace_of(log))
    content["clinic"] = dict(parts.clinic)
    content["entries"] = sorted(
        [*content["entries"], *(quote(log, at) for at in places_of(log))],
        key=lambda each: each["index"],
    )
    return maker.of_bytes(f"renamed lists: {name}", canonical_bytes(content))


def places_of(log: Clinic) -> tuple[int, ...]:
    """Where the log changes its clinic's name."""
    kinds = [json.loads(body)["kind"] for body in log.bodies]
    return tuple(index for index, kind in enumerate(kinds) if kind == "clinic.changed")
