"""The repeated parts of an ``audit.json``: entries, context, disclosures, earlier trees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from compliance.ledger.canonical import JsonValue
from compliance.ledger.commitment import verify_commitment
from compliance.ledger.tree import hash_leaf, hash_leaves
from compliance.report.verifying.shape import (
    any_bytes,
    any_count,
    any_hash,
    any_hashes,
    any_list,
    any_text,
    exact_object,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextEntry:
    """An entry outside the range that the range refers to."""

    index: int
    body: bytes
    proof: tuple[bytes, ...]
    """Inclusion in the tree of the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """The value behind a commitment, with what is needed to check it."""

    commit: bytes
    field: str
    salt: bytes
    value: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistencyStep:
    """An earlier tree of the same log, and the proof that this report's tree continues it."""

    size: int
    root: bytes
    proof: tuple[bytes, ...]


def read_entries(
    value: JsonValue, start: int
) -> tuple[list[tuple[int, bytes | None]], list[bytes]]:
    items = any_list(value, "entries")
    bodies = [item.encode() for item in items if isinstance(item, str)]
    if len(bodies) == len(items):
        return list(enumerate(bodies, start)), hash_leaves(bodies)
    entries: list[tuple[int, bytes | None]] = []
    leaf_hashes: list[bytes] = []
    for index, item in enumerate(items, start):
        if isinstance(item, str):
            body = item.encode("utf-8")
            entries.append((index, body))
            leaf_hashes.append(hash_leaf(body))
        else:
            entries.append((index, None))
            leaf_hashes.append(any_hash(exact_object(item, {"leaf"}, "entries")["leaf"], "leaf"))
    return entries, leaf_hashes


def read_context(value: JsonValue) -> ContextEntry:
    item = exact_object(value, {"index", "body", "proof"}, "context")
    return ContextEntry(
        index=any_count(item["index"], "context.index"),
        body=any_text(item["body"], "context.body").encode("utf-8"),
        proof=any_hashes(item["proof"]),
    )


def read_disclosures(items: Iterable[JsonValue]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Part the disclosures into those that are true and those that are not.

    False ones never come near the drawing; the verifier rejects the report for them.
    """
    true: dict[str, str] = {}
    false: list[str] = []
    for value in items:
        item = exact_object(value, {"commit", "field", "salt", "value"}, "disclosures")
        commit = any_hash(item["commit"], "disclosures.commit")
        disclosed = item["value"]
        is_true = verify_commitment(
            commit,
            field=any_text(item["field"], "disclosures.field"),
            salt=any_bytes(item["salt"], "disclosures.salt"),
            value=disclosed,
        )
        if is_true and isinstance(disclosed, str):
            true[commit.hex()] = disclosed
        else:
            false.append(commit.hex())
    return true, tuple(false)


def read_step(value: JsonValue) -> ConsistencyStep:
    item = exact_object(value, {"size", "root", "proof"}, "consistency")
    return ConsistencyStep(
        size=any_count(item["size"], "consistency.size"),
        root=any_hash(item["root"], "consistency.root"),
        proof=any_hashes(item["proof"]),
    )
