import enum
import unicodedata
from types import MappingProxyType
from typing import cast

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from compliance.ledger.canonical import (
    MAX_DEPTH,
    MAX_INTEGER,
    JsonValue,
    NotCanonical,
    canonical_bytes,
    canonical_value_bytes,
    parse_canonical,
)

TEXT = st.text().map(lambda text: unicodedata.normalize("NFC", text))
ASCII = st.text(st.characters(max_codepoint=0x7F))


def _values(keys: st.SearchStrategy[str]) -> st.SearchStrategy[JsonValue]:
    scalars = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT | ASCII
    return st.recursive(
        cast("st.SearchStrategy[JsonValue]", scalars),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=20,
    )


@given(st.dictionaries(ASCII, _values(ASCII)) | st.dictionaries(TEXT, _values(TEXT)))
def test_the_fast_path_writes_what_rfc8785_writes(value: dict[str, JsonValue]) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


@given(st.dictionaries(TEXT, _values(TEXT)))
def test_what_was_written_is_read_back_equal(value: dict[str, JsonValue]) -> None:
    assert parse_canonical(canonical_bytes(value)) == value


@given(st.binary())
def test_arbitrary_bytes_are_refused_or_canonical(data: bytes) -> None:
    try:
        value = parse_canonical(data)
    except NotCanonical:
        return
    assert canonical_bytes(value) == data


def test_every_character_of_the_basic_plane_is_escaped_as_rfc8785_does() -> None:
    for number in [*range(0xD800), *range(0xE000, 0x10000)]:
        text = unicodedata.normalize("NFC", chr(number))
        assert canonical_value_bytes(text) == rfc8785.dumps(text), hex(number)


def test_keys_are_sorted_by_utf16_unit_and_not_by_code_point() -> None:
    assert canonical_bytes({"\ue000": 1, "\U0001f600": 2}) == (
        '{"\U0001f600":2,"\ue000":1}'.encode()
    )


def test_a_string_enum_is_written_by_value_and_any_mapping_is_taken() -> None:
    class Result(enum.StrEnum):
        PASSED = "passed"

    value = MappingProxyType({"result": Result.PASSED})

    assert canonical_bytes(value) == b'{"result":"passed"}'


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(1.5, id="float"),
        pytest.param(1.0, id="whole-float"),
        pytest.param(float("nan"), id="nan"),
        pytest.param(MAX_INTEGER + 1, id="integer-too-large"),
        pytest.param(-MAX_INTEGER - 1, id="integer-too-small"),
        pytest.param("e\u0301", id="text-not-nfc"),
        pytest.param("\ud800", id="lone-surrogate"),
        pytest.param({"e\u0301": 1}, id="key-not-nfc"),
        pytest.param({"\ud800": 1}, id="key-with-lone-surrogate"),
        pytest.param({1: 1}, id="key-not-text"),
        pytest.param((1, 2), id="tuple"),
        pytest.param(b"bytes", id="bytes"),
        pytest.param([[{"a": [1.5]}]], id="float-deep-inside"),
    ],
)
def test_a_value_outside_the_subset_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical_bytes(cast("dict[str, JsonValue]", {"key": value}))


@pytest.mark.parametrize("number", [MAX_INTEGER, -MAX_INTEGER])
def test_the_largest_integers_are_accepted(number: int) -> None:
    assert canonical_bytes({"n": number}) == b'{"n":%d}' % number


def _nested(depth: int) -> bytes:
    return b'{"a":' * (depth - 1) + b"1" + b"}" * (depth - 1)


def test_nesting_is_accepted_up_to_the_limit_and_refused_beyond() -> None:
    assert canonical_bytes(parse_canonical(_nested(MAX_DEPTH))) == _nested(MAX_DEPTH)
    for depth in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(NotCanonical):
            parse_canonical(_nested(depth))


def test_a_value_that_contains_itself_is_refused() -> None:
    value: dict[str, JsonValue] = {}
    value["self"] = value
    with pytest.raises(NotCanonical):
        canonical_bytes(value)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"a":1} ', id="space-after"),
        pytest.param(b'{"a":1}\n', id="newline-after"),
        pytest.param(b'{"a": 1}', id="space-inside"),
        pytest.param(b'\xef\xbb\xbf{"a":1}', id="byte-order-mark"),
        pytest.param(b'{"b":1,"a":2}', id="keys-not-sorted"),
        pytest.param(b'{"a":1,"a":1}', id="key-twice"),
        pytest.param(b'{"a":1,"a":2}', id="key-twice-with-other-value"),
        pytest.param(b'{"a":1.0}', id="float"),
        pytest.param(b'{"a":1e3}', id="exponent"),
        pytest.param(b'{"a":-0}', id="negative-zero"),
        pytest.param(b'{"a":NaN}', id="nan"),
        pytest.param(b'{"a":Infinity}', id="infinity"),
        pytest.param(b'{"a":9007199254740992}', id="integer-too-large"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", id="integer-python-will-not-read"),
        pytest.param(b'{"a":"\xff"}', id="invalid-utf8"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', id="surrogate-in-utf8"),
        pytest.param(b'{"a":"\\ud800"}', id="escaped-lone-surrogate"),
        pytest.param(b'{"a":"\\u0041"}', id="needless-escape"),
        pytest.param(b'{"a":"\\/"}', id="escaped-slash"),
        pytest.param(b'{"a":"\\u000A"}', id="long-escape-of-newline"),
        pytest.param(b'{"a":"\\u001F"}', id="escape-in-capitals"),
        pytest.param('{"a":"e\u0301"}'.encode(), id="not-nfc"),
    ],
)
def test_bytes_that_are_not_the_canonical_form_are_refused(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        parse_canonical(data)


def test_the_message_does_not_repeat_the_value() -> None:
    with pytest.raises(NotCanonical) as caught:
        canonical_bytes({"name": "Ame\u0301lie"})

    assert "lie" not in str(caught.value)
    assert caught.value.code == "not_canonical"
