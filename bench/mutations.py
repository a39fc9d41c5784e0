"""Damaging a good report, again and again: how many damaged files are accepted, and how many crash."""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import re
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from bench.clinic import START, WHOLE, made_clinic
from bench.loading import MINUTE, load_sessions, record_exemplar
from bench.measuring import Figure, grouped, machine
from compliance.keys.storage import export_root_pem
from compliance.operations.reporting.exporting import ExportReport, export_report
from compliance.report.verifying.verdict import Outcome
from compliance.report.verifying.verify import verify_report

COUNT: Final = 100_000
LONGEST_SECONDS: Final = 30 * 60
"""Then it stops, and says how far it came."""

SESSIONS: Final = 3
SEED: Final = 20261121


def run(folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    """Judge a report with one byte changed, for many places and values chosen by chance."""
    facts = machine(folder)
    good, root = make_report(folder)
    if verify_report(good, trust_roots=[root]).outcome is not Outcome.ACCEPTED:
        raise RuntimeError("the report is not accepted even before it is damaged")
    seen, crashed = _damage_on_every_core(good, root)
    judged = sum(seen.values())
    figure = Figure(
        what=f"accepted or crashed of {grouped(judged)} reports with one byte changed",
        measured=f"{seen[Outcome.ACCEPTED]} accepted, {crashed} crashed",
        floor=f"{grouped(seen[Outcome.REJECTED])} rejected, "
        f"{grouped(seen[Outcome.CANNOT_BE_JUDGED])} cannot be judged",
        ratio=float(seen[Outcome.ACCEPTED] + crashed),
        at_most=0,
        note="Here the ratio is the number itself. A third of the bytes lie in the seal, a third in "
        "the file's structure, a third anywhere.",
    )
    return [figure], facts


def make_report(folder: Path) -> tuple[bytes, x509.Certificate]:
    """Return a report as the product makes it, and the root that certifies its seal."""
    with made_clinic(folder / "mutations") as clinic:
        exemplar = record_exemplar(clinic, WHOLE, closed=True, now=START + MINUTE)
        load_sessions(clinic, SESSIONS, exemplar, first=START + 3 * MINUTE)
        output = folder / "good.pdf"
        command = ExportReport(first=START.date(), last=START.date(), output=output)
        export_report(
            clinic.workshop(), command, actor=clinic.manager, now=START + timedelta(days=60)
        )
        pem = export_root_pem(clinic.folder / "keys")
    return output.read_bytes(), x509.load_pem_x509_certificate(pem)


def _damage_on_every_core(good: bytes, root: x509.Certificate) -> tuple[Counter[Outcome], int]:
    cores = os.cpu_count() or 1
    pem = root.public_bytes(Encoding.PEM)
    shares = [COUNT // cores + (core < COUNT % cores) for core in range(cores)]
    # A fresh interpreter for each: a forked one would share what the library caches.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(cores, mp_context=context) as pool:
        told = [
            pool.submit(_damage_a_share, good, pem, share, SEED + core)
            for core, share in enumerate(shares)
        ]
        seen: Counter[Outcome] = Counter()
        crashed = 0
        for each in told:
            part, failures = each.result()
            seen += part
            crashed += failures
    return seen, crashed


def _damage_a_share(good: bytes, pem: bytes, count: int, seed: int) -> tuple[Counter[Outcome], int]:
    root = x509.load_pem_x509_certificate(pem)
    return damage(good, root, count=count, seconds=LONGEST_SECONDS, seed=seed)


def damage(
    good: bytes, root: x509.Certificate, *, count: int, seconds: float, seed: int
) -> tuple[Counter[Outcome], int]:
    """Return how the damaged files were judged, and how many ended in an error."""
    # The PDF library warns of each oddity, and there is one in every file.
    logging.disable(logging.CRITICAL)
    chance = random.Random(seed)
    places = _Places(good)
    seen: Counter[Outcome] = Counter()
    crashed, end = 0, time.monotonic() + seconds
    for _ in range(count):
        if time.monotonic() > end:
            break
        damaged = bytearray(good)
        place = places.pick(chance)
        damaged[place] = chance.choice([value for value in range(256) if value != good[place]])
        try:
            seen[verify_report(bytes(damaged), trust_roots=[root]).outcome] += 1
        except Exception:  # noqa: BLE001 (a crash of any kind is what is counted)
            crashed += 1
    logging.disable(logging.NOTSET)
    return seen, crashed


class _Places:
    """Where a report is damaged: evenly, most of it would be packed drawings and padding."""

    def __init__(self, good: bytes) -> None:
        found = re.search(rb"/Contents <([0-9A-F]+)>", good)
        if found is None:
            raise RuntimeError("the report carries no seal")
        self._size = len(good)
        self._seal = found.span(1)
        self._structure = _outside_streams(good)

    def pick(self, chance: random.Random) -> int:
        kind = chance.randrange(3)
        if kind == 0:
            return chance.randrange(*self._seal)
        return chance.choice(self._structure) if kind == 1 else chance.randrange(self._size)


def _outside_streams(good: bytes) -> list[int]:
    streams = [found.span() for found in re.finditer(rb"stream\r?\n.*?endstream", good, re.DOTALL)]
    places: list[int] = []
    start = 0
    for begin, end in streams:
        places.extend(range(start, begin))
        start = end
    places.extend(range(start, len(good)))
    return places
