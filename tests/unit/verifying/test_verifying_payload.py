"""``audit.json`` is read back as it was built, and in no other form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from compliance.ledger.canonical import canonical_bytes, canonical_value_bytes, parse_canonical
from compliance.ledger.tree import hash_leaf
from compliance.report.payload import NotAnAudit, build_audit, parse_audit
from unit.verifying.building import Clinic, parts_of


def test_what_was_built_is_read_back(clinic: Clinic) -> None:
    parts = parts_of(clinic)
    data = build_audit(parts)
    audit = parse_audit(data)
    assert audit.canonical == data
    assert (audit.start, audit.end, audit.size, audit.root) == (
        parts.start,
        parts.end,
        parts.size,
        parts.root,
    )
    assert [body for _, body in audit.entries] == list(parts.entries)
    assert [index for index, _ in audit.entries] == list(range(parts.start, parts.end))
    assert list(audit.context) == [(item.index, item.body) for item in parts.context]
    assert audit.range_proof == parts.range_proof
    assert set(audit.disclosures.values()) == {item.value for item in parts.disclosures}
    assert audit.false_disclosures == ()


def put(*path: Any, value: Any) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(put("surprise", value=1), id="unknown-key"),
        pytest.param(lambda data: data.pop("filters"), id="missing-key"),
        pytest.param(put("schema", value="other"), id="other-schema"),
        pytest.param(put("clinic", "surprise", value=1), id="unknown-key-inside"),
        pytest.param(put("clinic", "demo", value="no"), id="demo-is-text"),
        pytest.param(put("size", value=True), id="size-is-true"),
        pytest.param(put("size", value=-1), id="size-is-negative"),
        pytest.param(put("root", value="AB" * 32), id="root-in-capitals"),
        pytest.param(put("root", value="ab" * 31), id="root-too-short"),
        pytest.param(put("made_at", value="2026-05-02T09:30:00Z"), id="time-without-decimals"),
        pytest.param(put("period", "from", value="1 March"), id="date-in-words"),
        pytest.param(put("volume", value={"number": 3, "of": 2}), id="volume-beyond-the-last"),
        pytest.param(put("anchors", value=[{}]), id="anchors-in-version-1"),
        pytest.param(put("entries", value=[]), id="fewer-entries-than-the-range"),
        pytest.param(put("disclosures", 0, "salt", value=""), id="salt-is-empty"),
        pytest.param(put("context", 0, "proof", value="ab"), id="proof-is-no-list"),
        pytest.param(put("open_sessions", 0, "state", value=None), id="state-is-null"),
    ],
)
def test_any_other_form_is_refused(change: Callable[[Any], None], clinic: Clinic) -> None:
    data: Any = parse_canonical(build_audit(parts_of(clinic)))
    change(data)
    with pytest.raises(NotAnAudit):
        parse_audit(canonical_bytes(data))


@pytest.mark.parametrize("element", [None, 5, {}, {"leaf": "ab"}, {"leaf": "AB" * 32}])
def test_an_element_that_is_no_entry_has_a_hash_of_its_own(element: Any, clinic: Clinic) -> None:
    data: Any = parse_canonical(build_audit(parts_of(clinic)))
    data["entries"][0] = element
    audit = parse_audit(canonical_bytes(data))
    index, body = audit.entries[0]
    assert (index, body) == (audit.start, canonical_value_bytes(element))
    assert audit.leaf_hashes[0] == hash_leaf(canonical_value_bytes(element))


def test_a_leaf_hash_stands_for_an_entry_that_is_left_out(clinic: Clinic) -> None:
    parts = parts_of(clinic)
    whole = parse_audit(build_audit(parts))
    withheld = parse_audit(build_audit(replace(parts, entries=[None, *parts.entries[1:]])))
    assert withheld.leaf_hashes == whole.leaf_hashes
    assert withheld.entries[0] == (parts.start, None)
    assert list(withheld.entries)[1:] == list(whole.entries)[1:] == whole.entries[1:]
    assert withheld.entries[-1] == whole.entries[-1]
    with pytest.raises(IndexError):
        whole.entries[len(whole.entries)]


def test_a_false_disclosure_never_reaches_the_drawing(clinic: Clinic) -> None:
    data: Any = parse_canonical(build_audit(parts_of(clinic)))
    commitment = data["disclosures"][0]["commit"]
    data["disclosures"][0]["value"] = "Somebody else"
    audit = parse_audit(canonical_bytes(data))
    assert commitment not in audit.disclosures
    assert audit.false_disclosures == (commitment,)
