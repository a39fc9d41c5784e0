"""Things and qualifications as the entries so far have made them; a clinic has hundreds, not millions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from compliance.domain.stock import CountedLot, choose_lot, find_taken
from compliance.domain.tracing import normal_lot
from compliance.domain.words import ProductKind
from compliance.ledger.entry import Entry
from compliance.operations.auditing.expecting import DEVICE, PRODUCT, milliseconds
from compliance.operations.auditing.problems import Expected, Findings, Shape, compare_rows
from compliance.operations.inventory.entering import THINGS
from compliance.store import projection
from compliance.store.session import Tx

LOT: Final = Shape(
    table="lot",
    columns=(
        "lot_id",
        "product_id",
        "code",
        "expires_on",
        "received_on",
        "quantity",
        "opened_on",
        "discard_on",
        "created_at",
        "archived_at",
    ),
    keys=1,
)
CONTAINER: Final = Shape(
    table="sharps_container",
    columns=("container_id", "code", "label", "room_id", "opened_at", "full_at", "archived_at"),
    keys=1,
)
ROOM: Final = Shape(
    table="room", columns=("room_id", "code", "label", "created_at", "archived_at"), keys=1
)
QUALIFICATION: Final = Shape(
    table="qualification",
    columns=(
        "qualification_id",
        "user_id",
        "kind",
        "valid_from",
        "valid_to",
        "depth_limit_mm",
        "created_at",
        "archived_at",
    ),
    keys=1,
)
HISTORY: Final = Shape(table="thing_entry", columns=("thing", "idx"), keys=2)

_JSON: Final = frozenset({"components", "use"})
_NAMES: Final[Mapping[str, str]] = MappingProxyType({"sharps_container": "container"})
"""How an entry names the thing of a table, where that is not the table's name."""

_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {"product": "product_id", "room": "room_id", "user": "user_id"}
)
"""Columns of what an entry names by id."""

_BEGIN: Final = ("created_at", "opened_at")


class Shelf:
    """Every thing by its id, with the entry that spoke of it last."""

    def __init__(self) -> None:
        self._things: dict[Shape, dict[str, tuple[dict[str, Any], int]]] = {
            shape: {} for shape in (DEVICE, PRODUCT, LOT, CONTAINER, ROOM, QUALIFICATION)
        }
        self._history: Expected = {}
        self._lots_of: dict[str, list[str]] = {}
        """Lots by the one spelling of their code, so that each session finds its own at once."""

    def add(self, shape: Shape, entry: Entry, data: Any) -> None:
        said = {_COLUMNS.get(name, name): value for name, value in data.items()}
        values = {column: said.get(column) for column in shape.columns}
        values[shape.columns[0]] = data[_name(shape)]
        values.update({name: milliseconds(entry.at) for name in _BEGIN if name in values})
        self._things[shape][data[_name(shape)]] = (values, entry.index)
        if shape is LOT:
            self._lots_of.setdefault(normal_lot(data["code"]), []).append(data["lot"])

    def take(self, entry: Entry, record: Any) -> None:
        """A session ended: what it used is taken from the lots that are counted."""
        for piece in find_taken(record):
            lots = [lot for id_ in self._lots_of.get(piece.lot, ()) if (lot := self._counted(id_))]
            lot = choose_lot(piece, lots)
            if lot is not None:
                values, _ = self._things[LOT][lot.lot_id]
                left = {**values, "quantity": max(0, lot.quantity - 1)}
                self._things[LOT][lot.lot_id] = (left, entry.index)

    def _counted(self, lot_id: str) -> CountedLot | None:
        values, _ = self._things[LOT][lot_id]
        product, _ = self._things[PRODUCT][values["product_id"]]
        if values["archived_at"] is not None or values["quantity"] is None:
            return None
        if product["kind"] != ProductKind.CARTRIDGE.value:
            return None
        return CountedLot(
            lot_id=lot_id,
            code=values["code"],
            expires_on=values["expires_on"],
            quantity=values["quantity"],
        )

    def change(self, shape: Shape, entry: Entry, data: Any) -> None:
        new = {_COLUMNS.get(name, name): value for name, value in data["new"].items()}
        self._set(shape, entry, data, new)

    def count(self, shape: Shape, entry: Entry, data: Any) -> None:
        self._set(shape, entry, data, {"quantity": data["new"]})

    def open(self, shape: Shape, entry: Entry, data: Any) -> None:
        new = {"opened_on": data["opened_on"], "discard_on": data["discard_on"]}
        self._set(shape, entry, data, new)

    def fill(self, shape: Shape, entry: Entry, data: Any) -> None:
        self._set(shape, entry, data, {"full_at": milliseconds(entry.at)})

    def archive(self, shape: Shape, entry: Entry, data: Any) -> None:
        self._set(shape, entry, data, {"archived_at": milliseconds(entry.at)})

    def restore(self, shape: Shape, entry: Entry, data: Any) -> None:
        self._set(shape, entry, data, {"archived_at": None})

    def _set(self, shape: Shape, entry: Entry, data: Any, new: Mapping[str, Any]) -> None:
        thing = data[_name(shape)]
        values, _ = self._things[shape][thing]
        self._things[shape][thing] = ({**values, **new}, entry.index)
        self.note(entry)

    def note(self, entry: Entry) -> None:
        """Expect an entry about a thing in the thing's history."""
        if (name := THINGS.get(entry.kind)) is not None:
            self._history[str(entry.data[name]), entry.index] = entry.index

    def compare(self, tx: Tx, clinic_id: str, findings: Findings) -> None:
        """Compare the tables whole."""
        for shape, things in self._things.items():
            expected: Expected = {}
            for values, index in things.values():
                row = tuple(_stored(column, values[column]) for column in shape.columns)
                expected[row] = index
            rows = projection.read_table(tx, shape.table, shape.columns, clinic_id)
            compare_rows(findings, shape, expected, rows)
        rows = projection.read_table(tx, HISTORY.table, HISTORY.columns, clinic_id)
        compare_rows(findings, HISTORY, self._history, rows)


def _name(shape: Shape) -> str:
    return _NAMES.get(shape.table, shape.table)


def _stored(column: str, value: Any) -> Any:
    return projection.encode_json(value) if column in _JSON else value


Step = Callable[[Shelf, Shape, Entry, Any], None]

SHELF: Final[Mapping[str, tuple[Step, Shape]]] = MappingProxyType(
    {
        **{
            f"{_name(shape)}.{act}": (step, shape)
            for shape in (DEVICE, PRODUCT, LOT, CONTAINER, ROOM)
            for act, step in (
                ("added", Shelf.add),
                ("changed", Shelf.change),
                ("archived", Shelf.archive),
                ("restored", Shelf.restore),
            )
        },
        "lot.opened": (Shelf.open, LOT),
        "lot.counted": (Shelf.count, LOT),
        "container.opened": (Shelf.add, CONTAINER),
        "container.filled": (Shelf.fill, CONTAINER),
        "qualification.added": (Shelf.add, QUALIFICATION),
        "qualification.withdrawn": (Shelf.archive, QUALIFICATION),
    }
)
"""By kind of entry: what it does, and to which table."""
