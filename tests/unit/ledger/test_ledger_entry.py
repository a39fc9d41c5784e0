from datetime import UTC, datetime, timedelta, timezone
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.ledger.canonical import JsonValue, NotCanonical, canonical_bytes
from compliance.ledger.entry import (
    MAX_ENTRY_BYTES,
    EntryTooLarge,
    decode_entry,
    encode_entry,
    format_time,
    parse_time,
)
from compliance.ledger.tree import hash_leaf

AT = "2026-11-20T14:05:00.000Z"
GOLDEN = (
    b'{"at":"2026-11-20T14:05:00.000Z","by":{"user":"u1"},"clinic":"c1",'
    b'"data":{"n":1},"kind":"log.genesis","v":1}'
)


def _encode(
    *, kind: str = "log.genesis", clinic: str = "c1", at: str = AT, pad: str | None = None
) -> bytes:
    data: dict[str, JsonValue] = {"n": 1} if pad is None else {"pad": pad}
    return encode_entry(kind=kind, clinic=clinic, at=at, by={"user": "u1"}, data=data)


def test_the_bytes_of_version_one_never_change() -> None:
    assert _encode() == GOLDEN


@pytest.mark.parametrize("check_canonical", [True, False])
def test_an_entry_is_read_back(check_canonical: bool) -> None:
    entry = decode_entry(4, GOLDEN, check_canonical=check_canonical)

    assert entry.index == 4
    assert (entry.kind, entry.clinic) == ("log.genesis", "c1")
    assert entry.at == datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
    assert (entry.by, entry.data) == ({"user": "u1"}, {"n": 1})
    assert entry.body == GOLDEN
    assert entry.leaf_hash == hash_leaf(GOLDEN)


def test_an_entry_may_be_as_large_as_the_limit_and_no_larger() -> None:
    room = MAX_ENTRY_BYTES - len(_encode(pad=""))

    body = _encode(pad="x" * room)
    assert len(body) == MAX_ENTRY_BYTES
    assert decode_entry(0, body).body == body
    with pytest.raises(EntryTooLarge):
        _encode(pad="x" * (room + 1))


def test_bytes_larger_than_any_entry_are_not_read() -> None:
    room = MAX_ENTRY_BYTES - len(GOLDEN)
    with pytest.raises(NotCanonical):
        decode_entry(0, GOLDEN.replace(b'"u1"', b'"u1' + b"x" * (room + 1) + b'"'))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b'"v":1', b'"v":2', id="other-version"),
        pytest.param(b'"v":1', b'"v":true', id="true-is-not-one"),
        pytest.param(b'"v":1', b'"v":"1"', id="version-as-text"),
        pytest.param(b',"v":1', b"", id="no-version"),
        pytest.param(b'"v":1', b'"v":1,"w":1', id="unknown-key"),
        pytest.param(b'"clinic":"c1",', b"", id="no-clinic"),
        pytest.param(b'"c1"', b'""', id="empty-clinic"),
        pytest.param(b'"c1"', b"1", id="clinic-not-text"),
        pytest.param(b'"log.genesis"', b"null", id="kind-not-text"),
        pytest.param(b'{"user":"u1"}', b'"u1"', id="by-not-object"),
        pytest.param(b'{"n":1}', b"[]", id="data-not-object"),
        pytest.param(b"14:05:00.000Z", b"14:05:00Z", id="no-decimals"),
        pytest.param(b'"2026-11-20T14:05:00.000Z"', b"0", id="time-not-text"),
    ],
)
@pytest.mark.parametrize("check_canonical", [True, False])
def test_bytes_that_are_no_entry_are_refused(old: bytes, new: bytes, check_canonical: bool) -> None:
    assert GOLDEN.count(old) == 1
    with pytest.raises(NotCanonical):
        decode_entry(0, GOLDEN.replace(old, new), check_canonical=check_canonical)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", GOLDEN + b" ", b" " + GOLDEN])
def test_bytes_that_are_not_canonical_are_refused(body: bytes) -> None:
    with pytest.raises(NotCanonical):
        decode_entry(0, body)


@pytest.mark.parametrize(
    ("kind", "clinic"), [pytest.param("", "c1", id="kind"), pytest.param("k", "", id="clinic")]
)
def test_an_entry_without_a_name_is_not_written(kind: str, clinic: str) -> None:
    with pytest.raises(NotCanonical):
        _encode(kind=kind, clinic=clinic)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2026-11-20T14:05:00Z", id="no-decimals"),
        pytest.param("2026-11-20T14:05:00.00Z", id="two-decimals"),
        pytest.param("2026-11-20T14:05:00.000000Z", id="six-decimals"),
        pytest.param("2026-11-20T14:05:00.000+00:00", id="offset-for-z"),
        pytest.param("2026-11-20T14:05:00.000", id="no-zone"),
        pytest.param("2026-11-20 14:05:00.000Z", id="space-for-t"),
        pytest.param("2026-11-20t14:05:00.000z", id="small-letters"),
        pytest.param("2026-11-20T14:05:00,000Z", id="comma"),
        pytest.param("2026-11-20T14:05:00.000Z\n", id="newline-after"),
        pytest.param("2026-02-29T14:05:00.000Z", id="no-leap-year"),
        pytest.param("2026-13-01T14:05:00.000Z", id="month-13"),
        pytest.param("2026-11-20T24:00:00.000Z", id="hour-24"),
        pytest.param("2026-11-20T14:05:60.000Z", id="leap-second"),
        pytest.param("0000-11-20T14:05:00.000Z", id="year-zero"),
        pytest.param("٢٠٢٦-11-20T14:05:00.000Z", id="digits-of-another-script"),
        pytest.param("", id="empty"),
    ],
)
def test_a_time_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(NotCanonical):
        parse_time(text)
    with pytest.raises(NotCanonical):
        _encode(at=text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_read_back_to_the_millisecond(moment: datetime) -> None:
    whole = moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    assert parse_time(format_time(moment)) == whole


def test_a_time_is_cut_and_not_rounded_and_always_utc() -> None:
    vienna = timezone(timedelta(hours=1))

    text = format_time(datetime(2026, 1, 1, 0, 30, 0, 999_999, tzinfo=vienna))

    assert text == "2025-12-31T23:30:00.999Z"
    assert parse_time(text).tzinfo is UTC


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(NotCanonical):
        format_time(datetime(2026, 1, 1))  # noqa: DTZ001 - naive on purpose.


def test_keys_outside_the_subset_are_refused_when_written() -> None:
    with pytest.raises(NotCanonical):
        encode_entry(
            kind="k", clinic="c", at=AT, by={}, data=cast("dict[str, JsonValue]", {"t": 1.5})
        )


@given(st.dictionaries(st.sampled_from(["v", "kind", "clinic", "at", "by", "data"]), st.none()))
def test_an_object_of_nulls_is_no_entry(value: dict[str, JsonValue]) -> None:
    with pytest.raises(NotCanonical):
        decode_entry(0, canonical_bytes(value))
