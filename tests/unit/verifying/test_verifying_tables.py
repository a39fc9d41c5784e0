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
from pyhanko.pdf_utils.misc import PdfStreamError
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


@pytest.mark.parametrize("first", [0, 7])
def test_rows_are_found_by_number_and_only_those_there_are(first: int) -> None:
    rows = struct.pack(">BIHBIHBIHBIH", 0, 0, 9, 1, 70, 3, 2, 5, 1, 2, 6, 0)

    told = taken(tables._read_table(stream(rows, [first, 4], [1, 4, 2])), tables._take_table)

    assert (first, 8) in told["refs"] or first == 0
    assert (first + 1, 3) in told["refs"]
    assert (first + 2, 0) in told["refs"]
    for absent in ((first + 1, 0), (first + 2, 1), (first + 4, 0), (first - 1, 0), "7"):
        assert absent not in told["refs"]
    assert told["packed"][first + 2] == xref.ObjStreamRef(5, 1)
    assert first + 1 not in told["packed"]
    assert first + 4 not in told["packed"]
    assert 6 in told["bundles"]
    assert 70 not in told["bundles"]
    assert [len(told[name]) for name in ("packed", "bundles")] == [2, 2]
    assert len(told["refs"]) == (4 if first else 3)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"<>", id="empty"),
        pytest.param(b"<00ff>>", id="short"),
        pytest.param(b"<0aF>rest", id="odd-number-of-digits"),
        pytest.param(b"<0a 0b\n0c>", id="white-space-inside"),
        pytest.param(b"<feff00e4>", id="text-in-utf16"),
        pytest.param(b"<" + b"3082" * 9000 + b"00>>", id="long"),
        pytest.param(b"<" + b"3082" * 9000 + b" 00>>", id="long-with-white-space"),
        pytest.param(b"<" + b"0" * 253 + b">>", id="odd-and-closed-where-the-first-look-ends"),
        pytest.param(b"<" + b"0" * 254 + b">>", id="closed-where-the-first-look-ends"),
        pytest.param(b"<" + b"0" * 256 + b">>", id="closed-after-the-first-look"),
        pytest.param(b"<0g>", id="no-digit"),
        pytest.param(b"<00", id="never-closed"),
        pytest.param(b"<" + b"00" * 9000, id="long-and-never-closed"),
    ],
)
def test_hexadecimal_text_is_read_as_the_library_reads_it(text: bytes) -> None:
    def read(reading: Any) -> tuple[object, ...]:
        source = io.BytesIO(b"before" + text)
        source.seek(6)
        try:
            value = reading(source)
        except PdfStreamError as error:
            return (type(error),)
        return type(value), value, source.tell()

    assert read(tables._read_hex) == read(tables._read_digits)


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

    tables.read_at_once()
    ours = objects()
    monkeypatch.setattr(xref, "parse_xref_stream", tables._parse)
    monkeypatch.setattr(xref.XRefSectionData, "process_entries", tables._take)
    assert ours == objects()
