"""What only the file of one session says: whom it is for, and its entries one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from compliance.report.content.fields import JsonObject, child, optional_text, spoken, text
from compliance.report.content.log import author
from compliance.report.content.naming import Naming
from compliance.report.content.values import EntryLine, SingleContent

STEPS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": MappingProxyType(
            {
                "session.opened": "opened",
                "session.answered": "answered: {item}",
                "undo": "answer taken back: {item}",
                "session.refused": "late answer refused, recalled: {item}",
                "session.overridden": "decided to treat all the same",
                "session.taken_over": "taken over by a colleague",
                "session.corrected": "corrected before closing: {field}",
                "consent.signed": "consent signed",
                "session.started": "treatment started",
                "session.finished": "treatment ended",
                "session.signed": "signed, awaits reprocessing",
                "session.closed": "closed",
                "session.aborted": "aborted",
                "session.amended": "amended: {item}",
                "device.returned": "device sent back to reprocessing",
                "incident.recorded": "adverse event",
                "followup.recorded": "follow-up",
                "report.exported": "exported as a file",
            }
        ),
        "de": MappingProxyType(
            {
                "session.opened": "eröffnet",
                "session.answered": "beantwortet: {item}",
                "undo": "Antwort zurückgenommen: {item}",
                "session.refused": "späte Antwort abgelehnt, zurückgerufen: {item}",
                "session.overridden": "Behandlung trotzdem entschieden",
                "session.taken_over": "von einer anderen Person übernommen",
                "session.corrected": "vor dem Abschluss berichtigt: {field}",
                "consent.signed": "Einwilligung unterschrieben",
                "session.started": "Behandlung begonnen",
                "session.finished": "Behandlung beendet",
                "session.signed": "signiert, wartet auf Aufbereitung",
                "session.closed": "abgeschlossen",
                "session.aborted": "abgebrochen",
                "session.amended": "berichtigt: {item}",
                "device.returned": "Gerät zur Aufbereitung gegeben",
                "incident.recorded": "unerwünschtes Ereignis",
                "followup.recorded": "Nachfrage",
                "report.exported": "als Datei ausgegeben",
            }
        ),
    }
)


def read_single_content(naming: Naming, session: str, purpose: str, record: int) -> SingleContent:
    """Return what stands beside the session's block.

    Raises:
        ContentUnreadable: if an entry lacks what its kind demands.
    """
    ending = child(naming.log.read(record), "data")
    template = naming.template(child(ending, "template"))
    history = tuple(_history(naming, session, template))
    return SingleContent(
        purpose=purpose,
        record=record,
        entries=spans([line.index for line in history], naming.words.to),
        history=history,
    )


def _history(naming: Naming, session: str, template: JsonObject) -> Iterator[EntryLine]:
    for index, entry in naming.log.outside():
        data = child(entry, "data")
        if data.get("session") == session:
            yield EntryLine(
                index=index,
                when=naming.times.moment(text(entry, "at")),
                who=naming.person(author(entry)),
                what=_what(naming, text(entry, "kind"), data, template),
            )


def _what(naming: Naming, kind: str, data: JsonObject, template: JsonObject) -> str:
    steps = STEPS.get(naming.language, STEPS["en"])
    step = steps.get("undo" if data.get("undo") is True else kind, spoken(kind.replace(".", " ")))
    item = optional_text(data, "item")
    return step.format(
        item="" if item is None else naming.subject(template, item),
        field=spoken(optional_text(data, "field") or ""),
    )


def spans(indexes: Sequence[int], to: str) -> str:
    """Write numbers in order as people do: ``3, 7 to 9``."""
    runs: list[list[int]] = []
    for index in indexes:
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} {to} {run[-1]}" for run in runs)
