"""Collecting what goes into ``audit.json``: entries, proofs, context, disclosures."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from compliance.ledger.canonical import JsonValue
from compliance.ledger.entry import format_time
from compliance.ledger.proofs import inclusion_proof, range_proof
from compliance.operations.catalogue import effective_rules
from compliance.operations.people.renaming import find_renamings
from compliance.operations.personal import disclose
from compliance.operations.reporting.curves import collect_curves
from compliance.operations.reporting.loads import WantedLoads, find_standing
from compliance.operations.reporting.outside import join_steps, quote_anchors
from compliance.operations.reporting.ranges import Period
from compliance.operations.reporting.rules import period_profiles
from compliance.operations.reporting.standing import always_quoted
from compliance.operations.reporting.trees import Tree as Tree
from compliance.operations.reporting.trees import sign_tree as sign_tree
from compliance.operations.reporting.workshop import Workshop, software_name
from compliance.operations.sealing import CHALLENGE, node_reader
from compliance.operations.treatments.reading import find_commitments
from compliance.report.payload import AuditParts, ContextEntry, Disclosure
from compliance.store import log, reports
from compliance.store.clinics import ClinicRow
from compliance.store.session import Tx

MAX_CHALLENGES = 20
"""Inspectors' challenges that a report quotes from outside its range; the newest ones."""


@dataclass(slots=True, kw_only=True)
class Wanted:
    """What the entries of a range refer to outside of it."""

    templates: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    indexes: set[int] = field(default_factory=set)
    commitments: set[str] = field(default_factory=set)
    clients: set[str] = field(default_factory=set)
    loads: WantedLoads = field(default_factory=WantedLoads)

    def look_at(self, entry: Mapping[str, Any]) -> None:
        self.loads.look_at(entry)
        data = entry["data"]
        self.users.add(entry["by"]["user"])
        self.users |= _people(data)
        self.commitments |= find_commitments(data)
        client = data.get("client")
        if isinstance(client, Mapping):
            self.clients.add(client["id"])
        template = data.get("template")
        if isinstance(template, Mapping) and isinstance(template.get("hash"), str):
            self.templates.add(template["hash"])
        for name in ("opened", "signed", "consent"):
            place = data.get(name)
            if isinstance(place, Mapping):
                self.indexes.add(place["index"])
        for name in ("closed_index", "cites"):
            if isinstance(data.get(name), int):
                self.indexes.add(data[name])


