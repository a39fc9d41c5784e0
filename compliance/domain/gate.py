"""The gate: the one rule that decides whether a session may start or close.

Pages, the API, offline sync, the command line and the demo all ask these two
functions, and the database's guards repeat what a database can check. The
answer names every blocker at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from compliance.domain.answers import asked_items
from compliance.domain.evidence import Problem
from compliance.domain.gate_facts import Blocked, Blocker, GateAnswer, SessionFacts
from compliance.domain.item_problems import find_problems, judge_piece
from compliance.domain.template import Item
from compliance.domain.words import EvidenceKind, Phase, SessionState

__all__ = [
    "Blocked",
    "Blocker",
    "GateAnswer",
    "SessionFacts",
    "ask_close",
    "ask_finish",
    "ask_start",
    "item_problems",
    "judge_piece",
    "waiting_components",
]


def ask_start(facts: SessionFacts) -> GateAnswer:
    """May the treatment start? Every asked item of the phase ``before`` must hold."""
    blockers = list(_state_blocker(facts, SessionState.DRAFT, "start", "in_progress"))
    for item in asked_items(facts.template, facts.answers):
        if item.phase is Phase.BEFORE:
            blockers.extend(item_problems(facts, item))
    return GateAnswer(blockers=tuple(blockers))


def ask_finish(facts: SessionFacts) -> GateAnswer:
    """May the treatment end? Only a started one can."""
    return GateAnswer(
        blockers=tuple(_state_blocker(facts, SessionState.IN_PROGRESS, "finish", "treated"))
    )


def ask_close(facts: SessionFacts) -> GateAnswer:
    """May the session be closed? Every asked item of every phase must hold.

    A steam component that was sent back and not yet released again does not
    block: it is named in ``waiting``, and the session waits with its signature.
    """
    blockers = list(_state_blocker(facts, SessionState.TREATED, "close", "closed"))
    for item in asked_items(facts.template, facts.answers):
        blockers.extend(item_problems(facts, item))
    return GateAnswer(blockers=tuple(blockers), waiting=waiting_components(facts))


def waiting_components(facts: SessionFacts) -> tuple[str, ...]:
    """The components that were returned and whose later cycle is not released yet."""
    answer = facts.answers.get("device_sterilized_after")
    if answer is None:
        return ()
    return tuple(
        piece["component"]
        for piece in answer.evidence
        if piece["kind"] == EvidenceKind.RETURNED and "pack" not in piece["ref"]
    )


def item_problems(facts: SessionFacts, item: Item) -> tuple[Blocker, ...]:
    """What is wrong with one item as it stands; empty when it is complete."""
    return tuple(_blocker(facts, item.code, problem) for problem in find_problems(facts, item))


def _state_blocker(
    facts: SessionFacts, needed: SessionState, verb: str, done: str
) -> Iterator[Blocker]:
    if facts.state is not needed:
        yield _blocker(
            facts,
            "session",
            Problem(
                code="wrong_state",
                reason=f"The session is {facts.state.value.replace('_', ' ')}; only a session that"
                f" is {needed.value.replace('_', ' ')} can be {done.replace('_', ' ')}.",
                rule="session_order",
                fix=f"Look at the session's state; {verb} comes in its turn.",
            ),
        )


def _blocker(facts: SessionFacts, item: str, problem: Problem) -> Blocker:
    return Blocker(
        item=item,
        code=problem.code,
        reason=problem.reason,
        rule=str(facts.rules.cite(problem.rule)),
        fix=problem.fix,
    )
