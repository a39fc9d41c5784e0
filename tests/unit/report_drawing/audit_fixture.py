"""A small clinic's log, made with the ledger's own functions, as the source of a report."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from compliance.ledger.canonical import canonical_bytes
from compliance.ledger.commitment import commit
from compliance.ledger.entry import encode_entry, format_time
from compliance.ledger.tree import hash_leaf, root_hash
from unit.report_drawing.fixture_parts import (
    CLINIC,
    DEVICES,
    PEOPLE,
    REFERENCES,
    TEMPLATE_HASH,
    TEMPLATES,
    evidence_after,
    evidence_before,
)

START: Final = datetime(2026, 10, 28, 8, 0, tzinfo=UTC)
ROOT_FINGERPRINT: Final = hashlib.sha256(b"root certificate").hexdigest()
MEANING: Final = "I treated this client as recorded and every item above is true."


@dataclass(frozen=True, slots=True, kw_only=True)
class FixtureAudit:
    """The same shape as a parsed ``audit.json``."""

    data: Mapping[str, Any]
    entries: Sequence[tuple[int, bytes | None]]
    context: Sequence[tuple[int, bytes]]
    disclosures: Mapping[str, str]
    canonical: bytes
    checkpoint_note: str
    curves: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class FixtureLog:
    """Appends entries one minute apart."""

    bodies: list[bytes] = field(default_factory=list)
    disclosures: dict[str, str] = field(default_factory=dict)
    now: datetime = START

    def append(self, kind: str, data: Mapping[str, Any], *, by: str = "system:fixture") -> int:
        self.now += timedelta(minutes=1)
        auth = "system" if by.startswith("system:") else "password"
        self.bodies.append(
            encode_entry(
                kind=kind,
                clinic=CLINIC["id"],
                at=self.time(),
                by={"user": by, "auth": auth},
                data=data,
            )
        )
        return len(self.bodies) - 1

    def hide(self, field_name: str, value: str, *, disclose: bool = True) -> dict[str, str]:
        salt = hashlib.sha256(f"{field_name}/{value}/{len(self.bodies)}".encode()).digest()
        commitment = commit(field_name, salt, value).hex()
        if disclose:
            self.disclosures[commitment] = value
        return {"commit": commitment}

    def time(self) -> str:
        return format_time(self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How one session shall go."""

    state: str = "closed"
    late: bool = False
    device: int = 0
    template: int = 0
    practitioner: int = 0
    override: bool = False
    disclose: bool = True
    token: bool = False


SESSIONS: Final = (
    Wish(),
    Wish(late=True, practitioner=1, device=1),
    Wish(device=2, template=1, practitioner=2),
    Wish(state="aborted", practitioner=1),
    Wish(practitioner=2, override=True, device=1),
    Wish(template=1, disclose=False),
    Wish(state="awaiting_reprocessing", device=2, template=1),
    Wish(practitioner=2, token=True),
    Wish(late=True, template=1, device=1),
    Wish(practitioner=3),
    Wish(state="open", practitioner=1),
    Wish(device=1, practitioner=3),
    Wish(template=1, device=2, practitioner=3),
    Wish(practitioner=1),
)


def build_audit(
    wishes: Sequence[Wish] = SESSIONS,
    *,
    demo: bool = False,
    language: str = "en",
    clinic_name: str = CLINIC["name"],
    incidents: bool = True,
) -> FixtureAudit:
    """Return the audit of a log with a closed session before the range and these in it."""
    log = FixtureLog()
    found_clinic(log)
    earlier = record_session(log, Wish(), 0)
    start = len(log.bodies)
    closings = [record_session(log, wish, number + 1) for number, wish in enumerate(wishes)]
    closed = [at for at, wish in zip(closings, wishes, strict=True) if wish.state == "closed"]
    if incidents:
        _amend(log, closed[0])
        _amend(log, earlier)
        _mishaps(log, closed[0]["closed"])
    clinic = {**CLINIC, "demo": demo, "language": language, "name": clinic_name}
    unfinished = [
        {"session": one["session"], "state": wish.state, "opened_index": one["opened"]}
        for one, wish in zip(closings, wishes, strict=True)
        if wish.state not in {"closed", "aborted"}
    ]
    return make_audit(log, start, clinic, unfinished)


