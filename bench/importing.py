"""Bringing in autoclave logs: parse, compare, judge, enter; beside reading the same lines."""

from __future__ import annotations

import io
import random
import time
import tracemalloc
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.clinic import START, BenchClinic, made_clinic
from bench.measuring import Figure, grouped, machine, median
from compliance.domain.sterilization.judging import Program
from compliance.domain.sterilization.words import SterilizerType
from compliance.importing.dac_universal import DacUniversal
from compliance.importing.decoding import read_lines
from compliance.importing.values import ImportOptions
from compliance.operations.auditing.audit import audit_clinic
from compliance.operations.sterilization.importing import MOST_BYTES, ImportFile, import_cycles
from compliance.operations.sterilization.machines import AddSterilizer, add_sterilizer

CYCLES: Final = 4_000
ROUNDS: Final = 3
TARGET: Final = 2_000
"""Cycles a second: less than 20 MB of text a second as long as a cycle has less than 10 KB."""

MOST_PEAK: Final = 8 * MOST_BYTES
_PHASES: Final = (
    "Start",
    "Dichtheitspruefung",
    "Innenreinigung",
    "Schmierung",
    "Aussenreinigung",
    "Back flush",
    "Beginn Haltezeit",
)


def run(folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    """Measure logs of 4 000 cycles each, in the form of a real machine, and the largest file."""
    facts = machine(folder)
    logs = [make_log(CYCLES, first=1 + CYCLES * number) for number in range(ROUNDS)]
    with made_clinic(folder / "importing") as clinic:
        _add_machine(clinic)
        imports, reads = [], []
        for log in logs:
            reads.append(_spent(partial(_read, log)))
            imports.append(_spent(partial(_bring_in, clinic, log)))
        largest = make_log(MOST_BYTES // (len(logs[-1]) // CYCLES + 8), first=1 + CYCLES * ROUNDS)
        peak = _peak(partial(_bring_in, clinic, largest))
        if not audit_clinic(clinic.database, clinic.clinic_id).clean:
            raise RuntimeError("the audit does not accept what was imported")
    size = len(logs[0])
    worked, passed = median(each[0] for each in imports), median(each[1] for each in imports)
    parsed = median(each[0] for each in reads)
    return [
        Figure(
            what=f"importing logs of {grouped(CYCLES)} cycles with {size // CYCLES} bytes each",
            measured=f"{CYCLES / worked:.0f} cycles/s of processor time",
            floor=f"{TARGET} cycles/s",
            ratio=CYCLES / worked / TARGET,
            at_least=1,
            note="Parse, compare with neighbours, judge, enter in the log, commit, on one core."
            f" By the wall clock of this machine {CYCLES / passed:.0f} cycles/s; parsing alone"
            f" {CYCLES / parsed:.0f} cycles/s, {size / parsed / 1e6:.0f} MB/s.",
        ),
        Figure(
            what=f"memory at its highest while {len(largest) / 2**20:.1f} MiB are imported",
            measured=f"{peak / 2**20:.0f} MiB",
            floor=f"{MOST_PEAK / 2**20:.0f} MiB",
            ratio=peak / MOST_PEAK,
            at_most=1,
            note="A larger file is refused. The bytes are kept whole, cycles go in by chunks of 500.",
        ),
    ], facts


def make_log(cycles: int, *, first: int) -> bytes:
    """A log as a DAC Universal writes it, every cycle with readings of its own."""
    chance = random.Random(first)
    begin = datetime(2021, 1, 5, 6)  # noqa: DTZ001 (the machine's clock knows no zone)
    lines: list[str] = []
    for number in range(first, first + cycles):
        lines.extend(_cycle(number, begin + timedelta(minutes=35 * number), chance))
    return "\r\n".join(lines).encode("cp1252")


def _cycle(number: int, start: datetime, chance: random.Random) -> list[str]:
    def at(later: int) -> str:
        return (start + timedelta(seconds=later)).strftime("%H:%M:%S")

    readings = [
        f"{at(730 + 30 * step)}           {135 + chance.randrange(9) / 10:.1f}"
        f"    3.{15 + chance.randrange(9)}"
        for step in range(7)
    ]
    return [
        "DAC Universal                   ",
        "Serien Nr:  601362",
        "Programm:   Universal/134°C/3min",
        "Deckel:     Standard            ",
        f"Zyklus:     {number}",
        f"Dat.(T-M-J) {start:%d-%m-%Y}",
        f"Zeit(H-M-S) {start:%H:%M:%S}",
        "--------------------------------",
        "Phase:             Uhrzeit: Erg:",
        *(f"{phase:<18} {at(30 * step)} Ok  " for step, phase in enumerate(_PHASES)),
        "--------------------------------",
        "Uhrzeit:           °C:      bar:",
        *readings,
        "Maximum            135.8    3.23",
        "Minimum            135.0    3.15",
        "Dauer (m-s)        03-11",
        "--------------------------------",
        f"Sterilisation      {at(940)} Ok  ",
        "Ausblasen          Deaktiviert  ",
        f"Zyklusende         {at(1100)} Ok  ",
        "",
    ]


def _add_machine(clinic: BenchClinic) -> None:
    program = Program(
        name="Universal/134", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=180
    )
    with clinic.database.writing() as tx:
        add_sterilizer(
            tx,
            AddSterilizer(
                code="A1",
                name="Autoclave",
                type=SterilizerType.B,
                serial="601362",
                programs=(program,),
                installed_on=date(2020, 1, 1),
            ),
            actor=clinic.manager,
            now=START,
        )


def _read(log: bytes) -> int:
    return sum(1 for _ in DacUniversal().read(read_lines(io.BytesIO(log)), ImportOptions()))


def _bring_in(clinic: BenchClinic, log: bytes) -> None:
    command = ImportFile(sterilizer="A1", name="log.txt", content=log)
    with clinic.database.writing() as tx:
        done = import_cycles(tx, command, actor=clinic.manager, now=START + timedelta(days=3650))
    if done.refused:
        raise RuntimeError("lines were refused")


def _spent(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of processor time, and by the wall clock: the machine may be shared."""
    clock, worked = time.perf_counter(), time.process_time()
    work()
    return time.process_time() - worked, time.perf_counter() - clock


def _peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
