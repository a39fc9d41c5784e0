"""What a family of things and a column of its spreadsheet are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from compliance.domain.access import Actor
from compliance.operations.inventory.entering import Addition


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a family's spreadsheet."""

    name: str
    read: Callable[[str], Any] | None
    """None: it is written by the export and not read again."""
    allowed: str = ""
    """In words, for who has to set a cell right."""
    needed: bool = False
    field: str = ""
    """The name of the command's field, where it differs from the column's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One family of things."""

    name: str
    columns: tuple[Column, ...]
    make: Callable[..., Any]
    """Makes the command from the read cells."""
    check: Callable[[Any], object]
    """Raises ``Refused`` for a command that no database has to judge."""
    add: Callable[..., Any]
    prepare: Callable[..., Addition]
    """Takes a checked command, the id of what it refers to, actor and now; writes nothing."""
    code: Callable[[Any], str]
    """What may be there only once."""
    search: Callable[..., Sequence[Any]]
    place: Callable[[Any], tuple[str, str]]
    """The keyset place of a row: sort text and id."""
    cells: Callable[[Any], tuple[str, ...]]
    """A row as the cells of the columns."""
    find: Callable[..., Any]
    """By id (or code, but for lots); raises ``NotFound``."""
    refers: tuple[str, str] | None = None
    """(column, family): a cell that must name something that is in use."""

    def column(self, field: str) -> Column:
        """The column behind a command's field; the first one for a field that is no column."""
        names = (field, field.partition(".")[0])
        return next(
            (each for each in self.columns if (each.field or each.name) in names), self.columns[0]
        )


def referring_to_nothing(prepare: Callable[..., Addition]) -> Callable[..., Addition]:
    """The `prepare` of a family whose things refer to nothing."""

    def prepare_alone(
        command: Any, _referred: str | None, *, actor: Actor, now: datetime
    ) -> Addition:
        return prepare(command, actor=actor, now=now)

    return prepare_alone
