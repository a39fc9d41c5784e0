"""Many runs of one log entered together: in chunks, so that a file costs bounded memory."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from compliance.domain.access import Actor
from compliance.domain.rules import EffectiveRules
from compliance.errors import Refused
from compliance.importing.values import LineRange, LineUse, LoggedCycle
from compliance.operations.catalogue import effective_rules
from compliance.operations.clinics import clinic_of
from compliance.operations.sealing import append_many
from compliance.operations.sterilization.cycles import (
    RecordCycle,
    check_run,
    claimed,
    draft_row,
    entry_of,
)
from compliance.operations.sterilization.judging import Earlier, flag_run, judge_by
from compliance.store import runs, sterilizers
from compliance.store.runs import KnownRun
from compliance.store.session import Tx
from compliance.store.sterilizers import CycleRow, SterilizerRow

CHUNK: Final = 500
"""Ranges of lines entered together."""


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


@dataclass(slots=True)
class _Around:
    """The runs around those of a chunk, the ones of the chunk itself as they come."""

    timeline: list[tuple[datetime, str, str, datetime | None]]
    """(start, id, number, end) in order."""
    before: Earlier | None
    """The newest run that began before all of these."""
    curves: dict[str, str]
    """By curve, the number of the run that has it."""

    def find_earlier(self, before: datetime) -> Earlier | None:
        place = bisect.bisect_left(self.timeline, (before,))
        if place == 0:
            # The first of the chunk looks at what was there before it.
            return self.before
        start, _, number, end = self.timeline[place - 1]
        return number, start, end

    def find_same_curve(self, digest: str) -> str | None:
        return self.curves.get(digest)

    def take(self, row: CycleRow) -> None:
        bisect.insort(self.timeline, (row.run_at, row.cycle_id, row.number, row.ended_at))
        if row.curve_sha256 is not None:
            self.curves.setdefault(row.curve_sha256, row.number)


class Recorder:
    """Turns what an adapter finds into recorded cycles and lines of the report."""

    def __init__(
        self, tx: Tx, machine: SterilizerRow, sha256: str, *, actor: Actor, now: datetime
    ) -> None:
        self._tx, self._machine, self._sha256 = tx, machine, sha256
        self._actor, self._now = actor, now
        self._clinic = clinic_of(tx, actor)
        self._zone = ZoneInfo(self._clinic.time_zone)

    def take(self, chunk: Sequence[LoggedCycle | LineRange]) -> list[ImportLine]:
        """Enter one chunk in the caller's transaction; a line of the report for each range."""
        known = self._known(chunk)
        around = self._around(chunk)
        rows: list[CycleRow] = []
        lines = [self._take(each, known, around, rows) for each in chunk]
        sterilizers.insert_cycles(self._tx, rows)
        append_many(self._tx, self._actor, [entry_of(row) for row in rows], now=self._now)
        return lines

    def _take(
        self,
        found: LoggedCycle | LineRange,
        known: dict[str, list[KnownRun]],
        around: _Around,
        rows: list[CycleRow],
    ) -> ImportLine:
        if isinstance(found, LineRange):
            return ImportLine(
                first=found.first, last=found.last, use=found.use.value, note=found.note
            )
        first, last = found.lines
        command = self._command(found)
        same = self._same(command, found, known)
        if same is not None:
            note = f"cycle {same.number} is on record already"
            return ImportLine(
                first=first,
                last=last,
                use="known",
                note=note,
                cycle_id=same.cycle_id,
                number=same.number,
            )
        try:
            row = self._enter(command, around)
        except Refused as error:
            return ImportLine(first=first, last=last, use=LineUse.UNREADABLE.value, note=str(error))
        rows.append(row)
        known.setdefault(row.number, []).append(_known_of(row))
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

    def _enter(self, command: RecordCycle, around: _Around) -> CycleRow:
        check_run(command, self._now)
        flags = flag_run(around, self._machine, claimed(command), now=self._now)
        row = draft_row(command, self._machine, flags, actor=self._actor, now=self._now)
        verdict = judge_by(self._rules(row.run_at), row, self._machine)
        row = replace(row, outcome=verdict.outcome, faults=list(verdict.faults))
        around.take(row)
        return row

    def _rules(self, moment: datetime) -> EffectiveRules:
        """The rules of the day, as `house_of` finds them."""
        bound = max(moment, self._clinic.created_at).astimezone(self._zone).date()
        return effective_rules(self._clinic.profiles, bound)

    def _known(self, chunk: Sequence[LoggedCycle | LineRange]) -> dict[str, list[KnownRun]]:
        numbers = sorted({each.number.strip() for each in chunk if isinstance(each, LoggedCycle)})
        known: dict[str, list[KnownRun]] = {}
        for row in runs.find_known(
            self._tx, self._machine.clinic_id, self._machine.sterilizer_id, numbers
        ):
            known.setdefault(row.number, []).append(row)
        return known

    def _same(
        self, command: RecordCycle, found: LoggedCycle, known: dict[str, list[KnownRun]]
    ) -> KnownRun | None:
        """The same run once more, as in a log that its machine only ever adds to."""
        for row in known.get(command.number.strip(), ()):
            same = row.ended == found.ended and row.run_at == command.run_at
            if same and row.raw_sha256 is not None and row.curve_sha256 == found.curve_hash():
                return row
        return None

    def _around(self, chunk: Sequence[LoggedCycle | LineRange]) -> _Around:
        cycles = [each for each in chunk if isinstance(each, LoggedCycle)]
        starts = [self._moment(each.started_at) for each in cycles]
        moments = [each for each in starts if each is not None]
        ends = [self._moment(each.ended_at) for each in cycles]
        moments += [each for each in ends if each is not None]
        clinic_id, machine_id = self._machine.clinic_id, self._machine.sterilizer_id
        timeline, before = [], None
        if moments:
            first, last = min(moments), max(moments)
            timeline = runs.list_spans(self._tx, clinic_id, machine_id, first, last)
            before = sterilizers.find_earlier(self._tx, clinic_id, machine_id, first)
        hashes = sorted({digest for each in cycles if (digest := each.curve_hash())})
        curves = runs.find_curves(self._tx, clinic_id, hashes) if hashes else {}
        return _Around(timeline=timeline, before=before, curves=curves)

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


def _known_of(row: CycleRow) -> KnownRun:
    return KnownRun(
        row.cycle_id, row.number, row.run_at, row.ended, row.curve_sha256, row.raw_sha256
    )
