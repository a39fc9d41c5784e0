"""Everything that is not as it should be, as sentences, most serious first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compliance.report.content.blocks import read_amendments, read_items, read_overrides
from compliance.report.content.fields import (
    JsonObject,
    child,
    number,
    optional_child,
    spoken,
    text,
    texts,
)
from compliance.report.content.naming import Naming
from compliance.report.content.values import ExceptionKind, ExceptionLine, ItemLine, Moment


def read_exceptions(
    naming: Naming,
    open_sessions: Sequence[JsonObject],
    sterilization: Sequence[ExceptionLine] = (),
) -> tuple[ExceptionLine, ...]:
    """Return every exception of the range, whatever details the filters leave out.

    Raises:
        ContentUnreadable: if an entry lacks what its kind demands.
    """
    return (
        *_restores(naming),
        *sterilization,
        *_aborted(naming),
        *_incidents(naming),
        *_follow_ups(naming),
        *_overrides(naming),
        *_amendments(naming),
        *_late(naming),
        *_still_open(naming, open_sessions),
        *_clock_anomalies(naming),
        *_erased(naming),
    )


def _restores(naming: Naming) -> Iterator[ExceptionLine]:
    words = naming.words
    for index in sorted(naming.positions.restores):
        entry = naming.log.read(index)
        data = child(entry, "data")
        how = text(data, "how")
        said = words.restore_sentences.get(how, spoken(how))
        backup, previous = optional_child(data, "backup"), optional_child(data, "previous")
        if backup is not None:
            when = naming.times.moment(text(backup, "at")).text
            said = said.format(size=number(backup, "size"), when=when)
        if previous is not None:
            said += " " + words.restore_lost.format(size=number(previous, "size"))
        yield ExceptionLine(
            kind=ExceptionKind.RESTORED, number=index, when=_at(entry, naming), sentence=said
        )


def _aborted(naming: Naming) -> Iterator[ExceptionLine]:
    for index in sorted(naming.positions.aborted):
        entry = naming.log.read(index)
        data = child(entry, "data")
        deviation = data.get("deviation")
        what = naming.free_text(deviation, "what") if isinstance(deviation, dict) else ""
        sentence = f"{naming.client(child(data, 'client'))}: {what}" if what else ""
        yield ExceptionLine(
            kind=ExceptionKind.ABORTED,
            number=index,
            when=_at(entry, naming),
            sentence=sentence or naming.client(child(data, "client")),
        )


def _incidents(naming: Naming) -> Iterator[ExceptionLine]:
    words = naming.words
    for index in naming.positions.incidents:
        entry = naming.log.read(index)
        data = child(entry, "data")
        grade = text(data, "grade")
        sentence = words.incident_sentence.format(
            grade=words.grades.get(grade, spoken(grade)),
            signs=_signs(data, naming),
            escalated=words.escalated if data.get("escalated") is True else words.not_escalated,
            description=naming.free_text(data, "description"),
        )
        yield ExceptionLine(
            kind=ExceptionKind.INCIDENT,
            number=index,
            when=_at(entry, naming),
            sentence=sentence.strip(),
        )


def _follow_ups(naming: Naming) -> Iterator[ExceptionLine]:
    for index in naming.positions.follow_ups:
        entry = naming.log.read(index)
        data = child(entry, "data")
        sentence = naming.words.follow_up_sentence.format(
            cites=number(data, "cites"),
            signs=_signs(data, naming),
            note=naming.free_text(data, "note"),
        )
        yield ExceptionLine(
            kind=ExceptionKind.FOLLOW_UP,
            number=index,
            when=_at(entry, naming),
            sentence=sentence.strip(),
        )


def _overrides(naming: Naming) -> Iterator[ExceptionLine]:
    for index in sorted(naming.positions.overridden):
        data = child(naming.log.read(index), "data")
        for line in read_overrides(data, naming):
            yield ExceptionLine(
                kind=ExceptionKind.OVERRIDE,
                number=index,
                when=line.when,
                sentence=f"{line.label}, {line.who}. {line.reason}".strip(),
            )


def _amendments(naming: Naming) -> Iterator[ExceptionLine]:
    for closed_index in naming.positions.amendments:
        for line in read_amendments(closed_index, naming):
            sentence = naming.words.amendment_sentence.format(
                closed=line.closed_index,
                item=line.label,
                old=line.old,
                new=line.new,
                who=line.who,
                reason=line.reason,
            )
            yield ExceptionLine(
                kind=ExceptionKind.AMENDMENT,
                number=line.index,
                when=line.when,
                sentence=sentence.strip(),
            )


def _late(naming: Naming) -> Iterator[ExceptionLine]:
    for index in sorted(naming.positions.late):
        data = child(naming.log.read(index), "data")
        client = naming.client(child(data, "client"))
        for item in read_items(data, naming):
            if item.late:
                yield ExceptionLine(
                    kind=ExceptionKind.LATE,
                    number=index,
                    when=item.when,
                    sentence=naming.words.late_sentence.format(
                        item=item.label,
                        times=_late_times(item, naming),
                        who=item.who,
                        client=client,
                    ),
                )


def _late_times(item: ItemLine, naming: Naming) -> str:
    if item.performed is None:
        return naming.words.recorded.format(when=item.when.text)
    return naming.words.late_from_to.format(
        performed=item.performed.text, recorded=item.when.beside(item.performed.day)
    )


def _still_open(naming: Naming, sessions: Sequence[JsonObject]) -> Iterator[ExceptionLine]:
    for session in sessions:
        index = number(session, "opened_index")
        entry = naming.log.find(index)
        awaiting = text(session, "state") == "awaiting_reprocessing"
        words = naming.words
        yield ExceptionLine(
            kind=ExceptionKind.STILL_OPEN,
            number=index,
            when=None if entry is None else _at(entry, naming),
            sentence=words.awaiting_sentence if awaiting else words.still_open_sentence,
        )


def _clock_anomalies(naming: Naming) -> Iterator[ExceptionLine]:
    for index in naming.positions.clock_anomalies:
        entry = naming.log.read(index)
        data = child(entry, "data")
        yield ExceptionLine(
            kind=ExceptionKind.CLOCK,
            number=index,
            when=_at(entry, naming),
            sentence=naming.words.clock_sentence.format(
                previous=naming.times.moment(text(data, "previous")).text,
                observed=naming.times.moment(text(data, "observed")).text,
            ),
        )


def _erased(naming: Naming) -> Iterator[ExceptionLine]:
    for index in naming.positions.erased:
        yield ExceptionLine(
            kind=ExceptionKind.ERASED,
            number=index,
            when=None,
            sentence=naming.words.erased_sentence,
        )


def _signs(data: JsonObject, naming: Naming) -> str:
    words = naming.words
    signs = [words.signs.get(sign, spoken(sign)) for sign in texts(data, "signs")]
    return ", ".join(signs) or words.no_signs


def _at(entry: JsonObject, naming: Naming) -> Moment:
    return naming.times.moment(text(entry, "at"))
