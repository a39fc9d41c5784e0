import enum
import json
import unicodedata
from random import Random
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


def _read_as_defined(data: bytes) -> object:
    """The definition, written down once more without a thought for speed; nothing if refused."""

    def refuse(_: str) -> object:
        raise ValueError

    try:
        value = json.loads(data.decode(), parse_float=refuse, parse_constant=refuse)
        plain = isinstance(value, dict) and _is_in_the_subset(value, MAX_DEPTH)
        return value if plain and rfc8785.dumps(value) == data else None
    except (ValueError, RecursionError):
        return None


def _is_in_the_subset(value: object, depth: int) -> bool:
    inside: list[object] = []
    if isinstance(value, dict):
        inside = [*value, *value.values()]
    elif isinstance(value, list):
        inside = value
    elif isinstance(value, str):
        return depth > 0 and unicodedata.is_normalized("NFC", value)
    elif isinstance(value, int):
        return depth > 0 and abs(value) <= MAX_INTEGER
    return depth > 0 and all(_is_in_the_subset(item, depth - 1) for item in inside)


def _read(data: bytes) -> object:
    try:
        return parse_canonical(data)
    except NotCanonical:
        return None


@given(st.dictionaries(TEXT, _values(TEXT)), st.randoms(use_true_random=False))
def test_one_changed_byte_is_judged_as_the_definition_has_it(
    value: dict[str, JsonValue], random: Random
) -> None:
    data = bytearray(canonical_bytes(value))
    if random.random() < 0.5:
        data[random.randrange(len(data))] = random.choice(b'"\\,:[]{}0-.eE1 \xc3\xcc')
    else:
        data.insert(random.randrange(len(data)), random.choice(b'"\\,:[]{}0-.eE1 \xc3\xcc'))

    assert _read(bytes(data)) == _read_as_defined(bytes(data))


@pytest.mark.parametrize("innermost", [b"1", b'"a"', b'"\xc3\xa4"', b"{}", b"[]", b"1.5", b"null"])
@pytest.mark.parametrize("depth", [MAX_DEPTH - 2, MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1])
def test_depth_is_counted_as_the_definition_has_it(depth: int, innermost: bytes) -> None:
    for opening, closing in ((b'{"a":', b"}"), (b'{"a":[', b"]}")):
        count = (depth - 1) // opening.count(b"{") // len(closing)
        data = opening * count + innermost + closing * count

        assert _read(data) == _read_as_defined(data)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Größe — „klein“ 0.5 mm", id="german"),
        pytest.param("Ἑλλάς", id="greek"),
        pytest.param("日本語", id="japanese"),
        pytest.param("\U0001f600", id="beyond-the-basic-plane"),
        pytest.param('"\u0301', id="combining-mark-after-a-quotation-mark"),
        pytest.param("\n\u0301", id="combining-mark-after-a-newline"),
        pytest.param("\u0301", id="combining-mark-alone"),
        pytest.param("\x7f\x80\u2028", id="odd-controls"),
    ],
)
def test_text_of_every_language_is_read_as_a_value_and_as_a_key(text: str) -> None:
    values: list[dict[str, JsonValue]] = [{"a": [text]}, {text: 1, "b": {text: text}}]
    for value in values:
        data = rfc8785.dumps(value)

        assert parse_canonical(data) == value == _read_as_defined(data)


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
        pytest.param('{"e\u0301":1}'.encode(), id="key-not-nfc"),
        pytest.param('{"a":[{"b":["e\u0301"]}]}'.encode(), id="not-nfc-deep-inside"),
        pytest.param('{"\ue000":1,"\U0001f600":2}'.encode(), id="keys-by-code-point"),
        pytest.param(b'{"a":[1.5]}', id="float-in-a-list"),
        pytest.param(b'{"a":[[{"b":1.5}]]}', id="float-deep-inside"),
        pytest.param(b'{"a":18446744073709551616}', id="integer-beyond-64-bits"),
        pytest.param(b'{"a":-9223372036854775809}', id="integer-beyond-64-bits-below-zero"),
        pytest.param(b'{"a":1e400}', id="infinite-by-size"),
        pytest.param(b'{"a":"\\ud83d"}', id="half-of-a-pair"),
        pytest.param(b'{"a":"\\ud83d\\ude00"}', id="escaped-pair"),
        pytest.param(b'{"a":"\xf4\x90\x80\x80"}', id="beyond-unicode"),
        pytest.param(b'{"a":"\xc0\x80"}', id="overlong-utf8"),
        pytest.param(b'{"a":"\x1f"}', id="raw-control-character"),
        pytest.param(b'{"a":9007199254740993}', id="integer-a-double-cannot-hold"),
        pytest.param(b'{"a":-9007199254740992}', id="integer-too-small"),
        pytest.param(b'{"a":' + b"[" * 500_000, id="never-closed"),
        pytest.param(b'{"a":' + b"[" * 500_000 + b"]" * 500_000 + b"}", id="far-too-deep"),
    ],
)
def test_bytes_that_are_not_the_canonical_form_are_refused(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        parse_canonical(data)


def test_what_is_too_long_for_the_quick_reader_is_read_all_the_same() -> None:
    text = "0" * (32 * 1024 * 1024)
    data = b'{"a":"%s"}' % text.encode()

    assert parse_canonical(data) == {"a": text}
    with pytest.raises(NotCanonical):
        parse_canonical(data[:-1] + b" }")


def test_the_message_does_not_repeat_the_value() -> None:
    with pytest.raises(NotCanonical) as caught:
        canonical_bytes({"name": "Ame\u0301lie"})

    assert "lie" not in str(caught.value)
    assert caught.value.code == "not_canonical"
