"""What every figure is made of: rounds, medians, the machine, and where the results go."""

from __future__ import annotations

import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pysqlite3.dbapi2

HERE: Final = Path(__file__).resolve().parent
RESULTS: Final = HERE / "results"
TABLE: Final = HERE / "RESULTS.md"
SLOW_FLUSH_MS: Final = 4.0
_ABOUT: Final = (
    "Made by `make bench` (`python -m bench --full` goes to 1 000 000 sessions). Every figure"
    " is a ratio to a floor measured in the same run on the same machine, medians of several"
    " interleaved rounds; compare ratios, not figures."
)


def peak_megabytes() -> float:
    """The most memory this process has had since its program was started.

    Not ``ru_maxrss``: Linux lets a process inherit that of the one that started it.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kilobytes) / 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured thing beside its floor of the same run."""

    what: str
    measured: str
    floor: str
    ratio: float | None
    """None: measured for comparison, without a target."""

    at_least: float | None = None
    at_most: float | None = None
    note: str = ""
    """How it was measured."""

    why: str = ""
    """Why the target is missed; told only when it is."""

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        if self.at_most is not None:
            return f"≤ {self.at_most:g}"
        return "–"

    @property
    def met(self) -> bool | None:
        if self.ratio is None or (self.at_least is None and self.at_most is None):
            return None
        if self.at_least is not None:
            return self.ratio >= self.at_least
        return self.at_most is not None and self.ratio <= self.at_most


def grouped(number: int) -> str:
    """A number with spaces between thousands."""
    return f"{number:,}".replace(",", " ")


def median(values: Iterable[float]) -> float:
    return statistics.median(list(values))


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def flush_rate(folder: Path, size: int, count: int) -> float:
    """Append ``size`` bytes and flush, again and again; how often a second."""
    block = os.urandom(size)
    with tempfile.NamedTemporaryFile(dir=folder, buffering=0) as file:
        start = time.perf_counter()
        for _ in range(count):
            file.write(block)
            os.fsync(file.fileno())
        return count / (time.perf_counter() - start)


def machine(folder: Path) -> dict[str, Any]:
    """What the figures depend on."""
    rate = median(flush_rate(folder, 4096, 200) for _ in range(3))
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": pysqlite3.dbapi2.sqlite_version,
        "system": f"{platform.system()} {platform.machine()}",
        "flush_ms": round(1000 / rate, 3),
        "load_average": [round(each, 2) for each in os.getloadavg()],
    }


def write_results(
    name: str, title: str, figures: Sequence[Figure], facts: dict[str, Any], **more: Any
) -> None:
    """Write one benchmark's JSON and the table of all of them."""
    RESULTS.mkdir(exist_ok=True)
    body = {
        "title": title,
        "machine": facts,
        "figures": [
            {**asdict(figure), "target": figure.target, "met": figure.met} for figure in figures
        ],
        **more,
    }
    text = json.dumps(body, indent=1, ensure_ascii=False, sort_keys=True)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    write_table()


def write_table() -> None:
    """Make RESULTS.md from all results that there are."""
    lines = [
        "# Benchmarks",
        "",
        _ABOUT,
        "",
    ]
    for path in sorted(RESULTS.glob("*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        facts = body["machine"]
        lines += [
            f"## {body['title']}",
            "",
            _about_machine(facts),
            "",
            "| what | measured | floor | ratio | target | met |",
            "|---|---|---|---|---|---|",
        ]
        lines += [_row(figure) for figure in body["figures"]]
        lines += ["", *filter(None, map(_remark, body["figures"])), ""]
    TABLE.write_text("\n".join(lines), encoding="utf-8")


def _about_machine(facts: dict[str, Any]) -> str:
    return (
        f"{facts['cores']} cores, {facts['system']}, Python {facts['python']}, SQLite"
        f" {facts['sqlite']}, one flush {facts['flush_ms']} ms, load at the start"
        f" {facts['load_average'][0]}."
    )


def _remark(figure: dict[str, Any]) -> str:
    missed = f"Missed: {figure['why']}" if figure["met"] is False and figure["why"] else ""
    said = " ".join(filter(None, (figure["note"], missed)))
    return f"- {figure['what']}: {said}" if said else ""


def _row(figure: dict[str, Any]) -> str:
    met = {True: "met", False: "**missed**", None: "–"}[figure["met"]]
    ratio = "–" if figure["ratio"] is None else f"{figure['ratio']:.2f}"
    cells = (figure["what"], figure["measured"], figure["floor"], ratio, figure["target"], met)
    return "| " + " | ".join(cells) + " |"
