"""Whether authorities that the inspector pinned saw this log, and when: level 1, and brackets.

A time-stamp that contradicts the file rejects it. One by somebody whom nobody pinned is passed
over with the reason, for it shows nothing and costs nothing.
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from cryptography import x509

from compliance.ledger.canonical import NotCanonical
from compliance.ledger.entry import Entry, decode_entry, format_time, parse_time
from compliance.ledger.note import BadNote, Checkpoint, parse_checkpoint, signature_lines
from compliance.ledger.timestamp import (
    BadToken,
    authority_name,
    check_signature,
    is_issued_by,
    read_token,
    why_ignored,
)
from compliance.report.payload import AuditFile
from compliance.report.verifying.anchor_parts import AnchorPart
from compliance.report.verifying.history import roots_at
from compliance.report.verifying.timing import Bracket, TimeStamp
from compliance.report.verifying.verdict import Check

CODE: Final = "time_stamps"
_NAME: Final = "Authorities you pinned saw this log at the times stated"

_ENDINGS: Final = tuple(
    f'"kind":"session.{word}","v":1}}'.encode() for word in ("signed", "closed", "aborted")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeFindings:
    """What the time-stamps show."""

    check: Check
    stamps: tuple[TimeStamp, ...] = ()
    brackets: tuple[Bracket, ...] = ()
    covers: bool = False
    """Whether a time-stamp that counts is over every entry the file is about: level 1."""

    independent: bool = False
    """Whether one of those is by somebody other than the clinic itself."""


class _Contradiction(Exception):
    """A time-stamp that cannot be what the file says it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    part: AnchorPart
    reason: str | None
    """Why it does not count; nothing if it does."""

    @property
    def at(self) -> datetime:
        return parse_time(self.part.gen_time)


def judge_time_stamps(
    audit: AuditFile, pinned: Sequence[x509.Certificate], *, root: x509.Certificate
) -> TimeFindings:
    """Judge every time-stamp of a file whose entries and earlier trees are proved already.

    Args:
        pinned: authorities the inspector takes the word of, or their issuers.
        root: the one that the seal leads to; what it certified is not independent.
    """
    try:
        roots = roots_at(audit, sorted({part.size for part in audit.anchors}))
        judged = [
            _Judged(part=part, reason=_judge(audit, part, roots, (pinned, root)))
            for part in audit.anchors
        ]
    except _Contradiction as error:
        return TimeFindings(check=_answer(False, f"No: {error}."))
    counting = [item for item in judged if item.reason is None]
    needed = _needed(audit)
    covering = [item for item in counting if item.part.size >= needed]
    covers = bool(covering)
    return TimeFindings(
        check=_summary(audit, judged, counting, covers=covers),
        stamps=tuple(_shown(item) for item in judged),
        brackets=tuple(_brackets(audit, counting)),
        covers=covers,
        independent=any(item.part.independent for item in covering),
    )


def _judge(
    audit: AuditFile,
    part: AnchorPart,
    roots: Mapping[int, bytes],
    held: tuple[Sequence[x509.Certificate], x509.Certificate],
) -> str | None:
    stated = _stated(audit, part)
    if roots.get(part.size) != stated.root:
        raise _Contradiction(f"a time-stamp is over another log of {part.size} entries")
    if part.index is not None:
        _require_entry(audit, part, stated)
    pinned, root = held
    try:
        token = read_token(part.token)
        if not token.is_over(part.note.encode()):
            raise _Contradiction("a time-stamp is over something else than the log")
        if format_time(token.gen_time) != part.gen_time:
            raise _Contradiction("a time-stamp gives another time than the file says")
        signer = token.find_signer(pinned)
        if signer is None:
            return "its certificate is not at hand"
        check_signature(token, signer)
    except BadToken as error:
        raise _Contradiction(f"{error}") from error
    if authority_name(signer)[:200] != part.authority:
        raise _Contradiction("a time-stamp is by another authority than the file says")
    if part.independent and is_issued_by(signer, root):
        raise _Contradiction("a time-stamp of the clinic's own is called independent")
    return why_ignored(token, signer, pinned)


def _stated(audit: AuditFile, part: AnchorPart) -> Checkpoint:
    try:
        text, _ = signature_lines(part.note)
        stated = parse_checkpoint(text)
    except BadNote as error:
        raise _Contradiction(f"a time-stamp is over no checkpoint: {error}") from error
    if stated.origin != f"aseptrail/{audit.text('clinic', 'id')}" or stated.extensions:
        raise _Contradiction("a time-stamp is over another log")
    if stated.size != part.size or stated.size > audit.size:
        raise _Contradiction("a time-stamp is over another number of entries than the file says")
    return stated


