"""The list of cycles: filters from the address, keyset pages, and the same as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action, Actor
from compliance.domain.sterilization.words import CycleKind, CycleOutcome
from compliance.operations.sterilization.cycles import CycleRow
from compliance.operations.sterilization.machines import list_sterilizers
from compliance.operations.sterilization.overseeing import CycleFilter, search_cycles
from compliance.web.api.cursors import cut_page, read_moment_cursor
from compliance.web.context import current_clinic, page_values, services, show_time
from compliance.web.desk.listing import refuse_unknown_format
from compliance.web.desk.spreadsheets import harmless
from compliance.web.house.doors import asked_text, clinic_today, clinic_zone, entitled
from compliance.web.sterilizers.board import CYCLES, SECTION, place_links
from compliance.web.sterilizers.wording import FLAGS, KINDS, OUTCOMES, bar, celsius, hold

blueprint = Blueprint("sterilizers_listing", __name__)

PAGE: Final = 50
_BATCH: Final = 500
_NAMES: Final = ("sterilizer", "kind", "outcome", "flags", "released", "number", "from", "to")
_HEADINGS: Final = (
    "Sterilizer",
    "Number",
    "Kind",
    "Program",
    "Started",
    "Ended",
    "Set temperature, °C",
    "Lowest, °C",
    "Highest, °C",
    "Set hold, s",
    "Hold, s",
    "Lowest pressure, bar",
    "Outcome",
    "Faults",
    "Flags",
    "Released",
    "Raw file SHA-256",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The filters as the address has them, and what of them could not be understood."""

    values: Mapping[str, str]
    wanted: CycleFilter
    problems: tuple[str, ...]

    def query(self, **changes: str) -> str:
        pairs = {**self.values, **changes}
        return urlencode({name: value for name, value in pairs.items() if value})


def read_asked(codes: Mapping[str, str]) -> Asked:
    """Read the filters; what is not understood is said and left out.

    Args:
        codes: the clinic's sterilizers, id by code.
    """
    values = {name: asked_text(name, most=40) for name in _NAMES}
    problems: list[str] = []
    allowed: dict[str, set[str]] = {
        "sterilizer": set(codes),
        "kind": {each.value for each in CycleKind},
        "outcome": {each.value for each in CycleOutcome},
        "flags": {"undecided"},
        "released": {"yes", "no"},
    }
    for name, known in allowed.items():
        if values[name] and values[name] not in known:
            problems.append(f"“{values[name]}” is not one of the choices for {name}.")
            values[name] = ""
    first, last = _day(values, "from", problems), _day(values, "to", problems)
    wanted = CycleFilter(
        sterilizer_id=codes.get(values["sterilizer"]),
        kind=values["kind"] or None,
        outcome=values["outcome"] or None,
        undecided=values["flags"] == "undecided",
        released={"yes": True, "no": False}.get(values["released"]),
        number=values["number"] or None,
        since=None if first is None else _midnight(first),
        until=None if last is None else _midnight(last + timedelta(days=1)),
    )
    return Asked(values=values, wanted=wanted, problems=tuple(problems))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clinic_zone())


def _day(values: dict[str, str], name: str, problems: list[str]) -> date | None:
    text = values[name]
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not 2000 <= day.year <= 9000:
        problems.append(f"“{text}” is not a date. Write it as 2026-11-20.")
        values[name] = ""
        return None
    return day


@blueprint.get(CYCLES)
def show_cycles() -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    refuse_unknown_format(request.args.get("format"))
    with services().database.reading() as tx:
        machines = list_sterilizers(tx, actor=actor)
        codes = {machine.code: machine.sterilizer_id for machine in machines}
        asked = read_asked(codes)
        by_id = {machine.sterilizer_id: machine.code for machine in machines}
        if request.args.get("format") == "csv":
            return _csv(asked, by_id, actor)
        cursor = read_moment_cursor(request.args.get("cursor"))
        found = search_cycles(tx, asked.wanted, actor=actor, after=cursor, limit=PAGE + 1)
    page, following = cut_page(found, PAGE, lambda row: (row.run_at, row.cycle_id))
    return render_template(
        "sterilizers/cycles.html",
        page=page_values("Cycles", section=SECTION),
        places=place_links("cycles"),
        rows=[cycle_line(row, by_id) for row in page],
        fields=_fields(asked.values, list(codes)),
        path=CYCLES,
        problems=asked.problems,
        filtered=any(asked.values.values()),
        first_href=f"{CYCLES}?{asked.query()}" if cursor else None,
        next_href=f"{CYCLES}?{asked.query(cursor=following)}" if following else None,
        csv_href=f"{CYCLES}?{asked.query(format='csv')}",
        any_machine=bool(machines),
    )


