"""The sterilization room as the entries so far have made it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from compliance.ledger.canonical import canonical_value_bytes
from compliance.ledger.entry import Entry, parse_time
from compliance.operations.auditing.expecting import milliseconds
from compliance.operations.auditing.problems import Expected, Findings, Shape, compare_rows
from compliance.operations.auditing.room_shapes import (
    CALL,
    CYCLE,
    FILE,
    LOAD,
    MAPPING,
    PULL,
    RECALL,
    STERILIZER,
    TEST,
)
from compliance.store import projection
from compliance.store.session import Tx

_SHAPES: Final = (STERILIZER, CYCLE, TEST, RECALL, CALL, PULL, FILE, LOAD, MAPPING)
_JSON: Final = frozenset(
    {"programs", "contents", "indicators", "faults", "flags", "raw_lines", "note", "mapping"}
)
_TIMES: Final = frozenset(
    {"run_at", "ended_at", "read_at", "since", "until", "called_at", "opened_at"}
)
_SERVICED: Final = {
    "maintenance": "maintained_on",
    "repair": "repaired_on",
    "validation": "validated_on",
    "installation": "installed_on",
}
_DUE_AGAIN: Final = frozenset({"repair", "installation"})

Values = dict[str, Any]


class Room:
    """Everything of the sterilization room by its key, with the entry that spoke of it last."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._things: dict[Shape, dict[Any, tuple[Values, int]]] = {s: {} for s in _SHAPES}
        self._reports: dict[str, str] = {}

    def add_sterilizer(self, entry: Entry, data: Any) -> None:
        at = milliseconds(entry.at)
        fixed = {"state_since": at, "spore_due_from": at, "created_at": at}
        self._add(STERILIZER, data["sterilizer"], entry, {**data, **fixed})

    def move_sterilizer(self, entry: Entry, data: Any) -> None:
        values, _ = self._things[STERILIZER][data["sterilizer"]]
        if values["state"] != data["from"]:
            reason = f"sterilizer={data['sterilizer']}: moved from another state"
            self._findings.add("log_body", reason, entry.index)
        new = {"state": data["to"], "state_since": milliseconds(entry.at)}
        self._set(STERILIZER, data["sterilizer"], entry, new)
        if data["proof"] is not None:
            until = self._things[TEST][data["proof"]][0]["run_at"]
            for key, (recall, _) in list(self._things[RECALL].items()):
                if recall["sterilizer_id"] == data["sterilizer"] and recall["until"] is None:
                    self._set(RECALL, key, entry, {"until": until})

    def service_sterilizer(self, entry: Entry, data: Any) -> None:
        new: Values = {_SERVICED[data["service"]]: data["on"]}
        if data["service"] in _DUE_AGAIN:
            new["spore_due_from"] = milliseconds(entry.at)
        self._set(STERILIZER, data["sterilizer"], entry, new)

    def map_log(self, entry: Entry, data: Any) -> None:
        key = (data["sterilizer"], data["version"])
        fixed = {"sterilizer_id": key[0], "made_at": milliseconds(entry.at)}
        self._add(MAPPING, key, entry, {**data, **fixed, "made_by": entry.by["user"]})

    def add_cycle(self, entry: Entry, data: Any) -> None:
        fixed = {
            "sterilizer_id": data["sterilizer"],
            "version": 1,
            "recorded_at": milliseconds(entry.at),
            "operator_id": entry.by["user"],
        }
        self._add(CYCLE, data["cycle"], entry, {**data, **fixed})

    def release_cycle(self, entry: Entry, data: Any) -> None:
        values, _ = self._things[CYCLE][data["cycle"]]
        undecided = [f for f in values["flags"] if not (f["decision"] or {}).get("accepted")]
        if values["outcome"] != "passed" or undecided or values["released_at"] is not None:
            reason = f"cycle={data['cycle']}: released, but it could not be"
            self._findings.add("log_body", reason, entry.index)
        new = {
            "released_at": milliseconds(entry.at),
            "released_by": data["signature"]["by"],
            "version": values["version"] + 1,
        }
        self._set(CYCLE, data["cycle"], entry, new)

    def decide_flag(self, entry: Entry, data: Any) -> None:
        values, _ = self._things[CYCLE][data["cycle"]]
        decision = {
            "accepted": data["accepted"],
            "by": entry.by["user"],
            "index": entry.index,
        }
        flags = [
            {**flag, "decision": decision} if flag["code"] == data["flag"] else flag
            for flag in values["flags"]
        ]
        new = {"flags": flags, "version": values["version"] + 1}
        self._set(CYCLE, data["cycle"], entry, new)

    def read_indicator(self, entry: Entry, data: Any) -> None:
        if data["indicator"] == "chemical":
            values, _ = self._things[CYCLE][data["cycle"]]
            new = {name: data[name] for name in ("indicators", "outcome", "faults")}
            self._set(CYCLE, data["cycle"], entry, {**new, "version": values["version"] + 1})
            return
        fixed = {
            "sterilizer_id": data["sterilizer"],
            "cycle_id": data["cycle"],
            "read_by": entry.by["user"],
        }
        self._add(TEST, data["test"], entry, {**data, **fixed})

    def open_recall(self, entry: Entry, data: Any) -> None:
        fixed = {
            "sterilizer_id": data["sterilizer"],
            "test_id": data["test"],
            "positives": 1 if data["kind"] == "spore_test" else 0,
            "state": "open",
            "opened_at": milliseconds(entry.at),
        }
        self._add(RECALL, data["recall"], entry, {**data, **fixed})

    def count_positive(self, entry: Entry, data: Any) -> None:
        self._set(RECALL, data["recall"], entry, {"positives": data["positives"]})

    def note_call(self, entry: Entry, data: Any) -> None:
        key = (data["recall"], entry.index)
        values = {**data, "session_id": data["met"], "called_by": entry.by["user"]}
        self._add(CALL, key, entry, {**values, "recall_id": key[0], "idx": key[1]})

    def find_pack(self, entry: Entry, data: Any) -> None:
        key = (data["recall"], entry.index)
        said = {"pack_id": data["pack"], "outcome": data["outcome"]}
        fixed = {"at": milliseconds(entry.at), "by": entry.by["user"]}
        self._add(PULL, key, entry, {**said, **fixed, "recall_id": key[0], "idx": key[1]})

    def close_recall(self, entry: Entry, data: Any) -> None:
        new = {"state": "closed", "closed_at": milliseconds(entry.at)}
        self._set(RECALL, data["recall"], entry, new)

    def keep_file(self, entry: Entry, data: Any) -> None:
        fixed = {
            "sterilizer_id": data["sterilizer"],
            "arrived_at": milliseconds(entry.at),
            "arrived_by": entry.by["user"],
        }
        self._reports[data["sha256"]] = data["report_sha256"]
        self._add(FILE, data["sha256"], entry, {**data, **fixed})

    def start_load(self, entry: Entry, data: Any) -> None:
        fixed = {
            "sterilizer_id": data["sterilizer"],
            "started_at": milliseconds(entry.at),
            "started_by": entry.by["user"],
        }
        self._add(LOAD, data["load"], entry, {**data, **fixed})

    def end_load(self, entry: Entry, data: Any) -> None:
        """A cycle that came from a log does not know what was inside: its load does."""
        load, _ = self._things[LOAD][data["load"]]
        new = {"ended_at": milliseconds(entry.at), "cycle_id": data["cycle"]}
        self._set(LOAD, data["load"], entry, new)
        if data["cycle"] is not None:
            values, _ = self._things[CYCLE][data["cycle"]]
            if not values["contents"]:
                filled = {"contents": load["contents"], "version": values["version"] + 1}
                self._set(CYCLE, data["cycle"], entry, filled)

    def _add(self, shape: Shape, key: Any, entry: Entry, data: Mapping[str, Any]) -> None:
        values = {column: data.get(column) for column in shape.columns}
        if shape.keys == 1:
            values[shape.columns[0]] = key
        for column in _TIMES & values.keys():
            if isinstance(values[column], str):
                values[column] = milliseconds(parse_time(values[column]))
        self._things[shape][key] = (values, entry.index)

    def _set(self, shape: Shape, key: Any, entry: Entry, new: Values) -> None:
        values, _ = self._things[shape][key]
        self._things[shape][key] = ({**values, **new}, entry.index)

    def compare(self, tx: Tx, clinic_id: str) -> None:
        """Compare all tables whole, then what is too large for an entry by its hash."""
        for shape, things in self._things.items():
            expected: Expected = {}
            for values, index in things.values():
                row = tuple(_stored(column, values[column]) for column in shape.columns)
                expected[row] = index
            rows = projection.read_table(tx, shape.table, shape.columns, clinic_id)
            compare_rows(self._findings, shape, expected, rows)
        self._compare_curves(tx, clinic_id)
        self._compare_files(tx, clinic_id)

    def _compare_curves(self, tx: Tx, clinic_id: str) -> None:
        columns = ("cycle_id", "curve", "curve_sha256")
        for cycle_id, curve, sha256 in projection.read_table(tx, "cycle", columns, clinic_id):
            if _curve_hash(curve) != sha256:
                reason = f"cycle_id={cycle_id}: column curve does not have the recorded hash"
                self._findings.add("cycle", reason)

    def _compare_files(self, tx: Tx, clinic_id: str) -> None:
        columns = ("sha256", "content", "report")
        for sha256, report_sha256 in self._reports.items():
            # One at a time: the files of a clinic together may not fit into memory.
            rows = projection.read_rows(
                tx, "log_file", columns, clinic_id, key="sha256", values=[sha256]
            )
            for _, content, report in rows:
                if hashlib.sha256(bytes(content)).hexdigest() != sha256:
                    reason = f"sha256={sha256}: column content does not have this hash"
                    self._findings.add("log_file", reason)
                if _report_hash(report) != report_sha256:
                    reason = f"sha256={sha256}: column report does not have the recorded hash"
                    self._findings.add("log_file", reason)


