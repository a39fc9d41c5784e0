"""Drawing reports, beside the same text on a bare canvas; and how much memory they take."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from bench.clinic import START, WHOLE, BenchClinic, made_clinic, open_database
from bench.loading import MINUTE, load_sessions, record_exemplar
from bench.measuring import HERE, Figure, grouped, machine, median, peak_megabytes, seconds
from compliance.app import ROOT
from compliance.domain.access import Actor, Auth, Role
from compliance.keys.storage import load_clinic_keys
from compliance.operations.clinics import clinic_of
from compliance.operations.founding import open_keyring
from compliance.operations.reporting.exporting import ExportReport, export_report
from compliance.operations.reporting.parts import Request, Tree, collect_parts, sign_tree
from compliance.operations.reporting.ranges import find_range, read_period
from compliance.operations.reporting.workshop import Workshop
from compliance.report.canvas import Sheet, Style
from compliance.report.content.reading import read_content
from compliance.report.content.source import AuditSource
from compliance.report.making import draw_report
from compliance.report.payload import build_audit, parse_audit
from compliance.report.streaming import StreamingDocument
from compliance.report.structure import Artifact, Element
from compliance.settings import DATABASE_FILE

FONTS: Final = ROOT / "static" / "vendor" / "fonts"
FILES: Final = {"regular": "IBMPlexSans-Regular.ttf", "bold": "IBMPlexSans-SemiBold.ttf"}
ROUNDS: Final = 5
DRAWN: Final = 300
"""Sessions in the report whose drawing is timed."""

STACKED: Final = 10_000
PER_DAY: Final = 960
"""Copies begin at 8:03 and come one a minute: so many are in the first day."""

FINGERPRINT: Final = "00" * 32

Mark = Element | Artifact
Line = tuple[float, float, str, str, float]
"""x, y, text, weight, size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A volume's payload, ready to be drawn."""

    audit: AuditSource
    canonical: bytes
    tree: Tree

    def draw(self, output: Path) -> int:
        drawn = draw_report(
            self.audit,
            content=read_content(self.audit),
            fonts=FONTS,
            audit_json=self.canonical,
            root_fingerprint=FINGERPRINT,
            checkpoint_note=self.tree.note,
            output=output,
        )
        return drawn.pages


