"""Reports as values for the pages: periods, counts, states and files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from compliance.operations.reporting.preview import ReportPreview
from compliance.operations.reporting.requests import ReportRow
from compliance.web.context import show_time
from compliance.web.desk.wording import capital, count_of
from compliance.web.tablet.wording import show_date

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "queued": ("Waiting to be made", "wait"),
    "running": ("Being made", "info"),
    "done": ("Ready", "good"),
    "failed": ("Failed", "bad"),
    "cancelled": ("Cancelled", "idle"),
}


def show_period(first: date | None, last: date | None) -> str:
    if first is None or last is None:
        return ""
    return show_date(first) if first == last else f"{show_date(first)} to {show_date(last)}"


def preview_values(preview: ReportPreview) -> dict[str, Any]:
    return {
        "stats": (
            ("Closed", preview.closed, "good" if preview.closed else None),
            ("Aborted", preview.aborted, "bad" if preview.aborted else None),
            ("With late entries", preview.late, "warn" if preview.late else None),
            ("Amended", preview.amended, "wait" if preview.amended else None),
            ("Awaiting sterilization", preview.awaiting, "wait" if preview.awaiting else None),
            ("Still open", preview.still_open, "warn" if preview.still_open else None),
        ),
        "entries": preview.entries,
        "files": "one file"
        if preview.volumes == 1
        else count_of(preview.volumes, "volume", "volumes") + " and a signed index",
        "exceptions": _exceptions(preview),
        "empty": preview.entries == 0,
    }


def _exceptions(preview: ReportPreview) -> tuple[str, ...]:
    counted = (
        (preview.recalls, "recall", "recalls"),
        (preview.failed_spore_tests, "failed spore test", "failed spore tests"),
        (preview.failed_cycles, "failed cycle", "failed cycles"),
        (
            preview.undecided_flags,
            "cycle with a flag that nobody has decided on",
            "cycles with a flag that nobody has decided on",
        ),
        (preview.aborted, "aborted session", "aborted sessions"),
        (preview.late, "session with late entries", "sessions with late entries"),
        (preview.amended, "amended session", "amended sessions"),
        (preview.incidents, "adverse event", "adverse events"),
        (preview.still_open, "session still open at the end", "sessions still open at the end"),
        (preview.clock_anomalies, "jump of the clock", "jumps of the clock"),
    )
    return tuple(capital(count_of(count, one, many)) for count, one, many in counted if count)


def report_line(row: ReportRow, names: Mapping[str, str]) -> dict[str, Any]:
    word, tone = _WORDS[row.state]
    return {
        "href": f"/reports/{row.report_id}",
        "period": show_period(row.period_from, row.period_to),
        "requested": show_time(row.requested_at),
        "by": names.get(row.requested_by, row.requested_by.removeprefix("system:")),
        "word": word,
        "tone": tone,
        "pages": sum(int(file["pages"]) for file in row.files) or None,
    }


def file_values(row: ReportRow, number: int) -> dict[str, Any]:
    file = row.files[number]
    digest = str(file["sha256"])
    many = len(row.files) > 1
    start, end = int(file["start"]), int(file["end"])
    return {
        "title": f"Volume {number}" if number else ("Signed index" if many else "Report"),
        "name": file["name"],
        "href": f"/reports/{row.report_id}/" + (f"volumes/{number}" if number else "pdf"),
        "pages": int(file["pages"]),
        "size": _size(int(file["bytes"])),
        "entries": f"{start} to {end - 1}" if end > start else "none of its own",
        "sha256": " ".join(digest[at : at + 4] for at in range(0, len(digest), 4)),
    }


def _size(count: int) -> str:
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} kB"
    return f"{count / 1_000_000:.1f} MB"
