"""The audit writes the text of a JSON column anew: it must be the text that the column's type writes."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from compliance.store.base import JsonText
from compliance.store.projection import encode_json


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        "",
        "yes",
        'a "quoted" \\ word / \x00 \x1f \x7f \u2028 é 💉',
        {"b": [None, True, False], "a": {"ß": 2**53 - 1, "z": -5}, "A": []},
        {"result": "half a character, as only a tamperer leaves it: \ud800"},
    ],
    ids=ascii,
)
def test_the_text_of_a_json_column_is_the_same_by_both_ways(value: Any) -> None:
    column = JsonText()
    stored = column.process_bind_param(value, sqlite.dialect())

    assert encode_json(value) == stored


def test_a_json_column_gives_back_what_was_put_in() -> None:
    column, dialect = JsonText(), sqlite.dialect()
    for value in (["ü", {"a": None}], "plain", 'with "quotes"', "back\\slash", 7, None):
        stored = column.process_bind_param(value, dialect)
        assert column.process_result_value(stored, dialect) == value
