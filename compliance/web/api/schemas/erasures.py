"""What the calls about erasures and challenges take and answer."""

from __future__ import annotations

from compliance.domain.erasure import LEGAL_BASES, ErasureState
from compliance.web.api.fields import Asked, Choice, Shown, Text
from compliance.web.api.schemas.shapes import Count, NextCursor, Part, Time, Word, uuid_text


class ErasureIn(Asked):
    """Whom to erase, and on what legal basis."""

    client_ref = Text(1, 80, required=True)
    basis = Choice(tuple(LEGAL_BASES), required=True)


class ColleagueErasureIn(Asked):
    """Which former colleague to erase, by the id that sessions name, and on what legal basis."""

    user = uuid_text(required=True)
    basis = Choice(tuple(LEGAL_BASES), required=True)


class ErasureOut(Shown):
    """One request; it names nobody."""

    id = Word(format="uuid")
    subject = Word(format="uuid")
    what = Word(enum=["client", "user"])
    basis = Word(enum=list(LEGAL_BASES))
    state = Word(enum=[state.value for state in ErasureState])
    requested_by = Word()
    requested_at = Time()
    requested_index = Count()
    ended_by = Word(nullable=True)
    ended_at = Time(nullable=True)
    ended_index = Count(nullable=True)
    completed_at = Time(nullable=True)


class ErasureListOut(Shown):
    items = Part(ErasureOut, many=True)
    next_cursor = NextCursor()


class ChallengeIn(Asked):
    """What an inspector made up on the spot."""

    challenge = Text(4, 200, required=True)


class ChallengeOut(Shown):
    """Where the challenge stands in the log."""

    index = Count()
    challenge = Word()
    at = Time()


class ChallengeListOut(Shown):
    items = Part(ChallengeOut, many=True)
    next_cursor = NextCursor()
