"""Tables read at once say what pyHanko says of them, and odd ones are left to pyHanko."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path
from typing import Any

import pytest
from pyhanko.pdf_utils import xref
from pyhanko.pdf_utils.generic import ArrayObject, NameObject, NumberObject, StreamObject
from pyhanko.pdf_utils.reader import PdfFileReader

from compliance.report.verifying import tables

PDFS = Path(__file__).parents[2] / "data" / "pdf"


def stream(rows: bytes, index: list[int], widths: list[int]) -> Any:
    made: Any = StreamObject(stream_data=rows)
    number: Any = NumberObject
    made[NameObject("/W")] = ArrayObject([number(width) for width in widths])
    made[NameObject("/Index")] = ArrayObject([number(each) for each in index])
    return made


def taken(entries: Any, take: Any) -> dict[str, Any]:
    section = xref.XRefSectionData()
    highest = take(section, entries, strict=True)
    return {
        "highest": highest,
        "standard": section.standard_xrefs,
        "packed": section.xrefs_in_objstm,
        "freed": section.freed,
        "refs": section.explicit_refs_in_revision,
        "bundles": section.obj_streams_used,
    }


@pytest.mark.parametrize("first", [0, 1, 500])
def test_a_table_taken_whole_is_what_its_rows_say(first: int) -> None:
    chance = random.Random(first)
    rows = b"".join(
        struct.pack(
            ">BIH",
            kind := chance.choice([0, 1, 1, 2, 2, 2, 3]),
            chance.randrange(1 << 32),
            0 if kind == 2 else chance.randrange(1 << 16),
        )
        for _ in range(2000)
    )

    ours = taken(tables._read_table(stream(rows, [first, 2000], [1, 4, 2])), tables._take_table)
    theirs = taken(tables._parse(stream(rows, [first, 2000], [1, 4, 2])), tables._take)

    # The highest number of a row that means nothing is of no consequence.
    ours.pop("highest"), theirs.pop("highest")
    assert ours == theirs


@pytest.mark.parametrize(
    ("index", "widths", "size"),
    [([0, 3], [1, 3, 2], 18), ([0, 1, 5, 2], [1, 4, 2], 21), ([0, 3], [0, 4, 2], 18)],
)
def test_an_unusual_table_is_left_to_the_library(
    index: list[int], widths: list[int], size: int
) -> None:
    made = stream(bytes(size), index, widths)

    assert not isinstance(tables._read_table(made), tables._Table)


def test_a_table_that_is_cut_off_is_refused_as_before() -> None:
    made = stream(bytes(20), [0, 3], [1, 4, 2])

    with pytest.raises(Exception, match="prematurely"):
        list(iter(tables._read_table(made)))  # type: ignore[arg-type]  # the library's rows


@pytest.mark.parametrize("path", sorted(PDFS.glob("B-*.pdf")), ids=lambda path: path.stem)
def test_whole_files_are_read_alike(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = path.read_bytes()

    def objects() -> list[Any]:
        reader = PdfFileReader(io.BytesIO(data))
        found = []
        for revision in range(reader.xrefs.total_revisions):
            refs = sorted(
                (ref.idnum, ref.generation)
                for ref in reader.xrefs.explicit_refs_in_revision(revision)
            )
            found.append(refs)
        return found

    tables.read_tables_at_once()
    ours = objects()
    monkeypatch.setattr(xref, "parse_xref_stream", tables._parse)
    monkeypatch.setattr(xref.XRefSectionData, "process_entries", tables._take)
    assert ours == objects()
