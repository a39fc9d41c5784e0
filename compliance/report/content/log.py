"""The entries of an audit by index, parsed one at a time and not kept."""

from __future__ import annotations

from collections.abc import Iterator

from compliance.ledger.canonical import NotCanonical, parse_object
from compliance.report.content.fields import JsonObject, child, text
from compliance.report.content.source import AuditSource, ContentUnreadable


class Log:
    """Bodies are kept as the bytes they came as: parsed, they would take ten times the room."""

    def __init__(self, audit: AuditSource) -> None:
        self._entries = audit.entries
        self._start = audit.entries[0][0] if audit.entries else 0
        self._context = dict(audit.context)

    def body(self, index: int) -> bytes | None:
        """Return the bytes of an entry; None if the audit does not hold them."""
        offset = index - self._start
        if 0 <= offset < len(self._entries):
            return self._entries[offset][1]
        return self._context.get(index)

    def read(self, index: int) -> JsonObject:
        """Return a parsed entry.

        Raises:
            ContentUnreadable: if the audit does not hold it or it is not an object.
        """
        entry = self.find(index)
        if entry is None:
            raise ContentUnreadable(f"entry {index} is referred to and missing")
        return entry

    def find(self, index: int) -> JsonObject | None:
        """Return a parsed entry, or None if the audit does not hold it."""
        body = self.body(index)
        return None if body is None else parse(body)

    def outside(self) -> Iterator[tuple[int, JsonObject]]:
        """Return the context in the order of the log."""
        return ((index, parse(self._context[index])) for index in sorted(self._context))

    def inside(self) -> Iterator[tuple[int, JsonObject | None]]:
        """Return the entries of the range in order; None where only the leaf remains."""
        for index, body in self._entries:
            yield index, None if body is None else parse(body)


def parse(body: bytes) -> JsonObject:
    """Parse one entry.

    Raises:
        ContentUnreadable: if it is not a JSON object.
    """
    try:
        return parse_object(body)
    except NotCanonical as error:
        raise ContentUnreadable("an entry is not readable as JSON") from error


def author(entry: JsonObject) -> str:
    """Return who recorded an entry, as the record names them."""
    return text(child(entry, "by"), "user")
