"""What a report says, read from the bytes that are signed and from nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compliance.report.content.anchored import anchor_words, read_anchored
from compliance.report.content.blocks import LazyBlocks, read_amendments
from compliance.report.content.exceptions import read_exceptions
from compliance.report.content.fields import (
    JsonObject,
    child,
    children,
    number,
    optional_child,
    optional_text,
    spoken,
    text,
)
from compliance.report.content.filters import filter_texts, wanted
from compliance.report.content.formerly import (
    read_former_names,
    read_formerly,
    read_session_formerly,
)
from compliance.report.content.indexing import (
    Positions,
    find_positions,
    find_session_positions,
)
from compliance.report.content.languages import primary_language, words_for
from compliance.report.content.log import Log, author
from compliance.report.content.naming import Naming
from compliance.report.content.room_reading import no_room, read_room
from compliance.report.content.single import read_single_content
from compliance.report.content.source import AuditSource, ContentUnreadable
from compliance.report.content.times import LocalTimes
from compliance.report.content.values import (
    AmendmentLine,
    Counts,
    ExportLine,
    PersonLine,
    ReportContent,
)
from compliance.report.content.words import Words


def read_content(audit: AuditSource) -> ReportContent:
    """Return everything a report says; its sessions are read again when they are iterated.

    Raises:
        ContentUnreadable: if a field is missing or of another type, here or while iterating.
    """
    data = audit.data
    if "session" in data:
        return read_single(audit)
    clinic = child(data, "clinic")
    words = words_for(text(clinic, "language"))
    naming = _naming(audit, clinic, words)
    opened = children(data, "open_sessions")
    span = child(data, "range")
    filters = optional_child(data, "filters") or {}
    room = read_room(naming, data, audit.curves)
    return ReportContent(
        words=words,
        language=primary_language(text(clinic, "language")),
        clinic=text(clinic, "name"),
        demo=clinic.get("demo") is True,
        zone=text(clinic, "time_zone"),
        period=_period(child(data, "period"), naming.times),
        filters=filter_texts(filters, naming),
        volume=_volume(data, words),
        made_at=naming.times.moment(text(data, "made_at")),
        made_by=naming.person(text(data, "made_by")),
        software=text(data, "software"),
        start=number(span, "start"),
        end=number(span, "end"),
        size=number(data, "size"),
        root=text(data, "root"),
        incarnation=number(data, "incarnation"),
        profiles=tuple(_profile(profile) for profile in children(data, "profiles")),
        counts=_count(naming.positions, opened, recalled=room.recalled),
        exceptions=read_exceptions(naming, opened, room.exceptions),
        sessions=LazyBlocks(indices=_drawn(naming, filters), naming=naming),
        people=tuple(_people(naming)),
        later_amendments=tuple(_later_amendments(naming, number(span, "start"))),
        exports=tuple(_exports(naming)),
        room=room.content,
        anchored=naming.anchored,
        formerly=read_formerly(naming, data),
    )


def read_single(audit: AuditSource) -> ReportContent:
    """Return what the file of one session says, in the form that a report has.

    Raises:
        ContentUnreadable: as `read_content`.
    """
    data = audit.data
    clinic = child(data, "clinic")
    words = words_for(text(clinic, "language"))
    session = text(data, "session")
    naming = _naming(audit, clinic, words, session=session)
    drawn = naming.positions.drawn()
    if not drawn:
        raise ContentUnreadable("the session's file does not show how the session ended")
    blocks = LazyBlocks(indices=drawn, naming=naming)
    single = read_single_content(naming, session, text(data, "purpose"), drawn[-1])
    return ReportContent(
        words=words,
        language=primary_language(text(clinic, "language")),
        clinic=text(clinic, "name"),
        demo=clinic.get("demo") is True,
        zone=text(clinic, "time_zone"),
        period=next(iter(blocks)).closed.day,
        filters=(),
        volume="",
        made_at=naming.times.moment(text(data, "made_at")),
        made_by=naming.person(text(data, "made_by")),
        software=text(data, "software"),
        start=0,
        end=0,
        size=number(data, "size"),
        root=text(data, "root"),
        incarnation=number(data, "incarnation"),
        profiles=tuple(_profile(profile) for profile in children(data, "profiles")),
        counts=_count(naming.positions, (), recalled=0),
        exceptions=read_exceptions(naming, ()),
        sessions=blocks,
        people=tuple(_people(naming)),
        later_amendments=(),
        exports=(),
        room=no_room(),
        single=single,
        anchored=naming.anchored,
        formerly=read_session_formerly(naming, drawn[-1]),
    )


def _naming(
    audit: AuditSource, clinic: JsonObject, words: Words, *, session: str | None = None
) -> Naming:
    log = Log(audit)
    times = LocalTimes.in_zone(text(clinic, "time_zone"), words)
    language = primary_language(text(clinic, "language"))
    positions = find_positions(log) if session is None else find_session_positions(log, session)
    genesis = log.find(0)
    return Naming(
        log=log,
        positions=positions,
        disclosures=audit.disclosures,
        times=times,
        words=words,
        language=language,
        anchored=read_anchored(
            audit.data,
            language,
            times,
            begun=() if genesis is None else (text(genesis, "at"),),
            recorded=positions.stamped,
        ),
    )


def _drawn(naming: Naming, filters: JsonObject) -> Sequence[int]:
    drawn = naming.positions.drawn()
    if not filters:
        return drawn
    return [index for index in drawn if wanted(child(naming.log.read(index), "data"), filters)]


def _period(period: JsonObject, times: LocalTimes) -> str:
    first, last = times.day(text(period, "from")), times.day(text(period, "to"))
    return first if first == last else f"{first} {times.words.to} {last}"


def _volume(data: JsonObject, words: Words) -> str:
    volume = optional_child(data, "volume")
    if volume is None:
        return ""
    return words.volume.format(number=number(volume, "number"), of=number(volume, "of"))


def _profile(profile: JsonObject) -> str:
    """Return a profile's name and version, as far as it has them."""
    name = next((profile[key] for key in ("title", "name", "id") if profile.get(key)), "")
    version = profile.get("version")
    return f"{name} {version}" if version is not None else str(name)


