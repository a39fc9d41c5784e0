"""How each family of things is shown: columns of its list, facts of its page, its label."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from compliance.domain.words import ProductKind, ReprocessingMode
from compliance.report.labels import Label
from compliance.web.context import show_time
from compliance.web.house.doors import clinic_today, show_day
from compliance.web.house.wording import MATERIALS, MODES, PRODUCT_KINDS
from compliance.web.tablet.wording import show_part

THINGS: Final = "/manager/things"
SOON: Final = 30
"""Days before its last day in which a lot is said to end soon."""

Badge = tuple[str, str]
Cell = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """How one family is shown."""

    columns: tuple[tuple[str, str], ...]
    """Heading and kind, as the macro ``table`` takes them; a state comes last."""
    cells: Callable[[Any], tuple[Cell, ...]]
    title: Callable[[Any], str]
    code: Callable[[Any], str]
    thing_id: Callable[[Any], str]
    facts: Callable[[Any], Sequence[tuple[str, Any]]]
    state: Callable[[Any], Badge]
    lines: Callable[[Any], tuple[str, ...]]
    """What stands under the code on a label."""
    thing: str
    """The word of the log: ``device``, ``lot`` and so on."""

    def label(self, row: Any) -> Label:
        return Label(code=self.code(row), title=self.title(row), lines=self.lines(row))


def _plain_state(row: Any) -> Badge:
    return ("Archived", "idle") if row.archived_at is not None else ("In use", "good")


def _parts(row: Any) -> str:
    return ", ".join(show_part(part["component"]) for part in row.components)


def say_part(part: Mapping[str, Any]) -> str:
    """A part with the way it is made safe, in words."""
    words = MODES[ReprocessingMode(part["mode"])].lower()
    material = f", {MATERIALS[part['material']].lower()}" if part.get("material") else ""
    return f"{show_part(part['component'])}: {words}{material}"


def _depth(row: Any) -> str | None:
    return f"{row.max_depth_mm} mm" if row.max_depth_mm else None


def _product_note(row: Any) -> str | None:
    if row.kind == ProductKind.DISINFECTANT:
        return f"{row.contact_seconds} s, {' and '.join(row.use)}"
    return MATERIALS.get(row.material or "")


def lot_state(row: Any) -> Badge:
    """How a lot stands today."""
    if row.archived_at is not None:
        return "Archived", "idle"
    today, end = clinic_today(), row.last_day
    if end is not None and end < today:
        return "Over its last day", "bad"
    if row.quantity == 0:
        return "Used up", "idle"
    if end is not None and (end - today).days <= SOON:
        return "Ends soon", "warn"
    return ("Open", "info") if row.opened_on is not None else ("In stock", "good")


def _container_state(row: Any) -> Badge:
    if row.archived_at is not None:
        return "Archived", "idle"
    return ("Full", "warn") if row.full_at is not None else ("Open", "good")


def _ends(row: Any) -> str | None:
    end: date | None = row.last_day
    return show_day(end)


def _use_by(row: Any) -> str:
    return f"Use by {_ends(row)}" if row.last_day else "No expiry given"


SHELVES: Final[Mapping[str, Shelf]] = MappingProxyType(
    {
        "devices": Shelf(
            columns=(
                ("Name", "text"),
                ("Code", "text"),
                ("Parts", "text"),
                ("Deepest", "num"),
                ("State", "state"),
            ),
            cells=lambda row: (row.code, _parts(row), _depth(row)),
            title=lambda row: str(row.label),
            code=lambda row: str(row.code),
            thing_id=lambda row: str(row.device_id),
            facts=lambda row: (
                ("Code", row.code),
                *(("Part", say_part(part)) for part in row.components),
                ("Deepest setting", _depth(row) or "No limit given"),
                ("Other limits", row.settings or "None given"),
                ("Added", show_time(row.created_at)),
            ),
            state=_plain_state,
            lines=lambda row: (_parts(row), f"Up to {_depth(row)}" if _depth(row) else ""),
            thing="device",
        ),
        "products": Shelf(
            columns=(
                ("Name", "text"),
                ("Kind", "text"),
                ("Code", "text"),
                ("Contact time or needles", "text"),
                ("State", "state"),
            ),
            cells=lambda row: (PRODUCT_KINDS[ProductKind(row.kind)], row.code, _product_note(row)),
            title=lambda row: str(row.name),
            code=lambda row: str(row.code),
            thing_id=lambda row: str(row.product_id),
            facts=lambda row: (
                ("Code", row.code),
                ("Kind", PRODUCT_KINDS[ProductKind(row.kind)]),
                *((("Contact time", f"{row.contact_seconds} s"),) if row.contact_seconds else ()),
                *((("For", " and ".join(row.use)),) if row.use else ()),
                *((("Needles of", MATERIALS[row.material]),) if row.material else ()),
                ("Maker", row.maker or "Not given"),
                ("Listing", row.listing or "Not given"),
                (
                    "After opening",
                    f"{row.open_days} days" if row.open_days else "Until the expiry",
                ),
                ("Added", show_time(row.created_at)),
            ),
            state=_plain_state,
            lines=lambda row: (PRODUCT_KINDS[ProductKind(row.kind)], _product_note(row) or ""),
            thing="product",
        ),
        "lots": Shelf(
            columns=(
                ("Lot", "text"),
                ("Product", "text"),
                ("Last day", "date"),
                ("Opened", "date"),
                ("Pieces", "num"),
                ("State", "state"),
            ),
            cells=lambda row: (
                (row.product_name, f"{THINGS}/products/{row.product_id}"),
                _ends(row),
                show_day(row.opened_on),
                row.quantity,
            ),
            title=lambda row: str(row.code),
            code=lambda row: str(row.code),
            thing_id=lambda row: str(row.lot_id),
            facts=lambda row: (
                ("Product", row.product_name),
                ("Kind", PRODUCT_KINDS[ProductKind(row.product_kind)]),
                ("Expires", show_day(row.expires_on) or "Not given"),
                ("Received", show_day(row.received_on) or "Not given"),
                ("Opened", show_day(row.opened_on) or "Not yet"),
                *((("Good until", show_day(row.discard_on)),) if row.discard_on else ()),
                ("Pieces", "Not counted" if row.quantity is None else row.quantity),
                ("Added", show_time(row.created_at)),
            ),
            state=lot_state,
            lines=lambda row: (row.product_name, _use_by(row)),
            thing="lot",
        ),
        "containers": Shelf(
            columns=(
                ("Name", "text"),
                ("Code", "text"),
                ("Room", "text"),
                ("Opened", "date"),
                ("State", "state"),
            ),
            cells=lambda row: (row.code, row.room_label, show_time(row.opened_at)),
            title=lambda row: str(row.label),
            code=lambda row: str(row.code),
            thing_id=lambda row: str(row.container_id),
            facts=lambda row: (
                ("Code", row.code),
                ("Room", row.room_label or "None given"),
                ("Opened", show_time(row.opened_at)),
                ("Full", "Not yet" if row.full_at is None else show_time(row.full_at)),
            ),
            state=_container_state,
            lines=lambda row: (
                "Sharps",
                row.room_label or "",
                f"Opened {show_time(row.opened_at)}",
            ),
            thing="container",
        ),
        "rooms": Shelf(
            columns=(("Name", "text"), ("Code", "text"), ("State", "state")),
            cells=lambda row: (row.code,),
            title=lambda row: str(row.label),
            code=lambda row: str(row.code),
            thing_id=lambda row: str(row.room_id),
            facts=lambda row: (("Code", row.code), ("Added", show_time(row.created_at))),
            state=_plain_state,
            lines=lambda _row: ("Room",),
            thing="room",
        ),
    }
)
