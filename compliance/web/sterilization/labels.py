"""The labels of packs as a PDF, for a sheet or a label printer."""

from __future__ import annotations

from flask import Response, request
from flask.typing import ResponseReturnValue

from compliance.domain.words import PackState
from compliance.errors import Conflict, Refused
from compliance.operations.packs import find_pack
from compliance.operations.sterilization.packing import (
    LabelledPack,
    label_packs,
    packs_of_cycle,
)
from compliance.report.pack_labels import FORMATS, PackLabel, Paper, draw_pack_labels
from compliance.web.context import services
from compliance.web.sterilization.room import blueprint, operator
from compliance.web.tablet.wording import show_date


@blueprint.get("/sterilization/labels.pdf")
def send_labels() -> ResponseReturnValue:
    """Labels of one load's released packs, or of one pack; ``skip`` starts on a used sheet."""
    actor = operator()
    paper = _paper(request.args.get("paper", Paper.SHEET.value))
    skip = _skip(request.args.get("skip", "") or "1", paper)
    cycle, single = request.args.get("cycle", ""), request.args.get("pack", "")
    with services().database.reading() as tx:
        if single:
            packs = label_packs(tx, [find_pack(tx, single, actor=actor)])
        else:
            packs = packs_of_cycle(tx, cycle, actor=actor)
    usable = [each for each in packs if each.pack.state is PackState.RELEASED]
    if not usable:
        raise Conflict("no pack of this load is released, so there is nothing to label")
    content = draw_pack_labels(
        [_label(each) for each in usable],
        paper=paper,
        title=f"{usable[0].pack.sterilizer}, cycle {usable[0].pack.cycle_number}",
        fonts=services().workshop.fonts,
        skip=skip,
    )
    response = Response(content, mimetype="application/pdf")
    name = f"labels-{usable[0].pack.code}.pdf"
    # Shown, not saved: the next thing that happens to it is the print dialog.
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def _paper(text: str) -> Paper:
    try:
        return Paper(text)
    except ValueError as error:
        raise Refused(
            "paper", text, "is unknown", allowed=", ".join(each.value for each in Paper)
        ) from error


def _skip(text: str, paper: Paper) -> int:
    """Labels to leave free, from the place of the first one, counted from 1."""
    most = FORMATS[paper].per_page
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise Refused("skip", text, "is no place on the sheet", allowed=f"1 to {most}")
    return int(text) - 1


def _label(labelled: LabelledPack) -> PackLabel:
    pack = labelled.pack
    return PackLabel(
        code=pack.code,
        contents=pack.contents,
        sterilized=show_date(pack.sterilized_on),
        expires=show_date(pack.expires_on),
        load=f"{pack.sterilizer}, cycle {pack.cycle_number}",
        initials=labelled.initials,
    )
