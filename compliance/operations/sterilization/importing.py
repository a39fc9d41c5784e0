"""Importing autoclave logs: the bytes are kept, and every line of them is accounted for."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from compliance.domain.access import Action, Actor
from compliance.errors import Conflict, NotFound, Refused
from compliance.importing.dac_universal import DacUniversal
from compliance.importing.decoding import find_encoding, read_lines
from compliance.importing.scican import SCICAN
from compliance.importing.table import NEEDED, Table
from compliance.importing.text_mapping import MappedText
from compliance.importing.unpublished import Unpublished
from compliance.importing.values import Adapter, DateOrder, ImportOptions, LineUse
from compliance.importing.wh_lisa import MARK, WH_LISA, describe_lisa
from compliance.ledger.canonical import canonical_value_bytes
from compliance.operations.sealing import append, hold_log
from compliance.operations.sterilization.batching import CHUNK, ImportLine, Recorder
from compliance.operations.sterilization.machines import find_sterilizer
from compliance.operations.sterilization.mapping import mapped_adapter
from compliance.store import log_files
from compliance.store.log_files import LogFileRow
from compliance.store.session import Tx
from compliance.store.sterilizers import SterilizerRow

__all__ = ["ImportLine", "LogFileRow"]

KNOWN_MAKES: Final[Mapping[str, Adapter]] = MappingProxyType(
    {each.name: each for each in (DacUniversal(), Table(), WH_LISA, SCICAN)}
)
ADAPTERS: Final = (*KNOWN_MAKES, MappedText.name)
"""What may be asked for by name; the mapping is the sterilizer's own."""

MOST_BYTES: Final = 16 * 1024 * 1024
"""Of one file; inclusive. The file is held whole, for its bytes are kept whole; what is read
from it is not: cycles are entered in chunks of 500."""

_PROBE: Final = 65_536
_LINE: Final = tuple(field.name for field in fields(ImportLine))


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The report of one file: its ranges together are the whole of it."""

    sha256: str
    name: str
    size: int
    adapter: str
    verified: bool
    lines: tuple[ImportLine, ...]

    @property
    def refused(self) -> bool:
        return any(line.use == LineUse.UNREADABLE.value for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFile:
    """A file as it was chosen, uploaded, dropped into a folder or named on the command line."""

    sterilizer: str
    name: str
    content: bytes
    adapter: str | None = None
    """None: found from what the file holds."""


def import_cycles(tx: Tx, command: ImportFile, *, actor: Actor, now: datetime) -> Imported:
    """Import a log in the caller's transaction, all or nothing.

    Raises:
        NotFound: no such sterilizer.
        Refused: an empty or too large file, an unknown adapter, or a make that is not read.
        Conflict: the same bytes arrived before.
    """
    actor.require(Action.REGISTER_PACKS)
    hold_log(tx, actor.clinic_id)
    machine = find_sterilizer(tx, command.sterilizer, actor=actor)
    if not 1 <= len(command.content) <= MOST_BYTES:
        raise Refused("file", len(command.content), "is empty or too large", allowed="16 MiB")
    sha256 = hashlib.sha256(command.content).hexdigest()
    before = log_files.find_arrival(tx, actor.clinic_id, sha256)
    if before is not None:
        raise Conflict(f"these bytes arrived already on {before.date().isoformat()}")
    adapter = find_adapter(tx, machine, command)
    recorder = Recorder(tx, machine, sha256, actor=actor, now=now)
    options = ImportOptions(date_order=DateOrder(machine.date_order))
    found = adapter.read(read_lines(io.BytesIO(command.content)), options)
    lines: list[ImportLine] = []
    while chunk := list(itertools.islice(found, CHUNK)):
        lines.extend(recorder.take(chunk))
    if isinstance(adapter, MappedText) and all(line.cycle_id is None for line in lines):
        # Kept bytes are taken once: after the mapping was set right they could not come again.
        raise Refused(
            "file",
            command.name,
            "holds no cycle that this sterilizer's mapping finds",
            allowed="set the mapping right, then bring the file in again",
        )
    imported = Imported(
        sha256=sha256,
        name=command.name[-120:] or "log",
        size=len(command.content),
        adapter=adapter.name,
        verified=adapter.verified,
        lines=tuple(lines),
    )
    _keep(tx, imported, command.content, machine, actor=actor, now=now)
    return imported


def find_adapter(tx: Tx, machine: SterilizerRow, command: ImportFile) -> Adapter:
    """The adapter that was asked for, or the one that the file and the sterilizer tell.

    Raises:
        Refused: an unknown one, a mapping that nobody has set up, or a make that is not read.
    """
    mapping = log_files.find_mapping(tx, machine.clinic_id, machine.sterilizer_id)
    name = command.adapter or _recognise(command.content, mapped=mapping is not None)
    if name == MappedText.name:
        if mapping is None:
            raise Refused(
                "adapter", name, "has no mapping for this sterilizer yet", allowed="set one up"
            )
        return mapped_adapter(mapping)
    if name not in KNOWN_MAKES:
        raise Refused("adapter", name, "is unknown", allowed=", ".join(ADAPTERS))
    adapter = KNOWN_MAKES[name]
    if isinstance(adapter, Unpublished):
        told = describe_lisa(command.name) if adapter is WH_LISA else ""
        raise Refused("adapter", adapter.title, f"is not read: {adapter.why}{told}")
    return adapter


def _recognise(content: bytes, *, mapped: bool) -> str:
    """The make by what its files are known to hold; else the sterilizer's own mapping."""
    start = content[:_PROBE]
    if b"DAC Universal" in start or b"D\0A\0C\0 \0U\0n\0i" in start:
        return DacUniversal.name
    first = start.decode(find_encoding(io.BytesIO(start)), errors="replace").partition("\n")[0]
    if mapped and not all(name in first.lower() for name in NEEDED):
        return MappedText.name
    # The check value stands in the last line of each such file.
    return WH_LISA.name if MARK in start or MARK in content[-_PROBE:] else Table.name


