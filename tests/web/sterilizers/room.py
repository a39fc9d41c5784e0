"""A sterilization room to look at: sterilizers in several states, runs good, failed and copied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import update

from compliance.domain.sterilization.judging import ChemicalIndicator, Program
from compliance.domain.sterilization.words import (
    CycleKind,
    Growth,
    SterilizerState,
    SterilizerType,
)
from compliance.operations.catalogue import BASE_PROFILE
from compliance.operations.packs import RegisterPack, register_pack
from compliance.operations.sealing import append
from compliance.operations.sterilization.cycles import RecordCycle, record_cycle
from compliance.operations.sterilization.importing import Imported, ImportFile, import_cycles
from compliance.operations.sterilization.machines import (
    AddSterilizer,
    MoveSterilizer,
    add_sterilizer,
    move_sterilizer,
    service_sterilizer,
)
from compliance.operations.sterilization.spores import RecordSporeTest, record_spore_test
from compliance.store.models.people import Clinic
from givens import ROOT, Clock
from harbour import House

LOGS: Final = ROOT / "tests" / "data" / "autoclave"
PROGRAM: Final = Program(
    name="Universal/134 °C/3 min", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=180
)
SERIAL: Final = "601362"
TEXT_LOG: Final = """\
Autoclave NOVA 18
*** CYCLE
Cycle no:  0042
Date:      20/11/2026
Start:     08:15:00
Program:   Wrapped 134
T min:     134.6 C
T max:     135.9 C
Plateau:   03:30
*** END    08:52:10

*** CYCLE
Cycle no:  0043
Date:      20/11/2026
Start:     09:30:00
Program:   Wrapped 134
T min:     131.0 C
T max:     133.2 C
Plateau:   01:10
ALARM 12 door
*** END    09:41:00
"""
MAPPING: Final = {
    "separator": "",
    "begins_with": "*** CYCLE",
    "ends_with": "*** END",
    "date_order": "dmy",
    "failure_words": "ALARM",
    "value-number": "Cycle no",
    "value-date": "Date",
    "value-time": "Start",
    "value-end_time": "*** END",
    "value-program": "Program",
    "value-lowest_temperature": "T min",
    "value-highest_temperature": "T max",
    "value-hold": "Plateau",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What stands in the room, by what is special about it."""

    imported: Imported
    good: str
    """A passed run of A1 with a curve, from a log."""
    copied: str
    """The same curve under another number and day."""
    copied_file: Imported
    failed: str
    tested: str
    """The load of A1's last negative spore test, entered by hand, with a pack."""


def dac_log(name: str = "dac_DACLogOK.TXT", *, number: str, started: datetime) -> bytes:
    """A real log of a DAC Universal with another number and day; its curve stays."""
    text = (LOGS / name).read_bytes().decode("cp1252")
    lines = []
    for line in text.splitlines():
        if line.startswith("Zyklus:"):
            line = f"Zyklus:     {number}"
        elif line.startswith("Dat.(T-M-J)"):
            line = f"Dat.(T-M-J) {started:%d-%m-%Y}"
        lines.append(line)
    return ("\r\n".join(lines) + "\r\n").encode("cp1252")


def add_machine(house: House, code: str, *, now: datetime, serial: str = SERIAL) -> str:
    with house.database.writing() as tx:
        row = add_sterilizer(
            tx,
            AddSterilizer(
                code=code,
                name=f"Autoclave {code[-1]}",
                type=SterilizerType.B,
                serial=serial,
                programs=(PROGRAM,),
                installed_on=date(2025, 1, 15),
                chamber_litres=18,
            ),
            actor=house.manager,
            now=now,
        )
    return row.sterilizer_id


def bring_in(house: House, code: str, name: str, content: bytes, *, now: datetime) -> Imported:
    with house.database.writing() as tx:
        command = ImportFile(sterilizer=code, name=name, content=content)
        return import_cycles(tx, command, actor=house.operator, now=now)


