"""An inspector's challenges."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from compliance.domain.access import Action
from compliance.ledger.entry import format_time
from compliance.operations.inspections import Challenge, enter_challenge, list_challenges
from compliance.store.session import Tx
from compliance.web.api.routing import Call, serve
from compliance.web.api.schemas.erasures import ChallengeIn, ChallengeListOut, ChallengeOut
from compliance.web.api.writing import Answer, Asking, Reply, read, write

TAG: Final = "Inspection"


@serve("GET", "/challenges", Call(needs=Action.ENTER_CHALLENGE, gives=ChallengeListOut, tag=TAG))
def get_challenges() -> Reply:
    """List what inspectors gave, newest first; at most 50"""

    def work(tx: Tx, asking: Asking) -> Answer:
        found = list_challenges(tx, actor=asking.actor)
        return Answer(body={"items": [_challenge(each) for each in found], "next_cursor": None})

    return read(work)


@serve(
    "POST",
    "/challenges",
    Call(
        needs=Action.ENTER_CHALLENGE,
        takes=ChallengeIn,
        gives=ChallengeOut,
        status=201,
        tag=TAG,
        example={"challenge": "green crane 7731"},
    ),
)
def post_challenge(body: dict[str, Any]) -> Reply:
    """Enter a challenge; every report made from now on holds it"""

    def work(tx: Tx, asking: Asking) -> Answer:
        made = enter_challenge(tx, body["challenge"], actor=asking.actor, now=asking.now)
        return Answer(body=_challenge(made))

    return write(work, status=HTTPStatus.CREATED)


def _challenge(each: Challenge) -> dict[str, Any]:
    return {"index": each.index, "challenge": each.text, "at": format_time(each.at)}
