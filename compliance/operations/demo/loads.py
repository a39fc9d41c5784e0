"""Loads of the demo: started by scanning, read out or found in a log, released with their packs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from compliance.domain.access import Actor
from compliance.domain.sterilization.judging import ChemicalIndicator
from compliance.domain.sterilization.words import CycleKind
from compliance.operations.demo.machines import LOGGING, TYPED, run_logged, run_typed
from compliance.operations.demo.stage import ZONE, Stage
from compliance.operations.packs import RegisterPack, register_pack
from compliance.operations.sterilization.cycles import RecordCycle, find_cycle, record_cycle
from compliance.operations.sterilization.deciding import read_chemical
from compliance.operations.sterilization.ending import ReadOut, read_out, take_from_log
from compliance.operations.sterilization.importing import ImportFile, import_cycles
from compliance.operations.sterilization.loading import choose_run, scan_in, start_load, write_in
from compliance.operations.sterilization.releasing import release_act, release_cycle
from compliance.store.sterilizers import CycleRow

_STRIP = ChemicalIndicator(type=5, changed=True, lot="CI-2611")
_RUN_MINUTES = 34


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One thing in a load; a device by its code, or a set that has none."""

    text: str
    device: str | None = None
    lasts: int = 90
    """Days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A load that was started and is not read out."""

    load_id: str
    machine: str
    contents: Sequence[Content]
    started_at: datetime


