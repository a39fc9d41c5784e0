"""Importing autoclave logs: the bytes are kept, and every line of them is accounted for."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from compliance.domain.access import Action, Actor
from compliance.errors import Conflict, Refused
from compliance.importing.dac_universal import DacUniversal
from compliance.importing.decoding import read_lines
from compliance.importing.table import Table
from compliance.importing.values import (
    Adapter,
    DateOrder,
    ImportOptions,
    LineRange,
    LineUse,
    LoggedCycle,
)
from compliance.ledger.canonical import canonical_value_bytes
from compliance.operations.clinics import clinic_of
from compliance.operations.sealing import append, hold_log
from compliance.operations.sterilization.cycles import RecordCycle, record_cycle
from compliance.operations.sterilization.machines import find_sterilizer
from compliance.store import sterilizers
from compliance.store.session import Tx
from compliance.store.sterilizers import CycleRow, SterilizerRow

ADAPTERS: Final[Mapping[str, Adapter]] = MappingProxyType(
    {DacUniversal.name: DacUniversal(), Table.name: Table()}
)
MOST_BYTES: Final = 16 * 1024 * 1024
"""Of one file; inclusive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLine:
    """What became of a range of lines, both ends included."""

    first: int
    last: int
    use: str
    """``cycle``, ``known`` for one that is on record already, ``noise`` or ``unreadable``."""
    note: str
    cycle_id: str | None = None
    number: str | None = None
    outcome: str | None = None
    flags: tuple[str, ...] = ()


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
    """A file as it was chosen, uploaded or named on the command line."""

    sterilizer: str
    name: str
    content: bytes
    adapter: str | None = None
    """None: found from what the file holds."""


def import_cycles(tx: Tx, command: ImportFile, *, actor: Actor, now: datetime) -> Imported:
    """Import a log in the caller's transaction, all or nothing.

    Raises:
        NotFound: no such sterilizer.
        Refused: an empty or too large file, or an unknown adapter.
        Conflict: the same bytes arrived before.
    """
    actor.require(Action.REGISTER_PACKS)
    hold_log(tx, actor.clinic_id)
    machine = find_sterilizer(tx, command.sterilizer, actor=actor)
    if not 1 <= len(command.content) <= MOST_BYTES:
        raise Refused("file", len(command.content), "is empty or too large", allowed="16 MiB")
    sha256 = hashlib.sha256(command.content).hexdigest()
    before = sterilizers.find_log_file(tx, actor.clinic_id, sha256)
    if before is not None:
        raise Conflict(f"these bytes arrived already on {before.date().isoformat()}")
    adapter = _adapter(command)
    reader = _Reader(tx, machine, sha256, actor=actor, now=now)
    options = ImportOptions(date_order=DateOrder(machine.date_order))
    found = adapter.read(read_lines(io.BytesIO(command.content)), options)
    lines = tuple(reader.take(each) for each in found)
    imported = Imported(
        sha256=sha256,
        name=command.name[-120:] or "log",
        size=len(command.content),
        adapter=adapter.name,
        verified=adapter.verified,
        lines=lines,
    )
    _keep(tx, imported, command.content, machine, actor=actor, now=now)
    return imported


def _adapter(command: ImportFile) -> Adapter:
    if command.adapter is not None:
        if command.adapter not in ADAPTERS:
            raise Refused("adapter", command.adapter, "is unknown", allowed=", ".join(ADAPTERS))
        return ADAPTERS[command.adapter]
    start = command.content[:65_536]
    return ADAPTERS[DacUniversal.name if b"DAC Universal" in start else Table.name]


class _Reader:
    """Turns what an adapter finds into recorded cycles and lines of the report."""

    def __init__(
        self, tx: Tx, machine: SterilizerRow, sha256: str, *, actor: Actor, now: datetime
    ) -> None:
        self._tx, self._machine, self._sha256 = tx, machine, sha256
        self._actor, self._now = actor, now
        self._zone = ZoneInfo(clinic_of(tx, actor).time_zone)

    def take(self, found: LoggedCycle | LineRange) -> ImportLine:
        if isinstance(found, LineRange):
            return ImportLine(
                first=found.first, last=found.last, use=found.use.value, note=found.note
            )
        first, last = found.lines
        known = self._known(found)
        if known is not None:
            return ImportLine(
                first=first,
                last=last,
                use="known",
                note=f"cycle {known.number} is on record already",
                cycle_id=known.cycle_id,
                number=known.number,
            )
        try:
            row = record_cycle(self._tx, self._command(found), actor=self._actor, now=self._now)
        except Refused as error:
            return ImportLine(first=first, last=last, use=LineUse.UNREADABLE.value, note=str(error))
        return ImportLine(
            first=first,
            last=last,
            use=LineUse.CYCLE.value,
            note="; ".join((*row.faults, *found.errors)),
            cycle_id=row.cycle_id,
            number=row.number,
            outcome=row.outcome.value,
            flags=tuple(flag["code"] for flag in row.flags),
        )

    def _known(self, found: LoggedCycle) -> CycleRow | None:
        """The same run once more, as in a log that its machine only ever adds to."""
        rows = sterilizers.find_numbered(
            self._tx, self._machine.clinic_id, self._machine.sterilizer_id, found.number
        )
        start = self._moment(found.started_at)
        for row in rows:
            same = row.curve_sha256 == found.curve_hash() and row.ended == found.ended
            if row.raw_sha256 is not None and same and row.run_at == start:
                return row
        return None

    def _moment(self, moment: datetime | None) -> datetime | None:
        """The machine's clock shows the time of the clinic."""
        return None if moment is None else moment.replace(tzinfo=self._zone)

    def _command(self, found: LoggedCycle) -> RecordCycle:
        return RecordCycle(
            sterilizer=self._machine.sterilizer_id,
            number=found.number,
            program=found.program[:120],
            run_at=self._moment(found.started_at),
            ended_at=self._moment(found.ended_at),
            set_decicelsius=found.set_decicelsius,
            set_hold_seconds=found.set_hold_seconds,
            lowest_decicelsius=found.lowest_decicelsius,
            highest_decicelsius=found.highest_decicelsius,
            hold_seconds=found.hold_seconds,
            ended=found.ended,
            machine_failed=found.machine_failed,
            curve=found.curve,
            serial=found.serial,
            raw_sha256=self._sha256,
            raw_lines=found.lines,
        )


def _keep(
    tx: Tx,
    imported: Imported,
    content: bytes,
    machine: SterilizerRow,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    report: Any = [{**asdict(line), "flags": list(line.flags)} for line in imported.lines]
    data = {
        "sha256": imported.sha256,
        "name": imported.name,
        "size": imported.size,
        "adapter": imported.adapter,
        "sterilizer": machine.sterilizer_id,
        "report_sha256": hashlib.sha256(canonical_value_bytes(report)).hexdigest(),
    }
    append(tx, actor, "log_file.kept", data, now=now)
    sterilizers.insert_log_file(
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
