// The entries of a range as an audit.json of version 3 holds them: each as the very bytes it is.

import { fromHex, indexOfText, joinBytes, latin1 } from "./bytes.js";
import { NotCanonical, hasLoneSurrogate, isObject } from "./canonical.js";
import { hashLeaf } from "./tree.js";

const OPENING = '"entries":[';
const LEFT_OUT = /^\{"leaf":"([0-9a-f]{64})"\}$/;
const LEFT_OUT_BYTES = 75;

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const OPENS = new Set([0x5b, 0x7b]);
const CLOSES = new Set([0x5d, 0x7d]);
const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d]);

// Bytes that are not UTF-8 are found where the entry is read.
const LENIENT_UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

function endOfText(bytes, start) {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) {
    at += bytes[at] === BACKSLASH ? 2 : 1;
  }
  return at;
}

// The bytes without what stands between the brackets of `entries`, and each element; or null.
export function cutFile(bytes) {
  const opening = indexOfText(bytes, OPENING, 0, bytes.length);
  if (opening < 0) {
    return null;
  }
  const opened = opening + OPENING.length;
  const elements = [];
  let [depth, from] = [0, opened];
  for (let at = opened; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = endOfText(bytes, at);
    } else if (OPENS.has(byte)) {
      depth += 1;
    } else if (depth > 0 && CLOSES.has(byte)) {
      depth -= 1;
    } else if (depth === 0 && (byte === COMMA || CLOSES.has(byte))) {
      if (byte === COMMA || at > opened) {
        elements.push(bytes.subarray(from, at));
      }
      if (byte !== COMMA) {
        return { rest: joinBytes(bytes.subarray(0, opened), bytes.subarray(at)), elements };
      }
      from = at + 1;
    }
  }
  return null;
}

// Whether the rest says to be of this schema; it is read strictly only then.
export function isOfSchema(cut, schema) {
  try {
    const rest = JSON.parse(LENIENT_UTF8.decode(cut.rest));
    return isObject(rest) && Object.hasOwn(rest, "schema") && rest.schema === schema;
  } catch {
    return false;
  }
}

export function requireWellFormed(elements) {
  for (const element of elements) {
    let value;
    try {
      value = JSON.parse(LENIENT_UTF8.decode(element));
    } catch {
      throw new NotCanonical("not readable as JSON");
    }
    if (indexOfText(element, "\\u", 0, element.length) >= 0 && hasLoneSurrogate(value)) {
      throw new NotCanonical("text holds a lone surrogate");
    }
  }
  if (elements.some((element) => BLANKS.has(element[0]) || BLANKS.has(element[element.length - 1]))) {
    throw new NotCanonical("the bytes are not the canonical form of their value");
  }
}

// An element that is a leaf hash stands for an entry; every other is an entry, whatever it says.
export function readCutEntries(elements, start) {
  const entries = [];
  const leaves = [];
  elements.forEach((element, place) => {
    const found = element.length === LEFT_OUT_BYTES ? LEFT_OUT.exec(latin1(element)) : null;
    entries.push({ index: start + place, body: found === null ? element : null });
    leaves.push(found === null ? hashLeaf(element) : fromHex(found[1]));
  });
  return { entries, leaves };
}
