// Midnights and clock times of a time zone, from the browser's own table of zones.

import { Damaged } from "./bytes.js";
import { realMoment } from "./entry.js";

const DAY = 86400000;
const formats = new Map();

function formatOf(zone) {
  if (!formats.has(zone)) {
    // Offsets such as +01:00 are zones to a browser and not to the command.
    if (!/^[A-Za-z]/.test(zone)) {
      throw new Damaged("the time zone is unknown");
    }
    try {
      const options = { timeZone: zone, hourCycle: "h23", era: "short", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" };
      formats.set(zone, new Intl.DateTimeFormat("en-US", options));
    } catch {
      throw new Damaged("the time zone is unknown");
    }
  }
  return formats.get(zone);
}

// The parts of the zone's own calendar and clock at a moment, and how far it is ahead of UTC.
export function localTime(zone, moment) {
  const parts = Object.fromEntries(formatOf(zone).formatToParts(moment).map((part) => [part.type, part.value]));
  const [year, month, day, hour, minute, second] = ["year", "month", "day", "hour", "minute", "second"].map((key) => Number(parts[key]));
  const full = parts.era.startsWith("B") ? 1 - year : year;
  const local = new Date(0);
  local.setUTCFullYear(full, month - 1, day);
  local.setUTCHours(hour, minute, second);
  const offset = local.getTime() - Math.floor(moment / 1000) * 1000;
  return { year: full, month, day, hour, minute, offset };
}

// The moment of a local time; in the hour that a zone skips or repeats, by the offset before it.
function momentOf(zone, local) {
  const before = localTime(zone, local - DAY).offset;
  const after = localTime(zone, local + DAY).offset;
  const early = local - before;
  if (before === after || localTime(zone, early).offset === before) {
    return early;
  }
  const late = local - after;
  return localTime(zone, late).offset === after ? late : early;
}

// Whether the zone shows this moment's clock time twice, so that only the offset tells which.
export function isRepeated(zone, moment) {
  const { offset } = localTime(zone, moment);
  const wall = moment + offset;
  return [localTime(zone, moment - DAY).offset, localTime(zone, moment + DAY).offset].some(
    (other) => other !== offset && (localTime(zone, wall - other).offset === other || isSkipped(zone, wall)),
  );
}

function isSkipped(zone, wall) {
  return [wall - DAY, wall + DAY].every((near) => {
    const { offset } = localTime(zone, near);
    return localTime(zone, wall - offset).offset !== offset;
  });
}

function dayStart(text) {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  const start = parts === null ? null : realMoment(...parts.slice(1).map(Number), 0, 0, 0, 0);
  if (start === null) {
    throw new Damaged("a date does not exist");
  }
  return start;
}

export function periodLimits(zone, from, to) {
  const last = dayStart(to);
  if (to === "9999-12-31") {
    throw new Damaged("the calendar has no day after the last one");
  }
  return [momentOf(zone, dayStart(from)), momentOf(zone, last + DAY)];
}
