"""Devices and products as the entries so far have made them; a clinic has tens, not thousands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from compliance.ledger.entry import Entry
from compliance.operations.auditing.expecting import DEVICE, PRODUCT, milliseconds
from compliance.operations.auditing.problems import Expected, Findings, Shape, compare_rows
from compliance.store import projection
from compliance.store.session import Tx

_JSON: Final = frozenset({"components", "use"})


class Shelf:
    """Every device and product by its id, with the entry that spoke of it last."""

    def __init__(self) -> None:
        self._things: dict[Shape, dict[str, tuple[dict[str, Any], int]]] = {DEVICE: {}, PRODUCT: {}}

    def add(self, shape: Shape, entry: Entry, data: Any) -> None:
        values = {column: data.get(column) for column in shape.columns}
        values[shape.columns[0]] = data[shape.table]
        values["created_at"] = milliseconds(entry.at)
        self._things[shape][data[shape.table]] = (values, entry.index)

    def change(self, shape: Shape, entry: Entry, data: Any) -> None:
        self._set(shape, entry, data, data["new"])

    def archive(self, shape: Shape, entry: Entry, data: Any) -> None:
        self._set(shape, entry, data, {"archived_at": milliseconds(entry.at)})

    def restore(self, shape: Shape, entry: Entry, data: Any) -> None:
        self._set(shape, entry, data, {"archived_at": None})

    def _set(self, shape: Shape, entry: Entry, data: Any, new: Mapping[str, Any]) -> None:
        values, _ = self._things[shape][data[shape.table]]
        self._things[shape][data[shape.table]] = ({**values, **new}, entry.index)

    def compare(self, tx: Tx, clinic_id: str, findings: Findings) -> None:
        """Compare both tables whole."""
        for shape, things in self._things.items():
            expected: Expected = {}
            for values, index in things.values():
                row = tuple(_stored(column, values[column]) for column in shape.columns)
                expected[row] = index
            rows = projection.read_table(tx, shape.table, shape.columns, clinic_id)
            compare_rows(findings, shape, expected, rows)


def _stored(column: str, value: Any) -> Any:
    return projection.encode_json(value) if column in _JSON else value


SHELF: Final[Mapping[str, tuple[Callable[[Shelf, Shape, Entry, Any], None], Shape]]] = (
    MappingProxyType(
        {
            f"{shape.table}.{act}": (step, shape)
            for shape in (DEVICE, PRODUCT)
            for act, step in (
                ("added", Shelf.add),
                ("changed", Shelf.change),
                ("archived", Shelf.archive),
                ("restored", Shelf.restore),
            )
        }
    )
)
"""By kind of entry: what it does, and to which table."""
