// Recorded times as a person in the clinic reads them.

import { realMoment } from "../engine/entry.js";
import { isRepeated, localTime } from "../engine/zones.js";
import { ContentUnreadable } from "./fields.js";

const RECORDED = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(?:Z|([+-])(\d{2}):?(\d{2}))$/;

const DAY = 86400000;

function two(value) {
  return String(value).padStart(2, "0");
}

// Days since 1970 of a date such as 2026-11-20.
export function dayNumber(iso) {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(iso);
  const start = parts === null ? null : realMoment(...parts.slice(1).map(Number), 0, 0, 0, 0);
  if (start === null) {
    throw new ContentUnreadable("a recorded date is unreadable");
  }
  return start / DAY;
}

export function dayText(days) {
  return new Date(days * DAY).toISOString().slice(0, 10);
}

export class LocalTimes {
  constructor(zone, words) {
    this.zone = zone;
    this.words = words;
    localTime(zone, 0);
  }

  // The zone's calendar and clock at an RFC 3339 time.
  read(recorded) {
    const parts = RECORDED.exec(recorded);
    const plain = parts === null ? null : realMoment(...[1, 2, 3, 4, 5, 6].map((at) => Number(parts[at] ?? 0)), 0);
    if (plain === null) {
      throw new ContentUnreadable("a recorded time is unreadable");
    }
    const ahead = (Number(parts[9] ?? 0) * 60 + Number(parts[10] ?? 0)) * (parts[8] === "-" ? -1 : 1);
    const at = plain - ahead * 60000;
    return { at, local: localTime(this.zone, at) };
  }

  // The date in the clinic's zone, such as 2026-11-20.
  localDate(recorded) {
    const { year, month, day } = this.read(recorded).local;
    return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
  }

  moment(recorded) {
    const { at, local } = this.read(recorded);
    let clock = `${two(local.hour)}:${two(local.minute)}`;
    if (isRepeated(this.zone, at)) {
      // In autumn this hour happens twice, and only the offset tells which one it was.
      const minutes = Math.abs(local.offset) / 60000;
      clock += ` (UTC${local.offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}${two(minutes % 60)})`;
    }
    const day = this.write(local.year, local.month, local.day);
    return { utc: recorded, day, clock, text: `${day}, ${clock}` };
  }

  day(iso) {
    dayNumber(iso);
    return this.write(...iso.split("-").map(Number));
  }

  write(year, month, day) {
    const dot = this.words.months[0].endsWith(".") ? "." : "";
    return `${day}${dot} ${this.words.months[month - 1]} ${year}`;
  }
}

// Leaves the day out where the reader has just been told it.
export function beside(moment, day) {
  return moment.day === day ? moment.clock : moment.text;
}
