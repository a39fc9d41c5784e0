"""From a posted row to the answer an operation takes, and what was there before kept beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from compliance.domain.access import Actor
from compliance.domain.answers import Answer
from compliance.domain.template import Item
from compliance.domain.words import EvidenceKind, ItemKind
from compliance.errors import Refused
from compliance.operations.things import list_products
from compliance.operations.treatments.answering import AnswerItem
from compliance.operations.treatments.loading import Loaded
from compliance.operations.treatments.refusing import ON_THE_WAY
from compliance.store.session import Tx

Posted = Mapping[str, str]
Piece = dict[str, Any]

LONGEST_WAIT: Final = 7
"""Digits of the seconds that an answer may have waited: up to 115 days."""

_SENT_AGAIN: Final = {
    EvidenceKind.DISINFECTION.value: ("product", "lot", "contact_seconds", "barrier"),
    EvidenceKind.RETURNED.value: ("device",),
}
"""What of a recorded reference is an input; the rest was read from the register with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedRow:
    """One form of one row."""

    fields: Posted
    ticked: tuple[str, ...]
    """The contraindications that are ticked."""


def to_command(
    loaded: Loaded, item: Item, posted: PostedRow, *, times: Mapping[str, int], now: datetime
) -> AnswerItem:
    """Build the command for one posted row.

    Evidence is entered part by part, and an answer holds all of it: so what is
    recorded for the other parts is sent again with the new piece.

    Args:
        loaded: the session as it is now, in the caller's transaction.
        item: the item of the row.
        posted: what was sent.
        times: the contact time each disinfectant demands, in seconds, by id.
        now: the current time.
    """
    fields, answer = posted.fields, loaded.answers.get(item.code)
    evidence: Sequence[Piece] | None = None
    result: Any = fields.get("result", "")
    if fields.get("kind"):
        result = "yes"
        piece = read_piece(fields["kind"], fields.get("component", ""), fields, times=times)
        evidence = merge(loaded, answer, piece)
    elif item.evidence == "contraindications":
        evidence = _screened(result, posted.ticked)
    elif item.kind is ItemKind.MEASUREMENT:
        result = {"value": result.strip().replace(",", "."), "unit": item.unit}
    elif result == "yes" and answer is not None:
        evidence = [send_again(each) for each in answer.evidence]
    return AnswerItem(
        session_id=loaded.row.session_id,
        item=item.code,
        result=result,
        evidence=evidence,
        performed_at=read_time(
            fields.get("performed_at", ""),
            now=now,
            zone=ZoneInfo(loaded.row.time_zone),
            opened_at=loaded.row.opened_at,
        )
        or read_waited(fields.get("waited", ""), now=now, opened_at=loaded.row.opened_at),
    )


def _screened(result: str, ticked: Sequence[str]) -> list[Piece]:
    if result == "none" and ticked:
        raise Refused(
            "screening",
            result,
            "says none, and something is ticked",
            allowed="clear the ticks, or save what is ticked",
        )
    if result != "present":
        return []
    return [
        {"component": "client", "kind": EvidenceKind.CONTRAINDICATION.value, "ref": code}
        for code in ticked
    ]


def merge(loaded: Loaded, answer: Answer | None, piece: Piece) -> list[Piece]:
    """The new piece in the place of its part; the others stay as they are."""
    place = (piece["component"], piece["kind"])
    kept = [
        send_again(each)
        for each in (answer.evidence if answer else ())
        if (each["component"], each["kind"]) != place
    ]
    order = [component.component for component in loaded.facts.components]
    return sorted(
        [*kept, piece],
        key=lambda each: order.index(each["component"]) if each["component"] in order else 0,
    )


def send_again(piece: Mapping[str, Any]) -> Piece:
    """A recorded piece in the form in which it is entered."""
    ref = piece["ref"]
    names = _SENT_AGAIN.get(piece["kind"], tuple(ref))
    return {
        "component": piece["component"],
        "kind": piece["kind"],
        "ref": {name: ref[name] for name in names if ref.get(name) is not None},
    }


def read_piece(kind: str, component: str, fields: Posted, *, times: Mapping[str, int]) -> Piece:
    """The piece that a form's fields speak of; what it must hold, the operation checks."""
    return {"component": component, "kind": kind, "ref": _ref(kind, fields, times)}


def _ref(kind: str, fields: Posted, times: Mapping[str, int]) -> Any:
    match kind:
        case EvidenceKind.PACK:
            return fields.get("ref", "").strip()
        case EvidenceKind.LOT:
            return _lot(fields)
        case EvidenceKind.SHARPS:
            return fields.get("container", "").strip()
        case EvidenceKind.DISINFECTION:
            return _disinfection(fields, times)
        case EvidenceKind.PRODUCT:
            names = ("product", "name", "lot", "expires_on")
            given = {name: fields.get(name, "").strip() for name in names}
            return {"lot": ""} | {name: text for name, text in given.items() if text}
        case _:
            return ""


def _lot(fields: Posted) -> Any:
    if "ref" in fields:
        return fields["ref"].strip()
    return {"lot": fields.get("lot", ""), "expires_on": fields.get("expires_on", "")}


def _disinfection(fields: Posted, times: Mapping[str, int]) -> dict[str, str]:
    product, seconds = fields.get("product", ""), fields.get("contact_seconds", "").strip()
    suggested_for = fields.get("suggested_for", "")
    # Without a script the time on the screen stays the first product's when another one is
    # chosen. A time nobody touched means the chosen product's own.
    untouched = product != suggested_for and seconds == str(times.get(suggested_for, ""))
    if (untouched or not seconds) and product in times:
        seconds = str(times[product])
    ref = {"product": product, "contact_seconds": seconds}
    if fields.get("lot", "").strip():
        ref["lot"] = fields["lot"].strip()
    if fields.get("barrier"):
        ref["barrier"] = "yes"
    return ref


def contact_times(tx: Tx, *, actor: Actor) -> dict[str, int]:
    """What each disinfectant of the clinic demands, in seconds, by product id."""
    return {
        product.product_id: product.contact_seconds
        for product in list_products(tx, actor=actor)
        if product.contact_seconds is not None
    }


def read_waited(text: str, *, now: datetime, opened_at: datetime) -> datetime | None:
    """When an answer was pressed that waited for the network; None: now.

    The tablet sends how long it waited and not when that was, for its clock may be wrong.
    """
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_WAIT:
        return None
    waited = timedelta(seconds=int(text))
    return max(opened_at, now - waited) if waited >= ON_THE_WAY else None


def read_time(text: str, *, now: datetime, zone: ZoneInfo, opened_at: datetime) -> datetime | None:
    """When something was done, from a time of day on the clinic's wall; None: now.

    A time later than now is yesterday's if the session was open then, else it
    stays in the future, for the operation to refuse.

    Raises:
        Refused: the text is no time of day.
    """
    if not text.strip():
        return None
    try:
        hour, minute = (int(part) for part in text.strip().split(":")[:2])
        done = now.astimezone(zone).replace(hour=hour, minute=minute, second=0, microsecond=0)
    except ValueError as error:
        raise Refused("performed_at", text, "is no time of day", allowed="HH:MM") from error
    yesterday = done - timedelta(days=1)
    return yesterday if done > now and yesterday >= opened_at else done


def filled_in(kind: EvidenceKind, name: str, ref: Mapping[str, Any]) -> str:
    """What is recorded of a piece, as the field of this name shows it."""
    if kind is EvidenceKind.PACK:
        return str(ref.get("code") or "")
    if kind is EvidenceKind.RETURNED:
        return "yes" if ref else ""
    value = ref.get(name)
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)
