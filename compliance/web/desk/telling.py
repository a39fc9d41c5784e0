"""The history of a session told entry by entry: who, what, when, old, new, why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from compliance.domain.template import Template
from compliance.operations.personal import ERASED
from compliance.operations.treatments.reading import HistoryLine
from compliance.web.desk.wording import (
    AUTH,
    count_of,
    item_label,
    say_evidence,
    say_result,
    show_moment,
)
from compliance.web.tablet.wording import SIGN_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One entry as the page shows it."""

    index: int
    when: str
    who: str
    how: str
    """How the person was recognised."""
    what: str
    old: str | None = None
    """The value before; set only where one value took the place of another."""
    new: str | None = None
    lines: Sequence[str] = ()
    reason: str = ""
    late: str = ""
    """When it was done, where it was entered late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """What is needed to say in words what an entry says in codes."""

    template: Template
    names: Mapping[str, str]
    texts: Mapping[str, str]
    """Disclosed values by commitment."""

    def tell(self, line: HistoryLine) -> Told:
        reader = _READERS.get(line.kind)
        told: dict[str, Any] = (
            {"what": line.kind.replace(".", " ").replace("_", " ").capitalize()}
            if reader is None
            else reader(self, line.data)
        )
        return Told(
            index=line.index,
            when=show_moment(line.at),
            who=self.name(line.user_id),
            how=AUTH.get(line.auth, line.auth),
            **told,
        )

    def name(self, user_id: str) -> str:
        if user_id.startswith("system:"):
            return f"{user_id.removeprefix('system:')} (system)"
        return self.names.get(user_id, user_id)

    def text(self, committed: Any) -> str:
        if not isinstance(committed, Mapping):
            return ""
        return self.texts.get(str(committed.get("commit")), ERASED)

    def result(self, code: str, result: Any) -> str:
        return say_result(self.template.item(code), result)


Facts = Mapping[str, Any]


def _opened(teller: Teller, data: Facts) -> dict[str, Any]:
    return {
        "what": f"Opened for client {teller.text(data['client']['ref'])} on {data['device']['label']}",
        "lines": [warning["text"] for warning in data["warnings"]],
    }


def _answered(teller: Teller, data: Facts) -> dict[str, Any]:
    code, label = data["item"], item_label(teller.template, data["item"])
    told: dict[str, Any] = {
        "reason": teller.text(data["reason"]),
        "late": f"done {show_moment(data['performed_at'])}" if data["late"] else "",
    }
    if data["undo"]:
        return {
            **told,
            "what": f"{label}: answer taken back",
            "old": teller.result(code, data["old"]),
        }
    new = teller.result(code, data["new"])
    if data["old"] is None:
        return {**told, "what": f"{label}: {new}", "lines": say_evidence(data["evidence"])}
    return {
        **told,
        "what": f"{label}: answered again",
        "old": teller.result(code, data["old"]),
        "new": new,
        "lines": say_evidence(data["evidence"]),
    }


def _refused(teller: Teller, data: Facts) -> dict[str, Any]:
    things = ", ".join(f"{thing['kind']} {thing['code']}" for thing in data["used"])
    return {
        "what": f"{item_label(teller.template, data['item'])}: entered late with {things}, and refused",
        "lines": ["It was taken back by a recall before the answer arrived."],
        "late": f"done {show_moment(data['performed_at'])}",
    }


def _overridden(teller: Teller, data: Facts) -> dict[str, Any]:
    label = item_label(teller.template, data["item"])
    return {
        "what": f"{label}: decided to treat all the same",
        "reason": teller.text(data["reason"]),
    }


def _taken_over(teller: Teller, data: Facts) -> dict[str, Any]:
    return {
        "what": "Taken over by a colleague",
        "old": teller.name(data["from"]),
        "new": teller.name(data["to"]),
        "reason": teller.text(data["reason"]),
    }


def _corrected(teller: Teller, data: Facts) -> dict[str, Any]:
    old, new = data["old"], data["new"]
    if data["field"] == "device":
        return {
            "what": "The device was corrected before closing",
            "old": old["label"],
            "new": new["label"],
        }
    return {
        "what": f"The {data['field']} was corrected before closing",
        "old": teller.text(old.get("ref")) or None,
        "new": teller.text(new.get("ref")) or None,
    }


def _consented(_teller: Teller, data: Facts) -> dict[str, Any]:
    text = str(data["text_id"]).replace("_", " ")
    return {"what": f"The client signed the consent: {text}, version {data['text_version']}"}


def _signed(_teller: Teller, data: Facts) -> dict[str, Any]:
    return {
        "what": "Signed; waits until the device is sterilized and released",
        "lines": [f"“{data['signature']['meaning']}”"],
    }


def _closed(_teller: Teller, data: Facts) -> dict[str, Any]:
    if data.get("signed"):
        entry = data["signed"]["index"]
        return {"what": f"Closed: the device was released. The signature is entry {entry}"}
    return {"what": "Closed and signed", "lines": [f"“{data['signature']['meaning']}”"]}


def _aborted(teller: Teller, data: Facts) -> dict[str, Any]:
    deviation = data["deviation"]
    return {
        "what": "Aborted and signed",
        "lines": [
            f"What happened: {teller.text(deviation['what'])}",
            f"Why: {teller.text(deviation['why'])}",
            f"Corrective action: {teller.text(deviation['corrective_action'])}",
        ],
    }


def _amended(teller: Teller, data: Facts) -> dict[str, Any]:
    code = data["item"]
    if code == "device":
        return {
            "what": "The device: amended",
            "old": data["old"]["label"],
            "new": data["new"]["label"],
            "reason": teller.text(data["reason"]),
        }
    return {
        "what": f"{item_label(teller.template, code)}: amended",
        "old": teller.result(code, data["old"]),
        "new": teller.result(code, data["new"]),
        "lines": say_evidence(data["evidence_new"]),
        "reason": teller.text(data["reason"]),
    }


def _incident(teller: Teller, data: Facts) -> dict[str, Any]:
    signs = ", ".join(SIGN_WORDS.get(sign, sign) for sign in data["signs"])
    escalated = "escalated to a doctor" if data["escalated"] else "not escalated"
    return {
        "what": f"Adverse event, {data['grade']}, {escalated}",
        "lines": [line for line in (signs, teller.text(data["description"])) if line],
    }


def _follow_up(teller: Teller, data: Facts) -> dict[str, Any]:
    signs = [SIGN_WORDS.get(sign, sign) for sign in data["signs"]]
    outcome = (
        "the client is well"
        if data["outcome"] == "well"
        else count_of(len(signs), "sign", "signs") + " to look at"
    )
    return {
        "what": f"Follow-up: {outcome}",
        "lines": [line for line in (", ".join(signs), teller.text(data["note"])) if line],
    }


def _exported(_teller: Teller, data: Facts) -> dict[str, Any]:
    copy = data.get("purpose") == "client_copy"
    return {
        "what": "Client’s copy made as a signed file"
        if copy
        else "Signed file of this session made for inspection",
        "lines": [f"SHA-256 {data['sha256']}"],
    }


def _says(sentence: str) -> Callable[[Teller, Facts], dict[str, Any]]:
    return lambda _teller, _data: {"what": sentence}


_READERS: Final[Mapping[str, Callable[[Teller, Facts], dict[str, Any]]]] = MappingProxyType(
    {
        "session.opened": _opened,
        "session.answered": _answered,
        "session.refused": _refused,
        "session.overridden": _overridden,
        "session.taken_over": _taken_over,
        "session.corrected": _corrected,
        "consent.signed": _consented,
        "session.started": _says("Treatment started"),
        "session.finished": _says("Treatment ended"),
        "session.signed": _signed,
        "session.closed": _closed,
        "session.aborted": _aborted,
        "session.amended": _amended,
        "device.returned": _says("The device went back to the sterilization room"),
        "incident.recorded": _incident,
        "followup.recorded": _follow_up,
        "report.exported": _exported,
    }
)
