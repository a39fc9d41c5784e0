// Session blocks out of the entries that closed, aborted or signed a session.

import { toHex } from "../engine/bytes.js";
import { hashLeaf } from "../engine/tree.js";
import { evidenceLine } from "./evidence.js";
import { ContentUnreadable, child, children, fill, number, optionalChild, optionalText, text } from "./fields.js";
import { author } from "./log.js";
import { DEVICE } from "./naming.js";

const STATES = ["closed", "aborted", "awaiting_reprocessing"];

function maybeMoment(data, key, naming) {
  const recorded = optionalText(data, key);
  return recorded === null ? null : naming.times.moment(recorded);
}

function lines(data, key, naming) {
  return children(data, key).map((one) => evidenceLine(one, naming));
}

export function readItems(data, naming, amended = new Set()) {
  const template = naming.template(child(data, "template"));
  return children(data, "items").map((item) => {
    const code = text(item, "code");
    const late = item.late === true;
    const performed = maybeMoment(item, "performed_at", naming);
    return {
      code,
      label: naming.item(template, code),
      phase: text(item, "phase"),
      answer: naming.result(template, code, item.result),
      evidence: lines(item, "evidence", naming),
      who: naming.person(text(item, "by")),
      when: naming.times.moment(text(item, "at")),
      performed: late ? performed : null,
      late,
      amended: amended.has(code),
    };
  });
}

export function readOverrides(data, naming) {
  const template = naming.template(child(data, "template"));
  return children(data, "overrides").map((override) => ({
    label: naming.item(template, text(override, "item")),
    reason: naming.freeText(override, "reason"),
    who: naming.person(text(override, "by")),
    when: naming.times.moment(text(override, "at")),
  }));
}

function readAmendment(index, template, naming) {
  const entry = naming.log.read(index);
  const data = child(entry, "data");
  const code = text(data, "item");
  return {
    index,
    closed_index: number(data, "closed_index"),
    code,
    label: naming.subject(template, code),
    old: naming.result(template, code, data.old),
    new: naming.result(template, code, data.new),
    old_evidence: lines(data, "evidence_old", naming),
    new_evidence: lines(data, "evidence_new", naming),
    reason: naming.freeText(data, "reason"),
    who: naming.person(author(entry)),
    when: naming.times.moment(text(entry, "at")),
    auth: naming.auth(text(child(data, "signature"), "auth")),
  };
}

// The amendments of the range to one session, in the order they were made.
export function readAmendments(closedIndex, naming) {
  const found = naming.positions.amendments.get(closedIndex) ?? [];
  if (found.length === 0) {
    return [];
  }
  const closing = naming.log.find(closedIndex);
  // Without the closing entry the item's code has to do in place of its label.
  const template = closing === null ? {} : naming.template(child(child(closing, "data"), "template"));
  return found.map((index) => readAmendment(index, template, naming));
}

function readConsent(data, naming) {
  const reference = optionalChild(data, "consent");
  if (reference === null) {
    return naming.words.no_consent;
  }
  const index = number(reference, "index");
  const entry = naming.log.find(index);
  if (entry === null) {
    return `${naming.words.entry} ${index}`;
  }
  const consent = child(entry, "data");
  return fill(naming.words.consent_text, { text: text(consent, "text_id"), version: consent.text_version ?? "None", index });
}

function readDeviation(data, naming) {
  const deviation = optionalChild(data, "deviation");
  if (deviation === null) {
    return null;
  }
  return {
    what: naming.freeText(deviation, "what"),
    why: naming.freeText(deviation, "why"),
    corrective_action: naming.freeText(deviation, "corrective_action"),
  };
}

// The device as recorded, and the one that an amendment put in its place.
function deviceOf(data, amendments, naming) {
  const recorded = naming.device(child(data, "device"));
  const newest = amendments.filter((line) => line.code === DEVICE).pop();
  return newest === undefined ? recorded : `${recorded} → ${newest.new}`;
}

export function readBlock(index, naming) {
  const entry = naming.log.read(index);
  const data = child(entry, "data");
  const amendments = readAmendments(index, naming);
  const opened = child(data, "opened");
  const state = text(data, "state");
  if (!STATES.includes(state)) {
    throw new ContentUnreadable("a signed session is in an unknown state");
  }
  const signature = child(data, "signature");
  const items = readItems(data, naming, new Set(amendments.map((line) => line.code)));
  return {
    number: index,
    state,
    client: naming.client(child(data, "client")),
    protocol: naming.protocol(child(data, "template")),
    device: deviceOf(data, amendments, naming),
    practitioner: naming.person(text(data, "practitioner")),
    opened: naming.times.moment(text(opened, "at")),
    opened_index: number(opened, "index"),
    started: maybeMoment(data, "started_at", naming),
    finished: maybeMoment(data, "finished_at", naming),
    closed: naming.times.moment(text(entry, "at")),
    items,
    overrides: readOverrides(data, naming),
    warnings: children(data, "warnings").map((warning) => text(warning, "text")),
    consent: readConsent(data, naming),
    deviation: readDeviation(data, naming),
    signature: {
      name: naming.person(text(signature, "by")),
      when: naming.times.moment(text(signature, "at")),
      meaning: text(signature, "meaning"),
      auth: naming.auth(text(signature, "auth")),
    },
    amendments,
    leaf: toHex(hashLeaf(naming.log.bodies.get(index))),
    late: items.some((item) => item.late),
  };
}
