"""The words of the sterilizers' pages: states, moves, flags, and values with their units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from compliance.domain.sterilization.due import DueBy
from compliance.domain.sterilization.flags import FlagCode
from compliance.domain.sterilization.words import (
    CycleKind,
    CycleOutcome,
    SporeOutcome,
    SterilizerState,
)
from compliance.operations.inventory.entering import HistoryLine

Tone = tuple[str, str]
"""Word and tone, as a badge shows them."""

STATES: Final[Mapping[SterilizerState, Tone]] = MappingProxyType(
    {
        SterilizerState.IN_SERVICE: ("In service", "good"),
        SterilizerState.SUSPENDED: ("Suspended", "bad"),
        SterilizerState.RETEST: ("Retest", "warn"),
        SterilizerState.PRESTERILIZED_ONLY: ("Presterilized items only", "wait"),
        SterilizerState.RETIRED: ("Retired", "idle"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveWords:
    """A move as a manager chooses it."""

    do: str
    means: str


MOVE_WORDS: Final[Mapping[SterilizerState, MoveWords]] = MappingProxyType(
    {
        SterilizerState.SUSPENDED: MoveWords(
            do="Suspend it", means="No load of it is released until a retest has passed."
        ),
        SterilizerState.RETEST: MoveWords(
            do="Begin a retest",
            means="From now on run a load with a spore test; nothing of it is used meanwhile.",
        ),
        SterilizerState.PRESTERILIZED_ONLY: MoveWords(
            do="Work with presterilized items only",
            means="A lawful way to keep working: single-use items that came sterile.",
        ),
        SterilizerState.IN_SERVICE: MoveWords(
            do="Back into service",
            means="Needs a valid negative spore test of a load that ran since the retest began.",
        ),
        SterilizerState.RETIRED: MoveWords(
            do="Retire it", means="For good. Its record stays readable, and it takes no more loads."
        ),
    }
)

OUTCOMES: Final[Mapping[CycleOutcome, Tone]] = MappingProxyType(
    {CycleOutcome.PASSED: ("Passed", "good"), CycleOutcome.FAILED: ("Failed", "bad")}
)
KINDS: Final[Mapping[CycleKind, str]] = MappingProxyType(
    {
        CycleKind.PRODUCTION: "Load",
        CycleKind.DAY_TEST: "Day test",
        CycleKind.VACUUM_TEST: "Vacuum test",
    }
)
SPORES: Final[Mapping[SporeOutcome, Tone]] = MappingProxyType(
    {
        SporeOutcome.PASS: ("Negative", "good"),
        SporeOutcome.FAIL: ("Growth", "bad"),
        SporeOutcome.INVALID: ("Not valid", "warn"),
        SporeOutcome.PENDING: ("In incubation", "wait"),
        SporeOutcome.REJECT: ("Not a normal load", "warn"),
    }
)
FLAGS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        FlagCode.IDENTICAL_CURVE.value: (
            "Same curve as another run",
            "A copied log has a new date, number and serial, and the same curve.",
        ),
        FlagCode.OVERLAP.value: (
            "Overlaps another run",
            "One chamber cannot run two loads at once: one of the times is wrong.",
        ),
        FlagCode.COUNTER_JUMP.value: (
            "Runs are missing",
            "The machine counts every run, so the missing ones have happened.",
        ),
        FlagCode.COUNTER_RESET.value: (
            "The counter went back",
            "After a repair this may be so; else a log was edited or is of another machine.",
        ),
        FlagCode.FUTURE_DATE.value: (
            "Dated in the future",
            "Set the machine's clock right, then say here by how much it was off.",
        ),
        FlagCode.OLD_DATE.value: (
            "More than a year old",
            "An archive may be brought in; say here where the file comes from.",
        ),
        FlagCode.NO_DATE.value: (
            "No readable date",
            (
                "The run is placed at the time its file arrived. Look at the file, and at the order"
                " of dates set for this sterilizer."
            ),
        ),
        FlagCode.SET_NOT_ACHIEVED.value: (
            "Set values were not achieved",
            "A printout that shows what was set proves nothing about what was reached.",
        ),
        FlagCode.OFF_STEAM_LINE.value: (
            "Off the steam line",
            "Air in the chamber or a wrong sensor: the steam was not saturated.",
        ),
        FlagCode.NO_END_LINE.value: (
            "No end line",
            "The log stops before the run's end, so nobody knows how it ended.",
        ),
        FlagCode.OTHER_SERIAL.value: (
            "Another machine's serial number",
            "The file was chosen for the wrong sterilizer, or its head was edited.",
        ),
    }
)
"""By code: what it is called, and why it matters."""

USES: Final[Mapping[str, Tone]] = MappingProxyType(
    {
        "cycle": ("Accepted", "good"),
        "flagged": ("Flagged", "warn"),
        "known": ("Known already", "idle"),
        "noise": ("No cycle", "idle"),
        "unreadable": ("Refused", "bad"),
    }
)
ADAPTERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "dac_universal": "DAC Universal",
        "csv": "CSV, one line a cycle",
        "wh_lisa": "W&H Lisa",
        "scican": "SciCan",
        "mapped_text": "Mapping of this sterilizer",
    }
)
SERVICES: Final = (
    ("maintenance", "Maintenance"),
    ("validation", "Validation"),
    ("repair", "Repair"),
    ("installation", "Installation"),
)
DATE_ORDERS: Final = (
    ("dmy", "Day, month, year: 20-11-2026"),
    ("mdy", "Month, day, year: 11-20-2026"),
    ("ymd", "Year, month, day: 2026-11-20"),
)
TYPES: Final = (
    ("B", "B: all loads, wrapped and hollow"),
    ("N", "N: unwrapped solid items"),
    ("S", "S: what its maker names"),
)
DUE_WORDS: Final[Mapping[DueBy, str]] = MappingProxyType(
    {
        DueBy.NEW_OR_REPAIRED: "No valid negative spore test since it was installed or repaired.",
        DueBy.DAYS: "Counted from the run of the last valid negative test.",
        DueBy.RUN_HOURS: "The hours of operation since the last valid negative test are used up.",
    }
)


def show_adapter(name: str) -> str:
    base, _, version = name.partition("/")
    words = ADAPTERS.get(base, base)
    return f"{words}, version {version}" if version else words


def celsius(tenths: int | None) -> str | None:
    return None if tenths is None else f"{tenths / 10:.1f} °C"


def bar(hundredths: int | None) -> str | None:
    return None if hundredths is None else f"{hundredths / 100:.2f} bar"


def hold(seconds: int | None) -> str | None:
    """Minutes and seconds of a hold: 3:11 min."""
    return None if seconds is None else f"{seconds // 60}:{seconds % 60:02} min"


def hours(seconds: int) -> str:
    return f"{seconds / 3600:.1f} h"


def say_history(line: HistoryLine, reasons: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """What an entry about a sterilizer did, and the lines that explain it."""
    data = line.data
    match line.kind:
        case "sterilizer.moved":
            moved = f"{STATES[SterilizerState(data['from'])][0]} → {STATES[SterilizerState(data['to'])][0]}"
            return moved, _why(data, reasons)
        case "sterilizer.serviced":
            return dict(SERVICES).get(data["service"], data["service"]), (f"On {data['on']}",)
        case "sterilizer.mapped":
            return f"Mapping of its logs, version {data['version']}", ()
        case _:
            return "Added", ()


def _why(data: Mapping[str, Any], reasons: Mapping[str, str]) -> tuple[str, ...]:
    said = []
    for name, words in (("reason", "Reason"), ("cause", "Cause found and mended")):
        if data.get(name):
            text = reasons.get(data[name]["commit"], "erased")
            said.append(f"{words}: {text}")
    if data.get("test"):
        said.append("By itself, because spores grew.")
    if data.get("proof"):
        said.append("Proved by a valid negative spore test.")
    return tuple(said)
