"""Setting up how the text logs of a sterilizer are read, with a sample beside it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action
from compliance.errors import Refused
from compliance.importing.previewing import (
    MOST_SAMPLE_BYTES,
    MOST_SAMPLE_LINES,
    Preview,
    preview_mapping,
    sample_of,
)
from compliance.importing.text_mapping import FIELDS, NEEDED, TextMapping, read_mapping
from compliance.importing.values import DateOrder, LoggedCycle
from compliance.operations.sterilization.machines import SterilizerRow, find_sterilizer
from compliance.operations.sterilization.mapping import MapLog, find_mapping, map_log
from compliance.operations.sterilization.overseeing import names_of
from compliance.web.context import page_values, services, show_time
from compliance.web.house.doors import entitled, say_refusal
from compliance.web.sterilizers.board import BOARD, IMPORTS, SECTION
from compliance.web.sterilizers.curve_mapping import (
    COLUMNS,
    CURVE_SEPARATORS,
    PRESSURE_UNITS,
    TIME_FORMS,
    empty_curve,
    read_typed_curve,
    say_curve_refusal,
    say_readings,
    typed_curve,
)
from compliance.web.sterilizers.forms import SampleForm
from compliance.web.sterilizers.wording import DATE_ORDERS, celsius, hold

blueprint = Blueprint("sterilizers_mapping", __name__)

_ONE: Final = f"{BOARD}/<sterilizer>/mapping"
_LONGEST: Final = 80
_FAILURES: Final = 6
_SEPARATORS: Final = (
    ("", "Several lines a cycle, values behind words"),
    (";", "One line a cycle, columns by ;"),
    (",", "One line a cycle, columns by ,"),
    ("tab", "One line a cycle, columns by tab"),
    ("|", "One line a cycle, columns by |"),
)
_LABELS: Final = {
    "serial": "Serial number",
    "program": "Program",
    "number": "Cycle number",
    "date": "Date",
    "time": "Time of the start",
    "end_time": "Time of the end",
    "set_temperature": "Set temperature",
    "set_hold": "Set hold",
    "lowest_temperature": "Lowest temperature reached",
    "highest_temperature": "Highest temperature reached",
    "hold": "Hold reached",
}


@blueprint.get(_ONE)
def show_mapping(sterilizer: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    with services().database.reading() as tx:
        machine = find_sterilizer(tx, sterilizer, actor=actor)
        row = find_mapping(tx, sterilizer, actor=actor)
        names = names_of(tx, [None if row is None else row.made_by])
    kept = None if row is None else read_mapping(row.mapping)
    said = None
    if row is not None:
        who = names.get(row.made_by, row.made_by)
        said = f"Version {row.version}, saved by {who} on {show_time(row.made_at)}."
    return _page(machine, _typed(kept, machine), "", said=said)


@blueprint.post(f"{_ONE}/sample")
def take_sample(sterilizer: str) -> ResponseReturnValue:
    """Show the lines of a chosen file; nothing of it is kept."""
    actor = entitled(Action.MANAGE_DEVICES)
    with services().database.reading() as tx:
        machine = find_sterilizer(tx, sterilizer, actor=actor)
    form = SampleForm()
    if not form.validate():
        problem = "Choose a file."
        page = _page(machine, _read_typed(), _sample(), problem=problem, form=form)
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    with form.sample.data.stream as stream:
        sample = sample_of(stream.read(MOST_SAMPLE_BYTES))
    return _page(machine, _read_typed(), sample)


@blueprint.post(f"{_ONE}/preview")
def show_preview(sterilizer: str) -> ResponseReturnValue:
    """What would be read now; the page replaces its preview with this one's."""
    actor = entitled(Action.MANAGE_DEVICES)
    with services().database.reading() as tx:
        machine = find_sterilizer(tx, sterilizer, actor=actor)
    return _page(machine, _read_typed(), _sample())


