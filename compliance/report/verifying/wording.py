"""The sentences a verdict is told in; a judge should be able to read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from compliance.ledger.canonical import JsonValue
from compliance.report.payload import AuditFile
from compliance.report.verifying.audit_file import TraceFile
from compliance.report.verifying.shape import CLIENT_COPY
from compliance.report.verifying.trace_file import RECALL
from compliance.report.verifying.verdict import Check

_ALWAYS: Final = (
    "That what was entered was true when it was entered: a false tick looks like a true one.",
    (
        "That every treatment was entered: what never reached the record leaves no gap in it. "
        "Compare with sterilizer cycles, supplies and appointments."
    ),
    (
        "What the page looks like: pages can be drawn to mislead. Read the report as it is drawn "
        "anew from the signed data."
    ),
)

_WITHOUT_TIMESTAMPS: Final = (
    "When anything was recorded or sealed: all times are those of the clinic's own clock.",
    (
        "That the newest entries are all there: without a time-stamp from outside, the end of the "
        "record could have been cut off before the report was made."
    ),
)

_WITH_TIMESTAMPS: Final = (
    (
        "When exactly anything was done: the time-stamps give the times between which a record came "
        "into the log, and all other times are those of the clinic's own clock."
    ),
    (
        "That nothing was entered after the newest time-stamp: what came later could have been cut "
        "off before the report was made."
    ),
)

_OWN_TIMESTAMPS: Final = (
    (
        "Anything about time to somebody who doubts the clinic: the time-stamps are by an authority of "
        "its own, which can be made to say any time."
    ),
    *_WITH_TIMESTAMPS,
)

_WITHOUT_HISTORY: Final = (
    (
        "That the clinic shows everyone the same record: it could keep a second one. This shows "
        "only when two reports are compared, so keep what you were given."
    ),
)


_ONE_SESSION: Final = (
    (
        "That this is every entry about the session: an amendment, an adverse event or a follow-up "
        "could have been left out. Only a report of the period shows that nothing is missing."
    ),
    "Anything about other sessions, or that the record is complete for any period.",
)

_TRACE: Final = (
    (
        "That a list is complete: a client, a pack or a load could have been left out. Only a report of "
        "the period shows every entry from which the lists are made."
    ),
    (
        "Whom a line names, and which packs and loads: the log holds client references as commitments "
        "that this file does not open. The lines are the clinic's word, sealed."
    ),
    "Anything about other sessions, or that the record is complete for any period.",
)

_CLIENT_COPY: Final = (
    (
        "How the session came about: a client's copy leaves out the entries before the signature, "
        "and the names of everybody but the practitioner."
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What an accepted file shows beyond not having been altered."""

    times: bool = False
    """Everything in it existed by times that authorities pinned by the inspector say."""

    own_word: bool = False
    """These authorities are the clinic's own, so their word is the clinic's."""

    one_history: bool = False
    """Enough witnesses saw one history only."""

    met_before: bool = False
    """It is the log that the inspector met before."""

    challenged: bool = False
    """It holds what the inspector made up on the spot."""

    @property
    def level(self) -> int:
        """The highest of the levels shown."""
        return 3 * (self.met_before or self.challenged) or 2 * self.one_history or 1 * self.times


def limits_of(audit: AuditFile, shown: Shown) -> tuple[str, ...]:
    """Return what an accepted file that shows so much does not prove."""
    second = () if shown.one_history or shown.met_before else _WITHOUT_HISTORY
    stamped = _OWN_TIMESTAMPS if shown.own_word else _WITH_TIMESTAMPS
    limits: tuple[str, ...] = (stamped if shown.times else _WITHOUT_TIMESTAMPS) + second + _ALWAYS
    if audit.single is not None:
        copy = _CLIENT_COPY if audit.single.purpose == CLIENT_COPY else ()
        return _ONE_SESSION + copy + limits
    if audit.trace is not None:
        return _TRACE + limits
    volume: JsonValue = audit.data["volume"]
    if isinstance(volume, dict) and volume["of"] != 1:
        limits = (
            (
                f"What the other volumes hold: this is volume {volume['number']} of {volume['of']}, "
                "and each is to be checked."
            ),
            *limits,
        )
    return limits


def accepted_sentence(audit: AuditFile, shown: Shown) -> str:
    """Return what an accepted report may be called, and no more."""
    sentence = _sentence_of(audit)
    clinic_data = audit.data["clinic"]
    if isinstance(clinic_data, dict) and clinic_data["demo"]:
        sentence += " It is made of demonstration data and says nothing about real treatments."
    if shown.times:
        sentence += " Its entries existed by the times that the time-stamps you pinned say."
        if shown.own_word:
            sentence += " These are the clinic's own and not independent of it."
    if shown.one_history:
        sentence += " Enough of the witnesses you named saw this history and no other."
    if shown.met_before:
        sentence += " It is drawn from the same record that you met before."
    if shown.challenged:
        sentence += " It holds the challenge that you gave."
    return sentence


def _sentence_of(audit: AuditFile) -> str:
    if audit.trace is not None:
        return _trace_sentence(audit, audit.trace)
    return _session_sentence(audit) if audit.single else _report_sentence(audit)


def _trace_sentence(audit: AuditFile, trace: TraceFile) -> str:
    what = "a recall" if trace.purpose == RECALL else "a search"
    return (
        f"The lists of {what} that {audit.text('clinic', 'name')} handed out, “{trace.title}”, have not "
        "been altered since the clinic sealed them, and every entry they quote is in the clinic's log. "
        "They do not show that nothing was left out."
    )


def _report_sentence(audit: AuditFile) -> str:
    clinic = audit.text("clinic", "name")
    first, last = audit.text("period", "from"), audit.text("period", "to")
    days = first if first == last else f"{first} to {last}"
    return f"The report of {clinic} for {days} has not been altered since the clinic sealed it."


def _session_sentence(audit: AuditFile) -> str:
    clinic = audit.text("clinic", "name")
    copy = audit.single is not None and audit.single.purpose == CLIENT_COPY
    what = "client's copy of one session" if copy else "record of one session"
    return (
        f"The {what} of {clinic} has not been altered since the clinic sealed it, and every entry "
        "in it is in the clinic's log. It does not show that no entry was left out."
    )


def rejected_sentence(checks: Sequence[Check]) -> str:
    """Return why a report must not be relied on."""
    failed = next((check for check in checks if check.holds is False), None)
    if failed is None:
        return "The report must not be relied on."
    return f"The report must not be relied on. This does not hold: {failed.name}."
