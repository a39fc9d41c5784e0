"""Which witnesses are asked and how many must agree: https://c2sp.org/tlog-policy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from compliance.errors import ComplianceError
from compliance.ledger.cosignature import WitnessKey, parse_witness_key
from compliance.ledger.note import BadNote, parse_verifier_key

MAX_POLICY_BYTES: Final = 64 * 1024
"""Inclusive."""

MAX_NAMES: Final = 64
"""Inclusive; witnesses and groups together."""

NONE: Final = "none"
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,2}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class BadPolicy(ComplianceError):
    """A file that is no policy; the message names the line."""

    code = "bad_witness_policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A witness of a policy."""

    name: str
    """Within the policy only."""

    key: WitnessKey
    url: str | None
    """The submission prefix; a policy for verifying needs none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """So many of these must have witnessed."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A whole policy."""

    logs: tuple[str, ...]
    """Verifier keys; empty where any log will do."""

    witnesses: Mapping[str, Witness]
    groups: Mapping[str, Group]
    quorum: str

    def is_satisfied(self, witnessed: Callable[[str], bool]) -> bool:
        """Whether the quorum is reached.

        Args:
            witnessed: tells of a witness, by its name in the policy, whether it cosigned.
        """
        return self.quorum != NONE and self._holds(self.quorum, witnessed)

    def _holds(self, name: str, witnessed: Callable[[str], bool]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return witnessed(name)
        return sum(self._holds(one, witnessed) for one in group.members) >= group.threshold


@dataclass(slots=True, kw_only=True)
class _Reading:
    logs: dict[bytes, str] = field(default_factory=dict)
    witnesses: dict[str, Witness] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    quorum: str | None = None

    def check_new(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise BadPolicy(f"the name {name[:40]!r} is taken")
        if len(self.witnesses) + len(self.groups) >= MAX_NAMES:
            raise BadPolicy(f"more than {MAX_NAMES} names")

    def check_known(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise BadPolicy(f"{name[:40]!r} is not defined above")


def parse_policy(data: bytes) -> Policy:
    """Read a policy file.

    Raises:
        BadPolicy: naming the line and what is wrong with it.
    """
    if len(data) > MAX_POLICY_BYTES:
        raise BadPolicy("the policy is larger than any")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadPolicy("the policy is not text in UTF-8") from error
    reading = _Reading()
    for number, line in enumerate(text.split("\n"), 1):
        if _CONTROL.search(line):
            raise BadPolicy(f"line {number}: a control character")
        items = [item for item in re.split(r"[ \t]+", line) if item]
        if not items or items[0].startswith("#"):
            continue
        try:
            _read_line(reading, items)
        except (BadPolicy, BadNote) as error:
            raise BadPolicy(f"line {number}: {error}") from error
    if reading.quorum is None:
        raise BadPolicy("there is no quorum line")
    return Policy(
        logs=tuple(reading.logs.values()),
        witnesses=reading.witnesses,
        groups=reading.groups,
        quorum=reading.quorum,
    )


def _read_line(reading: _Reading, items: list[str]) -> None:
    match items:
        case ["log", key] | ["log", key, _]:
            _, public_key = parse_verifier_key(key)
            if public_key in reading.logs:
                raise BadPolicy("the key of the log is given twice")
            reading.logs[public_key] = key
        case ["witness", name, key]:
            _add_witness(reading, name, key, None)
        case ["witness", name, key, url]:
            _add_witness(reading, name, key, url)
        case ["group", name, threshold, *members] if members:
            _add_group(reading, name, threshold, members)
        case ["quorum", name] if reading.quorum is None:
            if name != NONE:
                reading.check_known(name)
            reading.quorum = name
        case _:
            raise BadPolicy("not a line that a policy has")


def _add_witness(reading: _Reading, name: str, key: str, url: str | None) -> None:
    reading.check_new(name)
    witness = Witness(name=name, key=parse_witness_key(key), url=url)
    if any(one.key.public_key == witness.key.public_key for one in reading.witnesses.values()):
        raise BadPolicy("the key of the witness is given twice")
    reading.witnesses[name] = witness


def _add_group(reading: _Reading, name: str, threshold: str, members: list[str]) -> None:
    reading.check_new(name)
    for member in members:
        reading.check_known(member)
        if member in reading.used:
            # Counted twice, one witness could make up a quorum alone.
            raise BadPolicy(f"{member[:40]!r} is a member already")
        reading.used.add(member)
    words = {"all": len(members), "any": 1}
    if threshold not in words and _NUMBER.fullmatch(threshold) is None:
        raise BadPolicy("the threshold is neither all, any nor a number")
    count = words.get(threshold) or int(threshold)
    if count > len(members):
        raise BadPolicy("the threshold is more than there are members")
    reading.groups[name] = Group(threshold=count, members=tuple(members))
