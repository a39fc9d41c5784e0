"""``python -m bench [--full] [--only NAME…]``: measure, and write the results."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench import (
    close,
    exporting,
    importing,
    ledger,
    mutations,
    over_http,
    pages,
    recall,
    report,
    sign,
    verify,
)
from bench.measuring import TABLE, Figure, write_results

Run = Callable[[Path], tuple[list[Figure], dict[str, Any]]]
TITLES: Final = {
    "close": "Closing, database layer",
    "http": "Closing over HTTP",
    "pages": "Closing, lists and pages with many sessions",
    "recall": "Recalls and the search",
    "report": "Reports",
    "sign": "Signing",
    "verify": "Judging reports",
    "exporting": "Exporting 100 000 sessions",
    "ledger": "Verifying the log",
    "importing": "Importing autoclave logs",
    "mutations": "Damaged reports",
}


LONG: Final = frozenset({"exporting"})
"""Takes a quarter of an hour: only when named, or with ``--full``."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="pages with 1 000 000 sessions, and all that takes long"
    )
    parser.add_argument("--only", nargs="+", choices=list(TITLES))
    parser.add_argument("--folder", type=Path, help="where the data is made; default: temporary")
    asked = parser.parse_args()
    runs: dict[str, Run] = {
        "close": close.run,
        "http": over_http.run,
        "pages": partial(pages.run, full=asked.full),
        "recall": recall.run,
        "report": report.run,
        "sign": sign.run,
        "verify": verify.run,
        "exporting": exporting.run,
        "ledger": ledger.run,
        "importing": importing.run,
        "mutations": mutations.run,
    }
    usual = [name for name in TITLES if asked.full or name not in LONG]
    for name in asked.only or usual:
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="aseptrail-bench-", dir=asked.folder) as folder:
            figures, facts = runs[name](Path(folder))
        write_results(name, TITLES[name], figures, facts)
        print(f"{TITLES[name]} ({time.monotonic() - start:.0f} s)")
        for figure in figures:
            print(f"  {figure.what}: {figure.measured}, floor {figure.floor}, {_judged(figure)}")
    print(f"Written: {TABLE}")


def _judged(figure: Figure) -> str:
    ratio = "no ratio" if figure.ratio is None else f"ratio {figure.ratio:.2f}"
    said = {True: "met", False: "missed", None: "no target"}[figure.met]
    return f"{ratio}, target {figure.target}: {said}"


if __name__ == "__main__":
    main()
