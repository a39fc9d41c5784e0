"""Reads a tagged file as a screen reader does: through its tree, and nothing else."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import page
import pikepdf
from pikepdf import Dictionary, Name

PROFILES = ("3a", "ua1")
LENGTH_RULE = "PDFA3A-STREAM-LENGTH-001"
PAIR = re.compile(r"<([0-9A-Fa-f]{2})> <([0-9A-Fa-f]+)>")
PAINTING = frozenset({"Tj", "TJ", "'", '"', "f", "F", "f*", "S", "s", "B", "b", "Do", "sh"})


def run(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def broken_rules(pdf: Path) -> set[str]:
    """Return the rules of PDF/A-3a and PDF/UA-1 that a file breaks.

    The validator calls a length wrong whenever a stream's last byte is a carriage return;
    where there is such a stream, that one rule is left to qpdf, which knows better.
    """
    broken = {
        failure.rule_id
        for profile in PROFILES
        for failure in page.validate_pdf(
            pdf, profile=page.ValidationProfile(profile), limits=page.SafetyLimits.unlimited()
        ).failures
    }
    ends_in_return = b"\r\nendstream" in pdf.read_bytes()
    return broken - ({LENGTH_RULE} if ends_in_return else set())


@dataclass(slots=True)
class Heard:
    """An element as it is read: its role, its own words, and what is under it."""

    role: str
    said: str
    parts: list[Heard] = field(default_factory=list)
    source: pikepdf.Object | None = None

    def words(self) -> str:
        """Return everything that is read, with single spaces."""
        return " ".join(" ".join([self.said, *(part.words() for part in self.parts)]).split())

    def find(self, role: str) -> Iterator[Heard]:
        for part in self.parts:
            if part.role == role:
                yield part
            yield from part.find(role)


@dataclass(slots=True)
class Marked:
    """The marked sequences of one page."""

    texts: dict[int, str] = field(default_factory=dict)
    begun: list[int] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    """Operators that paint in no marked sequence."""


def read_page(sheet: pikepdf.Page) -> Marked:
    """Take a page's content apart."""
    maps = {name: _characters(font) for name, font in sheet.obj.Resources.Font.items()}
    marked, open_marks, font = Marked(), [], ""
    for step in pikepdf.parse_content_stream(sheet):
        operator, operands = str(step.operator), list(step.operands)
        if operator in {"BMC", "BDC"}:
            known = len(operands) > 1 and isinstance(operands[1], Dictionary)
            mark = operands[1].get("/MCID") if known else None
            open_marks.append(None if mark is None else int(mark))
            if mark is not None:
                marked.begun.append(int(mark))
        elif operator == "EMC":
            open_marks.pop()
        elif operator == "Tf":
            font = str(operands[0])
        elif operator in PAINTING and not open_marks:
            marked.outside.append(operator)
        if operator == "Tj" and open_marks and open_marks[-1] is not None:
            shown = "".join(maps[font][code] for code in bytes(operands[0]))
            marked.texts[open_marks[-1]] = marked.texts.get(open_marks[-1], "") + shown
    assert open_marks == []
    return marked


def kids_of(element: pikepdf.Object) -> list[pikepdf.Object | int]:
    """Return what an element holds; a single part need not stand in a list."""
    if "/K" not in element:
        return []
    return list(element.K) if isinstance(element.K, pikepdf.Array) else [element.K]


def read_aloud(pdf: pikepdf.Pdf) -> tuple[Heard, Counter[tuple[int, int]]]:
    """Return what is read, and how often each mark is referred to, by page object and number."""
    pages = {sheet.obj.objgen[0]: read_page(sheet) for sheet in pdf.pages}
    used: Counter[tuple[int, int]] = Counter()

    def hear(element: pikepdf.Object) -> Heard:
        heard = Heard(role=str(element.S)[1:], said="", source=element)
        for kid in kids_of(element):
            if isinstance(kid, Dictionary) and kid.get("/Type") == Name.OBJR:
                # What is read at a field is its description.
                heard.said += str(kid.Obj.TU)
                continue
            if isinstance(kid, Dictionary) and kid.get("/Type") != Name.MCR:
                assert kid.P.objgen == element.objgen
                heard.parts.append(hear(kid))
                continue
            if isinstance(kid, Dictionary):
                place = (kid.Pg.objgen[0], int(kid.MCID))
            else:
                place = (element.Pg.objgen[0], int(kid))
            used[place] += 1
            heard.said += pages[place[0]].texts.get(place[1], "")
        for name in ("/ActualText", "/Alt"):
            if name in element:
                heard.said = str(element[name])
        return heard

    return hear(pdf.Root.StructTreeRoot.K), used


def _characters(font: pikepdf.Object) -> dict[int, str]:
    source = font.ToUnicode.read_bytes().decode("latin-1")
    return {
        int(code, 16): bytes.fromhex(text).decode("utf-16-be")
        for code, text in PAIR.findall(source.partition("beginbfchar")[2])
    }
