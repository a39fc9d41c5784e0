"""What was used last: the usual answers that a screen offers, never an answer by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compliance.domain.access import Action, Actor
from compliance.domain.words import EvidenceKind
from compliance.store import session_lists, sessions
from compliance.store.session import Tx
from compliance.store.session_lists import SessionFilter

_LOOK_BACK = 8
"""Sessions looked at; a bottle or a container is in use for longer than that many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """The newest choice of each sort."""

    template_id: str | None
    """The protocol and the device this person opened last."""
    device_id: str | None
    container: str | None
    """The sharps container the clinic used last."""
    refs: Mapping[tuple[str, str], Mapping[str, Any]]
    """The newest evidence by (component, kind), as it was recorded."""


def find_usual(tx: Tx, *, actor: Actor) -> Usual:
    """Read what the clinic used last; two queries."""
    actor.require(Action.READ_SESSIONS)
    lines = session_lists.list_sessions(
        tx, actor.clinic_id, SessionFilter(), after=None, limit=_LOOK_BACK
    )
    answers = sessions.read_answers_of(tx, actor.clinic_id, [line.session_id for line in lines])
    given = sorted(
        (answer for of_one in answers.values() for answer in of_one.values()),
        key=lambda answer: answer.index,
    )
    refs = {
        (piece["component"], piece["kind"]): piece["ref"]
        for answer in given
        for piece in answer.evidence
    }
    own = next((line for line in lines if line.practitioner_id == actor.user_id), None)
    containers = (
        str(piece["ref"]["container"])
        for answer in reversed(given)
        for piece in answer.evidence
        if piece["kind"] == EvidenceKind.SHARPS
    )
    return Usual(
        template_id=None if own is None else own.template_id,
        device_id=None if own is None else own.device_id,
        container=next(containers, None),
        refs=refs,
    )