def found_clinic(log: FixtureLog) -> None:
    log.append("log.genesis", {"name": CLINIC["name"], "demo": False})
    for number, template in enumerate(TEMPLATES):
        log.append("template.published", {"template": template, "hash": TEMPLATE_HASH[number]})
    for user, (name, roles) in PEOPLE.items():
        log.append(
            "user.added", {"user": user, "name": log.hide("user.name", name), "roles": roles}
        )


def record_session(log: FixtureLog, wish: Wish, number: int) -> dict[str, Any]:
    session = f"019a0000-0000-7000-8000-{number:012x}"
    # Days apart, so that sessions fall on several days of the report.
    log.now += timedelta(hours=9 if number % 2 else 2)
    user = list(PEOPLE)[wish.practitioner]
    device = DEVICES[wish.device]
    template = TEMPLATES[wish.template]
    reference = {
        "id": template["id"],
        "version": template["version"],
        "hash": TEMPLATE_HASH[wish.template],
    }
    name = REFERENCES[number % len(REFERENCES)]
    client = {
        "id": f"019b0000-0000-7000-8000-{number:012x}",
        "ref": log.hide("client.ref", f"{name}, C-{number:04d}", disclose=wish.disclose),
    }
    facts = {"client": client, "template": reference, "device": device, "practitioner": user}
    opened = log.append("session.opened", {"session": session, "warnings": [], **facts}, by=user)
    opened_at = log.time()
    if wish.state == "open":
        return {"session": session, "opened": opened}
    consent = log.append(
        "consent.signed",
        {"session": session, "text_id": "microneedling-risks", "text_version": 3},
        by=user,
    )
    items = [_answer(log, session, item, wish, user) for item in template["items"]]
    data = {
        "session": session,
        "state": wish.state,
        "opened": {"index": opened, "at": opened_at},
        "started_at": items[7]["at"],
        "finished_at": None if wish.state == "aborted" else items[-3]["at"],
        **facts,
        "items": items[:8] if wish.state == "aborted" else items,
        "overrides": _overrides(log, wish, user),
        "consent": {"index": consent},
        "warnings": _warnings(wish),
        "signature": {
            "by": user,
            "meaning": MEANING,
            "at": log.time(),
            "auth": "token" if wish.token else "password",
            "grant": None,
        },
        "signed": None,
        "idempotency_key": None,
        "tablet": None,
        "anchor": None,
    }
    return {"session": session, "opened": opened, "user": user, "closed": _end(log, data, user)}


def _end(log: FixtureLog, data: dict[str, Any], user: str) -> int:
    if data["state"] == "awaiting_reprocessing":
        return log.append("session.signed", data, by=user)
    if data["state"] == "closed":
        return log.append("session.closed", data, by=user)
    data["deviation"] = {
        "what": log.hide("deviation.what", "The cartridge's seal was broken when unpacked."),
        "why": log.hide("deviation.why", "The carton was crushed in transport."),
        "corrective_action": log.hide(
            "deviation.corrective_action", "Carton discarded, supplier told, new appointment made."
        ),
    }
    return log.append("session.aborted", data, by=user)


def _answer(
    log: FixtureLog, session: str, item: Mapping[str, Any], wish: Wish, user: str
) -> dict[str, Any]:
    code = item["code"]
    results: dict[str, Any] = {
        "needle_material": "surgical_steel" if wish.device else "titanium",
        "needle_depth": {"value": "1.5" if wish.template else "0.3", "unit": "mm"},
    }
    evidence: list[dict[str, Any]] = []
    if code == "device_sterilized_before":
        evidence = evidence_before(wish.device)
    elif code == "device_sterilized_after":
        evidence = evidence_after(wish.device)
    elif code in {"serum", "skin_disinfected_before"}:
        evidence = [_product("Hyaluron serum 1 %" if code == "serum" else "Octenisept")]
    late = wish.late and code == "mask_worn"
    performed = log.time()
    if late:
        log.now += timedelta(minutes=55)
    result = results.get(code, "yes")
    log.append(
        "session.answered",
        {
            "session": session,
            "item": code,
            "old": None,
            "new": result,
            "evidence": evidence,
            "performed_at": performed,
            "late": late,
            "reason": None,
            "undo": False,
        },
        by=user,
    )
    return {
        "code": code,
        "phase": item["phase"],
        "kind": item["kind"],
        "result": result,
        "evidence": evidence,
        "by": user,
        "auth": "pin",
        "at": log.time(),
        "performed_at": performed,
        "late": late,
    }


