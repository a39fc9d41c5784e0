// The meaning layer, second half: what every closed session must have, and what followed.

import { toHex } from "./bytes.js";
import { canonicalBytes, isObject } from "./canonical.js";
import { parseTime } from "./entry.js";
import { answer, entryText, ofKind } from "./entries.js";
import { sha256 } from "./sha256.js";
import { anyCount, anyList, anyObject, anyText, exactObject, member } from "./shape.js";
import { check } from "./verdict.js";

const CONFIRMED_ITEMS = [
  "device_sterilized_before",
  "device_sterilized_after",
  "gloves_worn",
  "mask_worn",
  "skin_disinfected_before",
  "skin_disinfected_after",
];
const NEEDLE_MATERIALS = ["titanium", "surgical_steel"];

// Nothing means that the session is over.
const STATE_AFTER = new Map([
  ["session.opened", "draft"],
  ["session.started", "in_progress"],
  ["session.finished", "treated"],
  ["session.signed", "awaiting_reprocessing"],
  ["session.closed", null],
  ["session.aborted", null],
]);

function templatesOf(log) {
  const found = new Map();
  for (const entry of log.byIndex.values()) {
    if (entry.kind === "template.published") {
      const template = anyObject(member(entry.data, "template"), "template");
      found.set(toHex(sha256(canonicalBytes(template))), template);
    }
  }
  return found;
}

function resultsOf(entry) {
  const results = new Map();
  for (const item of anyList(member(entry.data, "items"), "items")) {
    results.set(anyText(member(item, "code"), "items.code"), member(item, "result"));
  }
  return results;
}

function sameValue(left, right) {
  if (isObject(left) || Array.isArray(left)) {
    return JSON.stringify(left) === JSON.stringify(right);
  }
  return left === right;
}

// Nothing for a condition of an unknown form.
function isRequired(condition, results) {
  if (condition === null) {
    return true;
  }
  if (!isObject(condition) || Object.keys(condition).sort().join() !== "is,item") {
    return null;
  }
  return typeof condition.item === "string" ? sameValue(results.get(condition.item) ?? null, condition.is) : null;
}

function* missingItems(template, results) {
  for (const item of anyList(member(template, "items"), "template.items")) {
    const code = anyText(member(item, "code"), "template.items.code");
    const required = isRequired(member(item, "required_when"), results);
    if (required === null) {
      yield `${code} is required in a case this software cannot read`;
    } else if (required && (results.get(code) ?? null) === null && !CONFIRMED_ITEMS.includes(code)) {
      yield `${code} is not answered`;
    }
  }
}

function* openingProblems(entry, log) {
  const index = anyCount(member(entry.data, "opened", "index"), "opened.index");
  const opened = log.byIndex.get(index);
  if (index >= entry.index) {
    yield "it says it was opened after it was closed";
  } else if (opened !== undefined) {
    if (opened.kind !== "session.opened" || entryText(opened, "session") !== entryText(entry, "session")) {
      yield `entry ${index} did not open this session`;
    } else if (parseTime(member(entry.data, "opened", "at")) !== opened.at) {
      yield "it gives another time of opening than the entry that opened it";
    }
  }
}

function* problemsOfClosing(entry, templates, log) {
  const template = templates.get(entryText(entry, "template", "hash"));
  if (template === undefined) {
    yield "its checklist template is not shown";
    return;
  }
  const results = resultsOf(entry);
  const overrides = anyList(member(entry.data, "overrides"), "overrides");
  const overridden = overrides.map((item) => anyText(member(item, "item"), "overrides.item"));
  yield* missingItems(template, results);
  for (const code of CONFIRMED_ITEMS) {
    if (!results.has(code)) {
      yield `${code} is not answered`;
    } else if (results.get(code) !== "yes" && !overridden.includes(code)) {
      yield `${code} is not confirmed`;
    }
  }
  if (!NEEDLE_MATERIALS.includes(results.get("needle_material"))) {
    yield "needle_material is neither titanium nor surgical_steel";
  }
  yield* openingProblems(entry, log);
}

export function* closingProblems(log) {
  const templates = templatesOf(log);
  const closed = new Set();
  for (const entry of ofKind(log, "session.closed")) {
    const session = entryText(entry, "session");
    if (closed.has(session)) {
      yield `entry ${entry.index} closes a session a second time`;
    }
    closed.add(session);
    for (const problem of problemsOfClosing(entry, templates, log)) {
      yield `entry ${entry.index}: ${problem}`;
    }
  }
}

// An amendment of the device names both devices whole, and not the same one twice.
function* deviceProblems(entry) {
  const [before, after] = ["old", "new"].map((side) => exactObject(member(entry.data, side), ["id", "label", "components"], side));
  if (sameValue(before.id, after.id)) {
    yield `entry ${entry.index} amends the device to the same one`;
  }
}

function* amendmentProblems(log) {
  for (const entry of ofKind(log, "session.amended")) {
    const index = anyCount(member(entry.data, "closed_index"), "closed_index");
    const amended = log.byIndex.get(index);
    if (amended === undefined) {
      yield `entry ${entry.index} amends entry ${index}, which is not shown`;
    } else if (
      index >= entry.index ||
      !["session.closed", "session.aborted"].includes(amended.kind) ||
      entryText(amended, "session") !== entryText(entry, "session")
    ) {
      yield `entry ${entry.index} amends entry ${index}, which did not close that session`;
    }
    if (entryText(entry, "item") === "device") {
      yield* deviceProblems(entry);
    }
  }
}

export function checkAmendments(log) {
  return answer(
    "amendments",
    "Every amendment is of a closed session",
    amendmentProblems(log),
    `${ofKind(log, "session.amended").length} amendments were checked.`,
  );
}

export function checkSessions(log) {
  return answer(
    "sessions",
    "Every closed session has its complete checklist",
    closingProblems(log),
    `${ofKind(log, "session.closed").length} closed sessions were checked.`,
  );
}

function* listedProblems(session, item, log) {
  const index = anyCount(member(item, "opened_index"), "opened_index");
  const opened = log.byIndex.get(index);
  if (index >= log.audit.end) {
    yield `session ${session} is listed as opened after the range`;
  } else if (opened !== undefined && (opened.kind !== "session.opened" || entryText(opened, "session") !== session)) {
    yield `entry ${index} did not open session ${session}`;
  }
}

function* openProblems(log) {
  const states = new Map();
  for (const entry of log.inside) {
    if (STATE_AFTER.has(entry.kind)) {
      states.set(entryText(entry, "session"), STATE_AFTER.get(entry.kind));
    }
  }
  const listed = new Set();
  for (const item of log.audit.data.open_sessions) {
    const { session, state } = item;
    if (listed.has(session)) {
      yield `session ${session} is listed twice`;
    }
    listed.add(session);
    // A session that did nothing in the range is listed on the clinic's word.
    if (states.has(session) && states.get(session) !== state) {
      yield `session ${session} is listed as ${state}, which it is not`;
    }
    yield* listedProblems(session, item, log);
  }
  for (const [session, leftIn] of states) {
    if (leftIn !== null && !listed.has(session)) {
      yield `session ${session} was left open and is not listed`;
    }
  }
}

export function checkOpenSessions(log) {
  const [code, name] = ["open_sessions", "The sessions listed as open are those left open"];
  const volume = log.audit.data.volume;
  if (volume !== null && volume.number !== volume.of) {
    return check(code, name, null, "The list is judged with the last volume.");
  }
  return answer(code, name, openProblems(log), "As far as the range shows, they are.");
}
