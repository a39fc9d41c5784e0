"""Taking a parsed ``audit.json`` apart without trusting that anything in it is of the right type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from compliance.errors import ComplianceError
from compliance.ledger.canonical import JsonValue
from compliance.ledger.entry import parse_time
from compliance.ledger.tree import HASH_BYTES

_HEX: Final = re.compile(r"(?:[0-9a-f]{2})+")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

INSPECTION: Final = "inspection"
CLIENT_COPY: Final = "client_copy"
PURPOSES: Final = (INSPECTION, CLIENT_COPY)
"""What one session's file is made for: an inspector gets every entry, a client what is theirs."""

_TOP_KEYS: Final = frozenset(
    {"schema", "software", "clinic", "period", "made_at", "made_by", "filters", "volume"}
    | {"range", "size", "root", "incarnation", "checkpoint", "note_key", "note_key_certificate"}
    | {"entries", "range_proof", "context", "open_sessions", "disclosures", "profiles"}
    | {"anchors", "consistency"}
)

_ADDED_KEYS: Final = frozenset({"curves"})
"""What version 2 has and version 1 has not."""

_SESSION_KEYS: Final = frozenset(
    {"schema", "software", "clinic", "session", "purpose", "made_at", "made_by"}
    | {"size", "root", "incarnation", "checkpoint", "note_key", "note_key_certificate"}
    | {"entries", "disclosures", "profiles", "anchors", "consistency"}
)


_TRACE_KEYS: Final = frozenset(
    {"schema", "software", "clinic", "purpose", "recall", "title", "sentences", "lists"}
    | {"made_at", "made_by", "size", "root", "incarnation", "checkpoint", "note_key"}
    | {"note_key_certificate", "entries"}
)


class NotAnAudit(ComplianceError):
    """The bytes are not an ``audit.json`` of the known form."""

    code = "not_an_audit"


class UnknownAuditVersion(NotAnAudit):
    """An ``audit.json`` of another version, which other software may well understand."""

    code = "unknown_audit_version"


def check_plain_parts(content: Mapping[str, JsonValue], *, version: int) -> None:
    """Check the keys, and the type of every part that needs no further reading.

    Args:
        content: the parsed ``audit.json``.
        version: of its format.

    Raises:
        NotAnAudit: if a key is missing or unknown, or a part is of another type.
        NotCanonical: if a time is not of the form that entries use.
    """
    added = _ADDED_KEYS if version > 1 else frozenset()
    _require_keys(content, _TOP_KEYS | added, "audit.json")
    _check_common_parts(content)
    if version == 1 and content["anchors"] != []:
        raise NotAnAudit("version 1 knows no anchors")
    any_object(content["filters"], "filters")
    _check_period(content["period"])
    _check_volume(content["volume"])
    for item in any_list(content["open_sessions"], "open_sessions"):
        session = exact_object(item, {"session", "state", "opened_index"}, "open_sessions")
        any_text(session["session"], "open_sessions.session")
        any_text(session["state"], "open_sessions.state")
        any_count(session["opened_index"], "open_sessions.opened_index")


def check_plain_session_parts(content: Mapping[str, JsonValue]) -> None:
    """Do the same for the ``audit.json`` of one session's file.

    Raises:
        NotAnAudit, NotCanonical: as `check_plain_parts`.
    """
    _require_keys(content, _SESSION_KEYS, "audit.json")
    _check_common_parts(content)
    any_text(content["session"], "session")
    if content["purpose"] not in PURPOSES:
        raise NotAnAudit("its purpose is not known")


def check_plain_trace_parts(content: Mapping[str, JsonValue]) -> None:
    """Do the same for the ``audit.json`` of a recall's or a search's file.

    Raises:
        NotAnAudit, NotCanonical: as `check_plain_parts`.
    """
    _require_keys(content, _TRACE_KEYS, "audit.json")
    _check_common_parts({**content, "profiles": [], "anchors": []})


