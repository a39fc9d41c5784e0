"""A room with one sterilizer, for tests of recalls: loads, spore tests, packs and sessions."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from compliance.domain.sterilization.judging import ChemicalIndicator, Program
from compliance.domain.sterilization.words import Growth, SterilizerType
from compliance.operations.packs import RegisterPack, register_pack
from compliance.operations.sterilization.cycles import CycleRow, RecordCycle, record_cycle
from compliance.operations.sterilization.machines import AddSterilizer, add_sterilizer
from compliance.operations.sterilization.recalling import RecallRow, list_recalls, recall_lot
from compliance.operations.sterilization.releasing import release_cycle
from compliance.operations.sterilization.spores import RecordSporeTest, record_spore_test
from compliance.operations.sterilization.worklist import Worklist, read_worklist
from compliance.store.session import Database
from givens import NOON
from harbour import House, answer_before, build_house, open_one, step

LIMITS = Program(name="134", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=180)
EXPIRES = "2028-01-31"


def room(database: Database, folder: Path) -> House:
    """A house whose sterilizer is added by the tests when they want it."""
    return build_house(database, folder, now=NOON - timedelta(days=30))


def add_machine(house: House, now: datetime, code: str = "A1") -> None:
    command = AddSterilizer(
        code=code,
        name=f"Autoclave {code}",
        type=SterilizerType.B,
        serial=code,
        programs=(LIMITS,),
        installed_on=date(2024, 1, 2),
    )
    with house.database.writing() as tx:
        add_sterilizer(tx, command, actor=house.manager, now=now)


def run(house: House, number: str, now: datetime, code: str = "A1") -> CycleRow:
    command = RecordCycle(
        sterilizer=code,
        number=number,
        program="134",
        run_at=now,
        lowest_decicelsius=1343,
        highest_decicelsius=1350,
        hold_seconds=185,
        indicators=(ChemicalIndicator(type=5, changed=True),),
    )
    with house.database.writing() as tx:
        return record_cycle(tx, command, actor=house.operator, now=now)


def load(house: House, number: str, codes: tuple[str, ...], now: datetime) -> CycleRow:
    """A released load with its packs of the roller."""
    cycle = run(house, number, now)
    for code in codes:
        register(house, code, now, number=number)
    with house.database.writing() as tx:
        release_cycle(tx, cycle.cycle_id, grant=None, actor=house.operator, now=now)
    return cycle


def register(
    house: House, code: str, now: datetime, *, number: str = "9", sterilizer: str = "A1"
) -> None:
    command = RegisterPack(
        code=code,
        device="ROLLER-1",
        contents="roller",
        sterilizer=sterilizer,
        cycle_number=number,
        sterilized_on=now.date(),
    )
    with house.database.writing() as tx:
        register_pack(tx, command, actor=house.operator, now=now)


def spore(house: House, cycle: CycleRow, result: Growth, now: datetime) -> None:
    command = RecordSporeTest(
        cycle_id=cycle.cycle_id,
        lot="BI-1",
        expires_on=date(2028, 1, 1),
        result=result,
        control=Growth.GROWTH,
        control_lot="BI-1",
    )
    with house.database.writing() as tx:
        record_spore_test(tx, command, actor=house.operator, now=now)


def only_recall(house: House) -> RecallRow:
    with house.database.reading() as tx:
        (row,) = list_recalls(tx, actor=house.manager)
    return row


def worklist(house: House, now: datetime, *, first: int = 1000) -> Worklist:
    with house.database.reading() as tx:
        return read_worklist(
            tx,
            only_recall(house).recall_id,
            actor=house.manager,
            now=now,
            keyring=house.keyring,
            first=first,
        )


def notice(house: House, text: str, now: datetime) -> RecallRow:
    with house.database.writing() as tx:
        return recall_lot(tx, text, actor=house.manager, now=now)


def started(house: House, now: datetime, *, client: str, pack: str | None = None) -> str:
    """A treatment that has begun, with a pack or with lot L1."""
    device = "TIP-1" if pack is None else "ROLLER-1"
    session = open_one(house, now, device=device, client=client)
    answer_before(house, session, now, device=device, pack=pack or "P-1")
    step(house, "start", session, now)
    return session


def lot_piece(number: str) -> list[dict[str, Any]]:
    ref = {"lot": number, "expires_on": EXPIRES}
    return [{"component": "tip", "kind": "lot", "ref": ref}]