def run(folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    """Measure drawing with all that makes it PDF/A, and the memory of whole exports."""
    facts = machine(folder)
    with made_clinic(folder / "report") as clinic:
        exemplar = record_exemplar(clinic, WHOLE, closed=True, now=START + MINUTE)
        load_sessions(clinic, STACKED, exemplar, first=START + 3 * MINUTE)
        figures = _drawing(clinic, folder)
        figures.append(_memory(clinic))
    return figures, facts


def make_volume(clinic: BenchClinic, sessions: int) -> Made:
    """The payload of the first entries of the log, about so many sessions."""
    now = START + timedelta(days=60)
    with clinic.database.reading() as tx:
        row = clinic_of(tx, clinic.manager)
        period = read_period(START.date(), START.date(), row.time_zone)
        tree = sign_tree(tx, row, load_clinic_keys(clinic.folder / "keys", row.clinic_id))
        start, end = find_range(tx, row.clinic_id, period, tree.size)
        request = Request(
            clinic=row,
            period=period,
            start=start,
            end=min(end, start + sessions * 22),
            volume=None,
            filters={},
            made_by=clinic.manager.user_id,
            made_at=now,
        )
        canonical = build_audit(collect_parts(tx, clinic.workshop(), request, tree))
    return Made(audit=parse_audit(canonical), canonical=canonical, tree=tree)


def _drawing(clinic: BenchClinic, folder: Path) -> list[Figure]:
    made = make_volume(clinic, DRAWN)
    output = folder / "drawn.pdf"
    with _captured() as pages:
        count = made.draw(output)
    others: dict[str, Callable[[], object]] = {
        "fpdf2": lambda: _with_fpdf(pages, folder / "fpdf.pdf"),
    }
    ours, floor = [], []
    beside: dict[str, list[float]] = {name: [] for name in others}
    for _ in range(ROUNDS):
        floor.append(seconds(lambda: _with_canvas(pages, folder / "canvas.pdf")))
        ours.append(seconds(lambda: made.draw(output)))
        for name, draw in others.items():
            beside[name].append(seconds(draw))
    figures = [_pages("drawing a report, PDF/A and payload included", count, ours, floor, 1.0)]
    figures += [
        _pages(f"the same text with {name}", count, took, floor, None)
        for name, took in beside.items()
    ]
    figures.append(_with_weasyprint(pages, folder, count, median(floor)))
    return figures


def _pages(
    what: str, count: int, took: list[float], floor: list[float], at_least: float | None
) -> Figure:
    return Figure(
        what=f"{what}, {count} pages",
        measured=f"{count / median(took):.0f} pages/s",
        floor=f"{count / median(floor):.0f} pages/s",
        ratio=median(floor) / median(took),
        at_least=at_least,
        note=(
            "The floor puts the same lines at the same places with drawString on a bare reportlab"
            " canvas with the same embedded fonts; it neither reads the payload, nor wraps, nor"
            " draws lines, nor finishes PDF/A."
            if at_least
            else ""
        ),
    )


@contextmanager
def _captured() -> Iterator[list[list[Line]]]:
    """Note every line of text that is drawn, page by page."""
    pages: list[list[Line]] = []
    sheets: dict[int, list[Line]] = {}
    text, add_page = Sheet.text, StreamingDocument.add_page

    def note(
        sheet: Sheet, x: float, y: float, line: str, style: Style, mark: Mark = Artifact.LAYOUT
    ) -> None:
        sheets.setdefault(id(sheet), []).append((x, y, line, style.weight.value, style.size))
        text(sheet, x, y, line, style, mark)

    def end(document: StreamingDocument, sheet: Sheet, page: int) -> None:
        pages.append(sheets.pop(id(sheet), []))
        add_page(document, sheet, page)

    with patch.object(Sheet, "text", note), patch.object(StreamingDocument, "add_page", end):
        yield pages


def _with_canvas(pages: list[list[Line]], output: Path) -> None:
    for weight, name in FILES.items():
        pdfmetrics.registerFont(TTFont(f"bench-{weight}", str(FONTS / name)))
    canvas = Canvas(str(output), pagesize=A4, pageCompression=1)
    for lines in pages:
        for x, y, text, weight, size in lines:
            canvas.setFont(f"bench-{weight}", size)
            canvas.drawString(x, y, text)
        canvas.showPage()
    canvas.save()


def _with_fpdf(pages: list[list[Line]], output: Path) -> None:
    from fpdf import FPDF

    document = FPDF(unit="pt", format="A4")
    for weight, name in FILES.items():
        document.add_font(f"bench-{weight}", fname=FONTS / name)
    for lines in pages:
        document.add_page()
        for x, y, text, weight, size in lines:
            document.set_font(f"bench-{weight}", size=size)
            document.text(x, A4[1] - y, text)
    document.output(str(output))


def _with_weasyprint(pages: list[list[Line]], folder: Path, count: int, floor: float) -> Figure:
    what = "the same text with WeasyPrint"
    shown = f"{count / floor:.0f} pages/s"
    if importlib.util.find_spec("weasyprint") is None:
        return Figure(
            what=what,
            measured="not installed",
            floor=shown,
            ratio=None,
            note="WeasyPrint is in the optional dependency group `bench` and was not there.",
        )
    import html

    import weasyprint

    few = pages[:20]
    rows = "".join(
        f'<p style="position:absolute;left:{x:.1f}pt;top:{A4[1] - y - size:.1f}pt;'
        f'font:{size}pt sans-serif;margin:0">{html.escape(text)}</p>'
        if x >= 0
        else ""
        for lines in few
        for x, y, text, _, size in lines
    )
    took = seconds(lambda: weasyprint.HTML(string=rows).write_pdf(str(folder / "weasy.pdf")))
    return Figure(
        what=f"{what}, {len(few)} pages",
        measured=f"{len(few) / took:.1f} pages/s",
        floor=shown,
        ratio=(floor / count) / (took / len(few)),
    )


def _memory(clinic: BenchClinic) -> Figure:
    days = STACKED // 1440 + 1
    few = _peak(clinic, START.date())
    many = _peak(clinic, START.date() + timedelta(days=days))
    return Figure(
        what=f"peak memory of exporting {grouped(STACKED)} sessions above that of {PER_DAY}",
        measured=f"{many:.0f} MB",
        floor=f"{few:.0f} MB",
        ratio=many - few,
        at_most=48,
        note="Here the ratio is the difference in MB; each export runs in a process of its own"
        " and makes, proves, signs and enters its volumes.",
    )


def _peak(clinic: BenchClinic, last: date) -> float:
    """Export in a process of its own; return its peak memory in MB."""
    command = [
        *(sys.executable, "-m", "bench.report", str(clinic.folder)),
        *(clinic.clinic_id, clinic.manager.user_id, last.isoformat()),
    ]
    done = subprocess.run(command, cwd=HERE.parent, check=True, capture_output=True, text=True)
    return float(done.stdout)


def export_and_tell(folder: Path, clinic_id: str, user_id: str, last: date) -> None:
    """Make a report of an existing clinic and print this process's peak memory in MB."""
    database = open_database(folder / DATABASE_FILE)
    workshop = Workshop(
        database=database,
        keyring=open_keyring(folder),
        keys_folder=folder / "keys",
        fonts=FONTS,
        reports_folder=folder / "reports",
    )
    actor = Actor(
        user_id=user_id,
        clinic_id=clinic_id,
        roles=frozenset({Role.MANAGER}),
        auth=Auth.PASSWORD,
    )
    output = folder / f"export-{last}.pdf"
    command = ExportReport(first=START.date(), last=last, output=output)
    export_report(workshop, command, actor=actor, now=START + timedelta(days=60))
    print(peak_megabytes())


if __name__ == "__main__":
    export_and_tell(Path(sys.argv[1]), sys.argv[2], sys.argv[3], date.fromisoformat(sys.argv[4]))
