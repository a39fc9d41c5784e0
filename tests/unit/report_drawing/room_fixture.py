"""A log in which everything happens that a sterilization room can see, around one session."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from compliance.ledger.entry import format_time
from unit.report_drawing.audit_fixture import (
    FixtureAudit,
    FixtureLog,
    Wish,
    found_clinic,
    make_audit,
    record_session,
)
from unit.report_drawing.fixture_parts import CLINIC, PEOPLE

OPERATOR: Final = next(iter(PEOPLE))
A1: Final = "019e0000-0000-7000-8000-0000000000a1"
A2: Final = "019e0000-0000-7000-8000-0000000000a2"
RECALL: Final = "019f0000-0000-7000-8000-000000000001"
LOG_SHA256: Final = hashlib.sha256(b"a log").hexdigest()
GOOD: Final = ";".join(
    f"{at},{1352 + at // 20 % 3},{318 + at // 40 % 2}" for at in range(480, 700, 20)
)
AIR: Final = ";".join(
    f"{at},{1352 - at // 20 % 3},{262 + at // 40 % 2}" for at in range(480, 700, 20)
)
PROFILES: Final[tuple[dict[str, Any], ...]] = (
    {
        "id": "US-MN",
        "version": 1,
        "valid_from": "2020-01-01",
        "title": "Minnesota",
        "source": "Minnesota statutes",
        "primary": False,
        "values": {"spore_test_max_days": 30},
        "citations": {"spore_test_max_days": "A spore test every 30 days."},
        "in_force": [{"from": "2026-10-29", "to": "2026-11-15"}],
    },
    {
        "id": "US-CDC-dental",
        "version": 2,
        "valid_from": "2026-11-16",
        "title": "CDC",
        "source": "cdc.gov",
        "primary": True,
        "values": {"spore_test_max_days": 7, "day_test_required": True},
        "citations": {"spore_test_max_days": "Weekly."},
        "in_force": [{"from": "2026-11-16", "to": "2026-11-30"}],
    },
    {
        "id": "ASEPTRAIL-BASE",
        "version": 1,
        "valid_from": "2020-01-01",
        "title": "Base",
        "source": "this product",
        "primary": True,
        "values": {"spore_test_max_days": 90, "records_years": 2},
        "citations": {},
        "in_force": [{"from": "2026-10-29", "to": "2026-11-30"}],
    },
)


def build_room_audit(*, language: str = "en", more_cycles: int = 0) -> FixtureAudit:
    """Return the audit of a period with a failed spore test, its recall, flags and a log."""
    log = FixtureLog()
    found_clinic(log)
    add_sterilizer(log, A1, "A1")
    cycle(log, "c-0", "110")
    spore(log, "t-0", "c-0", "no_growth", "pass")
    start = len(log.bodies)
    add_sterilizer(log, A2, "A2")
    cycle(log, "c-day", "117", kind="day_test")
    cycle(log, "c-1", "118", curve=GOOD, set_hold_seconds=180)
    _pack(log)
    release(log, "c-1")
    log.append(
        "pack.released", {"pack": "p-1", "code": "P-0412", "signature": _signed(log)}, by=OPERATOR
    )
    met = record_session(log, Wish(device=2, template=1), 1)
    _late_pair(log)
    _growth(log, met["session"])
    _flagged(log)
    _way_back(log)
    for number in range(more_cycles):
        cycle(log, f"c-more-{number}", f"{200 + number}")
    audit = make_audit(log, start, {**CLINIC, "demo": False, "language": language}, [])
    data = {**audit.data, "profiles": list(PROFILES)}
    data["period"] = {**data["period"], "to_time": "2026-12-01T00:00:00.000Z"}
    curves = {hashlib.sha256(each.encode()).hexdigest(): each for each in (GOOD, AIR)}
    return replace(audit, data=data, curves=curves)


def add_sterilizer(log: FixtureLog, sterilizer: str, code: str) -> None:
    log.append(
        "sterilizer.added",
        {
            "sterilizer": sterilizer,
            "code": code,
            "name": f"Autoclave {code}",
            "type": "B",
            "serial": "601362",
            "chamber_litres": 18,
            "programs": [
                {
                    "name": "134 universal",
                    "hold_decicelsius": 1340,
                    "upper_decicelsius": 1370,
                    "hold_seconds": 180,
                }
            ],
            "date_order": "dmy",
            "state": "in_service",
            "installed_on": "2024-02-29",
        },
        by=OPERATOR,
    )


def cycle(
    log: FixtureLog,
    cycle_id: str,
    number: str,
    *,
    kind: str = "production",
    curve: str | None = None,
    at: str | None = None,
    imported: bool = False,
    faults: tuple[str, ...] = (),
    flags: tuple[dict[str, Any], ...] = (),
    **run: Any,
) -> int:
    raw: dict[str, Any] = {"raw_sha256": None, "raw_lines": None}
    if imported:
        raw = {"raw_sha256": LOG_SHA256, "raw_lines": [1, 34]}
    sha256 = None if curve is None else hashlib.sha256(curve.encode()).hexdigest()
    return log.append(
        "cycle.imported" if imported else "cycle.recorded",
        {
            "cycle": cycle_id,
            "sterilizer": A1,
            "number": number,
            "kind": kind,
            "program": "134 Universal",
            "run_at": at or log.time(),
            "ended_at": None,
            "set_decicelsius": 1340,
            "set_hold_seconds": 180,
            "lowest_decicelsius": 1352,
            "highest_decicelsius": 1356,
            "lowest_centibar": 317,
            "hold_seconds": 191,
            "ended": True,
            "machine_failed": False,
            "contents": [{"device": None, "text": "Stamp no. 7, forceps"}],
            "indicators": [{"type": 5, "changed": not faults, "lot": "CI-88"}],
            "outcome": "failed" if faults else "passed",
            "faults": list(faults),
            "flags": [{**flag, "decision": None} for flag in flags],
            "curve_sha256": sha256,
            **raw,
            **run,
        },
        by=OPERATOR,
    )


def spore(
    log: FixtureLog,
    test: str,
    cycle_id: str,
    result: str,
    outcome: str,
    *,
    run_at: str | None = None,
) -> int:
    return log.append(
        "indicator.read",
        {
            "indicator": "spore",
            "test": test,
            "cycle": cycle_id,
            "sterilizer": A1,
            "run_at": run_at or log.time(),
            "lot": "BI-2",
            "expires_on": "2027-12-31",
            "control_lot": None if result == "pending" else "BI-2",
            "result": result,
            "control": None if result == "pending" else "growth",
            "outcome": outcome,
            "read_at": None if result == "pending" else log.time(),
        },
        by=OPERATOR,
    )


def release(log: FixtureLog, cycle_id: str) -> int:
    data = {"cycle": cycle_id, "level": "batch", "signature": _signed(log)}
    return log.append("cycle.released", data, by=OPERATOR)


def _signed(log: FixtureLog) -> dict[str, Any]:
    return {
        "by": OPERATOR,
        "meaning": "I release this load.",
        "at": log.time(),
        "auth": "password",
        "grant": None,
    }


def _pack(log: FixtureLog) -> None:
    data = {
        "pack": "p-1",
        "code": "P-0412",
        "device": None,
        "contents": "Stamp no. 7",
        "sterilized_on": "2026-10-28",
        "expires_on": "2027-04-20",
        "cycle": {"sterilizer": "A1", "number": "118"},
        "cycle_id": "c-1",
    }
    log.append("pack.registered", data, by=OPERATOR)


def _late_pair(log: FixtureLog) -> None:
    """A load between the day a spore test was due and the day it ran, released untested."""
    log.now += timedelta(days=20)
    cycle(log, "c-2", "119")
    release(log, "c-2")
    log.now += timedelta(days=12)
    cycle(log, "c-3", "120", faults=("The lowest temperature was 131.0 °C, below 134.0 °C.",))


def _growth(log: FixtureLog, met: str) -> None:
    ran = format_time(log.now - timedelta(days=30))
    spore(log, "t-1", "c-1", "pending", "pending", run_at=ran)
    failed = spore(log, "t-1", "c-1", "growth", "fail", run_at=ran)
    moved = {"sterilizer": A1, "from": "in_service", "to": "suspended", "proof": None}
    log.append(
        "sterilizer.moved", {**moved, "reason": None, "cause": None, "test": "t-1"}, by=OPERATOR
    )
    log.append(
        "recall.opened",
        {
            "recall": RECALL,
            "kind": "spore_test",
            "sterilizer": A1,
            "test": "t-1",
            "lot": None,
            "since": log_time_of(log, failed - 100),
            "last_negative": "c-0",
        },
        by=OPERATOR,
    )
    log.append(
        "recall.pulled",
        {"recall": RECALL, "cycles": ["c-1", "c-2", "c-3"], "packs": []},
        by=OPERATOR,
    )
    for pack, outcome in (("p-1", "missing"), ("p-00000413", "missing"), ("p-1", "pulled")):
        found = {"recall": RECALL, "pack": pack, "outcome": outcome}
        log.append("recall.pack_found", found, by=OPERATOR)
    call = {"recall": RECALL, "met": met, "called_at": log.time(), "outcome": "not_reached"}
    log.append("recall.called", {**call, "note": None}, by=OPERATOR)
    note = log.hide("note", "She feels well; told about the blood test.")
    log.append("recall.called", {**call, "outcome": "reached", "note": note}, by=OPERATOR)
    log.append("recall.called", {**call, "met": "s-elsewhere", "note": None}, by=OPERATOR)


def log_time_of(log: FixtureLog, index: int) -> str:
    """A time before everything that this log tells of after its first entries."""
    return format_time(log.now - timedelta(days=40)) if index else log.time()


def _flagged(log: FixtureLog) -> None:
    flags = (
        {"code": "off_steam_line", "reason": "Temperature and pressure do not belong together."},
        {"code": "counter_jump", "reason": "The counter jumped from 120 to 125."},
    )
    cycle(log, "c-4", "125", curve=AIR, imported=True, flags=flags)
    reason = log.hide("reason", "Four test runs of the engineer.")
    decided = {"cycle": "c-4", "flag": "counter_jump", "accepted": True, "reason": reason}
    log.append("cycle.flag_decided", decided, by=OPERATOR)
    kept = {
        "sha256": LOG_SHA256,
        "name": "DACLog.TXT",
        "size": 1234,
        "adapter": "dac_universal",
        "sterilizer": A1,
        "report_sha256": "00" * 32,
    }
    log.append("log_file.kept", kept, by=OPERATOR)


def _way_back(log: FixtureLog) -> None:
    service = {"sterilizer": A1, "service": "repair", "on": "2026-11-29"}
    log.append("sterilizer.serviced", service, by=OPERATOR)
    reason = log.hide("reason", "Door seal replaced.")
    log.append(
        "sterilizer.moved",
        {
            "sterilizer": A1,
            "from": "suspended",
            "to": "retest",
            "proof": None,
            "reason": reason,
            "cause": None,
        },
        by=OPERATOR,
    )
    cycle(log, "c-5", "126")
    spore(log, "t-2", "c-5", "no_growth", "invalid")
