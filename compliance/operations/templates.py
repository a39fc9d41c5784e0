"""Publishing and finding checklist templates."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from compliance.domain.access import Action, Actor
from compliance.domain.template import Template, read_template
from compliance.errors import Conflict, NotFound, Refused
from compliance.ledger.canonical import canonical_bytes
from compliance.operations.sealing import append
from compliance.store import things
from compliance.store.session import Tx

_READ: Final[dict[str, Template]] = {}
"""Parsed templates by the hash of their bytes: content-addressed, so never stale."""

_READ_LIMIT: Final = 512


def template_hash(body: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical bytes, in hex; identifies a version."""
    return hashlib.sha256(canonical_bytes(body)).hexdigest()


def publish_template(
    tx: Tx,
    template: Template,
    *,
    signature: Mapping[str, Any] | None = None,
    actor: Actor,
    now: datetime,
) -> str:
    """Publish one version for the actor's clinic; returns its hash.

    Publishing the same version with the same content again changes nothing. The seed
    protocols come with the product and carry no ``signature``; a person's have one.

    Raises:
        Conflict: the version exists with another content.
    """
    actor.require(Action.MANAGE_TEMPLATES)
    hash_ = template_hash(template.body)
    known = things.find_template(tx, actor.clinic_id, template.id, template.version)
    if known is not None:
        if known[1] != hash_:
            raise Conflict(f"version {template.version} of {template.id} is already published")
        return hash_
    entry: dict[str, Any] = {"template": dict(template.body), "hash": hash_}
    if signature is not None:
        entry["signature"] = dict(signature)
    index = append(tx, actor, "template.published", entry, now=now)
    things.insert_template(tx, actor.clinic_id, template.body, hash_=hash_, index=index, now=now)
    return hash_


def find_template(tx: Tx, clinic_id: str, name: str) -> tuple[Template, str]:
    """Find ``ID`` (the newest version) or ``ID@VERSION``; returns (template, hash).

    Raises:
        NotFound: the clinic has no such template.
    """
    template_id, _, version = name.partition("@")
    if version and not (version.isascii() and version.isdigit() and len(version) <= 6):
        raise Refused("template", name, "has no whole number after @", allowed="ID or ID@VERSION")
    found = things.find_template(tx, clinic_id, template_id, int(version) if version else None)
    if found is None:
        raise NotFound(f"there is no template {name!r} in this clinic")
    return parsed(found[0], found[1]), found[1]


def stored_template(tx: Tx, clinic_id: str, template_id: str, version: int, hash_: str) -> Template:
    """The version a session was opened with; read from the database once per process."""
    known = _READ.get(hash_)
    if known is not None:
        return known
    found = things.find_template(tx, clinic_id, template_id, version)
    if found is None:
        raise NotFound(f"there is no template {template_id}@{version} in this clinic")
    return parsed(found[0], found[1])


def parsed(body: Mapping[str, Any], hash_: str) -> Template:
    template = _READ.get(hash_)
    if template is None:
        template = read_template(body)
        if len(_READ) >= _READ_LIMIT:
            _READ.clear()
        _READ[hash_] = template
    return template


def list_templates(tx: Tx, *, actor: Actor) -> list[tuple[Template, str]]:
    """The newest version of each template, by id, with its hash."""
    actor.require(Action.READ_THINGS)
    newest: dict[str, tuple[Template, str]] = {}
    for body, hash_ in things.list_templates(tx, actor.clinic_id):
        newest.setdefault(body["id"], (parsed(body, hash_), hash_))
    return list(newest.values())
