"""Whether the log holds what the inspector made up on the spot."""

from __future__ import annotations

import unicodedata

from compliance.report.verifying.entries import ReadLog, entry_text
from compliance.report.verifying.verdict import Check

_CODE = "challenge"
_NAME = "The log holds the challenge you gave"
_KIND = "inspection.challenge"


def check_challenge(log: ReadLog, challenge: str | None) -> Check:
    """Look for the challenge; without one there is nothing to say.

    Nobody could have prepared a log that holds it. That there is no second log which
    holds it too, it does not show.
    """
    if challenge is None:
        reason = "You gave none."
        return Check(code=_CODE, name=_NAME, holds=None, reason=reason)
    wanted = unicodedata.normalize("NFC", " ".join(challenge.split()))
    for index in sorted(log.by_index, reverse=True):
        entry = log.by_index[index]
        if entry.kind == _KIND and entry_text(entry, "challenge") == wanted:
            reason = f"It is entry {index}, so the log was continued after you gave it."
            return Check(code=_CODE, name=_NAME, holds=True, reason=reason)
    if not log.audit.has_range:
        what = "one session" if log.audit.single is not None else "a recall or a search"
        reason = f"The file of {what} does not quote challenges. Ask for a report of a period."
        return Check(code=_CODE, name=_NAME, holds=None, reason=reason)
    reason = (
        "No: it was made before you gave the challenge, or drawn from another log than the one "
        "it was entered into."
    )
    return Check(code=_CODE, name=_NAME, holds=False, reason=reason)