def _require_entry(audit: AuditFile, part: AnchorPart, stated: Checkpoint) -> None:
    body = _find(audit, part.index or 0)
    entry = None if body is None else _decode(part.index or 0, body)
    if entry is None or entry.kind != "anchor":
        raise _Contradiction(f"entry {part.index} is not that of a time-stamp")
    told = {
        "size": part.size,
        "root": stated.root.hex(),
        "gen_time": part.gen_time,
        "authority": part.authority,
        "independent": part.independent,
        "token_sha256": hashlib.sha256(part.token).hexdigest(),
        "note_sha256": hashlib.sha256(part.note.encode()).hexdigest(),
    }
    if any(entry.data.get(name) != value for name, value in told.items()):
        raise _Contradiction(f"entry {part.index} names another time-stamp")


def _find(audit: AuditFile, index: int) -> bytes | None:
    if audit.start <= index < audit.end:
        return audit.entries[index - audit.start][1]
    return next((body for place, body in audit.context if place == index), None)


def _bodies(audit: AuditFile) -> Iterator[tuple[int, bytes | None]]:
    return itertools.chain(audit.entries, audit.context)


def _decode(index: int, body: bytes) -> Entry | None:
    try:
        return decode_entry(index, body)
    except NotCanonical:
        return None


def _needed(audit: AuditFile) -> int:
    """How many entries a time-stamp must be over to cover all that the file is about."""
    if audit.single is None:
        return audit.end
    own = audit.single.session_id
    return 1 + max(
        (index for index, body in audit.context if _data(body).get("session") == own), default=0
    )


def _data(body: bytes) -> Mapping[str, Any]:
    try:
        content = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        # What the quick reader does not like is judged with all other entries.
        content = json.loads(body)
    data = content["data"]
    return data if isinstance(data, dict) else {}


def _brackets(audit: AuditFile, counting: Sequence[_Judged]) -> Iterator[Bracket]:
    """Between which times each signed, closed or aborted session came into the log."""
    # The earliest word on so many entries or more, and the latest before an index.
    by_size = sorted({item.part.size for item in counting})
    earliest = {
        size: min(item.at for item in counting if item.part.size >= size) for size in by_size
    }
    tokens = {hashlib.sha256(item.part.token).hexdigest(): item.at for item in counting}
    placed = sorted((item.part.index, item.at) for item in counting if item.part.index is not None)
    latest = list(itertools.accumulate((at for _, at in placed), max))
    indexes = [index for index, _ in placed]
    for index, body in _bodies(audit):
        if body is None or not body.endswith(_ENDINGS):
            continue
        at = bisect.bisect_right(by_size, index)
        before = bisect.bisect_left(indexes, index)
        bounds = [latest[before - 1]] if before else []
        named = tokens.get(str(_data(body).get("anchor")))
        if named is not None:
            bounds.append(named)
        yield Bracket(
            record=index,
            not_before=max(bounds, default=None),
            by=earliest[by_size[at]] if at < len(by_size) else None,
        )


def _shown(item: _Judged) -> TimeStamp:
    part = item.part
    return TimeStamp(
        size=part.size,
        index=part.index,
        gen_time=item.at,
        authority=part.authority,
        independent=part.independent,
        counts=item.reason is None,
        reason=item.reason or "it is by an authority you pinned",
    )


def _summary(
    audit: AuditFile, judged: Sequence[_Judged], counting: Sequence[_Judged], *, covers: bool
) -> Check:
    if not judged:
        return _answer(None, "The file carries no time-stamps.")
    if not counting:
        reasons = sorted({item.reason or "" for item in judged})
        said = "; ".join(reasons[:3])
        return _answer(None, f"None of its {len(judged)} time-stamps counts: {said}.")
    newest = max(counting, key=lambda item: item.part.order())
    told = (
        f"{len(counting)} of {len(judged)} time-stamps count. The newest, by {newest.part.authority}, "
        f"says that the first {newest.part.size} entries existed by {newest.part.gen_time}."
    )
    if not newest.part.independent:
        told += " It is the clinic's own authority, which is not independent of it."
    if not covers:
        told += f" Entries from number {newest.part.size} to {_needed(audit) - 1} are not covered."
    return _answer(True, told)


def _answer(holds: bool | None, reason: str) -> Check:
    return Check(code=CODE, name=_NAME, holds=holds, reason=reason)
