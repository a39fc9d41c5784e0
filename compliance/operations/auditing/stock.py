"""What the entries say about the clinic itself: templates, things, people, packs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from compliance.domain.template import Template, read_template
from compliance.domain.words import EvidenceKind, PackState
from compliance.ledger.canonical import canonical_bytes
from compliance.ledger.entry import Entry
from compliance.operations.auditing.accesses import Accesses
from compliance.operations.auditing.anchoring import Anchors
from compliance.operations.auditing.erasing import Erasures
from compliance.operations.auditing.expecting import (
    PACK,
    TEMPLATE,
    Batch,
    milliseconds,
)
from compliance.operations.auditing.keys import Keys
from compliance.operations.auditing.problems import Expected, Findings, Shape, compare_rows
from compliance.operations.auditing.room import Room
from compliance.operations.auditing.shelf import Shelf
from compliance.operations.treatments.tracing import packs_of
from compliance.store import projection
from compliance.store.session import Tx

_CLINIC = ("slug", "name", "time_zone", "language", "profiles", "demo")
_CHANGEABLE = ("name", "language")


@dataclass(slots=True)
class StockedPack:
    """A pack that was not used up yet by a session that has ended."""

    data: Mapping[str, Any]
    registered_at: int
    registered_by: str
    index: int
    state: PackState = PackState.REGISTERED
    released_at: int | None = None
    released_by: str | None = None
    used_in: str | None = None

    def row(self) -> tuple[Any, ...]:
        data = self.data
        return (
            data["pack"],
            data["code"],
            data["device"],
            data["contents"],
            data["cycle"]["sterilizer"],
            data["cycle"]["number"],
            data["sterilized_on"],
            data["expires_on"],
            self.state.value,
            self.registered_at,
            self.registered_by,
            self.released_at,
            self.released_by,
            self.used_in,
            data.get("cycle_id"),
        )


class Stock:
    """The clinic's inventory as the entries so far have made it."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._clinic: dict[str, Any] = {}
        self._published: Expected = {}
        self.shelf = Shelf()
        self.room = Room(findings)
        self.anchors = Anchors(findings)
        self.accesses = Accesses(findings)
        self.erasures = Erasures(findings)
        self.keys = Keys(findings)
        self._people: dict[str, int] = {}
        self._names: dict[str, Any] = {}
        self._roles: dict[str, set[str]] = {}
        self._held: dict[str, tuple[set[str], bool]] = {}
        self._packs: dict[str, StockedPack] = {}
        self._templates: dict[str, Template] = {}
        self.zone: ZoneInfo | None = None
        self.incarnation: Any = None

    def template(self, hash_: str) -> Template | None:
        return self._templates.get(hash_)

    def found(self, entry: Entry, data: Any) -> None:
        """``log.genesis``."""
        self._clinic = {name: data[name] for name in _CLINIC}
        self.zone = ZoneInfo(data["time_zone"])
        self.incarnation = data["incarnation"]
        self.keys.begin(entry, data)
        if entry.index != 0:
            self._findings.add("log_body", "the log begins a second time", entry.index)

    def restore(self, _entry: Entry, data: Any) -> None:
        """A backup was put back: a new incarnation begins."""
        self.incarnation = data["incarnation"]

    def set_profiles(self, _entry: Entry, data: Any) -> None:
        """``clinic.profiles_set``."""
        self._clinic["profiles"] = data["profiles"]

    def change_clinic(self, entry: Entry, data: Any) -> None:
        """``clinic.changed``: what it replaces must be what was in force."""
        if data["old"] != {name: self._clinic.get(name) for name in _CHANGEABLE}:
            self._findings.add(
                "log_body", "clinic.changed: another name or language was in force", entry.index
            )
        self._clinic.update({name: data["new"][name] for name in _CHANGEABLE})

    def publish(self, entry: Entry, data: Any) -> None:
        """``template.published``."""
        body, hash_ = data["template"], data["hash"]
        if hashlib.sha256(canonical_bytes(body)).hexdigest() != hash_:
            self._findings.add("log_body", "the template does not have its hash", entry.index)
        self._templates[hash_] = read_template(body)
        text = projection.encode_json(body)
        row = (body["id"], body["version"], hash_, text, milliseconds(entry.at), entry.index)
        self._published[row] = entry.index

    def add_person(self, entry: Entry, data: Any) -> None:
        """``user.added``."""
        self._people[data["user"]] = entry.index
        self._names[data["user"]] = data["name"]
        self._note_roles(data, entitled=False)

    def rename_person(self, entry: Entry, data: Any) -> None:
        """``user.renamed``: what it replaces must be the name in force."""
        if self._names.get(data["user"]) != data["old"]:
            reason = f"user_id={data['user']}: user.renamed, but another name was in force"
            self._findings.add("log_body", reason, entry.index)
        self._names[data["user"]] = data["new"]

    def change_person(self, _entry: Entry, data: Any) -> None:
        """``user.changed``."""
        self._note_roles(data, entitled=data["entitled_override"])

    def _note_roles(self, data: Any, *, entitled: bool) -> None:
        # An administrator is one of the installation, not a member of a clinic.
        roles = set(data["roles"]) - {"admin"}
        self._roles.setdefault(data["user"], set()).update(roles)
        was = self._held.get(data["user"], (set(), False))
        self._held[data["user"]] = (roles, was[1] or entitled)

    def register_pack(self, entry: Entry, data: Any) -> None:
        """``pack.registered``."""
        by: Any = entry.by["user"]
        self._packs[data["pack"]] = StockedPack(data, milliseconds(entry.at), by, entry.index)

    def release_pack(self, entry: Entry, data: Any) -> None:
        """``pack.released``."""
        pack = self._packs.get(data["pack"])
        if pack is None or pack.state is not PackState.REGISTERED:
            reason = f"pack={data['pack']}: released, but it was not waiting for a release"
            self._findings.add("log_body", reason, entry.index)
            return
        pack.state = PackState.RELEASED
        pack.released_at = milliseconds(entry.at)
        pack.released_by = data["signature"]["by"]

    def damage_pack(self, entry: Entry, data: Any) -> None:
        """``pack.damaged``."""
        pack = self._packs.get(data["pack"])
        if pack is None or pack.state not in (PackState.REGISTERED, PackState.RELEASED):
            reason = f"pack={data['pack']}: damaged, but it was not on the shelf"
            self._findings.add("log_body", reason, entry.index)
            return
        pack.state = PackState.DAMAGED

    def use_pack(self, pack_id: str, session_id: str, index: int) -> None:
        """An answer names the pack as the one used."""
        pack = self._packs.get(pack_id)
        if pack is None or pack.state is not PackState.RELEASED:
            reason = f"pack={pack_id}: used, but it was not a released and unused one"
            self._findings.add("log_body", reason, index)
            return
        pack.state, pack.used_in = PackState.USED, session_id

    def amend(self, data: Any) -> None:
        """An amendment names the pack that was opened in truth; it may be the session's own."""
        for pack_id in packs_of(data["evidence_new"]):
            pack = self._packs.get(pack_id)
            if pack is not None and pack.state is PackState.RELEASED:
                pack.state, pack.used_in = PackState.USED, data["session"]

    def give_back_pack(self, pack_id: str) -> None:
        """An answer was replaced before the treatment began."""
        pack = self._packs.get(pack_id)
        if pack is not None:
            pack.used_in = None
            if pack.state is not PackState.RECALLED:
                pack.state = PackState.RELEASED

    def pull_packs(self, entry: Entry, data: Any) -> None:
        """``recall.pulled``."""
        for pack_id in data["packs"]:
            pack = self._packs.get(pack_id)
            if pack is None:
                reason = f"pack={pack_id}: recalled, but it was used up or never registered"
                self._findings.add("log_body", reason, entry.index)
            else:
                pack.state = PackState.RECALLED

    def end(self, entry: Entry, uses: Iterable[tuple[str, str]], batch: Batch) -> None:
        """A session has ended: what it used is gone from the stock."""
        self.shelf.take(entry, entry.data)
        for kind, ref in uses:
            if kind == EvidenceKind.PACK.value:
                self.retire_pack(ref, batch)

    def retire_pack(self, pack_id: str, batch: Batch) -> None:
        """The session that used it has ended: nothing changes the pack any more."""
        pack = self._packs.pop(pack_id, None)
        if pack is not None:
            batch.demand(PACK, pack.row(), pack.index)

    def demand_packs(self, batch: Batch) -> None:
        """At the end of the log: everything still in stock."""
        for pack_id in list(self._packs):
            self.retire_pack(pack_id, batch)

    def compare(self, tx: Tx, clinic_id: str) -> None:
        """Compare what does not grow with the sessions, whole."""
        rows = projection.read_table(tx, TEMPLATE.table, TEMPLATE.columns, clinic_id)
        compare_rows(self._findings, TEMPLATE, self._published, rows)
        self.shelf.compare(tx, clinic_id, self._findings)
        self.room.compare(tx, clinic_id)
        self.anchors.compare(tx, clinic_id)
        self.accesses.compare(tx, clinic_id)
        self.erasures.compare(tx, clinic_id)
        self._compare_clinic(tx, clinic_id)
        self._compare_people(tx, clinic_id)

    def _compare_clinic(self, tx: Tx, clinic_id: str) -> None:
        shape = Shape(table="clinic", columns=("clinic_id", *_CLINIC), keys=1)
        if self._clinic:
            values = {**self._clinic, "profiles": projection.encode_json(self._clinic["profiles"])}
            row = (clinic_id, *(values[name] for name in _CLINIC))
            rows = projection.read_table(tx, "clinic", shape.columns, clinic_id)
            compare_rows(self._findings, shape, {row: 0}, rows)

    def _compare_people(self, tx: Tx, clinic_id: str) -> None:
        accounts = projection.read_accounts(tx, sorted(self._people))
        for user, index in self._people.items():
            if user not in accounts:
                self._findings.add("user_account", f"user_id={user}: the row is missing", index)
        columns = ("user_id", "role", "entitled_override")
        rows = projection.read_table(tx, "membership", columns, clinic_id)
        self._compare_roles(rows)

    def _compare_roles(self, rows: Sequence[Sequence[Any]]) -> None:
        stored = {(row[0], row[1]) for row in rows}
        for user, role, entitled in rows:
            if role not in self._roles.get(user, ()):
                reason = f"user_id={user}, role={role}: no entry of the log gave this role"
                self._findings.add("membership", reason)
            elif entitled and not self._held[user][1]:
                reason = f"user_id={user}, role={role}: column entitled_override was never recorded"
                self._findings.add("membership", reason)
        for user, (roles, _) in self._held.items():
            for role in sorted(roles):
                if (user, role) not in stored:
                    reason = f"user_id={user}, role={role}: the row is missing"
                    self._findings.add("membership", reason, self._people.get(user))
