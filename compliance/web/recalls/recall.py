"""One recall: what happened, what to pull, whom to call, who is spared, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import render_template, request
from flask.typing import ResponseReturnValue

from compliance.domain.access import Action, Actor
from compliance.operations.reporting.traced_keeping import list_recall_traces
from compliance.operations.reporting.traced_words import (
    say_found_by,
    say_packs,
    say_what_happened,
    say_window,
)
from compliance.operations.sterilization.telling import Story, find_told, read_story
from compliance.operations.sterilization.worklist import (
    Met,
    PulledPack,
    Worklist,
    list_affected,
    list_spared,
    list_to_pull,
    read_overview,
)
from compliance.store.session import Tx
from compliance.web.api.cursors import cut_page, read_moment_cursor, read_text_cursor
from compliance.web.context import page_values, services, show_time
from compliance.web.recalls.handing_out import list_lines
from compliance.web.recalls.room import (
    OUTCOMES,
    PAGE,
    STATES,
    at_recalls,
    blueprint,
    met_line,
    session_href,
)
from compliance.web.recalls.steps import find_steps
from compliance.web.tablet.sending import fresh_key


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lists:
    """One page of each list, with the address of the page after it."""

    packs: tuple[PulledPack, ...]
    met: tuple[Met, ...]
    spared: tuple[Any, ...]
    following: Mapping[str, str | None]


@blueprint.get("/recalls/<recall_id>")
def show_recall(recall_id: str) -> ResponseReturnValue:
    actor, now = at_recalls(), services().clock()
    with services().database.reading() as tx:
        found = read_overview(tx, recall_id, actor=actor, now=now, first=PAGE)
        story = read_story(tx, found.recall, found.sterilizer, actor=actor)
        lists = _read_lists(tx, found, now)
        told = find_told(tx, found.recall, lists.met)
        signed = _signed_lists(tx, recall_id, story, actor)
    return render_template(
        "recalls/recall.html",
        page=page_values(f"Recall of {_subject(found)}", section="recalls"),
        **_values(found, story, actor, now),
        packs=tuple(_pack_line(each, story) for each in lists.packs),
        clients=tuple(
            {
                **_client_line(each, story, told, actor),
                "found_by": say_found_by(each, found.recall.notice),
            }
            for each in lists.met
        ),
        spared=tuple(
            {
                "client": each.client_ref,
                "href": session_href(each.session_id, actor),
                "opened": show_time(each.opened_at),
                "why": f"{each.reason[:1].upper()}{each.reason[1:]}",
            }
            for each in lists.spared
        ),
        following=lists.following,
        signed=signed,
    )


def _signed_lists(tx: Tx, recall_id: str, story: Story, actor: Actor) -> tuple[dict[str, Any], ...]:
    """The newest ones that were handed out, for whoever may read reports."""
    if not actor.may(Action.READ_REPORTS):
        return ()
    listed = list_recall_traces(tx, recall_id, actor=actor, limit=PAGE)
    return list_lines(tx, listed, story.names, actor=actor)


def _subject(found: Worklist) -> str:
    row = found.recall
    if row.lot is not None:
        return f"lot {row.lot}"
    return "" if found.sterilizer is None else found.sterilizer.code


def _values(found: Worklist, story: Story, actor: Actor, now: datetime) -> dict[str, Any]:
    row, counts = found.recall, found.counts
    return {
        "recall_id": row.recall_id,
        "base": f"/recalls/{row.recall_id}",
        "subject": _subject(found),
        "is_open": row.state == "open",
        "closed": None if row.closed_at is None else show_time(row.closed_at),
        "by_lot": row.lot is not None,
        "happened": say_what_happened(found, story, show_time),
        "window": say_window(found, story, show_time),
        "counts": counts,
        "cycles": tuple(
            (number, show_time(run_at), f"/manager/cycles/{cycle_id}")
            for cycle_id, number, run_at in found.cycles
        ),
        "steps": find_steps(found, story, actor),
        "key": fresh_key(now),
        "may_call": actor.may(Action.RECORD_EVENT) and row.state == "open",
        "may_pull": actor.may(Action.REGISTER_PACKS) and row.state == "open",
        "may_manage": actor.may(Action.MANAGE_DEVICES),
        "may_export": actor.may(Action.EXPORT_REPORTS),
        "outcomes": tuple((name, word) for name, (word, _) in OUTCOMES.items()),
    }


def _read_lists(tx: Tx, found: Worklist, now: datetime) -> _Lists:
    """The pages that the address asks for; without a place, the first ones."""
    row, keyring = found.recall, services().keyring
    following: dict[str, str | None] = {}
    packs_after = read_text_cursor(request.args.get("packs"))
    place = None if packs_after is None else packs_after[0]
    listed = list_to_pull(tx, row, after=place, limit=PAGE + 1)
    packs, cursor = _cut(listed, lambda each: (each.pack.code, each.pack.pack_id))
    following["packs"] = _following("packs", cursor)
    met, cursor = _cut(
        list_affected(
            tx,
            row,
            keyring=keyring,
            after=read_moment_cursor(request.args.get("clients")),
            limit=PAGE + 1,
        ),
        lambda each: (each.meeting.opened_at, each.meeting.session_id),
    )
    following["clients"] = _following("clients", cursor)
    spared, cursor = _cut(
        list_spared(
            tx,
            row,
            keyring=keyring,
            now=now,
            after=read_moment_cursor(request.args.get("spared")),
            limit=PAGE + 1,
        ),
        lambda each: (each.opened_at, each.session_id),
    )
    following["spared"] = _following("spared", cursor)
    return _Lists(packs=packs, met=met, spared=spared, following=following)


def _cut(rows: list[Any], place: Any) -> tuple[tuple[Any, ...], str | None]:
    page, cursor = cut_page(rows, PAGE, place)
    return tuple(page), cursor


def _following(name: str, cursor: str | None) -> str | None:
    """The same page with one list moved on; the others stay where they are."""
    if cursor is None:
        return None
    kept = {
        each: request.args[each] for each in ("packs", "clients", "spared") if each in request.args
    }
    return f"{request.path}?{urlencode({**kept, name: cursor})}#{name}"


def _pack_line(each: PulledPack, story: Story) -> dict[str, Any]:
    pack = each.pack
    badge = STATES.get(each.outcome or "", ("Still to find", "wait"))
    said = ""
    if each.at is not None and each.by is not None:
        said = f"{story.names.get(each.by, each.by)}, {show_time(each.at)}"
    return {
        "code": pack.code,
        "what": f"{pack.contents} · {pack.sterilizer}, cycle {pack.cycle_number}",
        "badge": badge,
        "said": said,
        "outcome": each.outcome,
        "in_draft": pack.used_in is not None and not pack.started,
    }


def _client_line(met: Met, story: Story, told: frozenset[str], actor: Actor) -> dict[str, Any]:
    line = met_line(met, actor)
    calls = tuple(
        {
            "word": OUTCOMES[call["outcome"]][0],
            "tone": OUTCOMES[call["outcome"]][1],
            "when": show_time(call["called_at"]),
            "who": story.names.get(call["called_by"], call["called_by"]),
        }
        for call in met.calls
    )
    is_told = met.meeting.client_id in told
    elsewhere = is_told and not any(call["tone"] == "good" for call in calls)
    return {
        **line,
        "session_id": met.meeting.session_id,
        "by": say_packs(met) or line["evidence"],
        "calls": calls,
        "told": is_told,
        "elsewhere": elsewhere,
    }
