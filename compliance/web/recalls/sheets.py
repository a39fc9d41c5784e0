"""The lists of a recall and of a search as CSV, streamed page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Response, stream_with_context
from flask.typing import ResponseReturnValue

from compliance.domain.access import Actor
from compliance.operations.reporting.traced_words import say_found_by, say_packs
from compliance.operations.sterilization.affected import RecallRow, find_row
from compliance.operations.sterilization.searching import read_notice, who_met
from compliance.operations.sterilization.worklist import (
    Met,
    list_affected,
    list_spared,
    list_to_pull,
)
from compliance.store.session import Tx
from compliance.web.context import current_clinic, services
from compliance.web.desk.spreadsheets import write_rows
from compliance.web.desk.wording import say_evidence
from compliance.web.recalls.room import at_recalls, blueprint, say_late

_BATCH: Final = 500

Row = Sequence[str]
Pages = Callable[[Tx], Iterator[Sequence[Row]]]
"""The lines page by page, inside the transaction that is handed in."""

_MET: Final = ("Client", "Session", "Opened", "State", "Packs", "Evidence")


def _time(moment: datetime | None) -> str:
    zone = ZoneInfo(current_clinic().time_zone)
    return "" if moment is None else moment.astimezone(zone).isoformat(timespec="seconds")


def _stream(name: str, headings: Row, pages: Pages) -> Response:
    def lines() -> Iterator[str]:
        # Without this mark spreadsheets take UTF-8 for the old alphabet of their country.
        yield "\ufeff" + write_rows([headings])
        with services().database.reading() as tx:
            for page in pages(tx):
                yield write_rows(page)

    response = Response(stream_with_context(lines()), mimetype="text/csv")
    response.headers["Content-Disposition"] = (
        f'attachment; filename="{name}-{current_clinic().slug}.csv"'
    )
    return response


def _paged(read: Callable[[Any], list[Any]], place: Callable[[Any], Any]) -> Iterator[list[Any]]:
    after = None
    while True:
        page = read(after)
        if page:
            yield page
        if len(page) < _BATCH:
            return
        after = place(page[-1])


def _met_row(met: Met) -> Row:
    return (
        met.client_ref,
        met.meeting.session_id,
        _time(met.meeting.opened_at),
        met.meeting.state,
        say_packs(met),
        "; ".join(say_evidence(met.pieces)),
    )


def _place(met: Met) -> tuple[datetime, str]:
    return met.meeting.opened_at, met.meeting.session_id


def search_sheet(name: str, kind: str, ref: str, *, actor: Actor) -> Response:
    """Everybody who met a thing, as one file."""
    keyring = services().keyring
    notice = read_notice(ref) if kind == "lot" else None

    def pages(tx: Tx) -> Iterator[Sequence[Row]]:
        def read(after: Any) -> list[Met]:
            return who_met(tx, kind, ref, actor=actor, keyring=keyring, after=after, limit=_BATCH)

        for page in _paged(read, _place):
            yield [
                (*_met_row(each), "; ".join(say_late(each)), say_found_by(each, notice))
                for each in page
            ]

    plain = "".join(char if char.isascii() and char.isalnum() else "-" for char in name)
    return _stream(f"who-met-{plain}"[:80], (*_MET, "Late entries", "Found by"), pages)


@blueprint.get("/recalls/<recall_id>/<any(clients, packs, spared):name>.csv")
def download(recall_id: str, name: str) -> ResponseReturnValue:
    actor = at_recalls()
    with services().database.reading() as tx:
        row = find_row(tx, recall_id, actor=actor)
    headings, pages = _SHEETS[name]
    return _stream(f"recall-{name}", headings, lambda tx: pages(tx, row))


def _clients(tx: Tx, row: RecallRow) -> Iterator[Sequence[Row]]:
    def read(after: Any) -> list[Met]:
        return list_affected(tx, row, keyring=services().keyring, after=after, limit=_BATCH)

    for page in _paged(read, _place):
        yield [
            (
                *_met_row(met),
                _calls(met),
                "; ".join(say_late(met)),
                say_found_by(met, row.notice),
            )
            for met in page
        ]


def _calls(met: Met) -> str:
    return "; ".join(f"{_time(call['called_at'])} {call['outcome']}" for call in met.calls)


def _packs(tx: Tx, row: RecallRow) -> Iterator[Sequence[Row]]:
    def read(after: Any) -> list[Any]:
        return list_to_pull(tx, row, after=after, limit=_BATCH)

    for page in _paged(read, lambda each: each.pack.code):
        yield [
            (
                each.pack.code,
                each.pack.contents,
                each.pack.sterilizer,
                each.pack.cycle_number,
                each.pack.state.value,
                each.outcome or "",
                _time(each.at),
            )
            for each in page
        ]


def _spared(tx: Tx, row: RecallRow) -> Iterator[Sequence[Row]]:
    now, keyring = services().clock(), services().keyring

    def read(after: Any) -> list[Any]:
        return list_spared(tx, row, keyring=keyring, now=now, after=after, limit=_BATCH)

    for page in _paged(read, lambda each: (each.opened_at, each.session_id)):
        yield [
            (each.client_ref, each.session_id, _time(each.opened_at), each.reason) for each in page
        ]


_SHEETS: Final[dict[str, tuple[Row, Callable[[Tx, RecallRow], Iterator[Sequence[Row]]]]]] = {
    "clients": ((*_MET, "Calls", "Late entries", "Found by"), _clients),
    "packs": (
        ("Pack", "Contents", "Sterilizer", "Cycle", "State", "Found", "At"),
        _packs,
    ),
    "spared": (("Client", "Session", "Opened", "Why not affected"), _spared),
}
