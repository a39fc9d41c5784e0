"""What is not as it should be in the sterilization room, as sentences, most serious first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from compliance.report.content.fields import child, children, spoken, text, texts
from compliance.report.content.naming import Naming
from compliance.report.content.room_cycles import cycle_name
from compliance.report.content.room_due import find_overdue
from compliance.report.content.room_indexing import CyclePlaces
from compliance.report.content.room_recalls import Met, recall_state, recall_title
from compliance.report.content.room_rules import Rules
from compliance.report.content.values import ExceptionKind, ExceptionLine

_NOT_VALID = ("invalid", "reject")


def read_room_exceptions(
    naming: Naming,
    met: Mapping[str, Sequence[Met]],
    rules: Sequence[Rules],
    horizon: str | None,
) -> tuple[ExceptionLine, ...]:
    """Return recalls, failed spore tests and cycles, undecided flags and overdue tests.

    Raises:
        ContentUnreadable: if an entry lacks what its kind demands.
    """
    return (
        *_recalls(naming, met),
        *_spores(naming),
        *_failed(naming),
        *_undecided(naming),
        *_overdue(naming, rules, horizon),
    )


def _recalls(naming: Naming, met: Mapping[str, Sequence[Met]]) -> Iterator[ExceptionLine]:
    words = naming.words.room
    for recall, places in naming.positions.room.recalls.items():
        # One that was opened and closed before the range is not told at all.
        if not places.inside and places.closed is not None:
            continue
        called = sum(1 for one in met[recall] if places.calls.get(one.session))
        yield ExceptionLine(
            kind=ExceptionKind.RECALL,
            number=places.opened,
            when=naming.times.moment(text(naming.log.read(places.opened), "at")),
            sentence=words.recall_sentence.format(
                what=recall_title(naming, places),
                sessions=len(met[recall]),
                called=called,
                state=recall_state(naming, places),
            ),
        )


def _spores(naming: Naming) -> Iterator[ExceptionLine]:
    words = naming.words.room
    for places in naming.positions.room.spores.values():
        failed = places.outcome == "fail"
        if not places.inside or not (failed or places.outcome in _NOT_VALID):
            continue
        phrase = words.spore_failed if failed else words.spore_not_valid
        yield ExceptionLine(
            kind=ExceptionKind.SPORE,
            number=places.index,
            when=naming.times.moment(text(naming.log.read(places.index), "at")),
            sentence=phrase.format(
                cycle=cycle_name(naming, places.cycle),
                when=naming.times.moment(places.run_at).text,
                outcome=words.spore_outcomes.get(places.outcome, spoken(places.outcome)),
            ),
        )


def _failed(naming: Naming) -> Iterator[ExceptionLine]:
    words = naming.words.room
    for cycle, places in naming.positions.room.cycles.items():
        if places.inside and places.failed:
            index = places.index if places.chemical is None else places.chemical
            faults = " ".join(texts(child(naming.log.read(index), "data"), "faults"))
            yield _of_cycle(
                naming,
                ExceptionKind.CYCLE,
                places,
                words.cycle_failed.format(cycle=cycle_name(naming, cycle), faults=faults),
            )


def _undecided(naming: Naming) -> Iterator[ExceptionLine]:
    words = naming.words.room
    for cycle, places in naming.positions.room.cycles.items():
        if not places.inside or not places.undecided:
            continue
        data = child(naming.log.read(places.index), "data")
        reasons = " ".join(
            text(flag, "reason")
            for flag in children(data, "flags")
            if text(flag, "code") in places.undecided
        )
        yield _of_cycle(
            naming,
            ExceptionKind.FLAG,
            places,
            words.flag_open.format(cycle=cycle_name(naming, cycle), reasons=reasons),
        )


def _of_cycle(
    naming: Naming, kind: ExceptionKind, places: CyclePlaces, sentence: str
) -> ExceptionLine:
    return ExceptionLine(
        kind=kind,
        number=places.index,
        when=naming.times.moment(places.run_at),
        sentence=sentence.strip(),
    )


def _overdue(
    naming: Naming, rules: Sequence[Rules], horizon: str | None
) -> Iterator[ExceptionLine]:
    for one in find_overdue(naming, rules, horizon):
        yield ExceptionLine(
            kind=ExceptionKind.OVERDUE,
            number=one.number,
            when=naming.times.moment(one.when),
            sentence=one.sentence,
        )
