"""docs/requirements.md names only what exists."""

from __future__ import annotations

import re

import pytest

from givens import ROOT

MATRIX = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:tests|compliance|migrations|static)/[^`]*)`", MATRIX)))


def test_the_matrix_is_not_empty() -> None:
    assert len(NAMED) > 80


@pytest.mark.parametrize("name", NAMED)
def test_what_the_matrix_names_exists(name: str) -> None:
    path, _, word = name.partition("::")

    assert (ROOT / path).exists()
    assert not word or word in (ROOT / path).read_text(encoding="utf-8")
