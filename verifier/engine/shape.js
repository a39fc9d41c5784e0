// Taking a parsed audit.json apart without trusting that anything in it is of the right type.

import { compareText, fromHex, firstLetters, quoted } from "./bytes.js";
import { isObject } from "./canonical.js";
import { parseTime } from "./entry.js";

export class NotAnAudit extends Error {}
export class UnknownAuditVersion extends NotAnAudit {}

export const INSPECTION = "inspection";
export const CLIENT_COPY = "client_copy";
const PURPOSES = [INSPECTION, CLIENT_COPY];

const COMMON_KEYS = [
  ..."schema software clinic made_at made_by size root incarnation checkpoint note_key".split(" "),
  ..."note_key_certificate entries disclosures profiles anchors consistency".split(" "),
];
const REPORT_KEYS = [...COMMON_KEYS, ..."period filters volume range range_proof context open_sessions".split(" ")];
const SESSION_KEYS = [...COMMON_KEYS, "session", "purpose"];

const TRACE_KEYS = [
  ..."schema software clinic purpose recall title sentences lists made_at made_by".split(" "),
  ..."size root incarnation checkpoint note_key note_key_certificate entries".split(" "),
];

const OF_VERSION = new Map([
  [1, []],
  [2, ["curves"]],
  [3, ["curves"]],
]);

function requireKeys(value, keys, name) {
  const missing = keys.filter((key) => !Object.hasOwn(value, key));
  const unknown = Object.keys(value).filter((key) => !keys.includes(key));
  const odd = [...missing, ...unknown].sort(compareText);
  if (odd.length > 0) {
    throw new NotAnAudit(`${name}: the key ${quoted(firstLetters(odd[0], 40))} is missing or not known`);
  }
}

export function anyObject(value, name) {
  if (!isObject(value)) {
    throw new NotAnAudit(`${name} is not an object`);
  }
  return value;
}

export function exactObject(value, keys, name) {
  requireKeys(anyObject(value, name), keys, name);
  return value;
}

export function anyList(value, name) {
  if (!Array.isArray(value)) {
    throw new NotAnAudit(`${name} is not a list`);
  }
  return value;
}

export function anyText(value, name) {
  if (typeof value !== "string") {
    throw new NotAnAudit(`${name} is not a text`);
  }
  return value;
}

export function anyCount(value, name) {
  if (!Number.isInteger(value) || value < 0) {
    throw new NotAnAudit(`${name} is not a count`);
  }
  return value;
}

export function anyBytes(value, name) {
  if (!/^(?:[0-9a-f]{2})+$/.test(anyText(value, name))) {
    throw new NotAnAudit(`${name} is not hexadecimal in lower case`);
  }
  return fromHex(value);
}

export function anyHash(value, name) {
  const bytes = anyBytes(value, name);
  if (bytes.length !== 32) {
    throw new NotAnAudit(`${name} is not a hash`);
  }
  return bytes;
}

export function anyHashes(value) {
  return anyList(value, "a proof").map((item) => anyHash(item, "a proof"));
}

export function member(value, ...path) {
  let current = value;
  for (const key of path) {
    if (!Object.hasOwn(anyObject(current, `what holds ${key}`), key)) {
      throw new NotAnAudit(`the key ${quoted(key)} is missing`);
    }
    current = current[key];
  }
  return current;
}

function checkClinic(value) {
  const texts = ["id", "language", "name", "slug", "time_zone"];
  const clinic = exactObject(value, [...texts, "demo"], "clinic");
  texts.forEach((key) => anyText(clinic[key], `clinic.${key}`));
  if (typeof clinic.demo !== "boolean") {
    throw new NotAnAudit("clinic.demo is not true or false");
  }
}

function checkCommonParts(content) {
  ["software", "made_by", "checkpoint", "note_key"].forEach((key) => anyText(content[key], key));
  parseTime(content.made_at);
  anyCount(content.incarnation, "incarnation");
  checkClinic(content.clinic);
  const name = "note_key_certificate";
  Object.values(exactObject(content[name], ["certificate", "signature"], name)).forEach((value) => anyText(value, name));
  anyList(content.profiles, "profiles").forEach((item) => anyObject(item, "profiles"));
  anyList(content.anchors, "anchors");
}

function checkPeriod(value) {
  const period = exactObject(value, ["from", "to", "from_time", "to_time"], "period");
  for (const key of ["from", "to"]) {
    if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(anyText(period[key], `period.${key}`))) {
      throw new NotAnAudit(`period.${key} is not a date`);
    }
  }
  parseTime(period.from_time);
  parseTime(period.to_time);
}

function checkVolume(value) {
  if (value !== null) {
    const volume = exactObject(value, ["number", "of"], "volume");
    const [number, of] = [anyCount(volume.number, "number"), anyCount(volume.of, "of")];
    if (!(number >= 1 && number <= of)) {
      throw new NotAnAudit("the volume's number is not one of them");
    }
  }
}

export function checkPlainParts(content, version) {
  requireKeys(content, [...REPORT_KEYS, ...OF_VERSION.get(version)], "audit.json");
  if (version === 1 && !(Array.isArray(content.anchors) && content.anchors.length === 0)) {
    throw new NotAnAudit("version 1 knows no anchors");
  }
  checkCommonParts(content);
  anyObject(content.filters, "filters");
  checkPeriod(content.period);
  checkVolume(content.volume);
  for (const item of anyList(content.open_sessions, "open_sessions")) {
    const session = exactObject(item, ["session", "state", "opened_index"], "open_sessions");
    anyText(session.session, "open_sessions.session");
    anyText(session.state, "open_sessions.state");
    anyCount(session.opened_index, "open_sessions.opened_index");
  }
}

export function checkPlainSessionParts(content) {
  requireKeys(content, SESSION_KEYS, "audit.json");
  checkCommonParts(content);
  anyText(content.session, "session");
  if (!PURPOSES.includes(content.purpose)) {
    throw new NotAnAudit("its purpose is not known");
  }
}

export function checkPlainTraceParts(content) {
  requireKeys(content, TRACE_KEYS, "audit.json");
  checkCommonParts({ ...content, profiles: [], anchors: [] });
}
