"""The demo's sterilization room: day tests, loads, spore tests and what one of them sets off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from compliance.domain.access import Actor
from compliance.operations.demo import room_plan
from compliance.operations.demo.cast import ROLLERS
from compliance.operations.demo.loads import Content, LoadKeeper
from compliance.operations.demo.machines import LOGGING, TYPED
from compliance.operations.demo.recall_story import SporeTests
from compliance.operations.demo.stage import ZONE, Stage
from compliance.operations.demo.supplies import Supplies
from compliance.operations.packs import list_waiting
from compliance.operations.sterilization.deciding import DecideFlag, decide_flag
from compliance.operations.sterilization.machines import add_sterilizer, service_sterilizer
from compliance.operations.things import find_device
from compliance.store.sterilizers import CycleRow

_TRAY = Content(text="Instrument tray, 6 pieces")
_SHORT_LIVED = Content(text="Tweezers and bowl, paper bag", lasts=4)
_SHELF = (Content(text="Stainless tray, spare"), Content(text="Comedone extractors, 2 pieces"))
_UNRELEASED = (Content(text="Scissors and forceps"), Content(text="Bowl, large"))


class SterilizationRoom:
    """The operator's work; every pack of a roller ends the wait of the visit before."""

    def __init__(self, stage: Stage, supplies: Supplies) -> None:
        self._stage = stage
        self._supplies = supplies
        self._loads = LoadKeeper(stage)
        self._spores = SporeTests(stage)
        self._day = -1
        self._suspended = False

    def load_first(self) -> None:
        """Enter both sterilizers and make a pack of each roller, so that the first visits find one.

        A spore test is due at once, as after any installation.
        """
        stage = self._stage
        manager = stage.arrive("manager")
        for command in (TYPED, LOGGING):
            stage.wait_a_moment()
            stage.act(partial(add_sterilizer, command=command, actor=manager, now=stage.now))
        validated = stage.today - timedelta(days=41)
        stage.act(
            lambda tx: service_sterilizer(
                tx, TYPED.code, "validation", validated, actor=manager, now=stage.now
            )
        )
        operator = stage.arrive("operator")
        stage.pass_time(minutes=24)
        self._test_day(operator)
        self._load(
            {TYPED.code: self._rollers(ROLLERS), LOGGING.code: (_TRAY,)}, operator, spores=True
        )

    def work_off(self) -> None:
        """One morning: read strips, test the day, reprocess what came back since yesterday."""
        self._day += 1
        stage = self._stage
        operator = stage.arrive("operator")
        again: list[str] = []
        if self._spores.read_all(operator):
            self._suspended = True
            again = self._spores.pull(self._supplies.packs, operator)
            self._spores.call_clients(stage.arrive("manager"))
            operator = stage.arrive("operator")
        operator = self._go_on_with_recall(operator)
        self._test_day(operator)
        waits = stage.read(lambda tx: list_waiting(tx, actor=operator))
        devices = {self._code_of(wait.device_id, operator) for wait in waits}
        self._run_loads(sorted({*devices, *again}), operator)

    def _go_on_with_recall(self, operator: Actor) -> Actor:
        stage = self._stage
        if self._day == room_plan.MENDED:
            manager = stage.arrive("manager")
            self._spores.call_again(manager)
            self._spores.mend(manager)
            operator = stage.arrive("operator")
            running = self._loads.start(TYPED.code, (_TRAY,), operator)
            cycle = self._loads.finish(running, operator)
            self._spores.put_in(cycle.cycle_id, operator)
        elif self._day == room_plan.MENDED + 1:
            self._spores.go_back(stage.arrive("manager"))
            self._suspended = False
            operator = stage.arrive("operator")
        return operator

    def _test_day(self, operator: Actor) -> None:
        for machine in (TYPED.code, LOGGING.code):
            if machine == LOGGING.code or not self._suspended:
                self._loads.test_of_the_day(machine, operator)

    def _run_loads(self, devices: Sequence[str], operator: Actor) -> None:
        day, spores = self._day, self._day in room_plan.SPORE_TESTS
        rollers, first = self._rollers(devices), self._machine_of_the_day()
        loads: dict[str, tuple[Content, ...]] = {first: rollers} if rollers else {}
        if spores:
            for machine in (TYPED.code, LOGGING.code):
                loads[machine] = (*loads.get(machine, ()), _TRAY)
        if day == room_plan.SHORT_LIVED:
            loads[first] = (*loads.get(first, ()), _SHORT_LIVED)
        if day in (room_plan.ENGINEER, room_plan.BROKEN_OFF):
            loads.setdefault(LOGGING.code, (_TRAY,))
        if day == room_plan.ENGINEER:
            self._loads.numbers[LOGGING.code] += 3
        self._load(loads, operator, spores=spores)
        if day == room_plan.COPIED:
            self._import_copy(operator)

    def _machine_of_the_day(self) -> str:
        if self._suspended or self._day == room_plan.BROKEN_OFF:
            return LOGGING.code
        typed = self._day in room_plan.FROM_THE_SUSPECT or self._day % 2
        return TYPED.code if typed else LOGGING.code

    def _load(
        self,
        loads: dict[str, tuple[Content, ...]],
        operator: Actor,
        *,
        spores: bool = False,
    ) -> None:
        running = [self._loads.start(machine, each, operator) for machine, each in loads.items()]
        for load in running:
            logged = load.machine == LOGGING.code
            broken = logged and self._day == room_plan.BROKEN_OFF
            cycle = self._loads.finish(load, operator, failed=broken)
            if broken:
                again = self._loads.start(load.machine, load.contents, operator)
                cycle = self._loads.finish(again, operator)
            if logged and self._day == room_plan.ENGINEER:
                operator = self._accept_jump(cycle)
            codes = self._loads.release(cycle, load.machine, load.contents, operator)
            for content, code in zip(load.contents, codes, strict=True):
                if content.device is not None:
                    self._supplies.packs[content.device] = code
            if spores:
                grows = self._day == room_plan.GROWTH and not logged
                self._spores.put_in(cycle.cycle_id, operator, grows=grows)

    def _accept_jump(self, cycle: CycleRow) -> Actor:
        """The manager looks at the log and says why runs are missing in it."""
        stage = self._stage
        manager = stage.arrive("manager")
        stage.wait_a_moment()
        for flag in cycle.flags:
            command = DecideFlag(
                cycle_id=cycle.cycle_id,
                flag=flag["code"],
                accepted=True,
                reason=room_plan.ENGINEERS_RUNS,
            )
            stage.act(partial(decide_flag, command=command, **stage.common(manager)))
        return stage.arrive("operator")

    def _import_copy(self, operator: Actor) -> None:
        """A card with the readings of an earlier run under another number and date."""
        stage = self._stage
        self._loads.numbers[LOGGING.code] += 1
        start = (stage.now - timedelta(minutes=50)).astimezone(ZONE).replace(microsecond=0)
        number = self._loads.numbers[LOGGING.code]
        copy = replace(self._loads.last_run, number=number, start=start)
        stage.pass_time(minutes=2)
        self._loads.import_log(copy.text(), operator)

    def fill_shelf(self) -> None:
        """Packs in the states that visits leave out: spares on the shelf, and two unreleased."""
        operator = self._stage.arrive("operator")
        self._loads.release(*self._ran(TYPED.code, _SHELF, operator), _SHELF, operator)
        self._loads.pack(*self._ran(LOGGING.code, _UNRELEASED, operator), _UNRELEASED, operator)

    def _ran(
        self, machine: str, contents: Sequence[Content], operator: Actor
    ) -> tuple[CycleRow, str]:
        running = self._loads.start(machine, contents, operator)
        return self._loads.finish(running, operator), machine

    def _rollers(self, devices: Sequence[str]) -> tuple[Content, ...]:
        return tuple(Content(text=f"1 x {device}", device=device) for device in devices)

    def _code_of(self, device_id: str, operator: Actor) -> str:
        return self._stage.read(lambda tx: find_device(tx, device_id, actor=operator)).code