class LoadKeeper:
    """Counts cycles and packs, and knows how each sterilizer is read out."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.numbers = {TYPED.code: 611, LOGGING.code: 1204}
        self._packs = 0
        self.last_run = run_logged(stage.random, 0, stage.now.astimezone(ZONE))
        """The newest run in the log, which somebody may copy."""

    def test_of_the_day(self, machine: str, operator: Actor) -> None:
        """The Helix test that stands before the first load of a day."""
        stage, began = self._stage, self._stage.now - timedelta(minutes=26)
        achieved = run_typed(stage.random)
        self.numbers[machine] += 1
        command = RecordCycle(
            sterilizer=machine,
            number=str(self.numbers[machine]),
            program=TYPED.programs[1].name if machine == TYPED.code else LOGGING.programs[0].name,
            kind=CycleKind.DAY_TEST,
            run_at=began,
            ended_at=began + timedelta(minutes=21),
            set_decicelsius=1340,
            set_hold_seconds=210 if machine == TYPED.code else 180,
            lowest_decicelsius=achieved.lowest_decicelsius,
            highest_decicelsius=achieved.highest_decicelsius,
            hold_seconds=achieved.hold_seconds - 28,
            lowest_centibar=achieved.lowest_centibar,
            contents=({"device": None, "text": "Helix test body"},),
            indicators=(ChemicalIndicator(type=2, changed=True, lot="HX-118"),),
        )
        stage.wait_a_moment()
        stage.act(lambda tx: record_cycle(tx, command, actor=operator, now=stage.now))

    def start(self, machine: str, contents: Sequence[Content], operator: Actor) -> Running:
        """Scan everything into the chamber and press the button."""
        stage = self._stage
        program = (TYPED if machine == TYPED.code else LOGGING).programs[0].name
        stage.act(lambda tx: choose_run(tx, machine, program, actor=operator, now=stage.now))
        for content in contents:
            stage.pass_time(seconds=stage.random.uniform(3, 8))
            self._put_in(content, operator)
        stage.wait_a_moment()
        load = stage.act(lambda tx: start_load(tx, actor=operator, now=stage.now))
        return Running(
            load_id=load.load_id, machine=machine, contents=contents, started_at=stage.now
        )

    def _put_in(self, content: Content, operator: Actor) -> None:
        stage = self._stage
        if content.device is not None:
            device = content.device
            stage.act(lambda tx: scan_in(tx, device, actor=operator, now=stage.now))
        else:
            stage.act(lambda tx: write_in(tx, content.text, actor=operator, now=stage.now))

    def finish(self, running: Running, operator: Actor, *, failed: bool = False) -> CycleRow:
        """Wait for the end of the run and read it out, with its strip."""
        stage = self._stage
        stage.go_to(running.started_at + timedelta(minutes=_RUN_MINUTES))
        stage.wait_a_moment()
        self.numbers[running.machine] += 1
        if running.machine == LOGGING.code:
            return self._find_in_log(running, operator, failed=failed)
        achieved = run_typed(stage.random)
        values = ReadOut(
            number=str(self.numbers[running.machine]),
            lowest_decicelsius=achieved.lowest_decicelsius,
            highest_decicelsius=achieved.highest_decicelsius,
            hold_seconds=achieved.hold_seconds,
            lowest_centibar=achieved.lowest_centibar,
            ended_at=running.started_at + timedelta(minutes=_RUN_MINUTES - 1),
            machine_failed=False,
            indicators=(_STRIP,),
        )
        return stage.act(
            lambda tx: read_out(tx, running.load_id, values, actor=operator, now=stage.now)
        )

    def _find_in_log(self, running: Running, operator: Actor, *, failed: bool) -> CycleRow:
        stage = self._stage
        start = (running.started_at + timedelta(seconds=40)).astimezone(ZONE)
        number = self.numbers[running.machine]
        run = run_logged(stage.random, number, start.replace(microsecond=0), failed=failed)
        self.last_run = run
        cycle_id = self.import_log(run.text(), operator)
        stage.wait_a_moment()
        if not failed:
            stage.act(
                lambda tx: read_chemical(tx, cycle_id, (_STRIP,), actor=operator, now=stage.now)
            )
        return stage.act(
            lambda tx: take_from_log(tx, running.load_id, cycle_id, actor=operator, now=stage.now)
        )

    def import_log(self, content: bytes, operator: Actor) -> str:
        """Import the card and return its last cycle."""
        stage = self._stage
        name = f"DACLOG-{stage.now.astimezone(ZONE):%Y%m%d-%H%M}.TXT"
        command = ImportFile(sterilizer=LOGGING.code, name=name, content=content)
        imported = stage.act(lambda tx: import_cycles(tx, command, actor=operator, now=stage.now))
        return next(line.cycle_id for line in reversed(imported.lines) if line.cycle_id)

    def release(
        self, cycle: CycleRow, machine: str, contents: Sequence[Content], operator: Actor
    ) -> list[str]:
        """Pack, label and release; returns the codes of the packs in the order of the contents."""
        codes = self.pack(cycle, machine, contents, operator)
        stage = self._stage
        stage.pass_time(minutes=stage.random.uniform(1, 2))
        row = stage.read(lambda tx: find_cycle(tx, cycle.cycle_id, actor=operator))
        grant = stage.grant(release_act(row), operator, "operator")
        stage.act(
            lambda tx: release_cycle(tx, row.cycle_id, grant=grant, actor=operator, now=stage.now)
        )
        return codes

    def pack(
        self, cycle: CycleRow, machine: str, contents: Sequence[Content], operator: Actor
    ) -> list[str]:
        """Register a pack of everything in the load."""
        return [self._register(cycle, machine, content, operator) for content in contents]

    def _register(self, cycle: CycleRow, machine: str, content: Content, operator: Actor) -> str:
        stage = self._stage
        stage.pass_time(seconds=stage.random.uniform(5, 12))
        self._packs += 1
        day = cycle.run_at.astimezone(ZONE).date()
        command = RegisterPack(
            code=f"P-{day:%y%m%d}-{self._packs:03d}",
            device=content.device,
            contents=content.text,
            sterilizer=machine,
            cycle_number=cycle.number,
            sterilized_on=day,
            expires_on=day + timedelta(days=content.lasts),
            cycle_id=cycle.cycle_id,
        )
        stage.act(lambda tx: register_pack(tx, command, actor=operator, now=stage.now))
        return command.code