def _check_common_parts(content: Mapping[str, JsonValue]) -> None:
    for key in ("software", "made_by", "checkpoint", "note_key"):
        any_text(content[key], key)
    parse_time(content["made_at"])
    any_count(content["incarnation"], "incarnation")
    _check_clinic(content["clinic"])
    name = "note_key_certificate"
    for value in exact_object(content[name], {"certificate", "signature"}, name).values():
        any_text(value, name)
    for item in any_list(content["profiles"], "profiles"):
        any_object(item, "profiles")
    any_list(content["anchors"], "anchors")


def _check_clinic(value: JsonValue) -> None:
    texts = {"id", "name", "slug", "time_zone", "language"}
    clinic = exact_object(value, texts | {"demo"}, "clinic")
    for key in sorted(texts):
        any_text(clinic[key], f"clinic.{key}")
    if not isinstance(clinic["demo"], bool):
        raise NotAnAudit("clinic.demo is not true or false")


def _check_period(value: JsonValue) -> None:
    period = exact_object(value, {"from", "to", "from_time", "to_time"}, "period")
    for key in ("from", "to"):
        if _DATE.fullmatch(any_text(period[key], f"period.{key}")) is None:
            raise NotAnAudit(f"period.{key} is not a date")
    for key in ("from_time", "to_time"):
        parse_time(period[key])


def _check_volume(value: JsonValue) -> None:
    if value is not None:
        volume = exact_object(value, {"number", "of"}, "volume")
        number, of = any_count(volume["number"], "number"), any_count(volume["of"], "of")
        if not 1 <= number <= of:
            raise NotAnAudit("the volume's number is not one of them")


def exact_object(
    value: JsonValue, keys: set[str] | frozenset[str], name: str
) -> dict[str, JsonValue]:
    """Return the object if it has exactly these keys."""
    content = any_object(value, name)
    _require_keys(content, keys, name)
    return content


def any_object(value: JsonValue, name: str) -> dict[str, JsonValue]:
    """Return the value if it is an object."""
    if not isinstance(value, dict):
        raise NotAnAudit(f"{name} is not an object")
    return value


def any_list(value: JsonValue, name: str) -> list[JsonValue]:
    """Return the value if it is a list."""
    if not isinstance(value, list):
        raise NotAnAudit(f"{name} is not a list")
    return value


def any_text(value: JsonValue, name: str) -> str:
    """Return the value if it is a text."""
    if not isinstance(value, str):
        raise NotAnAudit(f"{name} is not a text")
    return value


def any_count(value: JsonValue, name: str) -> int:
    """Return the value if it is a whole number that is not negative."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise NotAnAudit(f"{name} is not a count")
    return value


def any_bytes(value: JsonValue, name: str) -> bytes:
    """Return the bytes of a text in lower-case hexadecimal."""
    text = any_text(value, name)
    if _HEX.fullmatch(text) is None:
        raise NotAnAudit(f"{name} is not hexadecimal in lower case")
    return bytes.fromhex(text)


def any_hash(value: JsonValue, name: str) -> bytes:
    """Return the 32 bytes of a hash in lower-case hexadecimal."""
    found = any_bytes(value, name)
    if len(found) != HASH_BYTES:
        raise NotAnAudit(f"{name} is not a hash")
    return found


def any_hashes(value: JsonValue) -> tuple[bytes, ...]:
    """Return the hashes of a list."""
    return tuple(any_hash(item, "a proof") for item in any_list(value, "a proof"))


def _require_keys(
    value: Mapping[str, JsonValue], keys: set[str] | frozenset[str], name: str
) -> None:
    odd = set(value) ^ keys
    if odd:
        raise NotAnAudit(f"{name}: the key {min(odd)[:40]!r} is missing or not known")


def member(value: JsonValue, *path: str) -> JsonValue:
    """Return what lies at the path of keys inside objects.

    Raises:
        NotAnAudit: if there is no such path.
    """
    for key in path:
        # A report asks this a hundred thousand times, so only what is wrong takes the long way.
        if not isinstance(value, dict):
            value = any_object(value, f"what holds {key}")
        if key not in value:
            raise NotAnAudit(f"the key {key!r} is missing")
        value = value[key]
    return value