def _count(positions: Positions, opened: Sequence[JsonObject], *, recalled: int) -> Counts:
    awaiting = sum(text(session, "state") == "awaiting_reprocessing" for session in opened)
    return Counts(
        closed=positions.closed,
        late=len(positions.late),
        amended=len(positions.amendments),
        aborted=len(positions.aborted),
        awaiting=awaiting,
        still_open=len(opened) - awaiting,
        erased=len(positions.erased),
        recalled=recalled,
        clock_anomalies=len(positions.clock_anomalies),
    )


def _people(naming: Naming) -> Iterator[PersonLine]:
    for user, person in naming.positions.people.items():
        roles = ", ".join(spoken(role) for role in person.roles)
        formerly = read_former_names(naming, user)
        yield PersonLine(
            name=naming.person(user), roles=roles, index=person.index, formerly=formerly
        )


def _later_amendments(naming: Naming, start: int) -> Iterator[AmendmentLine]:
    for closed_index in naming.positions.amendments:
        if closed_index < start:
            yield from read_amendments(closed_index, naming)


def _exports(naming: Naming) -> Iterator[ExportLine]:
    said: dict[str, str] = {}
    for index in naming.positions.exports:
        entry = naming.log.read(index)
        data = child(entry, "data")
        report = text(data, "report")
        if "from" in data:
            said[report] = period = _exported_period(data, naming)
        else:
            # The same report with an archive time-stamp, and so with another fingerprint.
            extended = anchor_words(naming.language).extended
            period = f"{said.get(report, report[-8:])}, {extended}"
        yield ExportLine(
            index=index,
            when=naming.times.moment(text(entry, "at")),
            who=naming.person(author(entry)),
            period=period,
            sha256=text(data, "sha256"),
        )


def _exported_period(data: JsonObject, naming: Naming) -> str:
    first, last = text(data, "from"), text(data, "to")
    period = _period({"from": first, "to": last}, naming.times)
    if purpose := optional_text(data, "purpose"):
        return f"{period}, {naming.words.single_exports.get(purpose, spoken(purpose))}"
    return period