def _keep(
    tx: Tx,
    imported: Imported,
    content: bytes,
    machine: SterilizerRow,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    report: Any = [
        {**{name: getattr(line, name) for name in _LINE}, "flags": list(line.flags)}
        for line in imported.lines
    ]
    data = {
        "sha256": imported.sha256,
        "name": imported.name,
        "size": imported.size,
        "adapter": imported.adapter,
        "sterilizer": machine.sterilizer_id,
        "report_sha256": hashlib.sha256(canonical_value_bytes(report)).hexdigest(),
    }
    append(tx, actor, "log_file.kept", data, now=now)
    log_files.insert_log_file(
        tx,
        {
            "clinic_id": machine.clinic_id,
            "sha256": imported.sha256,
            "sterilizer_id": machine.sterilizer_id,
            "name": imported.name,
            "adapter": imported.adapter,
            "size": imported.size,
            "content": content,
            "report": report,
            "arrived_at": now,
            "arrived_by": actor.user_id,
        },
    )


def list_imports(
    tx: Tx,
    *,
    actor: Actor,
    sterilizer_id: str | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[LogFileRow]:
    """A keyset page of the files that arrived, newest first."""
    actor.require(Action.READ_THINGS)
    return log_files.list_log_files(
        tx, actor.clinic_id, sterilizer_id=sterilizer_id, after=after, limit=limit
    )


def find_import(tx: Tx, sha256: str, *, actor: Actor) -> LogFileRow:
    """One file with its report; raises ``NotFound``."""
    actor.require(Action.READ_THINGS)
    row = log_files.find_log_file(tx, actor.clinic_id, sha256)
    if row is None:
        raise NotFound("no such file arrived in this clinic")
    return row


def read_raw(tx: Tx, sha256: str, *, actor: Actor) -> bytes:
    """The bytes of a file as they arrived; for who manages the sterilizers.

    Raises:
        NotFound: no such file.
    """
    actor.require(Action.MANAGE_DEVICES)
    content = log_files.read_content(tx, actor.clinic_id, sha256)
    if content is None:
        raise NotFound("no such file arrived in this clinic")
    return content
