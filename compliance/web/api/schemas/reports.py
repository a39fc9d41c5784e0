"""What the calls about reports and their verification take and answer."""

from __future__ import annotations

from typing import Final

from marshmallow import fields

from compliance.operations.reporting.exporting import FILTERS
from compliance.web.api.fields import Asked, Day, Shown, Text
from compliance.web.api.schemas.shapes import (
    Count,
    Flag,
    NextCursor,
    Part,
    Shape,
    Time,
    Word,
    Words,
)

REPORT_STATES: Final = ("queued", "running", "done", "failed", "cancelled")

Filters: Final = Asked.from_dict(
    {name: Text(1, 80) for name in FILTERS},
    name="Filters",
)
"""What the report draws; its range, counts and proof stay whole."""


class ReportIn(Asked):
    """Whole days of the clinic's zone, both inclusive."""

    from_ = Day(data_key="from", required=True)
    to = Day(required=True)
    filters = fields.Nested(Filters, load_default=dict)
    countersign = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={"description": "Leave a field for an inspector's own signature."},
    )


class PeriodOut(Shown):
    from_ = fields.Raw(
        data_key="from", required=True, metadata={"type": "string", "format": "date"}
    )
    to = Word(format="date")


class ReportFileOut(Shown):
    """A signed file: the report, or the index and then its volumes."""

    number = Count(description="0 is the report or the index, 1 and on are volumes.")
    name = Word()
    sha256 = Word()
    pages = Count()
    bytes = Count()
    href = Word()


class ReportOut(Shown):
    """A report asked for, and how far its making is."""

    id = Word(format="uuid")
    state = Word(enum=list(REPORT_STATES))
    period = Part(PeriodOut)
    filters = Shape({"type": "object", "additionalProperties": {"type": "string"}})
    countersign = Flag(description="Whether it leaves a field for an inspector's own signature.")
    done = Count(description="Sessions drawn.")
    total = Count(description="Sessions to draw; 0 while nobody knows.")
    problem = Word(nullable=True)
    log_size = Count(nullable=True)
    requested_at = Time()
    files = Part(ReportFileOut, many=True)


class ReportListOut(Shown):
    items = Part(ReportOut, many=True)
    next_cursor = NextCursor()


class VerifyIn(Asked):
    """The file to judge."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})
    challenge = Text(1, 200, metadata={"description": "What was entered on the spot."})


class CheckOut(Shown):
    """One question that was asked of the file, and its answer."""

    code = Word()
    name = Word()
    holds = Flag(nullable=True, description="Null when there was not enough to answer.")
    reason = Word()


class CheckpointOut(Shown):
    """What to remember of an accepted report."""

    clinic_id = Word()
    slug = Word()
    root_fingerprint = Word()
    size = Count()
    root = Word()
    note = Word()


class TrustOut(Shown):
    """Whom the judgement relies on."""

    source = Word(description="In words: this installation's own root, or nothing.")
    root_fingerprint = Word(nullable=True)


class TimeStampOut(Shown):
    """A time-stamp of the file, and whether it counts."""

    size = Count(description="So many entries of the log, from the first on, it is over.")
    index = Count(nullable=True, description="Of its own entry in the log.")
    gen_time = Time()
    authority = Word()
    independent = Flag(description="False for the clinic's own authority.")
    counts = Flag(description="Whether this installation's settings name the authority.")
    reason = Word()


class BracketOut(Shown):
    """Between which times a session's record came into the log."""

    record = Count()
    not_before = Time(nullable=True)
    by = Time(nullable=True)


class VerdictOut(Shown):
    """The verdict about a file, check by check."""

    outcome = Word(enum=["accepted", "rejected", "cannot_be_judged"])
    exit_code = Count(description="What `compliance verify` would exit with.")
    level = Count(nullable=True)
    sentence = Word()
    checks = Part(CheckOut, many=True)
    signed_by = Word(nullable=True)
    signed_at = Time(nullable=True)
    root_fingerprint = Word(nullable=True)
    clinic = Word(nullable=True)
    period = Shape({"type": ["array", "null"], "items": {"type": "string", "format": "date"}})
    about = Word(
        nullable=True,
        enum=["period", "inspection", "client_copy", None],
        description="A report of a period, or the file of one session and whom it is for.",
    )
    does_not_prove = Words()
    checkpoint = Part(CheckpointOut, nullable=True)
    time_stamps = Part(TimeStampOut, many=True)
    brackets = Part(BracketOut, many=True)
    witnessed = Words(description="Names of the witnesses that cosigned and were asked for.")
    sha256 = Word(description="Of the file that was sent.")
    trust = Part(TrustOut)
