// The kinds of value that a PDF is made of, and the letters between them.

import { fromUtf8, latin1 } from "./bytes.js";

const SPACES = new Set([0x20, 0x0a, 0x0d, 0x09, 0x0c, 0x00]);

export class PdfName {
  constructor(text) {
    this.text = text;
  }
}

export class PdfText {
  constructor(bytes) {
    this.bytes = bytes;
  }

  // As far as names of files need it: letters beyond ASCII in the old encoding stay unread.
  toString() {
    const [a, b, c] = this.bytes;
    try {
      if (a === 0xfe && b === 0xff) {
        return new TextDecoder("utf-16be", { fatal: true }).decode(this.bytes.subarray(2));
      }
      if (a === 0xff && b === 0xfe) {
        return new TextDecoder("utf-16le", { fatal: true }).decode(this.bytes.subarray(2));
      }
      if (a === 0xef && b === 0xbb && c === 0xbf) {
        return fromUtf8(this.bytes.subarray(3));
      }
    } catch {
      return "";
    }
    return latin1(this.bytes).replace(/[^\x09\x0a\x0d\x20-\x7e]/g, "\ufffd");
  }
}

export class PdfReal {
  constructor(text) {
    this.text = text;
  }
}

export class PdfReference {
  constructor(number, generation) {
    this.number = number;
    this.generation = generation;
  }

  get key() {
    return `${this.number} ${this.generation}`;
  }
}

export class PdfDictionary {
  constructor(members, stream) {
    this.members = members;
    this.stream = stream;
  }

  has(key) {
    return this.members.has(key);
  }

  raw(key) {
    return this.members.get(key);
  }
}

export function isSpace(byte) {
  return SPACES.has(byte);
}

export function isDigit(byte) {
  return byte >= 0x30 && byte <= 0x39;
}

// A whole number as the command's language reads one: with white space around and lines inside.
export function wholeNumber(text) {
  const found = /^[\t-\r ]*([+-]?\d+(?:_\d+)*)[\t-\r ]*$/.exec(text);
  return found === null ? null : Number(found[1].replaceAll("_", ""));
}
