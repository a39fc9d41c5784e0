"""The inventory: an overview, one list for each family, its CSV and its labels."""

from __future__ import annotations

import csv
import io
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action
from compliance.domain.words import ProductKind
from compliance.errors import Refused
from compliance.operations.inventory.entering import count_things
from compliance.operations.inventory.families import (
    Wanted,
    every_row,
    find_family,
)
from compliance.operations.inventory.lots import lots_ending_soon
from compliance.operations.inventory.spreadsheets import harmless
from compliance.report.labels import PER_PAGE, draw_labels
from compliance.web.api.cursors import cut_page
from compliance.web.context import current_clinic, page_values, services
from compliance.web.house.doors import asked_text, clinic_today, entitled, show_day
from compliance.web.house.places import read_place, write_place
from compliance.web.house.shelves import SHELVES, THINGS, lot_state
from compliance.web.house.wording import FAMILY_WORDS, PRODUCT_KINDS

blueprint = Blueprint("house_things", __name__)

PAGE: Final = 50
MOST_LABELS: Final = 10 * PER_PAGE
_ICONS: Final = {
    "devices": "needle",
    "products": "bottle",
    "lots": "scan",
    "containers": "shield",
    "rooms": "room",
}


@blueprint.get(THINGS)
def show_overview() -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    now = services().clock()
    with services().database.reading() as tx:
        counts = count_things(tx, actor=actor)
        ending = lots_ending_soon(tx, actor=actor, now=now)
    return render_template(
        "house/things.html",
        page=page_values("Things", section="things"),
        families=[
            {
                "href": f"{THINGS}/{name}",
                "words": words,
                "count": counts[name],
                "icon": _ICONS[name],
            }
            for name, words in FAMILY_WORDS.items()
        ],
        ending=[
            {
                "code": row.code,
                "href": f"{THINGS}/lots/{row.lot_id}",
                "product": row.product_name,
                "end": show_day(row.last_day),
                "state": lot_state(row),
            }
            for row in ending
        ],
    )


def _read_wanted(family: str) -> tuple[Wanted, dict[str, str]]:
    """The filters of the address, and the same as pairs for the next address."""
    values = {"q": asked_text("q"), "show": asked_text("show"), "kind": asked_text("kind")}
    kinds: tuple[str, ...] = ()
    if values["kind"] and family in ("products", "lots"):
        if values["kind"] not in tuple(ProductKind):
            raise Refused("kind", values["kind"], "is unknown", allowed=", ".join(ProductKind))
        kinds = (values["kind"],)
    wanted = Wanted(
        text=values["q"],
        archived=values["show"] == "archived",
        kinds=kinds,
        after=read_place(request.args.get("cursor"), dates=family == "lots"),
        limit=PAGE + 1,
    )
    return wanted, {name: text for name, text in values.items() if text}


@blueprint.get(f"{THINGS}/<family>")
def show_family(family: str) -> ResponseReturnValue:
    actor = entitled(Action.MANAGE_DEVICES)
    found = find_family(family)
    wanted, values = _read_wanted(family)
    asked = request.args.get("format", "")
    if asked not in ("", "csv"):
        raise Refused("format", asked, "is not offered", allowed="csv")
    if asked == "csv":
        return _csv(family, wanted)
    with services().database.reading() as tx:
        rows = found.search(tx, wanted, actor=actor)
    page, cursor = cut_page(rows, PAGE, found.place) if rows else (rows, None)
    base = f"{THINGS}/{family}"
    query = urlencode(values)
    shelf = SHELVES[family]
    return render_template(
        "house/family.html",
        page=page_values(FAMILY_WORDS[family].many, section="things"),
        words=FAMILY_WORDS[family],
        base=base,
        columns=shelf.columns,
        rows=[
            {
                "title": shelf.title(row),
                "href": f"{base}/{shelf.thing_id(row)}",
                "cells": shelf.cells(row),
                "state": shelf.state(row),
            }
            for row in page
        ],
        fields=_fields(family, values),
        filtered=bool(values),
        query=query,
        values=values,
        next_href=f"{base}?{urlencode({**values, 'cursor': write_place(*found.place(page[-1]))})}"
        if cursor
        else None,
        first_href=f"{base}?{query}" if wanted.after else None,
        per_page=PER_PAGE,
    )


def _fields(family: str, values: dict[str, str]) -> tuple[tuple[Any, ...], ...]:
    """As the macro ``filters`` takes them: name, label, type, value, options."""
    fields: list[tuple[Any, ...]] = [("q", "Name or code", "search", values.get("q", ""), ())]
    if family in ("products", "lots"):
        kinds = (("", "All"), *((kind.value, words) for kind, words in PRODUCT_KINDS.items()))
        fields.append(("kind", "Kind", "select", values.get("kind", ""), kinds))
    shown = (("", "In use"), ("archived", "Archived"))
    fields.append(("show", "Show", "select", values.get("show", ""), shown))
    return tuple(fields)


def _csv(family: str, wanted: Wanted) -> Response:
    """The list as a file that our own import reads again."""
    actor = entitled(Action.MANAGE_DEVICES)
    found = find_family(family)
    with services().database.reading() as tx:
        rows = every_row(tx, found, wanted, actor=actor)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.name for column in found.columns])
    writer.writerows([[harmless(cell) for cell in row] for row in rows])
    name = f"{family}-{current_clinic().slug}-{clinic_today().isoformat()}.csv"
    # Without this mark spreadsheets take UTF-8 for the old alphabet of their country.
    response = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.get(f"{THINGS}/<family>/labels.pdf")
def send_labels(family: str) -> ResponseReturnValue:
    """QR labels of one thing, or of all that the list shows, as an A4 sheet."""
    actor = entitled(Action.MANAGE_DEVICES)
    found, shelf = find_family(family), SHELVES[family]
    wanted, _ = _read_wanted(family)
    skip = asked_text("skip") or "0"
    if not (skip.isascii() and skip.isdigit() and int(skip) < PER_PAGE):
        raise Refused("skip", skip, "is no number of labels", allowed=f"0 to {PER_PAGE - 1}")
    only = asked_text("id")
    with services().database.reading() as tx:
        asked = Wanted(
            text=wanted.text, archived=wanted.archived, kinds=wanted.kinds, limit=MOST_LABELS
        )
        rows = [found.find(tx, only, actor=actor)] if only else found.search(tx, asked, actor=actor)
    if not rows:
        raise Refused("labels", 0, "are none: nothing is on this list")
    content = draw_labels(
        [shelf.label(row) for row in rows],
        clinic=current_clinic().name,
        fonts=services().workshop.fonts,
        skip=int(skip),
    )
    response = Response(content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="labels-{family}.pdf"'
    return response
