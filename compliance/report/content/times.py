"""Recorded times as a person in the clinic reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from compliance.report.content.moments import Moment
from compliance.report.content.source import ContentUnreadable
from compliance.report.content.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTimes:
    """Formats times and dates in one zone and one language."""

    zone: ZoneInfo
    words: Words

    @classmethod
    def in_zone(cls, name: str, words: Words) -> Self:
        """Return the formatter of a zone.

        Raises:
            ContentUnreadable: if this installation knows no zone of that name.
        """
        try:
            return cls(zone=ZoneInfo(name), words=words)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            # A name with path parts gives ValueError, a folder's name OSError.
            raise ContentUnreadable("the clinic's time zone is unknown") from error

    def moment(self, recorded: str) -> Moment:
        """Return an RFC 3339 time in the clinic's zone, cut off to the minute.

        Raises:
            ContentUnreadable: if it is not a time with an offset.
        """
        try:
            moment = datetime.fromisoformat(recorded)
            local = moment.astimezone(self.zone)
        except (ValueError, OverflowError) as error:
            raise ContentUnreadable("a recorded time is unreadable") from error
        if moment.utcoffset() is None:
            # Python would take it for a time of the computer that reads it.
            raise ContentUnreadable("a recorded time lacks its offset")
        clock = f"{local:%H:%M}"
        if local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset():
            # In autumn this hour happens twice, and only the offset tells which one it was.
            clock += f" (UTC{local:%z})"
        return Moment(utc=recorded, day=self._day(local), clock=clock)

    def local_date(self, recorded: str) -> str:
        """Return the date of an RFC 3339 time in the clinic's zone, such as ``2026-11-20``.

        Raises:
            ContentUnreadable: if it is not a time.
        """
        try:
            return datetime.fromisoformat(recorded).astimezone(self.zone).date().isoformat()
        except (ValueError, OverflowError) as error:
            raise ContentUnreadable("a recorded time is unreadable") from error

    def day(self, iso: str) -> str:
        """Return a date such as ``2026-11-20`` as ``20 Nov 2026``.

        Raises:
            ContentUnreadable: if it is not a date.
        """
        try:
            return self._day(date.fromisoformat(iso))
        except ValueError as error:
            raise ContentUnreadable("a recorded date is unreadable") from error

    def _day(self, day: date) -> str:
        dot = "." if self.words.months[0].endswith(".") else ""
        return f"{day.day}{dot} {self.words.months[day.month - 1]} {day.year}"
