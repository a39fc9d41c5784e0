"""How the API shows sessions that met something, packs to pull and clients that are spared."""

from __future__ import annotations

from typing import Any

from compliance.domain.tracing import LotNotice
from compliance.ledger.entry import format_time
from compliance.operations.sterilization.worklist import Met, PulledPack, Spared
from compliance.web.api.presenting import show_moment


def show_met(met: Met, notice: LotNotice | None = None) -> dict[str, Any]:
    """A session that met something; with a notice, its lot."""
    return {
        "session_id": met.meeting.session_id,
        "client_ref": met.client_ref,
        "opened_at": format_time(met.meeting.opened_at),
        "state": met.meeting.state,
        "by": met.packs[0].code if met.packs else "",
        "packs": [pack.code for pack in met.packs],
        "evidence": [dict(piece) for piece in met.pieces],
        "found_by": None if notice is None else met.found_by(notice),
        "refused": [
            {
                "item": note.item,
                "used": [dict(thing) for thing in note.data["used"]],
                "performed_at": note.data["performed_at"],
                "refused_at": note.data["at"],
                "index": note.index,
            }
            for note in met.refused
        ],
        "calls": [
            {
                "called_at": format_time(call["called_at"]),
                "called_by": call["called_by"],
                "outcome": call["outcome"],
                "index": call["idx"],
            }
            for call in met.calls
        ],
    }


def show_pulled(pulled: PulledPack) -> dict[str, Any]:
    pack = pulled.pack
    return {
        "id": pack.pack_id,
        "code": pack.code,
        "state": pack.state.value,
        "contents": pack.contents,
        "sterilizer": pack.sterilizer,
        "cycle_number": pack.cycle_number,
        "cycle_id": pack.cycle_id,
        "outcome": pulled.outcome,
        "at": show_moment(pulled.at),
        "by": pulled.by,
    }


def show_spared(spared: Spared) -> dict[str, Any]:
    return {
        "client_ref": spared.client_ref,
        "session_id": spared.session_id,
        "reason": spared.reason,
    }
