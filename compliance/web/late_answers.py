"""What pages and API do with a refused answer that came late: recalls must know of it."""

from __future__ import annotations

from datetime import datetime

from compliance.domain.access import Actor
from compliance.errors import ComplianceError
from compliance.operations.treatments.answering import AnswerItem
from compliance.operations.treatments.refusing import enter_refused, may_matter
from compliance.web.context import services


def keep_refused(
    command: AnswerItem, error: ComplianceError, *, actor: Actor, now: datetime
) -> bool:
    """Enter what a refused answer says was used, if a recall takes it back; whether it was.

    The refusal undid the answer's own transaction, so this is one of its own.
    """
    if not may_matter(command, error, now=now):
        return False
    with services().database.writing() as tx:
        return enter_refused(tx, command, actor=actor, now=now) is not None
