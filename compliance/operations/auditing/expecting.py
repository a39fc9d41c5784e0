"""The rows that a batch of entries demands, and comparing them with the tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from compliance.operations.auditing.problems import Expected, Findings, Row, Shape, compare_rows
from compliance.operations.auditing.single_use import find_unmarked, without_amended
from compliance.store import projection
from compliance.store.session import Tx

SESSION: Final = Shape(
    table="treatment_session",
    columns=(
        "session_id",
        "state",
        "version",
        "template_id",
        "template_version",
        "client_id",
        "device_id",
        "practitioner_id",
        "opened_at",
        "opened_index",
        "started_at",
        "finished_at",
        "ended_at",
        "signed_index",
        "closed_index",
        "needle_material",
        "late",
        "warnings",
        "follow_up_on",
    ),
    keys=1,
)
ANSWER: Final = Shape(
    table="session_answer",
    columns=(
        "session_id",
        "item",
        "result",
        "evidence",
        "user_id",
        "auth",
        "recorded_at",
        "performed_at",
        "late",
        "idx",
    ),
    keys=2,
)
USE: Final = Shape(table="evidence_use", columns=("session_id", "kind", "ref"), keys=3)
NOTE: Final = Shape(
    table="session_note", columns=("session_id", "idx", "kind", "item", "data"), keys=2
)
MET: Final = Shape(
    table="session_evidence", columns=("session_id", "idx", "kind", "value", "gtin"), keys=4
)
AMENDMENT: Final = Shape(
    table="session_amendment", columns=("session_id", "idx", "item", "data", "at"), keys=2
)
ENDED: Final = Shape(
    table="treatment_session", columns=("session_id", "closed_index", "amended"), keys=1
)
EVENT: Final = Shape(
    table="clinic_event", columns=("idx", "kind", "session_id", "data", "at"), keys=1
)
PLACE: Final = Shape(table="log_place", columns=("thing", "kind", "idx"), keys=2)
MENTION: Final = Shape(table="log_mention", columns=("thing", "idx"), keys=2)
TEMPLATE: Final = Shape(
    table="template_version",
    columns=("template_id", "version", "hash", "body", "published_at", "idx"),
    keys=2,
)
DEVICE: Final = Shape(
    table="device",
    columns=(
        "device_id",
        "code",
        "label",
        "components",
        "max_depth_mm",
        "settings",
        "created_at",
        "archived_at",
    ),
    keys=1,
)
PRODUCT: Final = Shape(
    table="product",
    columns=(
        "product_id",
        "code",
        "kind",
        "name",
        "contact_seconds",
        "use",
        "maker",
        "listing",
        "material",
        "open_days",
        "created_at",
        "archived_at",
    ),
    keys=1,
)
PACK: Final = Shape(
    table="pack",
    columns=(
        "pack_id",
        "code",
        "device_id",
        "contents",
        "sterilizer",
        "cycle_number",
        "sterilized_on",
        "expires_on",
        "state",
        "registered_at",
        "registered_by",
        "released_at",
        "released_by",
        "used_in",
        "cycle_id",
    ),
    keys=1,
)
CLIENT: Final = Shape(table="client", columns=("client_id", "ref_commitment"), keys=1)

BY_KEY: Final = (SESSION, ANSWER, USE, ENDED, PACK, CLIENT)
"""Compared by the first column of the key: the whole of what hangs on it is known."""

IN_SPAN: Final = (MENTION, NOTE, AMENDMENT, MET)
"""Compared for the sessions a batch mentions, within the batch's indexes."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def milliseconds(moment: datetime) -> int:
    """A moment as its column holds it."""
    return (moment - _EPOCH) // _MILLISECOND


class Batch:
    """What the entries of [start, end) demand of the tables.

    It is filled while the entries are replayed, compared, and thrown away; so
    memory holds the open sessions and one batch, however long the log is.
    """

    def __init__(self, start: int, end: int) -> None:
        self.span = (start, end)
        self._rows: dict[Shape, Expected] = defaultdict(dict)
        self._keys: dict[Shape, dict[str, None]] = defaultdict(dict)
        self._serials: dict[str, int] = {}

    def demand(self, shape: Shape, row: Row, index: int | None) -> None:
        """Demand a row, as the entry at the index does."""
        self._rows[shape][row] = index

    def ask(self, shape: Shape, key: str) -> None:
        """Look at all rows of a key, though perhaps none is demanded."""
        self._keys[shape][key] = None

    def need_marks(self, serials: Iterable[str], index: int) -> None:
        """Demand that articles which an amendment names are marked as used, by whatever session."""
        self._serials.update(dict.fromkeys(serials, index))

    def compare(self, tx: Tx, clinic_id: str, findings: Findings) -> Counter[Shape]:
        """Compare everything with the tables; return how many rows each of them had."""
        counted: Counter[Shape] = Counter()
        for shape, found in self._read(tx, clinic_id):
            counted[shape] += len(found)
            if shape is USE:
                found = without_amended(tx, clinic_id, found, self._rows[shape])
            compare_rows(findings, shape, self._rows[shape], found)
        find_unmarked(tx, clinic_id, self._serials, findings)
        return counted

    def _read(self, tx: Tx, clinic_id: str) -> Iterator[tuple[Shape, list[Row]]]:
        for shape in BY_KEY:
            keys = {**self._keys[shape], **dict.fromkeys(row[0] for row in self._rows[shape])}
            if keys:
                yield shape, _by_key(tx, clinic_id, shape, list(keys), None)
        mentioned = list(dict.fromkeys(row[0] for row in self._rows[MENTION]))
        for shape in IN_SPAN:
            yield shape, _by_key(tx, clinic_id, shape, mentioned, self.span)
        yield PLACE, self._places(tx, clinic_id)
        events = projection.read_span(tx, EVENT.table, EVENT.columns, clinic_id, self.span)
        yield EVENT, list(events)

    def _places(self, tx: Tx, clinic_id: str) -> list[Row]:
        things: dict[str, list[str]] = defaultdict(list)
        for thing, kind, _ in self._rows[PLACE]:
            things[kind].append(thing)
        return [
            row
            for kind, wanted in things.items()
            for row in projection.read_places(tx, PLACE.columns, clinic_id, kind, wanted)
        ]


def _by_key(
    tx: Tx, clinic_id: str, shape: Shape, values: list[str], span: tuple[int, int] | None
) -> list[Row]:
    rows = projection.read_rows(
        tx, shape.table, shape.columns, clinic_id, key=shape.columns[0], values=values, span=span
    )
    return list(rows)
