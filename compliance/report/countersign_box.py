"""The place for an inspector's own signature: on the screen a field to click, on paper a place to sign."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from compliance.report.document import Document
from compliance.report.pieces import Piece
from compliance.report.signature_field import SignatureField
from compliance.report.styles import (
    BODY_QUIET,
    BODY_TEXT,
    FINE,
    HEAVY,
    LABEL,
    LEFT,
    RIGHT,
    SECTION,
)
from compliance.report.verifying.increments import INSPECTOR_FIELD

BOX: Final = 88.0
"""From the rule above it to the next part."""

_FIELD: Final = RIGHT - 250.0
"""Left edge of the field: wide enough for what signing programs write into it."""

_FIELD_TOP: Final = 20.0
_FIELD_LOW: Final = 76.0
_INSET: Final = 1.5
"""Between the frame on the page and the field in it, so that a stamp leaves the frame alone."""

_LINES: Final = (57.0, 76.0)
"""Where one writes by hand, below the rule."""

_HAND: Final = LEFT + 46.0
_HAND_END: Final = _FIELD - 22.0

_TEXT: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": MappingProxyType(
            {
                "title": "Countersignature of the inspector",
                "hint": "For whoever inspects: seen, and signed by their own hand or certificate. It"
                " changes nothing of the report.",
                "name": "Name",
                "date": "Date",
                "field": "Sign on paper here, or click: field “{field}”",
            }
        ),
        "de": MappingProxyType(
            {
                "title": "Gegenzeichnung der prüfenden Person",
                "hint": "Für die Aufsicht: gesehen und mit eigener Hand oder eigenem Zertifikat"
                " unterschrieben. Am Bericht ändert das nichts.",
                "name": "Name",
                "date": "Datum",
                "field": "Hier auf Papier unterschreiben oder anklicken: Feld „{field}“",
            }
        ),
    }
)


def draw_countersign_box(document: Document, language: str, top: float) -> None:
    """Draw the box with its upper edge at y = ``top`` and leave the field in it."""
    text = _TEXT.get(language, _TEXT["en"])
    piece, type_ = Piece(), document.type
    width = _HAND_END - LEFT
    y = piece.add(LEFT, 5, type_.wrap(text["title"], width, SECTION), SECTION, piece.tag("H2"))
    piece.add(LEFT, y + 1, type_.wrap(text["hint"], width, BODY_QUIET), BODY_QUIET)
    for name, line in zip(("name", "date"), _LINES, strict=True):
        piece.add(LEFT, line - BODY_TEXT.leading, (text[name],), BODY_TEXT)
    said = text["field"].format(field=INSPECTOR_FIELD)
    piece.add(_FIELD, 7, type_.wrap(said, RIGHT - _FIELD, LABEL), LABEL)
    document.place_at(piece, top)
    sheet = document.sheet
    sheet.rule(LEFT, RIGHT, top, HEAVY)
    for line in _LINES:
        sheet.rule(_HAND, _HAND_END, top - line, FINE)
    sheet.frame(_FIELD, top - _FIELD_LOW, RIGHT - _FIELD, _FIELD_LOW - _FIELD_TOP, thick=0.9)
    corners = (
        math.ceil(_FIELD + _INSET),
        math.ceil(top - _FIELD_LOW + _INSET),
        math.floor(RIGHT - _INSET),
        math.floor(top - _FIELD_TOP - _INSET),
    )
    document.leave_field(
        SignatureField(name=INSPECTOR_FIELD, spoken=text["title"], corners=corners)
    )
