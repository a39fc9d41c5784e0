// Values whose length is not stated but whose end is marked (X.690, section 8.1.3.6). Several
// programs write the outermost parts of a signature so, and what is signed in DER.

import { Damaged } from "./bytes.js";
import { encodeDer } from "./der.js";

export const UNSTATED = 0x80;

const CONSTRUCTED = 0x20;
const MAX_NESTING = 16;

// A value and where it ends; `der` is the same with its lengths stated.
export function readMarked(bytes, at = 0, depth = 0) {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (first === undefined || (tag & 0x1f) === 0x1f || depth > MAX_NESTING) {
    throw new Damaged("a value has no end");
  }
  if (first !== UNSTATED) {
    const octets = first < 0x80 ? 0 : first - 0x80;
    const start = at + 2 + octets;
    const length = octets === 0 ? first : bytes.subarray(at + 2, start).reduce((value, octet) => value * 256 + octet, 0);
    if (octets > 4 || start + length > bytes.length) {
      throw new Damaged("a value is longer than what holds it");
    }
    return { der: bytes.subarray(at, start + length), end: start + length };
  }
  if ((tag & CONSTRUCTED) === 0) {
    throw new Damaged("a value has no end");
  }
  const parts = [];
  let place = at + 2;
  while (!(bytes[place] === 0 && bytes[place + 1] === 0)) {
    const part = readMarked(bytes, place, depth + 1);
    parts.push(part.der);
    place = part.end;
  }
  return { der: encodeDer(tag, ...parts), end: place + 2 };
}