def _people(data: Mapping[str, Any]) -> set[str]:
    signature = data.get("signature") or {}
    found = {data.get(name) for name in ("user", "practitioner", "from", "to")}
    found.add(signature.get("by"))
    for name in ("items", "overrides"):
        found |= {item.get("by") for item in data.get(name) or ()}
    return {user for user in found if isinstance(user, str)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What one volume is about."""

    clinic: ClinicRow
    period: Period
    start: int
    end: int
    volume: tuple[int, int] | None
    filters: Mapping[str, str]
    made_by: str
    made_at: datetime


def collect_parts(tx: Tx, workshop: Workshop, request: Request, tree: Tree) -> AuditParts:
    """Read everything of one volume from a consistent snapshot."""
    clinic_id = request.clinic.clinic_id
    entries: list[bytes | None] = []
    leaf_hashes: list[bytes] = []
    wanted = Wanted()
    for _, leaf_hash, body in log.read_range(tx, clinic_id, request.start, request.end):
        entries.append(None if body is None else bytes(body))
        leaf_hashes.append(bytes(leaf_hash))
        if body is not None:
            wanted.look_at(json.loads(body))
    open_sessions = _open_sessions(tx, request)
    wanted.indexes |= {session["opened_index"] for session in open_sessions}
    span = (request.start, request.end)
    quoted = quote_anchors(tx, clinic_id, span, tree.size, has_range=True)
    wanted.indexes |= quoted.indexes
    context = _context(tx, request, wanted, tree.size)
    read = node_reader(tx, clinic_id)
    wanted.users.add(request.made_by)
    return AuditParts(
        software=software_name(),
        clinic=clinic_values(request.clinic),
        period=_period_values(request.period),
        made_at=format_time(request.made_at),
        made_by=request.made_by,
        start=request.start,
        end=request.end,
        size=tree.size,
        root=tree.root,
        incarnation=tree.incarnation,
        checkpoint=tree.checkpoint,
        note_key=tree.keys.note_verifier_key,
        certificate_pem=tree.keys.certificate.public_bytes(Encoding.PEM).decode(),
        certificate_signature=base64.b64encode(tree.keys.note_certificate_signature).decode(),
        entries=entries,
        leaf_hashes=leaf_hashes,
        range_proof=range_proof(request.start, request.end, tree.size, read),
        context=[
            ContextEntry(index=index, body=body, proof=inclusion_proof(index, tree.size, read))
            for index, body in sorted(context.items())
        ],
        open_sessions=open_sessions,
        disclosures=open_disclosures(tx, workshop, clinic_id, wanted.commitments),
        profiles=period_profiles(tx, request.clinic, request.period),
        curves=collect_curves(tx, clinic_id, wanted.loads),
        consistency=join_steps(tree.steps, quoted.steps),
        anchors=quoted.parts,
        filters=dict(request.filters),
        volume=request.volume,
    )


def _period_values(period: Period) -> dict[str, JsonValue]:
    return {
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "from_time": format_time(period.start),
        "to_time": format_time(period.end),
    }


def clinic_values(clinic: ClinicRow) -> dict[str, JsonValue]:
    """Describe a clinic as every signed file does."""
    return {
        "id": clinic.clinic_id,
        "name": clinic.name,
        "slug": clinic.slug,
        "time_zone": clinic.time_zone,
        "language": clinic.language,
        "demo": clinic.demo,
    }


def _context(tx: Tx, request: Request, wanted: Wanted, size: int) -> dict[int, bytes]:
    """Entries outside the range that it refers to, and what those refer to in turn."""
    clinic_id = request.clinic.clinic_id
    found: dict[int, bytes] = {}
    # The neighbours show that the range is not narrower than the period.
    neighbours = {index for index in (request.start - 1, request.end) if index >= 0}
    # A reader must learn of a restore, or a new name, wherever in the log it lies.
    restores = always_quoted(tx, clinic_id, size)
    # An inspector looks for what they gave, whatever period they asked for.
    challenges = sorted(index for _, index in log.list_places(tx, clinic_id, CHALLENGE))
    restores |= set(challenges[-MAX_CHALLENGES:])
    indexes = neighbours | restores | wanted.indexes
    indexes |= find_standing(tx, clinic_id, request.start, request.end)
    while True:
        indexes |= wanted.loads.take_places(tx, clinic_id)
        places = log.find_places(tx, clinic_id, "template", sorted(wanted.templates))
        people = log.find_places(tx, clinic_id, "user", sorted(wanted.users))
        indexes |= find_renamings(tx, clinic_id, wanted.users)
        erased = log.find_places(tx, clinic_id, "erasure", sorted(wanted.clients | wanted.users))
        indexes |= {*places.values(), *people.values(), *erased.values(), *wanted.indexes}
        missing = sorted(
            index
            for index in indexes - set(found)
            if index < size and not request.start <= index < request.end
        )
        if not missing:
            return found
        for index, body in log.read_bodies(tx, clinic_id, missing).items():
            found[index] = body
            wanted.look_at(json.loads(body))
        indexes -= set(missing) - set(found)


def _open_sessions(tx: Tx, request: Request) -> list[dict[str, Any]]:
    """The sessions open at the end of the range, each in the state it had there."""
    listed = []
    for row in reports.sessions_open_at(tx, request.clinic.clinic_id, request.end):
        if row.signed_index is not None and row.signed_index < request.end:
            state = "awaiting_reprocessing"
        elif _before(row.finished_at, request):
            state = "treated"
        else:
            state = "in_progress" if _before(row.started_at, request) else "draft"
        listed.append({"session": row.session_id, "state": state, "opened_index": row.opened_index})
    return listed


def _before(moment: datetime | None, request: Request) -> bool:
    return moment is not None and moment < request.period.end


def open_disclosures(
    tx: Tx, workshop: Workshop, clinic_id: str, commitments: Iterable[str]
) -> list[Disclosure]:
    """Open commitments in a fixed order; those whose key was destroyed are missing."""
    opened = disclose(tx, workshop.keyring, clinic_id, sorted(commitments))
    return [
        Disclosure(
            commit=bytes.fromhex(one.commit),
            field=one.field,
            salt=bytes.fromhex(one.salt),
            value=one.value,
        )
        for _, one in sorted(opened.items())
    ]


def profile_values(clinic: ClinicRow, day: date) -> list[dict[str, JsonValue]]:
    """Describe the rule profiles that a clinic had taken and that were valid on a day."""
    rules = effective_rules(tuple(clinic.profiles), day)
    return [
        {
            "id": profile.id,
            "version": profile.version,
            "valid_from": profile.valid_from.isoformat(),
            "title": profile.title,
            "source": profile.source,
            "primary": profile.primary,
        }
        for profile in rules.profiles
    ]
