"""Recalls: what is taken back, whose clients met it, and who was called when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from compliance.domain.tracing import LotNotice, normal_lot
from compliance.report.content.fields import (
    JsonObject,
    child,
    children,
    optional_text,
    spoken,
    text,
    texts,
)
from compliance.report.content.log import author
from compliance.report.content.naming import Naming
from compliance.report.content.room_cycles import cycle_name
from compliance.report.content.room_indexing import RecallPlaces
from compliance.report.content.room_pulls import say_pulls
from compliance.report.content.room_sterilizers import sterilizer_code
from compliance.report.content.room_values import MetLine, RecallBlock

_TOLD = frozenset({"reached", "letter_sent", "declined"})
_ENDS = frozenset({"session.closed", "session.aborted", "session.signed"})
_NAMED = 60
"""Loads of one recall that are named; of more only their number is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A session that met what a recall takes back."""

    session: str
    index: int
    by: str
    """The pack and cycle, or the lot."""


def find_met(naming: Naming) -> Mapping[str, Sequence[Met]]:
    """Return, by recall, the sessions shown whose clients met what it takes back.

    A session that is still under way has no record that could be read here; calls about it are
    shown all the same, and so is a late answer that was refused for what it said was used.
    """
    recalls = naming.positions.room.recalls
    met: dict[str, list[Met]] = {recall: [] for recall in recalls}
    if not recalls:
        return met
    windows = {recall: _until(naming, places) for recall, places in recalls.items()}
    ended: set[str] = set()
    for index in _endings(naming):
        data = child(naming.log.read(index), "data")
        session = text(data, "session")
        ended.add(session)
        for recall, places in recalls.items():
            reasons = (
                *_reasons(naming, data, places, windows[recall]),
                *_refused(naming, session, places, windows[recall]),
            )
            if reasons:
                met[recall].append(Met(session=session, index=index, by=reasons[0]))
    room = naming.positions.room
    for session in sorted(room.refused.keys() & room.opened.keys() - ended):
        for recall, places in recalls.items():
            for by in list(_refused(naming, session, places, windows[recall]))[:1]:
                met[recall].append(Met(session=session, index=room.opened[session], by=by))
    return met


def read_recalls(
    naming: Naming, met: Mapping[str, Sequence[Met]], start: int
) -> tuple[RecallBlock, ...]:
    """Return every recall of the range, and those that were open when it began.

    Raises:
        ContentUnreadable: if an entry lacks what its kind demands.
    """
    recalls = naming.positions.room.recalls
    return tuple(
        _read(naming, places, met[recall])
        for recall, places in recalls.items()
        if places.closed is None or places.closed >= start
    )


def recall_title(naming: Naming, places: RecallPlaces) -> str:
    """Return what a recall takes back: the loads of a sterilizer, or a lot."""
    words = naming.words.room
    if places.gtin is not None:
        return words.recall_article.format(lot=places.lot, gtin=places.gtin)
    if places.lot is not None:
        return words.recall_lot.format(lot=places.lot)
    return words.recall_loads.format(sterilizer=sterilizer_code(naming, places.sterilizer or ""))


def recall_state(naming: Naming, places: RecallPlaces) -> str:
    words = naming.words.room
    if places.closed is None:
        return words.recall_open
    when = naming.times.moment(text(naming.log.read(places.closed), "at")).text
    return words.recall_closed.format(when=when, entry=places.closed)


def _endings(naming: Naming) -> Iterator[int]:
    """The newest ending of each session shown, quoted ones from before the range first."""
    newest: dict[str, int] = {}
    for index, entry in naming.log.outside():
        if text(entry, "kind") in _ENDS:
            newest[text(child(entry, "data"), "session")] = index
    newest.update(naming.positions.signed)
    yield from sorted(newest.values())


def _until(naming: Naming, places: RecallPlaces) -> str | None:
    """The run of the valid negative test with which the sterilizer came back into service."""
    room = naming.positions.room
    machine = room.sterilizers.get(places.sterilizer or "")
    for index in () if machine is None else machine.moves:
        if index > places.opened:
            entry = naming.log.read(index)
            proof = optional_text(child(entry, "data"), "proof")
            if proof is not None:
                return room.spores[proof].run_at if proof in room.spores else text(entry, "at")
    return None


def _notice(places: RecallPlaces) -> LotNotice:
    return LotNotice(lot=normal_lot(places.lot or ""), gtin=places.gtin or "")


def _reasons(
    naming: Naming, data: JsonObject, places: RecallPlaces, until: str | None
) -> Iterator[str]:
    for item in children(data, "items"):
        for piece in children(item, "evidence"):
            ref = piece.get("ref")
            if not isinstance(ref, Mapping):
                continue
            if places.lot is not None:
                if _notice(places).takes_back(ref.get("lot"), ref.get("udi")):
                    yield naming.words.lot.format(lot=places.lot)
            elif piece.get("kind") == "pack":
                yield from _taken_back(naming, ref, places, until)


def _refused(
    naming: Naming, session: str, places: RecallPlaces, until: str | None
) -> Iterator[str]:
    """What late answers of a session say was used, though they were refused."""
    words = naming.words.room
    for index in naming.positions.room.refused.get(session, ()):
        for thing in children(child(naming.log.read(index), "data"), "used"):
            if places.lot is not None:
                lot = optional_text(thing, "code") or ""
                meant = _notice(places).takes_back(lot, thing.get("gtin"))
                if thing.get("kind") == "lot" and meant:
                    by = naming.words.lot.format(lot=lot)
                    yield words.met_late.format(by=by, entry=index)
            elif thing.get("kind") == "pack":
                for by in _taken_back(naming, thing, places, until):
                    yield words.met_late.format(by=by, entry=index)


def _taken_back(
    naming: Naming, ref: JsonObject, places: RecallPlaces, until: str | None
) -> Iterator[str]:
    room = naming.positions.room
    registered, cycle = room.packs.get(text(ref, "pack"), (None, ""))
    run = room.cycles.get(cycle)
    if registered is not None and not cycle:
        yield from _by_word(naming, registered, places, until)
    if run is None or run.sterilizer != places.sterilizer:
        return
    begun = places.since is None or run.run_at > places.since
    if begun and (until is None or run.run_at < until):
        pack = naming.words.pack.format(code=text(ref, "code"))
        yield f"{pack}, {cycle_name(naming, cycle)}"


def _by_word(
    naming: Naming, registered: int, places: RecallPlaces, until: str | None
) -> Iterator[str]:
    """A pack from before loads were recorded names its sterilizer by a word, and a day."""
    machine = naming.positions.room.sterilizers.get(places.sterilizer or "")
    if machine is None:
        return
    told = child(naming.log.read(machine.index), "data")
    names = {text(told, "code").casefold(), text(told, "name").casefold()}
    data = child(naming.log.read(registered), "data")
    word, day = text(child(data, "cycle"), "sterilizer"), text(data, "sterilized_on")
    begun = places.since is None or day >= naming.times.local_date(places.since)
    ended = until is not None and day > naming.times.local_date(until)
    if word.casefold() in names and begun and not ended:
        yield f"{naming.words.pack.format(code=text(data, 'code'))}, {word}"


def _read(naming: Naming, places: RecallPlaces, met: Sequence[Met]) -> RecallBlock:
    entry = naming.log.read(places.opened)
    return RecallBlock(
        index=places.opened,
        title=recall_title(naming, places),
        state=recall_state(naming, places),
        open=places.closed is None,
        facts=tuple(_facts(naming, places, entry)),
        worklist=tuple(_worklist(naming, places, met)),
    )


def _facts(naming: Naming, places: RecallPlaces, entry: JsonObject) -> Iterator[tuple[str, str]]:
    words = naming.words.room
    opened = naming.times.moment(text(entry, "at")).text
    yield words.fact_opened, f"{opened}, {naming.person(author(entry))}"
    if places.lot is None:
        data = child(entry, "data")
        yield words.fact_since, _since(naming, places, data)
        until = _until(naming, places)
        end = words.no_retest if until is None else naming.times.moment(until).text
        yield words.fact_until, end
        yield words.fact_positives, str(places.positives)
    cycles, packs = _pulled(naming, places)
    yield words.fact_loads, _named(naming, cycles)
    yield from say_pulls(naming, places, packs)


def _since(naming: Naming, places: RecallPlaces, data: JsonObject) -> str:
    words = naming.words.room
    if places.since is None:
        return words.no_negative
    when = naming.times.moment(places.since).text
    negative = optional_text(data, "last_negative")
    return when if negative is None else f"{when}, {cycle_name(naming, negative)}"


def _pulled(naming: Naming, places: RecallPlaces) -> tuple[list[str], int]:
    cycles: dict[str, None] = {}
    packs: set[str] = set()
    for index in places.pulled:
        data = child(naming.log.read(index), "data")
        cycles.update(dict.fromkeys(texts(data, "cycles")))
        packs.update(texts(data, "packs"))
    return list(cycles), len(packs)


def _named(naming: Naming, cycles: Sequence[str]) -> str:
    known = [cycle for cycle in cycles if cycle in naming.positions.room.cycles]
    if len(known) < len(cycles) or len(cycles) > _NAMED:
        return str(len(cycles))
    names = "; ".join(cycle_name(naming, cycle) for cycle in cycles)
    return f"{len(cycles)}: {names}" if names else "0"


def _worklist(naming: Naming, places: RecallPlaces, met: Sequence[Met]) -> Iterator[MetLine]:
    words = naming.words.room
    for one in met:
        entry = naming.log.read(one.index)
        yield MetLine(
            number=str(one.index),
            client=naming.client(child(child(entry, "data"), "client")),
            when=naming.times.moment(text(entry, "at")).text,
            by=one.by,
            calls=_calls(naming, places, one.session),
            told=_told(naming, places, one.session),
        )
    for session in places.calls.keys() - {one.session for one in met}:
        yield MetLine(
            number="–",
            client=words.not_shown.format(session=session[-8:]),
            when="–",
            by="–",
            calls=_calls(naming, places, session),
            told=_told(naming, places, session),
        )


def _calls(naming: Naming, places: RecallPlaces, session: str) -> tuple[str, ...]:
    words = naming.words.room
    said = []
    for index in places.calls.get(session, ()):
        entry = naming.log.read(index)
        data = child(entry, "data")
        outcome = text(data, "outcome")
        line = words.call.format(
            when=naming.times.moment(text(data, "called_at")).text,
            outcome=words.call_outcomes.get(outcome, spoken(outcome)),
            who=naming.person(author(entry)),
            entry=index,
        )
        said.append(f"{line} {naming.free_text(data, 'note')}".strip())
    return tuple(said) or (words.nobody_called,)


def _told(naming: Naming, places: RecallPlaces, session: str) -> bool:
    return any(
        child(naming.log.read(index), "data").get("outcome") in _TOLD
        for index in places.calls.get(session, ())
    )
