"""The parts of a correction: what is shown of each piece of evidence, and what was entered anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request

from compliance.domain.template import Item
from compliance.domain.words import EvidenceKind
from compliance.web.tablet.fields import ScanForm, scan_form, wanted_places
from compliance.web.tablet.pieces import filled_in, read_piece, send_again
from compliance.web.tablet.rows import Viewing

_BY_HAND = {EvidenceKind.LOT.value}
"""A package that was thrown away cannot be scanned again: its lot is typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the page stands: the tablet and the desk correct by the same form."""

    frame: str
    """The template around it."""
    section: str
    record: str
    """Address of the record that is corrected."""
    action: str
    """Where the form is sent."""
    done: str
    """Where one is led once it is entered."""

    @property
    def on_tablet(self) -> bool:
        return self.section == "tablet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is corrected, and the value that counts now."""

    place: Place
    viewing: Viewing
    item: Item
    result: Any
    evidence: tuple[dict[str, Any], ...]

    @property
    def version(self) -> int:
        return len(self.viewing.record.amendments)


def read_evidence(subject: Subject, times: dict[str, int]) -> list[dict[str, Any]]:
    """What is sent for each part: the fields where they were opened, else what counted before."""
    if subject.item.evidence == "contraindications":
        return [
            {"component": "client", "kind": EvidenceKind.CONTRAINDICATION.value, "ref": code}
            for code in request.form.getlist("contraindication")
            if request.form.get("result") == "present"
        ]
    kept = {(each["component"], each["kind"]): send_again(each) for each in subject.evidence}
    for component, kind in wanted_places(subject.viewing.record.loaded, subject.item):
        if _is_entered(subject, component, kind):
            fields = _posted(component)
            kept[(component, kind)] = read_piece(kind.value, component, fields, times=times)
    return list(kept.values())


def show_parts(subject: Subject) -> tuple[ScanForm, ...]:
    """The fields of each part, filled in with what counts now or what was typed and refused."""
    shown = []
    for component, kind in wanted_places(subject.viewing.record.loaded, subject.item):
        entered = _posted(component) if request.method == "POST" else None
        form = _form(subject, component, kind, entered)
        if form is not None and form.inputs:
            shown.append(form)
    return tuple(shown)


def _form(
    subject: Subject, component: str, kind: EvidenceKind, entered: dict[str, str] | None
) -> ScanForm | None:
    """The form of one part, with what was entered or else what is recorded."""
    values = _recorded(subject, component, kind) if entered is None else entered
    form = scan_form(subject.item, (component, kind), subject.viewing.shelf, values)
    by_hand = form is not None and form.kind in _BY_HAND
    return form.typed if by_hand and form is not None and form.typed is not None else form


def _is_entered(subject: Subject, component: str, kind: EvidenceKind) -> bool:
    """Whether a part is entered anew: it was ticked, or a field is not as it was shown."""
    posted = _posted(component)
    if posted.get("change"):
        return True
    form = _form(subject, component, kind, None)
    if form is None or not posted:
        return False
    shown = {field.name: field.value or "" for field in form.inputs if field.type != "hidden"}
    return any(posted.get(name, "") != value for name, value in shown.items())


def _posted(component: str) -> dict[str, str]:
    prefix = f"{component}-"
    return {
        name.removeprefix(prefix): value
        for name, value in request.form.items()
        if name.startswith(prefix)
    }


def _recorded(subject: Subject, component: str, kind: EvidenceKind) -> dict[str, str]:
    """What counts now of one part, as the fields of its form show it."""
    known: dict[str, Any] = next(
        (
            each["ref"]
            for each in subject.evidence
            if (each["component"], each["kind"]) == (component, kind.value)
        ),
        {},
    )
    names = (
        "ref",
        "lot",
        "expires_on",
        "container",
        "product",
        "contact_seconds",
        "barrier",
        "name",
    )
    filled = {name: filled_in(kind, name, known) for name in names}
    return {name: value for name, value in filled.items() if value}
