"""What the signed file of a recall or of a search lists, read from one snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from compliance.domain.access import Actor
from compliance.domain.counting import count_of
from compliance.domain.tracing import LotNotice
from compliance.operations.clinics import clinic_of
from compliance.operations.personal import Keyring
from compliance.operations.reporting.traced_quotes import read_size
from compliance.operations.reporting.traced_words import (
    Spell,
    say_evidence,
    say_found_by,
    say_packs,
    say_refused,
    say_what_happened,
    say_window,
    spell_in,
)
from compliance.operations.reporting.tracing import MOST_LINES, ExportTrace, TraceList
from compliance.operations.sterilization.searching import (
    count_met,
    find_reference,
    name_thing,
    read_notice,
    who_met,
)
from compliance.operations.sterilization.telling import read_story
from compliance.operations.sterilization.worklist import Met, PulledPack, Worklist, read_worklist
from compliance.report.verifying.traced import CALL_WORDS
from compliance.store.session import Tx

PULLED: Final[Mapping[str, str]] = {"pulled": "Pulled", "missing": "Not there"}
"""How a list says what came of looking for a pack."""

_MET: Final = (("Client", 0.16), ("Treated", 0.2), ("Packs and loads", 0.3), ("Evidence", 0.34))
_CALLED: Final = (("Client", 0.16), ("Treated", 0.2), ("What they met", 0.3), ("Calls", 0.34))


def list_recall(
    tx: Tx, recall_id: str, *, actor: Actor, keyring: Keyring, now: datetime
) -> ExportTrace:
    """The file of a recall as it stands.

    Raises:
        NotPermitted: the actor may not follow what clients met.
        NotFound: no such recall in this clinic.
    """
    found = read_worklist(
        tx, recall_id, actor=actor, now=now, keyring=keyring, first=MOST_LINES + 1
    )
    zone = clinic_of(tx, actor).time_zone
    spell, size = spell_in(zone), read_size(tx, actor)
    story = read_story(tx, found.recall, found.sterilizer, actor=actor)
    lists = [_called_list(found, story.names, zone)]
    if found.recall.lot is None:
        lists += _room_lists(found, story.names, spell)
    subject = found.recall.lot or (found.sterilizer.code if found.sterilizer else "")
    kind = "lot" if found.recall.lot else "sterilizer"
    state = "still open" if found.recall.state == "open" else "closed"
    return ExportTrace(
        title=f"Recall of {kind} {subject}",
        sentences=(
            say_what_happened(found, story, spell),
            *say_window(found, story, spell),
            f"The recall was opened on {spell(found.recall.opened_at)} and is {state}.",
        ),
        lists=tuple(lists),
        sessions=tuple(met.meeting.session_id for met in found.affected),
        people=_named(found),
        size=size,
        recall=found.recall,
    )


def list_search(tx: Tx, kind: str, ref: str, *, actor: Actor, keyring: Keyring) -> ExportTrace:
    """The file of who met a thing, or of what a client met.

    Raises:
        NotPermitted: the actor may not follow what clients met.
        Refused: an unknown kind of thing.
        NotFound: no such thing.
    """
    found_by = find_reference(tx, kind, ref, actor=actor, keyring=keyring)
    zone, size = clinic_of(tx, actor).time_zone, read_size(tx, actor)
    name = name_thing(tx, kind, ref, actor=actor)
    sessions, clients = count_met(tx, kind, ref, actor=actor, keyring=keyring)
    met = who_met(tx, kind, ref, actor=actor, keyring=keyring, limit=MOST_LINES + 1)
    notice, spell = read_notice(ref) if kind == "lot" else None, spell_in(zone)
    listed = TraceList(
        title="Sessions",
        explained="A treatment that had not begun is not among them: it had met nothing.",
        columns=_MET,
        rows=[
            (
                each.client_ref,
                spell(each.meeting.opened_at),
                say_packs(each),
                _join(*say_evidence(each.pieces, zone), *_beside(each, notice, spell)),
            )
            for each in met
        ],
        empty="Nobody met it.",
    )
    counted = (
        f"{count_of(sessions, 'session', 'sessions')} of {count_of(clients, 'client', 'clients')}."
    )
    return ExportTrace(
        title=f"What {name} met" if kind == "client" else f"Who met {name}",
        sentences=(counted.capitalize(),),
        lists=(listed,),
        sessions=tuple(each.meeting.session_id for each in met),
        people=frozenset(each.meeting.client_id for each in met) | {found_by},
        size=size,
        about=(kind, found_by),
    )


def _named(found: Worklist) -> frozenset[str]:
    clients = {met.meeting.client_id for met in found.affected}
    clients |= {spared.client_id for spared in found.spared}
    callers = {call["called_by"] for met in found.affected for call in met.calls}
    return frozenset(clients | callers | {each.by for each in found.to_pull if each.by})


def _called_list(found: Worklist, names: Mapping[str, str], zone: str) -> TraceList:
    untold = count_of(found.counts.clients_to_call, "client", "clients").capitalize()
    return TraceList(
        title="Clients affected",
        explained=f"{untold} still to tell.",
        columns=_CALLED,
        rows=[_called_row(met, names, found.recall.notice, zone) for met in found.affected],
        empty="No client met anything of it.",
    )


def _called_row(
    met: Met, names: Mapping[str, str], notice: LotNotice | None, zone: str
) -> tuple[str, ...]:
    spell = spell_in(zone)
    calls = "; ".join(
        f"{CALL_WORDS[call['outcome']]}, {spell(call['called_at'])},"
        f" {names.get(call['called_by'], call['called_by'])}"
        for call in met.calls
    )
    first = say_packs(met) or "; ".join(say_evidence(met.pieces, zone))
    what = _join(first, *_beside(met, notice, spell))
    return (met.client_ref, spell(met.meeting.opened_at), what, calls or "not called yet")


def _beside(met: Met, notice: LotNotice | None, spell: Spell) -> tuple[str, ...]:
    return (*say_refused(met, spell), say_found_by(met, notice))


def _join(*said: str) -> str:
    return "; ".join(each for each in said if each)


def _room_lists(found: Worklist, names: Mapping[str, str], spell: Spell) -> list[TraceList]:
    return [
        TraceList(
            title="Packs to pull",
            explained="Packs of these loads that nobody opened.",
            columns=(("Pack", 0.16), ("Contents", 0.24), ("Load", 0.26), ("Found", 0.34)),
            rows=[
                (
                    each.pack.code,
                    each.pack.contents,
                    f"{each.pack.sterilizer}, cycle {each.pack.cycle_number}",
                    _say_pulled(each, names, spell),
                )
                for each in found.to_pull
            ],
            empty="Every pack of these loads was opened.",
        ),
        TraceList(
            title="Loads taken back",
            explained="",
            columns=(("Load", 0.2), ("Ran", 0.8)),
            rows=[(number, spell(run_at)) for _, number, run_at in found.cycles],
            empty="No load ran in that time.",
        ),
        TraceList(
            title="Not affected",
            explained="Treated in the same time, and why they are not concerned.",
            columns=(("Client", 0.16), ("Treated", 0.24), ("Why not", 0.6)),
            rows=[(each.client_ref, spell(each.opened_at), each.reason) for each in found.spared],
            empty="Nobody else was treated in that time.",
        ),
    ]


def _say_pulled(each: PulledPack, names: Mapping[str, str], spell: Spell) -> str:
    if each.outcome is None or each.at is None or each.by is None:
        return "still to find"
    return f"{PULLED[each.outcome]}, {spell(each.at)}, {names.get(each.by, each.by)}"
