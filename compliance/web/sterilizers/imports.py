"""Log files: bringing one in, the list of them, and the report that accounts for every line."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.sterilization.importing import (
    KNOWN_MAKES,
    MOST_BYTES,
    ImportFile,
    LogFileRow,
    find_import,
    import_cycles,
    list_imports,
    read_raw,
)
from compliance.operations.sterilization.machines import SterilizerRow, list_sterilizers
from compliance.operations.sterilization.overseeing import names_of
from compliance.web.api.cursors import write_cursor
from compliance.web.context import current_clinic, page_values, services, show_time
from compliance.web.house.doors import asked_text, entitled, explain, say_refusal
from compliance.web.sterilizers.board import BOARD, CYCLES, IMPORTS, SECTION, place_links
from compliance.web.sterilizers.forms import UploadForm
from compliance.web.sterilizers.places import read_file_place
from compliance.web.sterilizers.wording import FLAGS, USES, show_adapter

blueprint = Blueprint("sterilizers_imports", __name__)

PAGE: Final = 30
_ONE: Final = f"{IMPORTS}/<sha256>"
_SHOWN: Final = 1000
"""Ranges on one page of a report; `?line=` leads to the others."""


@blueprint.get(IMPORTS)
def show_imports() -> ResponseReturnValue:
    return _page()


def _page(form: UploadForm | None = None) -> str:
    actor = entitled(Action.MANAGE_DEVICES)
    code = asked_text("sterilizer", most=40)
    place = read_file_place(request.args.get("cursor"))
    with services().database.reading() as tx:
        machines = list_sterilizers(tx, actor=actor)
        wanted = next((each for each in machines if each.code == code), None)
        found = list_imports(
            tx,
            actor=actor,
            sterilizer_id=None if wanted is None else wanted.sterilizer_id,
            after=place,
            limit=PAGE + 1,
        )
        names = names_of(tx, (row.arrived_by for row in found))
    shown = found[:PAGE]
    following = None
    if len(found) > PAGE:
        following = write_cursor(shown[-1].arrived_at, _as_id(shown[-1].sha256))
    form = form or UploadForm(formdata=None)
    _offer(form, machines, chosen=code)
    codes = {each.sterilizer_id: each.code for each in machines}
    suffix = f"&sterilizer={code}" if wanted else ""
    return render_template(
        "sterilizers/imports.html",
        page=page_values("Log files", section=SECTION),
        places=place_links("imports"),
        form=form,
        any_machine=bool(machines),
        most=MOST_BYTES // 1024 // 1024,
        makes=_makes(),
        mapping_links=[(each.code, f"{BOARD}/{each.code}/mapping") for each in machines],
        inbox=f"inbox/{current_clinic().slug}/",
        chosen=None if wanted is None else wanted.code,
        rows=[
            {
                "name": row.name,
                "href": f"{IMPORTS}/{row.sha256}",
                "sterilizer": codes.get(row.sterilizer_id, "–"),
                "arrived": show_time(row.arrived_at),
                "by": names.get(row.arrived_by, row.arrived_by),
                "adapter": show_adapter(row.adapter),
                "counts": _counts(row.report),
            }
            for row in shown
        ],
        next_href=f"{IMPORTS}?cursor={following}{suffix}" if following else None,
    )


def _as_id(sha256: str) -> str:
    """Cursors carry ids of the form of a UUID; the first half of a hash tells files apart."""
    head = sha256[:32]
    return f"{head[:8]}-{head[8:12]}-{head[12:16]}-{head[16:20]}-{head[20:]}"


def _offer(form: UploadForm, machines: list[SterilizerRow], *, chosen: str) -> None:
    form.offer(
        [(each.code, f"{each.code} {each.name}") for each in machines],
        [
            *((make.name, make.title) for make in KNOWN_MAKES.values()),
            ("mapped_text", "By the mapping of this sterilizer"),
        ],
    )
    if form.sterilizer.data is None and chosen:
        form.sterilizer.data = chosen


_READ: Final = {
    "dac_universal": "German menus, also where the degree sign was lost on the way.",
    "csv": "Columns by name: number, started_at, lowest_temperature_c, hold_s, passed and more.",
}


def _makes() -> list[tuple[str, bool, str]]:
    """Title, whether a real sample was seen, and what that means."""
    said = []
    for make in KNOWN_MAKES.values():
        why = getattr(make, "why", "") or _READ.get(make.name, "")
        said.append((make.title, make.verified, why))
    said.append(
        (
            "Any other text log",
            False,
            "By a mapping that you set up from a sample. Nobody but you has seen that it is right.",
        )
    )
    return said


def _counts(report: list[dict[str, Any]]) -> list[tuple[str, str]]:
    counted = Counter(_use(line) for line in report)
    return [
        (f"{counted[use]} {USES[use][0].lower()}", USES[use][1])
        for use in ("cycle", "flagged", "known", "unreadable")
        if counted[use]
    ]


def _use(line: dict[str, Any]) -> str:
    return "flagged" if line["use"] == "cycle" and line["flags"] else str(line["use"])


@blueprint.post(IMPORTS)
def upload() -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    form = UploadForm()
    with services().database.reading() as tx:
        _offer(form, list_sterilizers(tx, actor=actor), chosen="")
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if form.validate():
        # One byte more than is allowed is enough to see that a file is too large.
        with form.file.data.stream as stream:
            content = stream.read(MOST_BYTES + 1)
        command = ImportFile(
            sterilizer=form.sterilizer.data,
            name="".join(sign for sign in form.file.data.filename or "" if sign.isprintable()),
            content=content,
            adapter=form.adapter.data or None,
        )
        try:
            with services().database.writing() as tx:
                done = import_cycles(tx, command, actor=actor, now=services().clock())
        except Conflict as error:
            status = HTTPStatus.CONFLICT
            form.file.errors = [*form.file.errors, say_refusal(error)]
        except (Refused, NotFound) as error:
            explain(form, error, beside="file")
        else:
            tone = "warning" if done.refused else "good"
            flash("The file is kept, and every line of it is accounted for below.", tone)
            return redirect(f"{IMPORTS}/{done.sha256}", HTTPStatus.SEE_OTHER)
    return _page(form), status


@blueprint.get(_ONE)
def show_import(sha256: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    with services().database.reading() as tx:
        row = find_import(tx, sha256, actor=actor)
        names = names_of(tx, [row.arrived_by])
        machines = {each.sterilizer_id: each.code for each in list_sterilizers(tx, actor=actor)}
    lines = row.report
    start = _start(len(lines))
    shown = lines[start : start + _SHOWN]
    return render_template(
        "sterilizers/import.html",
        page=page_values(f"Log file {row.name}", section=SECTION),
        places=place_links("imports"),
        title=row.name,
        facts=_facts(row, machines, names),
        counts=_totals(lines),
        noise=sum(1 for line in lines if line["use"] == "noise"),
        lines=[_line(line) for line in shown],
        last_line=lines[-1]["last"] if lines else 0,
        raw_href=f"{IMPORTS}/{row.sha256}/raw",
        verified=_verified(row.adapter),
        shown=(start + 1, start + len(shown), len(lines)),
        previous_href=None if start == 0 else f"{IMPORTS}/{sha256}?from={max(0, start - _SHOWN)}",
        next_href=f"{IMPORTS}/{sha256}?from={start + _SHOWN}"
        if start + _SHOWN < len(lines)
        else None,
    )


def _start(count: int) -> int:
    text = request.args.get("from", "0")
    return (
        min(int(text), max(0, count - 1))
        if text.isascii() and text.isdigit() and len(text) < 8
        else 0
    )


def _verified(adapter: str) -> bool:
    make = KNOWN_MAKES.get(adapter)
    return make is not None and make.verified


def _facts(
    row: LogFileRow, machines: dict[str, str], names: dict[str, str]
) -> tuple[tuple[str, str], ...]:
    return (
        ("Sterilizer", machines.get(row.sterilizer_id, "–")),
        ("Arrived", show_time(row.arrived_at)),
        ("Brought by", names.get(row.arrived_by, row.arrived_by)),
        ("Size", f"{row.size:,} bytes".replace(",", " ")),
        ("Read as", show_adapter(row.adapter)),
    )


def _totals(report: list[dict[str, Any]]) -> list[tuple[str, int, str | None]]:
    counted = Counter(_use(line) for line in report)
    return [
        (label, counted[use], tone if counted[use] else None)
        for use, label, tone in (
            ("cycle", "Accepted", "good"),
            ("flagged", "Flagged", "warn"),
            ("known", "Known already", None),
            ("unreadable", "Refused", "bad"),
        )
    ]


def _line(line: dict[str, Any]) -> dict[str, Any]:
    one = line["first"] == line["last"]
    cycle = None
    if line["cycle_id"]:
        outcome = f", {line['outcome']}" if line["outcome"] else ""
        cycle = (f"Cycle {line['number']}{outcome}", f"{CYCLES}/{line['cycle_id']}")
    return {
        "range": str(line["first"]) if one else f"{line['first']} to {line['last']}",
        "use": USES[_use(line)],
        "cycle": cycle,
        "flags": [FLAGS.get(code, (code,))[0] for code in line["flags"]],
        "note": line["note"],
    }


@blueprint.get(f"{_ONE}/raw")
def send_raw(sha256: str) -> ResponseReturnValue:
    """The bytes as they arrived, always as a download and never as a page."""
    actor = entitled(Action.MANAGE_DEVICES)
    with services().database.reading() as tx:
        row = find_import(tx, sha256, actor=actor)
        content = read_raw(tx, sha256, actor=actor)
    response = Response(content, mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=row.name)
    return response