@blueprint.post(_ONE)
def save(sterilizer: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    typed = _read_typed()
    with services().database.reading() as tx:
        machine = find_sterilizer(tx, sterilizer, actor=actor)
    try:
        with services().database.writing() as tx:
            row = map_log(
                tx,
                MapLog(sterilizer=machine.sterilizer_id, mapping=_mapping(typed)),
                actor=actor,
                now=services().clock(),
            )
    except Refused as error:
        page = _page(machine, typed, _sample(), problem=_say(error))
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    flash(f"Version {row.version} is saved. Log files of {machine.code} are read by it.", "good")
    return redirect(f"{IMPORTS}?sterilizer={machine.code}", HTTPStatus.SEE_OTHER)


def _sample() -> str:
    return request.form.get("sample_text", "").replace("\0", "")[: MOST_SAMPLE_BYTES * 2]


def _typed(mapping: TextMapping | None, machine: SterilizerRow) -> dict[str, str]:
    """The fields of the screen as text."""
    if mapping is None:
        return {**_empty(), "date_order": machine.date_order}
    separator = "tab" if mapping.separator == "\t" else mapping.separator
    return {
        **_empty(),
        "separator": separator,
        "begins_with": mapping.begins_with,
        "ends_with": mapping.ends_with,
        "failure_words": ", ".join(mapping.failure_words),
        "date_order": mapping.date_order.value,
        **{f"value-{name}": words for name, words in mapping.values.items()},
        **typed_curve(mapping.curve),
    }


def _empty() -> dict[str, str]:
    names = ("separator", "begins_with", "ends_with", "failure_words")
    return {**dict.fromkeys((*names, *(f"value-{name}" for name in FIELDS)), ""), **empty_curve()}


def _read_typed() -> dict[str, str]:
    typed = {
        name: request.form.get(name, kept).strip()[: _LONGEST * 4]
        for name, kept in _empty().items()
    }
    order = request.form.get("date_order", "")
    return {**typed, "date_order": order if order in tuple(DateOrder) else "dmy"}


def _mapping(typed: dict[str, str]) -> TextMapping:
    failures = [word.strip() for word in typed["failure_words"].split(",") if word.strip()]
    separator = typed["separator"]
    return TextMapping(
        begins_with="" if separator else typed["begins_with"],
        ends_with="" if separator else typed["ends_with"],
        values={name: typed[f"value-{name}"] for name in FIELDS if typed[f"value-{name}"]},
        failure_words=tuple(failures[:_FAILURES]),
        separator="\t" if separator == "tab" else separator,
        date_order=DateOrder(typed["date_order"]),
        curve=read_typed_curve(typed),
    )


def _page(
    machine: SterilizerRow,
    typed: dict[str, str],
    sample: str,
    *,
    problem: str = "",
    said: str | None = None,
    form: SampleForm | None = None,
) -> str:
    preview, wrong = _try(sample, typed)
    lines = sample.splitlines()[:MOST_SAMPLE_LINES]
    uses = ("noise",) * len(lines) if preview is None else preview.uses
    return render_template(
        "sterilizers/mapping.html",
        page=page_values(f"Mapping of {machine.code}", section=SECTION),
        machine=f"{machine.code} {machine.name}",
        base=f"{BOARD}/{machine.code}",
        here=f"{BOARD}/{machine.code}/mapping",
        said=said,
        problem=problem,
        form=form or SampleForm(formdata=None),
        typed=typed,
        separators=_SEPARATORS,
        orders=DATE_ORDERS,
        fields=[(name, _LABELS[name], name in NEEDED) for name in FIELDS],
        sample=sample,
        lines=list(zip(lines, uses, strict=True)),
        preview=None if preview is None else _shown(preview),
        wrong=wrong,
        curve_columns=COLUMNS,
        curve_separators=CURVE_SEPARATORS,
        time_forms=TIME_FORMS,
        pressure_units=PRESSURE_UNITS,
        kilobytes=MOST_SAMPLE_BYTES // 1024,
    )


def _try(sample: str, typed: dict[str, str]) -> tuple[Preview | None, str]:
    if not sample:
        return None, "Choose a sample file first."
    try:
        return preview_mapping(sample, _mapping(typed)), ""
    except Refused as error:
        return None, _say(error)


def _say(error: Refused) -> str:
    """A refusal with the labels of the screen in place of the names of fields."""
    text = error.problem
    for name, label in _LABELS.items():
        text = text.replace(f"{name},", f"{label.lower()},")
        text = label.lower().join((text.removesuffix(name), "")) if text.endswith(name) else text
    match error.field:
        case "begins_with":
            return "Say with which words a cycle begins: 1 to 80 characters."
        case "curve":
            return say_curve_refusal(error)
        case "values" if text.startswith("lacks"):
            return f"The mapping still {text}."
        case "values" if "column" in text:
            return "A column is named by its number: 1 to 99."
        case _:
            return say_refusal(error)


def _shown(preview: Preview) -> dict[str, Any]:
    return {
        "cycles": [_cycle(each) for each in preview.cycles[:20]],
        "more": max(0, len(preview.cycles) - 20),
        "count": len(preview.cycles),
        "refused": [(f"{each.first} to {each.last}", each.note) for each in preview.refused[:20]],
        "noise": preview.noise,
    }


def _cycle(found: LoggedCycle) -> tuple[Any, ...]:
    start = "not readable" if found.started_at is None else f"{found.started_at:%d %b %Y, %H:%M:%S}"
    end = "–" if found.ended_at is None else f"{found.ended_at:%H:%M:%S}"
    failed = found.machine_failed or not found.ended
    return (
        found.number or "none",
        start,
        end,
        found.program or "–",
        celsius(found.lowest_decicelsius) or "not readable",
        hold(found.hold_seconds) or "not readable",
        say_readings(found),
        ("Failed or cut short", "bad") if failed else ("Complete", "good"),
    )