def _stored(column: str, value: Any) -> Any:
    return projection.encode_json(value) if column in _JSON and value is not None else value


def _curve_hash(text: Any) -> str | None:
    try:
        curve = json.loads(text)
        if not curve:
            return None
        joined = ";".join(f"{at},{celsius},{bar}" for at, celsius, bar in curve)
    except (TypeError, ValueError):
        return "unreadable"
    return hashlib.sha256(joined.encode()).hexdigest()


def _report_hash(text: Any) -> str:
    try:
        return hashlib.sha256(canonical_value_bytes(json.loads(text))).hexdigest()
    except (TypeError, ValueError):
        return "unreadable"


ROOM: Final[Mapping[str, Callable[[Room, Entry, Any], None]]] = MappingProxyType(
    {
        "sterilizer.added": Room.add_sterilizer,
        "sterilizer.moved": Room.move_sterilizer,
        "sterilizer.serviced": Room.service_sterilizer,
        "sterilizer.mapped": Room.map_log,
        "cycle.recorded": Room.add_cycle,
        "cycle.imported": Room.add_cycle,
        "cycle.released": Room.release_cycle,
        "cycle.flag_decided": Room.decide_flag,
        "indicator.read": Room.read_indicator,
        "recall.opened": Room.open_recall,
        "recall.positive": Room.count_positive,
        "recall.called": Room.note_call,
        "recall.pack_found": Room.find_pack,
        "recall.closed": Room.close_recall,
        "log_file.kept": Room.keep_file,
        "load.started": Room.start_load,
        "load.ended": Room.end_load,
    }
)
"""By kind of entry: what it does. What a recall pulls is the stock's."""
