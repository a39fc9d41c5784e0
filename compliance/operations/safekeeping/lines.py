"""The inside of a backup: JSON lines, compressed with gzip (docs/backup.md section 6).

One form for both databases, read as a stream, and readable in twenty years with
``zcat`` alone. Each part carries a SHA-256 over its lines; the list of them is the
last but one line, and signatures over that list are the last.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from compliance.errors import ComplianceError

FORMAT: Final = "aseptrail/backup/1"
LONGEST_LINE: Final = 64 * 1024 * 1024
"""Bytes; a longer one is refused instead of filling the memory."""

CHUNK: Final = 512 * 1024
"""Bytes of a file in one line."""


class BackupDamaged(ComplianceError):
    """The backup does not hold what it says it holds; it must not be relied on."""

    code = "backup_damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A table or a file inside a backup."""

    kind: str
    """``table`` or ``file``."""
    name: str
    columns: tuple[tuple[str, str], ...] = ()
    """Of a table: (name, kind)."""


class LineWriter:
    """Writes a backup's inside to a stream, one part after another."""

    def __init__(self, target: BinaryIO, head: Mapping[str, Any]) -> None:
        # No time and no name in the gzip header: only what is backed up decides the bytes.
        self._zip = gzip.GzipFile(filename="", fileobj=target, mode="wb", mtime=0)
        self._parts: list[dict[str, Any]] = []
        digest = hashlib.sha256()
        self._write({"format": FORMAT, **head}, digest)
        self._parts.append({"part": "head", "rows": 1, "sha256": digest.hexdigest()})

    def write_table(
        self, name: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]
    ) -> None:
        self._write_part({"table": name, "columns": [list(each) for each in columns]}, name, rows)

    def write_file(self, name: str, source: BinaryIO) -> None:
        """Write a file under a relative name."""
        chunks = iter(lambda: source.read(CHUNK), b"")
        lines = (base64.b64encode(chunk).decode("ascii") for chunk in chunks)
        self._write_part({"file": name}, f"file:{name}", lines)

    def finish(self) -> bytes:
        """Write the list of parts and return its hash, which is to be signed."""
        digest = hashlib.sha256()
        self._write({"end": self._parts}, digest)
        return digest.digest()

    def close(self, signatures: Mapping[str, bytes]) -> None:
        """Write the signatures by clinic and end the stream."""
        signed = {clinic: value.hex() for clinic, value in sorted(signatures.items())}
        self._write({"signatures": signed}, hashlib.sha256())
        self._zip.close()

    def _write_part(self, head: Mapping[str, Any], name: str, lines: Iterable[Any]) -> None:
        digest, count = hashlib.sha256(), 0
        self._write(head, digest)
        for line in lines:
            self._write(line, digest)
            count += 1
        self._parts.append({"part": name, "rows": count, "sha256": digest.hexdigest()})

    def _write(self, value: Any, digest: Any) -> None:
        line = (json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
        digest.update(line)
        self._zip.write(line)


class LineReader:
    """Reads a backup's inside as a stream; `walk` once, then the rest is known."""

    def __init__(self, source: BinaryIO) -> None:
        self._lines = _read_lines(gzip.GzipFile(fileobj=source, mode="rb"))
        first = next(self._lines, b"")
        head = _parse(first)
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise BackupDamaged("this is not a backup that this software can read")
        self.head: Mapping[str, Any] = head
        self.digest = b""
        """Of the list of parts; what the signatures are over."""
        self.signatures: Mapping[str, bytes] = {}
        self._found = [{"part": "head", "rows": 1, "sha256": hashlib.sha256(first).hexdigest()}]

    def walk(self) -> Iterator[tuple[Part, Any]]:
        """Yield every row (a list) and every chunk of a file (bytes) with its part.

        What was yielded may be relied on only when this has come to its end.

        Raises:
            BackupDamaged: a part is missing, cut off or altered.
            FileDamaged: the encrypted file is.
        """
        part, digest, count = None, hashlib.sha256(), 0
        for line in self._lines:
            value = _parse(line)
            if not isinstance(value, dict):
                if part is None:
                    raise BackupDamaged("the backup has a row outside of any table")
                digest.update(line)
                count += 1
                yield part, _content(part, value)
                continue
            self._note(part, count, digest)
            if "end" in value:
                self._end(value, line)
                return
            part, digest, count = _part(value), hashlib.sha256(line), 0
        raise BackupDamaged("the backup was cut off: its end is missing")

    def _note(self, part: Part | None, count: int, digest: Any) -> None:
        if part is not None:
            name = part.name if part.kind == "table" else f"file:{part.name}"
            self._found.append({"part": name, "rows": count, "sha256": digest.hexdigest()})

    def _end(self, value: Mapping[str, Any], line: bytes) -> None:
        if value["end"] != self._found:
            raise BackupDamaged("the backup was altered: a part has another hash than it states")
        self.digest = hashlib.sha256(line).digest()
        last = _parse(next(self._lines, b"null"))
        try:
            stated = last["signatures"].items()
            self.signatures = {clinic: bytes.fromhex(text) for clinic, text in stated}
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BackupDamaged("the backup was cut off: its signatures are missing") from error
        if next(self._lines, None) is not None:
            raise BackupDamaged("the backup goes on after its end")


def _read_lines(source: gzip.GzipFile) -> Iterator[bytes]:
    try:
        while line := source.readline(LONGEST_LINE):
            if not line.endswith(b"\n"):
                raise BackupDamaged("the backup was cut off in the middle of a line")
            yield line
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BackupDamaged("the backup was cut off or altered") from error


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BackupDamaged("a line of the backup cannot be read") from error


def _part(value: Mapping[str, Any]) -> Part:
    try:
        if "file" in value:
            return Part(kind="file", name=str(value["file"]))
        columns = tuple((str(name), str(kind)) for name, kind in value["columns"])
        return Part(kind="table", name=str(value["table"]), columns=columns)
    except (KeyError, TypeError, ValueError) as error:
        raise BackupDamaged("a line of the backup cannot be read") from error


def _content(part: Part, value: Any) -> Any:
    if part.kind == "table":
        if not isinstance(value, list) or len(value) != len(part.columns):
            raise BackupDamaged(f"a row of {part.name} cannot be read")
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError) as error:
        raise BackupDamaged(f"the file {part.name} cannot be read") from error
