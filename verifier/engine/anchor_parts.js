// The time-stamps in an audit.json: docs/record-format.md section 4a.

import { compareBytes, compareText, fromBase64, toBase64 } from "./bytes.js";
import { parseTime } from "./entry.js";
import { NotAnAudit, anyCount, anyText, exactObject } from "./shape.js";

export const MAX_TOKEN_BYTES = 32 * 1024;
const MAX_ANCHORS = 400;
const MAX_NOTE = 4096;
const KEYS = ["kind", "index", "size", "note", "token", "authority", "independent", "gen_time"];

function readToken(text) {
  if (text.length > 2 * MAX_TOKEN_BYTES) {
    throw new NotAnAudit("a time-stamp is larger than any");
  }
  const token = fromBase64(text);
  if (token === null) {
    throw new NotAnAudit("a time-stamp is not in base64");
  }
  if (toBase64(token) !== text) {
    throw new NotAnAudit("a time-stamp is not in the one base64 of its bytes");
  }
  return token;
}

function readAnchor(value) {
  const item = exactObject(value, KEYS, "anchors");
  if (item.kind !== "rfc3161") {
    throw new NotAnAudit("a time-stamp is of an unknown kind");
  }
  const note = anyText(item.note, "anchors.note");
  if (typeof item.independent !== "boolean" || [...note].length > MAX_NOTE) {
    throw new NotAnAudit("a time-stamp is of another form");
  }
  parseTime(item.gen_time);
  return {
    index: item.index === null ? null : anyCount(item.index, "anchors.index"),
    size: anyCount(item.size, "anchors.size"),
    note,
    token: readToken(anyText(item.token, "anchors.token")),
    authority: anyText(item.authority, "anchors.authority"),
    independent: item.independent,
    genTime: item.gen_time,
  };
}

export function compareAnchors(left, right) {
  return left.size - right.size || compareText(left.genTime, right.genTime) || compareBytes(left.token, right.token);
}

export function readAnchors(items) {
  if (items.length > MAX_ANCHORS) {
    throw new NotAnAudit("there are more time-stamps than a file holds");
  }
  const parts = items.map(readAnchor);
  if (parts.some((part, place) => place > 0 && compareAnchors(parts[place - 1], part) > 0)) {
    throw new NotAnAudit("the time-stamps are not in order");
  }
  return parts;
}
