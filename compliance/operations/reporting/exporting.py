"""Making signed reports: one file, or numbered volumes under a signed index."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final

from compliance.domain.access import Action, Actor
from compliance.errors import ComplianceError, Refused
from compliance.keys.storage import load_clinic_keys
from compliance.operations.access_seals import enter_accesses
from compliance.operations.clinics import clinic_of
from compliance.operations.identifiers import new_id
from compliance.operations.reporting.asking import ask_outside
from compliance.operations.reporting.lasting import keep_ours, part_name
from compliance.operations.reporting.parts import Request, collect_parts
from compliance.operations.reporting.ranges import Period, cut_volumes, find_range, read_period
from compliance.operations.reporting.seal import root_fingerprint, seal_file
from compliance.operations.reporting.trees import Tree, sign_tree
from compliance.operations.reporting.workshop import Workshop
from compliance.operations.sealing import append, hold_log
from compliance.report.content.reading import read_content
from compliance.report.making import draw_report
from compliance.report.payload import build_audit, parse_audit
from compliance.report.volumes import IndexProof, VolumeLine, draw_index
from compliance.store import log
from compliance.store.clinics import ClinicRow

FILTERS: Final = ("practitioner", "device", "template", "state")
"""What a report can be narrowed to draw; range, counts and proof stay whole."""

REASON: Final = "Hygiene and sterilization audit report"

Progress = Callable[[int, int], None]
"""Called with sessions drawn and sessions to draw; may raise ``Cancelled``."""


class Cancelled(ComplianceError):
    """Somebody stopped the making of a report; nothing of it is kept."""

    code = "report_cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """A report of whole days of the clinic's zone, both inclusive."""

    first: date
    last: date
    output: Path
    """``NAME.pdf``; volumes become ``NAME-01.pdf`` and so on beside it."""
    filters: Mapping[str, str] = field(default_factory=dict)
    report_id: str | None = None
    countersign: bool = False
    """Leaves an empty field in every file for an inspector's own signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    path: Path
    sha256: str
    pages: int
    start: int
    end: int
    sessions: int
    """Closed and aborted ones that it draws."""

    def to_json(self) -> dict[str, str | int]:
        return {
            "name": self.path.name,
            "sha256": self.sha256,
            "pages": self.pages,
            "bytes": self.path.stat().st_size,
            "start": self.start,
            "end": self.end,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedReport:
    """The files made; the first is the report, or the index of its volumes."""

    report_id: str
    files: tuple[ReportFile, ...]
    log_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    workshop: Workshop
    clinic: ClinicRow
    period: Period
    tree: Tree
    actor: Actor
    now: datetime
    filters: Mapping[str, str]
    progress: Progress | None
    countersign: bool


def check_filters(filters: Mapping[str, str]) -> dict[str, str]:
    """Return the filters without empty ones; raises ``Refused`` for an unknown one."""
    for name in filters:
        if name not in FILTERS:
            raise Refused("filters", name, "is no filter", allowed=", ".join(FILTERS))
    return {name: value for name, value in filters.items() if value}


def export_report(
    workshop: Workshop,
    command: ExportReport,
    *,
    actor: Actor,
    now: datetime,
    progress: Progress | None = None,
) -> ExportedReport:
    """Make, sign and enter a report; several short transactions, none while drawing.

    The checkpoint fixes the log's size first; everything is read below it, and
    since entries never change, a later read sees the same. A crash leaves a
    file without an entry, never an entry without a file.

    Raises:
        NotPermitted, Refused: a bad period or filter.
        RollbackDetected: the log does not continue what was signed before.
        Cancelled: raised by ``progress``.
    """
    actor.require(Action.EXPORT_REPORTS)
    filters = check_filters(command.filters)
    with workshop.database.reading() as tx:
        clinic = clinic_of(tx, actor)
        period = read_period(command.first, command.last, clinic.time_zone)
    with workshop.database.writing() as tx:
        hold_log(tx, clinic.clinic_id)
        # What inspectors read until now is fixed by the same root as everything else.
        enter_accesses(tx, actor=actor, now=now)
        # Its name at the size that is signed; it may have changed since the first look.
        clinic = clinic_of(tx, actor)
        tree = sign_tree(tx, clinic, load_clinic_keys(workshop.keys_folder, clinic.clinic_id))
        log.insert_checkpoint(tx, clinic.clinic_id, tree.size, tree.root, tree.note)
    with workshop.database.reading() as tx:
        start, end = find_range(tx, clinic.clinic_id, period, tree.size)
        cuts = list(cut_volumes(tx, clinic.clinic_id, start, end))
    tree = ask_outside(workshop, clinic.clinic_id, tree, end, now=now)
    job = _Job(
        workshop=workshop,
        clinic=clinic,
        period=period,
        tree=tree,
        actor=actor,
        now=now,
        filters=filters,
        progress=progress,
        countersign=command.countersign,
    )
    files = _make_files(job, command.output, cuts)
    report_id = command.report_id or new_id(now)
    _enter(job, report_id, files)
    return ExportedReport(report_id=report_id, files=files, log_size=tree.size)


def _make_files(job: _Job, output: Path, cuts: list[tuple[int, int]]) -> tuple[ReportFile, ...]:
    if len(cuts) == 1:
        return (_make_file(job, output, cuts[0], None),)
    volumes = []
    for number, cut in enumerate(cuts, start=1):
        name = output.with_name(f"{output.stem}-{number:02d}{output.suffix}")
        volumes.append(_make_file(job, name, cut, (number, len(cuts) + 1)))
    return (_make_index(job, output, volumes), *volumes)


def _make_file(
    job: _Job, output: Path, cut: tuple[int, int], volume: tuple[int, int] | None
) -> ReportFile:
    """Read, draw and sign one volume; memory holds one volume at a time."""
    start, end = cut
    request = Request(
        clinic=job.clinic,
        period=job.period,
        start=start,
        end=end,
        volume=volume,
        filters=job.filters,
        made_by=job.actor.user_id,
        made_at=job.now,
    )
    with job.workshop.database.reading() as tx:
        canonical = build_audit(collect_parts(tx, job.workshop, request, job.tree))
    audit = parse_audit(canonical)
    content = read_content(audit)
    with tempfile.TemporaryDirectory(prefix="aseptrail-export-") as folder:
        unsigned = Path(folder) / "unsigned.pdf"
        drawn = draw_report(
            audit,
            content=content,
            fonts=job.workshop.fonts,
            audit_json=canonical,
            root_fingerprint=root_fingerprint(job.workshop.keys_folder),
            checkpoint_note=job.tree.note,
            output=unsigned,
            countersign=job.countersign,
            progress=job.progress,
        )
        sha256 = _sign(job, unsigned, output)
    return ReportFile(
        path=output,
        sha256=sha256,
        pages=drawn.pages,
        start=start,
        end=end,
        sessions=content.counts.closed + content.counts.aborted,
    )


def _make_index(job: _Job, output: Path, volumes: list[ReportFile]) -> ReportFile:
    """The signed index: each volume's name, range, pages and SHA-256.

    It is the last part, with an empty range after the last volume: it proves the
    checkpoint and the end of the period, and is judged by the same rules.
    """
    end = volumes[-1].end
    request = Request(
        clinic=job.clinic,
        period=job.period,
        start=end,
        end=end,
        volume=(len(volumes) + 1, len(volumes) + 1),
        filters=job.filters,
        made_by=job.actor.user_id,
        made_at=job.now,
    )
    with job.workshop.database.reading() as tx:
        canonical = build_audit(collect_parts(tx, job.workshop, request, job.tree))
    audit = parse_audit(canonical)
    lines = [
        VolumeLine(
            name=volume.path.name,
            start=volume.start,
            end=volume.end,
            sessions=volume.sessions,
            pages=volume.pages,
            size=volume.path.stat().st_size,
            sha256=volume.sha256,
        )
        for volume in volumes
    ]
    with tempfile.TemporaryDirectory(prefix="aseptrail-export-") as folder:
        unsigned = Path(folder) / "unsigned.pdf"
        drawn = draw_index(
            audit,
            content=read_content(audit),
            volumes=lines,
            proof=IndexProof(
                audit_json=canonical,
                checkpoint_note=job.tree.note,
                root_fingerprint=root_fingerprint(job.workshop.keys_folder),
                countersign=job.countersign,
            ),
            fonts=job.workshop.fonts,
            output=unsigned,
        )
        sha256 = _sign(job, unsigned, output)
    return ReportFile(path=output, sha256=sha256, pages=drawn.pages, start=end, end=end, sessions=0)


def _sign(job: _Job, unsigned: Path, output: Path) -> str:
    return seal_file(
        unsigned,
        output,
        workshop=job.workshop,
        clinic=job.clinic,
        keys=job.tree.keys,
        reason=REASON,
        now=job.now,
        countersign=job.countersign,
    )


def _enter(job: _Job, report_id: str, files: tuple[ReportFile, ...]) -> None:
    with job.workshop.database.writing() as tx:
        for number, file in enumerate(files):
            report = part_name(report_id, number)
            data = {
                "report": report,
                "sha256": file.sha256,
                "from": job.period.first.isoformat(),
                "to": job.period.last.isoformat(),
                "start": file.start,
                "end": file.end,
                "size": job.tree.size,
                **keep_ours(tx, job.workshop, file, report=report, clinic=job.clinic, now=job.now),
            }
            append(tx, job.actor, "report.exported", data, now=job.now)
