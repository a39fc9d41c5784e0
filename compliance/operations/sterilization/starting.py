"""Starting a load that a program put together, thing by thing as if each were scanned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from compliance.domain.access import Action, Actor
from compliance.errors import Refused
from compliance.operations.sealing import hold_log
from compliance.operations.sterilization.cycles import MOST_CONTENTS
from compliance.operations.sterilization.loading import (
    DraftRow,
    LoadRow,
    only_program,
    refuse_twice,
    start_draft,
)
from compliance.operations.sterilization.machines import find_sterilizer
from compliance.operations.sterilization.recognising import Recognised, recognise
from compliance.store.session import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class StartLoad:
    """A whole load as a program puts it together."""

    sterilizer: str
    program: str | None
    """None: the only one that the sterilizer has."""
    contents: Sequence[Mapping[str, str | None]]
    """``scan`` what a label says, or ``text`` for a set without a code."""


def start_given(tx: Tx, command: StartLoad, *, actor: Actor, now: datetime) -> LoadRow:
    """Start a load that was put together elsewhere; each thing is asked what a scan is asked.

    Raises:
        Blocked: everything that is in the way, at once.
        NotFound: no such sterilizer.
        Refused: something that does not belong into a load, or a program the sterilizer lacks.
    """
    actor.require(Action.REGISTER_PACKS)
    hold_log(tx, actor.clinic_id)
    machine = find_sterilizer(tx, command.sterilizer, actor=actor)
    names = [str(each["name"]) for each in machine.programs]
    if command.program is not None and command.program not in names:
        allowed = ", ".join(names)
        raise Refused("program", command.program, "is no program of it", allowed=allowed)
    draft = DraftRow(
        clinic_id=actor.clinic_id,
        user_id=actor.user_id,
        sterilizer_id=machine.sterilizer_id,
        program=command.program or only_program(machine),
        contents=[],
        changed_at=now,
    )
    for row, thing in enumerate(command.contents, start=1):
        draft = _with(tx, draft, row, thing, actor=actor, now=now)
    return start_draft(tx, draft, actor=actor, now=now)


def _with(
    tx: Tx,
    draft: DraftRow,
    row: int,
    thing: Mapping[str, str | None],
    *,
    actor: Actor,
    now: datetime,
) -> DraftRow:
    scan, text = thing.get("scan"), thing.get("text")
    if (scan is None) == (text is None) or row > MOST_CONTENTS:
        allowed = f"a scan or a text, up to {MOST_CONTENTS} times"
        raise Refused("contents", scan or text or "", "is not one thing", allowed=allowed)
    found = Recognised(text=(text or "").strip())
    if scan is not None:
        found = recognise(tx, scan, actor=actor, now=now)
        if found.sterilizer is not None:
            raise Refused("contents", scan, f"{found.text} is a sterilizer")
        refuse_twice(tx, draft, found, actor=actor)
    inside = {"row": row, "device": found.device, "text": found.text}
    return replace(draft, contents=[*draft.contents, inside])
