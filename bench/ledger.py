"""Verifying a whole log, beside reading its entries."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from bench.clinic import SHORT, START, WHOLE, BenchClinic, made_clinic
from bench.loading import MINUTE, load_sessions, record_exemplar
from bench.measuring import Figure, grouped, machine, median, seconds
from compliance.ledger.tree import hash_leaf, root_hash
from compliance.operations.auditing.audit import audit_clinic
from compliance.store import log

SESSIONS: Final = 4_000
ROUNDS: Final = 3


def run(folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    """Measure the audit of 4 000 sessions with all their answers."""
    facts = machine(folder)
    with made_clinic(folder / "ledger") as clinic:
        for template, now in ((SHORT, START), (WHOLE, START + timedelta(days=9))):
            exemplar = record_exemplar(clinic, template, closed=True, now=now + MINUTE)
            load_sessions(clinic, SESSIONS // 2, exemplar, first=now + 3 * MINUTE)
        reads, audits, hashes, size = [], [], [], 0
        for _ in range(ROUNDS):
            reads.append(seconds(lambda: _read(clinic)))
            hashes.append(seconds(lambda: _recompute(clinic)))
            audits.append(seconds(lambda: _audit(clinic)))
        size = _read(clinic)
    return [
        _figure("verifying log and projection", audits, reads, size),
        _figure("of it the log: leaves, tree and root from the stored bytes", hashes, reads, size),
    ], facts


def _figure(what: str, measured: list[float], reads: list[float], size: int) -> Figure:
    return Figure(
        what=f"{what}, {grouped(size)} entries",
        measured=f"{size / median(measured):.0f} entries/s",
        floor=f"{size / median(reads):.0f} entries/s",
        ratio=median(measured) / median(reads),
        at_most=4,
        note="The floor reads every entry with its body and does nothing.",
        why="beside the log the audit decodes every entry, makes every row of the projection"
        " again, compares it with the stored one and asks the gate about every closing.",
    )


def _read(clinic: BenchClinic) -> int:
    with clinic.database.reading() as tx:
        head = log.read_head(tx, clinic.clinic_id, lock=False)
        size = 0 if head is None else head.size
        return sum(1 for _ in log.read_range(tx, clinic.clinic_id, 0, size))


def _recompute(clinic: BenchClinic) -> bytes:
    with clinic.database.reading() as tx:
        head = log.read_head(tx, clinic.clinic_id, lock=False)
        size = 0 if head is None else head.size
        rows = log.read_range(tx, clinic.clinic_id, 0, size)
        return root_hash(hash_leaf(bytes(body)) for _, _, body in rows if body is not None)


def _audit(clinic: BenchClinic) -> None:
    result = audit_clinic(clinic.database, clinic.clinic_id)
    if not result.clean:
        raise RuntimeError(f"the audit found {result.problems[:3]}")
