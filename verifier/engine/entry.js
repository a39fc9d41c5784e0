// One entry of a log: the bytes that are hashed, and the value they stand for.

import { NotCanonical, isObject, parseCanonical } from "./canonical.js";
import { MAX_ENTRY_BYTES } from "./limits.js";

const KEYS = ["v", "kind", "clinic", "at", "by", "data"];
const TIME = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{3})Z$/;

// Milliseconds since 1970, or nothing where the calendar has no such day or the day no such time.
export function realMoment(year, month, day, hour, minute, second, millisecond) {
  const moment = new Date(0);
  moment.setUTCFullYear(year, month - 1, day);
  moment.setUTCHours(hour, minute, second, millisecond);
  const exists = year >= 1 && moment.getUTCFullYear() === year && moment.getUTCMonth() === month - 1 && moment.getUTCDate() === day;
  return exists && hour < 24 && minute < 60 && second < 60 ? moment.getTime() : null;
}

export function parseTime(text) {
  const parts = typeof text === "string" ? TIME.exec(text) : null;
  if (parts === null) {
    throw new NotCanonical("a time is not RFC 3339 in UTC with three decimals");
  }
  const moment = realMoment(...parts.slice(1).map(Number));
  if (moment === null) {
    throw new NotCanonical("a time names no real date and time");
  }
  return moment;
}

export function formatTime(moment) {
  return new Date(moment).toISOString();
}

function requireName(value, key) {
  if (typeof value !== "string" || value === "") {
    throw new NotCanonical(`an entry's ${key} is not a non-empty text`);
  }
  return value;
}

function requireObject(value, key) {
  if (!isObject(value)) {
    throw new NotCanonical(`an entry's ${key} is not an object`);
  }
  return value;
}

export function decodeEntry(index, body) {
  if (body.length > MAX_ENTRY_BYTES) {
    throw new NotCanonical("an entry is larger than any that can be written");
  }
  const content = parseCanonical(body);
  const keys = Object.keys(content);
  if (keys.length !== KEYS.length || !KEYS.every((key) => Object.hasOwn(content, key))) {
    throw new NotCanonical("an entry does not have exactly the known keys");
  }
  if (content.v !== 1) {
    throw new NotCanonical("an entry is of an unknown version");
  }
  return {
    index,
    kind: requireName(content.kind, "kind"),
    clinic: requireName(content.clinic, "clinic"),
    at: parseTime(content.at),
    by: requireObject(content.by, "by"),
    data: requireObject(content.data, "data"),
    content,
  };
}