def _fields(values: Mapping[str, str], codes: Sequence[str]) -> tuple[tuple[Any, ...], ...]:
    """As the macro ``filters`` takes them: name, label, type, value, options."""
    everything = ("", "All")
    kinds = tuple((kind.value, words) for kind, words in KINDS.items())
    outcomes = tuple((outcome.value, words) for outcome, (words, _) in OUTCOMES.items())
    return (
        (
            "sterilizer",
            "Sterilizer",
            "select",
            values["sterilizer"],
            (everything, *((c, c) for c in codes)),
        ),
        ("kind", "Kind", "select", values["kind"], (everything, *kinds)),
        ("outcome", "Outcome", "select", values["outcome"], (everything, *outcomes)),
        ("flags", "Flags", "select", values["flags"], (everything, ("undecided", "To decide"))),
        (
            "released",
            "Released",
            "select",
            values["released"],
            (everything, ("yes", "Yes"), ("no", "No")),
        ),
        ("number", "Number", "search", values["number"], ()),
        ("from", "Run from", "date", values["from"], ()),
        ("to", "Run to", "date", values["to"], ()),
    )


def cycle_line(row: CycleRow, codes: Mapping[str, str]) -> dict[str, Any]:
    """A cycle as a row of a table."""
    undecided = [flag for flag in row.flags if flag["decision"] is None]
    refused = [flag for flag in row.flags if flag["decision"] and not flag["decision"]["accepted"]]
    return {
        "sterilizer": codes.get(row.sterilizer_id, "–"),
        "number": row.number,
        "href": f"{CYCLES}/{row.cycle_id}",
        "kind": KINDS[row.kind],
        "program": row.program or "–",
        "run": show_time(row.run_at),
        "achieved": _achieved(row),
        "outcome": OUTCOMES[row.outcome],
        "undecided": [FLAGS.get(flag["code"], (flag["code"],))[0] for flag in undecided],
        "refused": bool(refused),
        "decided": len(row.flags) - len(undecided),
        "released": row.released_at is not None,
    }


def _achieved(row: CycleRow) -> str:
    values = (celsius(row.lowest_decicelsius), hold(row.hold_seconds), bar(row.lowest_centibar))
    return " · ".join(value for value in values if value is not None) or "nothing readable"


def _csv(asked: Asked, codes: Mapping[str, str], actor: Actor) -> Response:
    name = f"cycles-{current_clinic().slug}-{clinic_today().isoformat()}.csv"
    response = Response(stream_with_context(_lines(asked, codes, actor)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _lines(asked: Asked, codes: Mapping[str, str], actor: Actor) -> Iterator[str]:
    # Without this mark spreadsheets take UTF-8 for the old alphabet of their country.
    yield "\ufeff" + _written([_HEADINGS])
    after = None
    with services().database.reading() as tx:
        while True:
            page = search_cycles(tx, asked.wanted, actor=actor, after=after, limit=_BATCH)
            yield _written([_cells(row, codes) for row in page])
            if len(page) < _BATCH:
                return
            after = (page[-1].run_at, page[-1].cycle_id)


def _cells(row: CycleRow, codes: Mapping[str, str]) -> Sequence[str]:
    return (
        codes.get(row.sterilizer_id, ""),
        row.number,
        KINDS[row.kind],
        row.program,
        _moment(row.run_at),
        _moment(row.ended_at),
        _tenths(row.set_decicelsius),
        _tenths(row.lowest_decicelsius),
        _tenths(row.highest_decicelsius),
        _plain(row.set_hold_seconds),
        _plain(row.hold_seconds),
        "" if row.lowest_centibar is None else f"{row.lowest_centibar / 100:.2f}",
        OUTCOMES[row.outcome][0],
        "; ".join(row.faults),
        "; ".join(_flag(flag) for flag in row.flags),
        _moment(row.released_at),
        row.raw_sha256 or "",
    )


def _flag(flag: Mapping[str, Any]) -> str:
    decision = flag["decision"]
    if decision is None:
        return f"{flag['code']} (to decide)"
    return f"{flag['code']} ({'accepted' if decision['accepted'] else 'refused'})"


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(clinic_zone()).isoformat(timespec="seconds")


def _tenths(value: int | None) -> str:
    return "" if value is None else f"{value / 10:.1f}"


def _plain(value: int | None) -> str:
    return "" if value is None else str(value)


def _written(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([[harmless(cell) for cell in row] for row in rows])
    return text.getvalue()
