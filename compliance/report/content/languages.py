"""Which words a report is written in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from compliance.report.content.english import ENGLISH
from compliance.report.content.german import GERMAN
from compliance.report.content.words import Words

_LANGUAGES: Final[Mapping[str, Words]] = MappingProxyType({"en": ENGLISH, "de": GERMAN})


def words_for(language: str) -> Words:
    """Return the words of a language tag such as ``de-AT``; English where there are none."""
    return _LANGUAGES.get(primary_language(language), ENGLISH)


def primary_language(language: str) -> str:
    """Return ``de`` for ``de-AT``."""
    return language.split("-", 1)[0].lower()
