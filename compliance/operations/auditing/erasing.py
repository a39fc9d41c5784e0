"""What the entries say about erasures, and that the rows and the sealed values follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from compliance.ledger.entry import Entry
from compliance.operations.auditing.expecting import milliseconds
from compliance.operations.auditing.problems import Findings, Shape, compare_rows
from compliance.store import erased_people, erasures, projection
from compliance.store.session import Tx

ERASURE: Final = Shape(
    table="erasure",
    columns=(
        "erasure_id",
        "subject_id",
        "what",
        "basis",
        "state",
        "requested_by",
        "requested_at",
        "requested_index",
        "ended_by",
        "ended_at",
        "ended_index",
    ),
    keys=1,
)


@dataclass(slots=True)
class _Asked:
    data: Mapping[str, Any]
    by: str
    at: int
    index: int
    state: str = "requested"
    ended: tuple[str, int, int] | None = None

    def row(self) -> tuple[Any, ...]:
        ended = self.ended or (None, None, None)
        told = (self.data["subject"], self.data["what"], self.data["basis"], self.state)
        return (self.data["erasure"], *told, self.by, self.at, self.index, *ended)


class Erasures:
    """The requests so far, by id."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._asked: dict[str, _Asked] = {}

    def request(self, entry: Entry, data: Any) -> None:
        """``erasure.requested``."""
        by: Any = entry.by["user"]
        self._asked[data["erasure"]] = _Asked(data, by, milliseconds(entry.at), entry.index)

    def withdraw(self, entry: Entry, data: Any) -> None:
        """``erasure.withdrawn``."""
        self._end(entry, data, "withdrawn")

    def erase(self, entry: Entry, data: Any) -> None:
        """``erasure``: by another person than the one who asked, who signed it."""
        asked = self._end(entry, data, "erased")
        by: Any = entry.by["user"]
        if asked is None:
            return
        if asked.by == by or data["signature"]["by"] != by:
            reason = f"erasure={data['erasure']}: not confirmed and signed by a second person"
            self._findings.add("log_body", reason, entry.index)
        told = ("subject", "what", "basis")
        if any(data[name] != asked.data[name] for name in told) or (
            data["requested"]["index"] != asked.index
        ):
            reason = f"erasure={data['erasure']}: not what was asked for"
            self._findings.add("log_body", reason, entry.index)

    def compare(self, tx: Tx, clinic_id: str) -> None:
        expected = {each.row(): each.index for each in self._asked.values()}
        rows = projection.read_table(tx, ERASURE.table, ERASURE.columns, clinic_id)
        compare_rows(self._findings, ERASURE, dict(expected), rows)
        for subject in erasures.subjects_still_sealed(tx, clinic_id):
            reason = f"subject_id={subject}: erased, but a sealed value is still stored"
            self._findings.add("disclosure", reason)
        for user in erased_people.still_kept(tx, clinic_id):
            reason = f"user_id={user}: erased, but a name, a number or a scan is still stored"
            self._findings.add("user_account", reason)

    def _end(self, entry: Entry, data: Any, state: str) -> _Asked | None:
        asked = self._asked.get(data["erasure"])
        if asked is None or asked.state != "requested":
            reason = f"erasure={data['erasure']}: {entry.kind}, but nobody waits for it"
            self._findings.add("log_body", reason, entry.index)
            return None
        by: Any = entry.by["user"]
        asked.state, asked.ended = state, (by, milliseconds(entry.at), entry.index)
        return asked


_Act = Callable[[Any, Entry, Any], None]

ERASING: Final[Mapping[str, _Act]] = MappingProxyType(
    {
        "erasure.requested": lambda stock, entry, data: stock.erasures.request(entry, data),
        "erasure.withdrawn": lambda stock, entry, data: stock.erasures.withdraw(entry, data),
        "erasure": lambda stock, entry, data: stock.erasures.erase(entry, data),
    }
)
