// DER (X.690), read strictly: one spelling for every value, and nothing after it.

import { Damaged } from "./bytes.js";

export const TAG = { integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, sequence: 0x30, set: 0x31, utcTime: 0x17, generalizedTime: 0x18 };

function readLength(bytes, at) {
  const first = bytes[at];
  if (first === undefined || first === 0x80 || first > 0x84) {
    throw new Damaged("a length is not in DER");
  }
  if (first < 0x80) {
    return [first, at + 1];
  }
  let length = 0;
  const end = at + 1 + (first - 0x80);
  for (let place = at + 1; place < end; place += 1) {
    length = length * 256 + bytes[place];
  }
  if (!(length >= 0x80) || bytes[at + 1] === 0) {
    throw new Damaged("a length is not in DER");
  }
  return [length, end];
}

function readOne(bytes, at) {
  const tag = bytes[at];
  if (tag === undefined || (tag & 0x1f) === 0x1f) {
    throw new Damaged("a tag is missing or of an unknown kind");
  }
  const [length, start] = readLength(bytes, at + 1);
  const end = start + length;
  if (end > bytes.length) {
    throw new Damaged("a value is longer than what holds it");
  }
  return { tag, content: bytes.subarray(start, end), raw: bytes.subarray(at, end), end };
}

export function readDer(bytes) {
  const value = readOne(bytes, 0);
  if (value.end !== bytes.length) {
    throw new Damaged("there is more after the value");
  }
  return value;
}

export function membersOf(value) {
  const members = [];
  for (let at = 0; at < value.content.length; ) {
    const member = readOne(value.content, at);
    members.push(member);
    at = member.end;
  }
  return members;
}

export function expectTag(value, tag) {
  if (value === undefined || value.tag !== tag) {
    throw new Damaged("a value is of another kind");
  }
  return value;
}

// One that is cut off in its last number is read as far as it goes, and then is none we know.
export function oidOf(value) {
  const bytes = expectTag(value, TAG.oid).content;
  if (bytes.length === 0) {
    throw new Damaged("an object identifier is empty");
  }
  const arcs = [];
  let arc = 0;
  for (const byte of bytes) {
    arc = arc * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const first = Math.min(2, Math.floor((arcs[0] ?? 0) / 40));
  const whole = bytes[bytes.length - 1] & 0x80 ? ["cut off"] : [];
  return [first, (arcs[0] ?? 0) - 40 * first, ...arcs.slice(1), ...whole].join(".");
}

// Milliseconds since 1970, cut off, of the two forms that RFC 5280 and RFC 3161 allow.
export function timeOf(value) {
  const text = String.fromCharCode(...value.content);
  const form = value.tag === TAG.utcTime ? /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/ : /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d+))?Z$/;
  const parts = form.exec(text);
  if (parts === null || (value.tag !== TAG.utcTime && value.tag !== TAG.generalizedTime)) {
    throw new Damaged("a time is of another form");
  }
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number);
  const full = value.tag === TAG.generalizedTime ? year : year + (year < 50 ? 2000 : 1900);
  const milliseconds = Number((parts[7] ?? "").padEnd(3, "0").slice(0, 3));
  return Date.UTC(full, month - 1, day, hour, minute, second, milliseconds);
}

export function encodeDer(tag, ...parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const octets = [];
  for (let rest = length; length >= 0x80 && rest > 0; rest = Math.floor(rest / 256)) {
    octets.unshift(rest % 256);
  }
  const head = length < 0x80 ? [tag, length] : [tag, 0x80 | octets.length, ...octets];
  const encoded = new Uint8Array(head.length + length);
  encoded.set(head);
  let at = head.length;
  for (const part of parts) {
    encoded.set(part, at);
    at += part.length;
  }
  return encoded;
}