def _product(name: str) -> dict[str, Any]:
    ref = {"product": None, "name": name, "lot": "H2291", "expires_on": "2027-08-31"}
    return {"component": None, "kind": "product", "ref": ref}


def _overrides(log: FixtureLog, wish: Wish, user: str) -> list[dict[str, Any]]:
    if not wish.override:
        return []
    reason = log.hide("reason", "Scar is on the other cheek; the dermatologist agreed in writing.")
    return [{"item": "contraindications", "by": user, "at": log.time(), "reason": reason}]


def _warnings(wish: Wish) -> list[dict[str, str]]:
    if not wish.override:
        return []
    text = "The last session of this protocol was 9 days ago; 14 days are usual."
    return [{"code": "interval", "text": text}]


def _amend(log: FixtureLog, closing: Mapping[str, Any]) -> None:
    log.append(
        "session.amended",
        {
            "session": closing["session"],
            "closed_index": closing["closed"],
            "item": "needle_material",
            "old": "titanium",
            "new": "surgical_steel",
            "evidence_old": [],
            "evidence_new": [],
            "reason": log.hide("reason", "Wrong button; the cartridge's label says steel."),
            "signature": {
                "by": closing["user"],
                "meaning": "I correct this record.",
                "at": log.time(),
                "auth": "password",
                "grant": None,
            },
        },
        by=closing["user"],
    )


def _mishaps(log: FixtureLog, cites: int) -> None:
    log.append(
        "incident.recorded",
        {
            "incident": "019c0000-0000-7000-8000-000000000001",
            "session": None,
            "cites": cites,
            "grade": "moderate",
            "signs": ["infection", "severe_bleeding"],
            "escalated": True,
            "description": log.hide("description", "Client rang on day 2; seen the same evening."),
        },
        by=next(iter(PEOPLE)),
    )
    log.append(
        "followup.recorded",
        {"session": "x", "cites": cites, "outcome": "signs", "signs": ["bruising"], "note": None},
        by=next(iter(PEOPLE)),
    )
    earlier = format_time(log.now + timedelta(minutes=9))
    log.append("clock.anomaly", {"previous": earlier, "observed": log.time()})
    log.append(
        "report.exported",
        {
            "report": "019d0000-0000-7000-8000-000000000001",
            "sha256": hashlib.sha256(b"earlier report").hexdigest(),
            "from": "2026-10-01",
            "to": "2026-10-31",
            "start": 0,
            "end": 12,
            "size": 20,
        },
        by=next(iter(PEOPLE)),
    )
    log.append(
        "restore",
        {
            "how": "backup",
            "incarnation": 2,
            "backup": {"at": log.time(), "size": 20, "root": "00" * 32},
            "previous": {"size": 24, "root": "11" * 32, "incarnation": 1},
        },
    )


def make_audit(
    log: FixtureLog, start: int, clinic: Mapping[str, Any], unfinished: list[dict[str, Any]]
) -> FixtureAudit:
    size = len(log.bodies)
    root = root_hash(hash_leaf(body) for body in log.bodies)
    note = f"aseptrail/{clinic['slug']}\n{size}\n{root.hex()}\n\n— key AAAA{'B' * 86}\n"
    data: dict[str, Any] = {
        "schema": "aseptrail/audit/2",
        "software": "aseptrail 0.1.0",
        "clinic": dict(clinic),
        "period": {"from": "2026-10-29", "to": "2026-11-30", "from_time": "", "to_time": ""},
        "made_at": "2026-12-01T09:30:00.000Z",
        "made_by": next(iter(PEOPLE)),
        "filters": {},
        "volume": None,
        "range": {"start": start, "end": size},
        "size": size,
        "root": root.hex(),
        "incarnation": 2,
        "checkpoint": note,
        "open_sessions": unfinished,
        "profiles": [{"id": "ie-hse", "title": "Ireland, special procedures", "version": 2}],
        "entries": [body.decode() for body in log.bodies[start:]],
    }
    return FixtureAudit(
        data=data,
        entries=list(enumerate(log.bodies[start:], start=start)),
        context=list(enumerate(log.bodies[:start])),
        disclosures=log.disclosures,
        canonical=canonical_bytes(data),
        checkpoint_note=note,
    )
