"""How pages and signed lists say what a recall takes back and who met what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from compliance.domain.tracing import LotNotice
from compliance.ledger.entry import parse_time
from compliance.operations.sterilization.recalling import say_lot
from compliance.operations.sterilization.telling import Story
from compliance.operations.sterilization.worklist import Met, Worklist
from compliance.report.content.evidence import evidence_line
from compliance.report.content.languages import words_for
from compliance.report.content.source import ContentUnreadable
from compliance.report.content.times import LocalTimes
from compliance.report.verifying.traced import REFUSED_LINE

Spell = Callable[[datetime], str]
"""How a moment is written in the clinic's zone."""

SAY_ARTICLE: Final = (
    "Who used this article of this lot is listed. A record that names no article number (GTIN) is"
    " found by the lot alone, and its line says so: better one client too many than one too few."
)
SAY_NO_ARTICLE: Final = (
    "The notice names no article number (GTIN), so everything with this lot number is taken back,"
    " whoever made it. A scanned code names the article."
)


def spell_in(zone_name: str) -> Spell:
    """The spelling that the verifier compares: 20 Nov 2026, 14:05."""
    zone = ZoneInfo(zone_name)

    def spell(at: datetime) -> str:
        local = at.astimezone(zone)
        return f"{local.day} {local:%b %Y, %H:%M}"

    return spell


def say_packs(met: Met) -> str:
    """The packs a session opened, with their loads."""
    return ", ".join(
        f"{pack.code} ({pack.sterilizer}, cycle {pack.cycle_number})" for pack in met.packs
    )


def say_refused(met: Met, spell: Spell) -> tuple[str, ...]:
    """What late answers say was used, each as the sentence that a signed list is judged by."""
    return tuple(
        REFUSED_LINE.format(
            thing=f"{thing['kind']} {thing['code']}",
            done=spell(parse_time(note.data["performed_at"])),
            refused=spell(parse_time(note.data["at"])),
        )
        for note in met.refused
        for thing in note.data["used"]
    )


def say_found_by(met: Met, notice: LotNotice | None) -> str:
    """How surely a session met a lot; empty where the notice names no article, or nothing of lots."""
    if notice is None or not notice.gtin:
        return ""
    if met.found_by(notice) == "article_and_lot":
        return "found by article and lot"
    return "found by lot alone, for its record names no article"


def say_evidence(pieces: Sequence[Mapping[str, Any]], zone_name: str) -> tuple[str, ...]:
    """Each piece as one line that can be compared with a label."""
    times = LocalTimes.in_zone(zone_name, words_for("en"))
    return tuple(_evidence(piece, times) for piece in pieces)


def _evidence(piece: Mapping[str, Any], times: LocalTimes) -> str:
    try:
        said = evidence_line(piece, times)
    except ContentUnreadable:
        # A reference without a lot is lawful for skin disinfection; say what there is.
        known = ", ".join(f"{key} {value}" for key, value in piece["ref"].items() if value)
        said = f"{piece['component'].replace('_', ' ')}: {known}"
    return said[:1].upper() + said[1:]


def say_what_happened(found: Worklist, story: Story, spell: Spell) -> str:
    """One sentence that anybody in the clinic can repeat."""
    row = found.recall
    if row.lot is not None:
        return (
            f"The maker took {say_lot(row.lot, row.gtin)} back; the notice was entered on"
            f" {spell(row.opened_at)}, and nobody can use it since."
        )
    name = "the sterilizer" if found.sterilizer is None else found.sterilizer.code
    if story.test is None or story.load is None:
        return f"A spore test of {name} failed on {spell(row.opened_at)}."
    read_at = story.test.read_at
    read = "" if read_at is None else f", and it was read on {spell(read_at)}"
    again = "" if row.positives == 1 else f" Since then {row.positives - 1} more failed."
    return (
        f"Spores grew in load {story.load.number} of {name}, which ran on"
        f" {spell(story.test.run_at)}{read}.{again}"
    )


def say_window(found: Worklist, story: Story, spell: Spell) -> tuple[str, ...]:
    """From when to when loads are taken back, and why exactly then."""
    row = found.recall
    if row.lot is not None:
        return (SAY_ARTICLE if row.gtin else SAY_NO_ARTICLE,)
    if row.since is None:
        begin = (
            "There was never a valid negative spore test, so everything it ever ran is taken back."
        )
    else:
        number = "" if story.negative is None else f" (load {story.negative.number})"
        begin = (
            f"Everything since {spell(row.since)} is taken back: then ran the last load whose"
            f" valid spore test was negative{number}. The time of the run counts, not of the reading."
        )
    end = (
        "It goes on until a negative retest: what runs now is taken back as well."
        if row.until is None
        else f"It ends with {spell(row.until)}, when the load of the negative retest ran."
    )
    return begin, end, "Rule: CDC MMWR 52(RR-17); NEHA Body Art Model Code 2024, 8.11.3."
