// RFC 8785 over the subset of docs/record-format.md: no floats, text in NFC, whole numbers that
// every reader holds exactly. Encoding again and comparing is the whole check.

import { equalBytes, fromUtf8, utf8 } from "./bytes.js";

export class NotCanonical extends Error {}

const MAX_DEPTH = 64;

export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkText(text) {
  if (text.normalize("NFC") !== text) {
    throw new NotCanonical("text is not in Unicode normalization form C");
  }
}

function checkScalar(value) {
  if (typeof value === "string") {
    checkText(value);
  } else if (typeof value === "number") {
    if (!Number.isInteger(value)) {
      throw new NotCanonical("a value is of a type that has no canonical form");
    }
    if (!Number.isSafeInteger(value)) {
      throw new NotCanonical("an integer is too large to be read back exactly");
    }
  }
}

function checkSubset(value) {
  let level = [value];
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    const below = [];
    for (const item of level) {
      if (Array.isArray(item)) {
        for (const member of item) {
          below.push(member);
        }
      } else if (isObject(item)) {
        Object.keys(item).forEach(checkText);
        for (const member of Object.values(item)) {
          below.push(member);
        }
      } else {
        checkScalar(item);
      }
    }
    if (below.length === 0) {
      return;
    }
    level = below;
  }
  throw new NotCanonical("values are nested too deep");
}

// JSON.stringify writes strings as RFC 8785 asks, but for lone surrogates, refused before.
function write(value) {
  if (Array.isArray(value)) {
    return `[${value.map(write).join(",")}]`;
  }
  if (isObject(value)) {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${write(value[key])}`);
    return `{${members.join(",")}}`;
  }
  return Object.is(value, -0) ? "0" : JSON.stringify(value);
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

export function canonicalBytes(value) {
  checkSubset(value);
  const text = write(value);
  if (holdsLoneSurrogate(text, value)) {
    throw new NotCanonical("text holds a lone surrogate");
  }
  return utf8(text);
}

// JSON.stringify writes one as an escape, which is looked for first because it is quicker.
function holdsLoneSurrogate(text, value) {
  return /\\ud[89a-f][0-9a-f]{2}/.test(text) && hasLoneSurrogate(value);
}

export function hasLoneSurrogate(value) {
  if (typeof value === "string") {
    return LONE_SURROGATE.test(value);
  }
  if (Array.isArray(value)) {
    return value.some(hasLoneSurrogate);
  }
  return isObject(value) && Object.entries(value).some((pair) => pair.some(hasLoneSurrogate));
}

export function parseCanonical(bytes) {
  let value;
  try {
    value = JSON.parse(fromUtf8(bytes));
  } catch {
    throw new NotCanonical("not readable as JSON");
  }
  if (!isObject(value)) {
    throw new NotCanonical("the outermost value is not an object");
  }
  if (!equalBytes(canonicalBytes(value), bytes)) {
    throw new NotCanonical("the bytes are not the canonical form of their value");
  }
  return value;
}
