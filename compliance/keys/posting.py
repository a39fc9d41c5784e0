"""Asking a configured address, within limits: the only way out of the building there is.

Nothing but addresses from the settings is asked, redirects are not followed, and an answer that
is too long or too slow is none.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Final

from compliance.errors import ComplianceError

SECONDS: Final = 10.0
"""For one question in all, from the first letter to the last."""

MAX_ANSWER_BYTES: Final = 64 * 1024
"""Inclusive."""

_PIECE: Final = 8192


class NoAnswer(ComplianceError):
    """An address that did not answer, or not in time, or too much."""

    code = "no_answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back."""

    status: int
    content_type: str
    body: bytes


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An address that sends one elsewhere could send one inside; only the one configured is asked."""

    def redirect_request(self, *_args: object) -> None:
        return None


def post(url: str, body: bytes, *, content_type: str, seconds: float = SECONDS) -> Reply:
    """Send a body and return the answer, whatever its status.

    Raises:
        NoAnswer: saying why in words for an operator.
    """
    if not url.startswith(("https://", "http://")):
        raise NoAnswer(f"{url[:80]!r} is not an address that can be asked")
    deadline = time.monotonic() + seconds
    request = urllib.request.Request(  # noqa: S310 (the scheme was just checked)
        url, data=body, headers={"Content-Type": content_type}, method="POST"
    )
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=seconds) as answer:
            return _take(answer, deadline)
    except urllib.error.HTTPError as answer:
        with answer:
            return _take(answer, deadline)
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise NoAnswer(f"it does not answer: {reason}") from error


def _take(answer: http.client.HTTPResponse | urllib.error.HTTPError, deadline: float) -> Reply:
    taken = b""
    while piece := answer.read1(_PIECE):
        taken += piece
        if len(taken) > MAX_ANSWER_BYTES:
            raise NoAnswer("its answer is too long")
        # Each piece may come in time and the whole never end.
        if time.monotonic() > deadline:
            raise NoAnswer("its answer takes too long")
    return Reply(
        status=int(answer.status or 0),
        content_type=answer.headers.get("Content-Type", ""),
        body=taken,
    )
