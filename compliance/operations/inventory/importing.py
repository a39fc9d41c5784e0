"""Importing a spreadsheet: read and shown first, with every bad row by name; written when confirmed.

What is staged is no part of the record. Confirming writes all good rows at once, if the file still judges as shown.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from compliance.domain.access import Action, Actor
from compliance.errors import Conflict, NotFound, Refused
from compliance.operations.identifiers import new_id
from compliance.operations.inventory.entering import enter_additions
from compliance.operations.inventory.families import Family, find_family, find_in_use
from compliance.operations.inventory.spreadsheets import decode_spreadsheet, split_spreadsheet
from compliance.store import inventory, staged_imports
from compliance.store.session import Tx
from compliance.store.staged_imports import Staged

STAGED_FOR: Final = timedelta(hours=2)


class ImportChanged(Conflict):
    """The inventory changed between the preview and its confirmation; nothing was written."""

    code = "import_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadCell:
    """Why a row cannot be imported."""

    row: int
    """The line in the file, as a spreadsheet counts them."""
    column: str
    value: str
    problem: str
    allowed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodRow:
    row: int
    cells: Mapping[str, str]
    """As they were typed, by column."""
    command: Any
    referred: str | None = None
    """The id of the product or room that it names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What confirming would do."""

    import_id: str
    family: Family
    encoding: str
    good: tuple[GoodRow, ...]
    bad: tuple[BadCell, ...]
    verdict: str
    """Names exactly this judgement; confirming another one is refused."""
    columns: tuple[str, ...] = field(default=())

    @property
    def bad_rows(self) -> int:
        return len({cell.row for cell in self.bad})


def stage_import(tx: Tx, family: str, content: bytes, *, actor: Actor, now: datetime) -> str:
    """Keep an uploaded file for its preview; returns the import's id.

    Raises:
        NotFound: no such family.
        Refused: no CSV, too large or too long, an unknown or a missing column.
    """
    actor.require(Action.MANAGE_DEVICES)
    found = find_family(family)
    text, encoding = decode_spreadsheet(content)
    heading, _ = split_spreadsheet(text)
    _match_columns(found, heading)
    staged = Staged(
        clinic_id=actor.clinic_id,
        import_id=new_id(now),
        family=family,
        user_id=actor.user_id,
        text=text,
        encoding=encoding,
        created_at=now,
    )
    staged_imports.delete_staged(tx, actor.clinic_id, import_id=None, before=now - STAGED_FOR)
    staged_imports.insert_staged(tx, staged)
    return staged.import_id


def plan_import(tx: Tx, import_id: str, *, actor: Actor) -> Plan:
    """Judge a staged file against the inventory as it is now; writes nothing.

    Raises:
        NotFound: nothing staged under this id by this person.
    """
    actor.require(Action.MANAGE_DEVICES)
    staged = staged_imports.find_staged(tx, actor.clinic_id, import_id)
    if staged is None or staged.user_id != actor.user_id:
        raise NotFound("this import was confirmed or given up; choose the file again")
    family = find_family(staged.family)
    heading, rows = split_spreadsheet(staged.text)
    names = _match_columns(family, heading)
    good: list[GoodRow] = []
    bad: list[BadCell] = []
    judge = _Judge(tx, family, actor)
    for line, cells in rows:
        typed = dict(zip(names, cells, strict=False))
        extra = [cell for cell in cells[len(names) :] if cell]
        if extra:
            bad.append(
                BadCell(
                    row=line,
                    column="",
                    value=extra[0],
                    problem="stands beyond the last column",
                    allowed="as many cells as the heading has",
                )
            )
            continue
        found, problems = judge.row(line, typed)
        bad.extend(problems)
        if found is not None:
            good.append(found)
    return Plan(
        import_id=import_id,
        family=family,
        encoding=staged.encoding,
        good=tuple(good),
        bad=tuple(bad),
        verdict=_verdict(staged.text, good, bad),
        columns=tuple(names),
    )


def confirm_import(
    tx: Tx, import_id: str, verdict: str, *, actor: Actor, now: datetime
) -> tuple[Family, int]:
    """Write all good rows of a staged file, each with its entry; the caller's one transaction.

    Returns the family and how many rows were written.

    Raises:
        NotFound: as for `plan_import`.
        ImportChanged: the file judges differently from what was shown.
        Refused: no row is good.
    """
    plan = plan_import(tx, import_id, actor=actor)
    if plan.verdict != verdict:
        raise ImportChanged("the inventory changed meanwhile; look at the preview again")
    if not plan.good:
        raise Refused("file", 0, "has no row that can be imported")
    additions = [
        plan.family.prepare(row.command, row.referred, actor=actor, now=now) for row in plan.good
    ]
    enter_additions(tx, actor, additions, now=now)
    staged_imports.delete_staged(tx, actor.clinic_id, import_id=import_id, before=now - STAGED_FOR)
    return plan.family, len(plan.good)


def discard_import(tx: Tx, import_id: str, *, actor: Actor, now: datetime) -> None:
    """Forget a staged file."""
    actor.require(Action.MANAGE_DEVICES)
    staged_imports.delete_staged(tx, actor.clinic_id, import_id=import_id, before=now - STAGED_FOR)


class _Judge:
    """Judges the rows of one file, knowing what came before in it."""

    def __init__(self, tx: Tx, family: Family, actor: Actor) -> None:
        self._tx = tx
        self._family = family
        self._actor = actor
        self._taken = inventory.taken_codes(tx, actor.clinic_id, family.name)
        self._seen: dict[str, int] = {}
        self._known: dict[str, str | None] = {}

    def row(self, line: int, typed: Mapping[str, str]) -> tuple[GoodRow | None, list[BadCell]]:
        values, problems = self._read(line, typed)
        if problems:
            return None, problems
        command = self._family.make(**values)
        try:
            self._family.check(command)
        except Refused as error:
            column = self._family.column(error.field)
            return None, [
                BadCell(
                    row=line,
                    column=column.name,
                    value=typed.get(column.name, ""),
                    problem=error.problem,
                    allowed=column.allowed or error.allowed,
                )
            ]
        problem = self._standing(line, command, typed)
        if problem is not None:
            return None, [problem]
        referred = None
        if self._family.refers is not None:
            name, family = self._family.refers
            referred = self._find(family, typed.get(name, ""))
        return GoodRow(row=line, cells=typed, command=command, referred=referred), []

    def _read(self, line: int, typed: Mapping[str, str]) -> tuple[dict[str, Any], list[BadCell]]:
        values: dict[str, Any] = {}
        problems = []
        for column in self._family.columns:
            text = typed.get(column.name, "")
            if column.read is None:
                continue
            problem = "is missing" if column.needed and not text else ""
            try:
                values[column.field or column.name] = column.read(text)
            except Refused as error:
                problem = problem or error.problem
            if problem:
                problems.append(
                    BadCell(
                        row=line,
                        column=column.name,
                        value=text,
                        problem=problem,
                        allowed=column.allowed,
                    )
                )
        return values, problems

    def _standing(self, line: int, command: Any, typed: Mapping[str, str]) -> BadCell | None:
        """What only the inventory and the rest of the file can say about a row."""
        column = self._family.column("code")
        value = typed.get(column.name, "")
        code = self._family.code(command)
        if self._family.refers is not None:
            name, family = self._family.refers
            text = typed.get(name, "")
            if text and self._find(family, text) is None:
                allowed = self._family.column(name).allowed
                return BadCell(
                    row=line, column=name, value=text, problem="is not in use here", allowed=allowed
                )
        if code in self._seen:
            problem = f"stands in row {self._seen[code]} already"
        elif code in self._taken:
            problem = "is in the inventory already"
        else:
            self._seen[code] = line
            return None
        return BadCell(
            row=line, column=column.name, value=value, problem=problem, allowed="a new one"
        )

    def _find(self, family: str, name: str) -> str | None:
        """The id of what is referred to; nothing for what is not in use, or not named."""
        if name and name not in self._known:
            self._known[name] = find_in_use(self._tx, family, name, actor=self._actor)
        return self._known.get(name)


def _match_columns(family: Family, heading: Sequence[str]) -> list[str]:
    """The columns in the order of the file.

    Raises:
        Refused: naming the unknown, doubled or missing column and all that are known.
    """
    known = [column.name for column in family.columns]
    names = [re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") for text in heading]
    while names and not names[-1]:
        names.pop()
    for name, text in zip(names, heading, strict=False):
        if name not in known or names.count(name) > 1:
            problem = "stands twice" if name in known else "is an unknown column"
            raise Refused("heading", text, problem, allowed=", ".join(known))
    missing = [
        column.name for column in family.columns if column.needed and column.name not in names
    ]
    if missing:
        raise Refused(
            "heading", ", ".join(heading), f"lacks {', '.join(missing)}", allowed=", ".join(known)
        )
    return names


def _verdict(text: str, good: Sequence[GoodRow], bad: Sequence[BadCell]) -> str:
    facts = [
        hashlib.sha256(text.encode()).hexdigest(),
        [row.row for row in good],
        [[cell.row, cell.column, cell.problem] for cell in bad],
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