def run_by_hand(
    house: House, code: str, number: str, *, began: datetime, minutes: int = 40, now: datetime
) -> str:
    with house.database.writing() as tx:
        row = record_cycle(
            tx,
            RecordCycle(
                sterilizer=code,
                number=number,
                program=PROGRAM.name,
                run_at=began,
                ended_at=began + timedelta(minutes=minutes),
                kind=CycleKind.PRODUCTION,
                lowest_decicelsius=1343,
                highest_decicelsius=1352,
                hold_seconds=200,
                contents=({"device": None, "text": "Roller set"},),
                indicators=(ChemicalIndicator(type=5, changed=True, lot="CI-5"),),
            ),
            actor=house.operator,
            now=now,
        )
    return row.cycle_id


def read_spores(house: House, cycle_id: str, result: Growth, *, now: datetime) -> None:
    with house.database.writing() as tx:
        command = RecordSporeTest(
            cycle_id=cycle_id,
            lot="BI-7",
            expires_on=date(2027, 12, 31),
            result=result,
            control=Growth.GROWTH,
            control_lot="BI-7",
        )
        record_spore_test(tx, command, actor=house.operator, now=now)


def bind(house: House, *profiles: str, now: datetime) -> None:
    """Put the clinic under other profiles, with the entry that says so."""
    with house.database.writing() as tx:
        data = {"profiles": [*profiles, BASE_PROFILE]}
        append(tx, house.manager, "clinic.profiles_set", data, now=now)
        tx.execute(
            update(Clinic)
            .where(Clinic.clinic_id == house.clinic_id)
            .values(profiles=[*profiles, BASE_PROFILE])
        )


def furnish(house: House, clock: Clock) -> Room:
    """Twelve days of work at three sterilizers; the clock ends where it began."""
    now = clock.now
    began = now - timedelta(days=12)
    for code in ("A1", "A2", "A3"):
        add_machine(house, code, now=began, serial=SERIAL if code == "A1" else f"SN-{code}")
    tested = run_by_hand(house, "A1", "11", began=began + timedelta(hours=1), now=now)
    with house.database.writing() as tx:
        register_pack(
            tx,
            RegisterPack(
                code="P-11",
                device=None,
                contents="Roller set",
                sterilizer="A1",
                cycle_number="11",
                sterilized_on=(began + timedelta(hours=1)).date(),
            ),
            actor=house.operator,
            now=now,
        )
    read_spores(house, tested, Growth.NO_GROWTH, now=now)
    good = bring_in(
        house,
        "A1",
        "DAC 2026-11-16.TXT",
        dac_log(number="12", started=now - timedelta(days=4)),
        now=now,
    )
    copied = bring_in(
        house,
        "A1",
        "DAC 2026-11-18.TXT",
        dac_log(number="15", started=now - timedelta(days=2)),
        now=now,
    )
    failed = bring_in(
        house,
        "A1",
        "DAC 2026-11-19.TXT",
        dac_log("dac_DACLogFehlerII.TXT", number="16", started=now - timedelta(days=1)),
        now=now,
    )
    grown = run_by_hand(house, "A2", "7", began=now - timedelta(days=3), now=now)
    read_spores(house, grown, Growth.GROWTH, now=now)
    with house.database.writing() as tx:
        service_sterilizer(tx, "A1", "maintenance", date(2026, 10, 5), actor=house.manager, now=now)
        service_sterilizer(tx, "A1", "validation", date(2026, 6, 1), actor=house.manager, now=now)
        retire = MoveSterilizer(
            sterilizer="A3", to=SterilizerState.RETIRED, reason="Its door no longer closes."
        )
        move_sterilizer(tx, retire, actor=house.manager, now=now, keyring=house.keyring)
    return Room(
        imported=good,
        good=_cycle_of(good),
        copied=_cycle_of(copied),
        copied_file=copied,
        failed=_cycle_of(failed),
        tested=tested,
    )


def _cycle_of(imported: Imported) -> str:
    found = [line.cycle_id for line in imported.lines if line.cycle_id is not None]
    assert len(found) == 1
    return found[0]
