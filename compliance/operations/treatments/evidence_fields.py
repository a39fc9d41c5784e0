"""Reading the plain fields of a piece of evidence, each refused by its name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from compliance.errors import Refused

MAX_TEXT: Final = 120


class FieldReader:
    """Reads the fields that one item's evidence came with; all raise ``Refused``."""

    def __init__(self, item: str) -> None:
        self._item = item

    def fields(self, ref: object, needed: set[str], optional: set[str]) -> Mapping[str, Any]:
        if not isinstance(ref, Mapping):
            raise Refused(
                f"{self._item}.ref", ref, "is no object", allowed=", ".join(sorted(needed))
            )
        unknown = set(ref) - needed - optional
        if unknown:
            raise Refused(
                f"{self._item}.ref",
                ", ".join(sorted(map(str, unknown))),
                "is an unknown field",
                allowed=", ".join(sorted(needed | optional)),
            )
        missing = needed - set(ref)
        if missing:
            raise Refused(f"{self._item}.ref", "", f"lacks {', '.join(sorted(missing))}")
        return ref

    def text(self, field: str, value: object) -> str:
        if not isinstance(value, str) or not 1 <= len(value.strip()) <= MAX_TEXT:
            raise Refused(
                f"{self._item}.{field}", value, "is missing", allowed="1 to 120 characters"
            )
        return value.strip()

    def optional(self, field: str, value: object) -> str | None:
        return None if value in (None, "") else self.text(field, value)

    def date(self, field: str, value: object) -> str:
        try:
            return date.fromisoformat(str(value)).isoformat()
        except ValueError as error:
            raise Refused(
                f"{self._item}.{field}", value, "is no date", allowed="YYYY-MM-DD"
            ) from error

    def seconds(self, value: object) -> int:
        text = str(value)
        if isinstance(value, bool) or not text.isascii() or not text.isdigit() or len(text) > 5:
            raise Refused(
                f"{self._item}.contact_seconds",
                value,
                "is no whole number of seconds",
                allowed="0 to 99999",
            )
        return int(text)
