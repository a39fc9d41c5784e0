"""Keeping what a client met, with each entry that says so: recalls are answered from it.

Replacing an answer after the start does not take back what was opened, so rows
are only ever added. A draft has met nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compliance.domain.tracing import Mark, Trace, find_traces
from compliance.domain.words import EvidenceKind, PackState, SessionState
from compliance.operations.treatments.evidence_reading import serial_key
from compliance.operations.treatments.loading import Loaded
from compliance.store import evidence, things
from compliance.store.session import Tx
from compliance.store.sessions import SessionRow


def enter_met(tx: Tx, loaded: Loaded, index: int) -> None:
    """The treatment starts: everything that was prepared meets the client now."""
    row = loaded.row
    met = [Mark(Trace.DEVICE.value, row.device_id)]
    for answer in loaded.answers.values():
        met.extend(find_traces(answer.evidence))
    evidence.insert_met(tx, row.clinic_id, row.session_id, index, met)


def enter_traces(tx: Tx, row: SessionRow, index: int, pieces: Iterable[Mapping[str, Any]]) -> None:
    """An answer given after the start meets the client at once; before, nothing is opened yet."""
    if row.state is not SessionState.DRAFT:
        evidence.insert_met(tx, row.clinic_id, row.session_id, index, find_traces(pieces))


def enter_device(tx: Tx, row: SessionRow, index: int, device_id: str) -> None:
    """Another device than the recorded one was used."""
    met = [Mark(Trace.DEVICE.value, device_id)]
    evidence.insert_met(tx, row.clinic_id, row.session_id, index, met)


def enter_amended(tx: Tx, row: SessionRow, index: int, data: Mapping[str, Any]) -> None:
    """What an amendment says was used in truth; the former value keeps its own row."""
    met = find_amended(data)
    evidence.insert_met(tx, row.clinic_id, row.session_id, index, met)
    for pack_id in packs_of(data["evidence_new"]):
        pack = things.find_pack(tx, row.clinic_id, pack_id)
        if pack is not None and pack.state is PackState.RELEASED:
            used = {"state": PackState.USED.value, "used_in": row.session_id}
            things.update_pack(tx, row.clinic_id, pack_id, used)
    for serial in serials_of(data["evidence_new"]):
        if things.find_use(tx, row.clinic_id, EvidenceKind.LOT.value, serial) is None:
            things.insert_use(tx, row.clinic_id, EvidenceKind.LOT.value, serial, row.session_id)


def packs_of(pieces: Iterable[Mapping[str, Any]]) -> list[str]:
    """The packs that pieces of evidence name as opened; nobody may use one of them again."""
    return [str(piece["ref"]["pack"]) for piece in pieces if piece["kind"] == EvidenceKind.PACK]


def serials_of(pieces: Iterable[Mapping[str, Any]]) -> list[str]:
    """The keys of single articles that pieces of evidence name; each may be used once."""
    return [
        serial_key(piece["ref"])
        for piece in pieces
        if piece["kind"] == EvidenceKind.LOT and piece["ref"].get("serial")
    ]


def find_amended(data: Mapping[str, Any]) -> list[Mark]:
    """Everything that an amendment names."""
    met = list(find_traces(data["evidence_new"]))
    if data["item"] == "device":
        met.append(Mark(Trace.DEVICE.value, str(data["new"]["id"])))
    return met
