"""Time-stamps in a file: what contradicts it rejects it, what nobody pinned is passed over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from timing_authorities import Bought, buy_authority, stamp

from compliance.keys.certificates import make_time_stamp_certificate
from compliance.keys.time_authority import TimeAuthority
from compliance.ledger.entry import format_time
from compliance.ledger.note import Checkpoint, sign_note
from compliance.ledger.tree import root_hash
from compliance.report.payload import AnchorPart, NotAnAudit, build_audit, parse_audit
from compliance.report.verifying.anchor_parts import MAX_ANCHORS, anchor_values, read_anchors
from compliance.report.verifying.time_stamps import TimeFindings, judge_time_stamps
from unit.verifying.building import CLINIC_ID, SIGNED_AT, Clinic, parts_of

AT = SIGNED_AT - timedelta(hours=1)

Change = Callable[[AnchorPart], AnchorPart]


@pytest.fixture(scope="module")
def bought() -> Bought:
    return buy_authority(AT)


def note_of(clinic: Clinic, size: int, origin: str | None = None) -> str:
    name = origin or clinic.keys.note_name
    text = Checkpoint(origin=name, size=size, root=root_hash(clinic.leaves()[:size])).text()
    return sign_note(
        text,
        name=name,
        sign=clinic.keys.note_private_key.sign,
        public_key=clinic.keys.note_public_key,
    )


def part(clinic: Clinic, signer: TimeAuthority, size: int, **changed: Any) -> AnchorPart:
    note = note_of(clinic, size)
    made = AnchorPart(
        index=None,
        size=size,
        note=note,
        token=stamp(signer, note.encode(), lambda: AT),
        authority="Harbour Time",
        independent=True,
        gen_time=format_time(AT),
    )
    return replace(made, **changed)


def judge(clinic: Clinic, pins: list[x509.Certificate], *anchors: AnchorPart) -> TimeFindings:
    audit = parse_audit(build_audit(replace(parts_of(clinic), anchors=anchors)))
    return judge_time_stamps(audit, pins, root=clinic.root.certificate)


def test_a_time_stamp_over_the_whole_file_gives_level_one(clinic: Clinic, bought: Bought) -> None:
    size = parts_of(clinic).size
    found = judge(clinic, [bought.root], part(clinic, bought.authority, size))
    assert (found.check.holds, found.covers) == (True, True)
    assert {bracket.by for bracket in found.brackets} == {AT}
    assert {bracket.not_before for bracket in found.brackets} == {None}


def test_a_time_stamp_within_the_range_is_compared_with_its_leaves(
    clinic: Clinic, bought: Bought
) -> None:
    parts = parts_of(clinic)
    found = judge(clinic, [bought.root], part(clinic, bought.authority, parts.start + 1))
    assert (found.check.holds, found.covers) == (True, False)
    assert "are not covered" in found.check.reason


def test_a_size_that_the_file_does_not_show_rejects_it(clinic: Clinic, bought: Bought) -> None:
    parts = parts_of(clinic)
    assert parts.start > 1
    assert 1 not in {step.size for step in parts.consistency}
    found = judge(clinic, [bought.root], part(clinic, bought.authority, 1))
    assert found.check.holds is False


def contradictions(clinic: Clinic, authority: TimeAuthority) -> dict[str, Change]:
    size = parts_of(clinic).size
    other = note_of(clinic, size, origin="aseptrail/another")
    rewritten = Clinic(keys=clinic.keys, root=clinic.root, bodies=[b"{}", *clinic.bodies[1:]])
    second = note_of(rewritten, size)

    def over(note: str) -> bytes:
        return stamp(authority, note.encode(), lambda: AT)

    good = part(clinic, authority, size)
    return {
        "another log": lambda one: replace(one, note=other, token=over(other)),
        "a second history": lambda one: replace(one, note=second, token=over(second)),
        "another size": lambda one: replace(one, size=size - 1),
        "another message": lambda one: replace(one, token=over(other)),
        "another time": lambda one: replace(one, gen_time=format_time(AT + timedelta(hours=1))),
        "another name": lambda one: replace(one, authority="Bay Time"),
        "another entry": lambda one: replace(one, index=parts_of(clinic).start),
        "no entry": lambda one: replace(one, index=size + 5),
        "no note": lambda one: replace(one, note="nothing"),
        "no token": lambda one: replace(one, token=b"\x30\x00"),
        "an altered signature": lambda one: replace(
            one, token=good.token[:-1] + bytes([good.token[-1] ^ 1])
        ),
    }


@pytest.mark.parametrize(
    "name",
    [
        "another log",
        "a second history",
        "another size",
        "another message",
        "another time",
        "another name",
        "another entry",
        "no entry",
        "no note",
        "no token",
        "an altered signature",
    ],
)
def test_what_contradicts_the_file_rejects_it(clinic: Clinic, bought: Bought, name: str) -> None:
    good = part(clinic, bought.authority, parts_of(clinic).size)
    wrong = contradictions(clinic, bought.authority)[name](good)
    # It rejects whether or not the authority is pinned: the file says what is not so.
    for pins in ([bought.root], []):
        found = judge(clinic, pins, good, wrong)
        assert found.check.holds is False, name
        assert not found.covers


def test_what_nobody_pinned_is_passed_over_beside_what_counts(
    clinic: Clinic, bought: Bought
) -> None:
    size = parts_of(clinic).size
    foreign = part(clinic, buy_authority(AT).authority, size)
    found = judge(clinic, [bought.root], part(clinic, bought.authority, size), foreign)
    assert (found.check.holds, found.covers) == (True, True)
    assert sorted(one.counts for one in found.stamps) == [False, True]
    alone = judge(clinic, [bought.root], foreign)
    assert (alone.check.holds, alone.covers) == (None, False)
    assert "nobody pinned its authority" in alone.check.reason


def test_an_authority_whose_certificate_had_expired_does_not_count(clinic: Clinic) -> None:
    old = buy_authority(AT - timedelta(days=200))
    found = judge(clinic, [old.root], part(clinic, old.authority, parts_of(clinic).size))
    assert found.check.holds is None
    assert "was not valid at that time" in found.check.reason


def test_the_clinics_own_authority_may_not_be_called_independent(clinic: Clinic) -> None:
    key = buy_authority(AT).authority.private_key
    root_key = clinic.root.private_key
    assert root_key is not None
    own = TimeAuthority(
        certificate=make_time_stamp_certificate(
            key.public_key(), issuer=(clinic.root.certificate, root_key), now=AT
        ),
        private_key=key,
    )
    name = "Local time-stamps, NOT INDEPENDENT"
    stated = part(clinic, own, parts_of(clinic).size, authority=name)
    assert judge(clinic, [own.certificate], stated).check.holds is False
    honest = judge(clinic, [own.certificate], replace(stated, independent=False))
    assert honest.check.holds is True
    assert "not independent" in honest.check.reason


def test_time_stamps_have_one_form_and_order_and_are_not_too_many(
    clinic: Clinic, bought: Bought, tmp_path: Path
) -> None:
    first = part(clinic, bought.authority, 1)
    second = part(clinic, bought.authority, 2)
    values = anchor_values([second, first])
    assert read_anchors(values) == (first, second)
    bad: list[list[Any]] = [
        list(reversed(values)),
        [values[0]] * (MAX_ANCHORS + 1),
        [{**as_object(values[0]), "extra": 1}],
        [{**as_object(values[0]), "kind": "other"}],
        [{**as_object(values[0]), "independent": 1}],
        [{**as_object(values[0]), "token": "AA"}],
        [{**as_object(values[0]), "token": "A" * 90_000}],
        [{**as_object(values[0]), "note": "x" * 5000}],
        [{**as_object(values[0]), "index": -1}],
        ["text"],
    ]
    for items in bad:
        with pytest.raises(NotAnAudit):
            read_anchors(items)
    assert CLINIC_ID in first.note


def as_object(value: Any) -> dict[str, Any]:
    assert isinstance(value, dict)
    return value
