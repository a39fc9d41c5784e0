// The syntax of PDF objects, read as the command's library reads it in its strict mode.

import { Damaged, fromLatin1, fromUtf8, latin1 } from "./bytes.js";

const MAX_NESTING = 300;
const SPACES = new Set([0x20, 0x0a, 0x0d, 0x09, 0x0c, 0x00]);
const DELIMITERS = new Set([...fromLatin1("()<>[]{}/%")]);
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const PERCENT = 0x25;

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

export class PdfCursor {
  constructor(bytes, position, findLength) {
    this.bytes = bytes;
    this.position = position;
    this.findLength = findLength;
  }

  next() {
    if (this.position < 0 || this.position >= this.bytes.length) {
      throw new Damaged("the file ends in the middle of an object");
    }
    this.position += 1;
    return this.bytes[this.position - 1];
  }

  peek(offset = 0) {
    return this.bytes[this.position + offset];
  }

  take(text) {
    for (let at = 0; at < text.length; at += 1) {
      if (this.peek(at) !== text.charCodeAt(at)) {
        return false;
      }
    }
    this.position += text.length;
    return true;
  }

  // White space and comments; afterwards the cursor is at the first byte of something else.
  skipSpace() {
    for (;;) {
      while (isSpace(this.peek())) {
        this.position += 1;
      }
      if (this.peek() !== PERCENT) {
        break;
      }
      while (this.peek() !== LINE_FEED && this.peek() !== CARRIAGE_RETURN) {
        this.next();
      }
    }
    if (this.position >= this.bytes.length) {
      throw new Damaged("the file ends in the middle of an object");
    }
  }

  word() {
    const start = this.position;
    while (this.position < this.bytes.length && !isSpace(this.peek())) {
      this.position += 1;
    }
    const text = latin1(this.bytes.subarray(start, Math.min(this.position, start + 64)));
    this.position += 1;
    return text;
  }

  plainNumber() {
    const number = wholeNumber(this.word());
    if (number === null) {
      throw new Damaged("a number is missing");
    }
    return number;
  }

  header() {
    this.skipSpace();
    const number = this.plainNumber();
    while (isSpace(this.peek())) {
      this.position += 1;
    }
    const generation = this.plainNumber();
    this.position += 3;
    this.skipSpace();
    return new PdfReference(number, generation);
  }

  object(depth = 0) {
    if (depth > MAX_NESTING) {
      throw new Damaged("objects are nested too deep");
    }
    const byte = this.peek();
    switch (String.fromCharCode(byte ?? 0)) {
      case "/":
        return this.name();
      case "<":
        return this.peek(1) === byte ? this.dictionary(depth) : this.hexText();
      case "[":
        return this.array(depth);
      case "(":
        return this.literalText();
      case "t":
        return this.keyword("true", true);
      case "f":
        return this.keyword("false", false);
      case "n":
        return this.keyword("null", null);
      case "%":
        this.skipSpace();
        return this.object(depth + 1);
      default:
        return this.numberOrReference();
    }
  }

  keyword(text, value) {
    if (!this.take(text)) {
      throw new Damaged("a word is not known");
    }
    return value;
  }

  name() {
    if (this.next() !== 0x2f) {
      throw new Damaged("a name is missing");
    }
    const bytes = [];
    while (this.position < this.bytes.length && !isSpace(this.peek()) && !DELIMITERS.has(this.peek())) {
      let byte = this.next();
      if (byte === 0x23) {
        const digits = latin1(this.bytes.subarray(this.position, this.position + 2));
        if (!/^[0-9a-fA-F]{2}$/.test(digits)) {
          throw new Damaged("a name holds a broken escape");
        }
        this.position += 2;
        byte = parseInt(digits, 16);
      } else if (byte < 0x21 || byte > 0x7e) {
        throw new Damaged("a name holds a byte that must be escaped");
      }
      bytes.push(byte);
    }
    const raw = Uint8Array.from(bytes);
    try {
      return new PdfName(fromUtf8(raw));
    } catch {
      return new PdfName(latin1(raw));
    }
  }

  hexText() {
    this.next();
    const start = this.position;
    const end = this.bytes.indexOf(0x3e, start);
    if (end < 0) {
      throw new Damaged("a text has no end");
    }
    let digits = latin1(this.bytes.subarray(start, end));
    if (!/^[0-9a-fA-F]*$/.test(digits)) {
      digits = digits.replace(/%[^\r\n]*(?=[\r\n])/g, "").replace(/[ \n\r\t\f\0]/g, "");
    }
    if (!/^[0-9a-fA-F]*$/.test(digits)) {
      throw new Damaged("a text in hexadecimal holds something else");
    }
    this.position = end + 1;
    const even = digits.length % 2 ? `${digits}0` : digits;
    const bytes = new Uint8Array(even.length / 2);
    for (let at = 0; at < bytes.length; at += 1) {
      bytes[at] = parseInt(even.slice(2 * at, 2 * at + 2), 16);
    }
    return new PdfText(bytes);
  }

  literalText() {
    this.next();
    const bytes = [];
    for (let open = 1; open > 0; ) {
      const byte = this.next();
      if (byte === 0x5c) {
        this.escaped(bytes);
        continue;
      }
      open += byte === 0x28 ? 1 : byte === 0x29 ? -1 : 0;
      if (open > 0) {
        bytes.push(byte);
      }
    }
    return new PdfText(Uint8Array.from(bytes));
  }

  escaped(bytes) {
    const byte = this.next();
    const character = String.fromCharCode(byte);
    const control = "nrtbf".indexOf(character);
    if (isDigit(byte)) {
      this.octal(bytes, character);
    } else if (control >= 0) {
      bytes.push([10, 13, 9, 8, 12][control]);
    } else if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
      if (this.peek() === LINE_FEED || this.peek() === CARRIAGE_RETURN) {
        this.position += 1;
      }
    } else if ("() /%<>[]#_&$\\".includes(character)) {
      bytes.push(byte);
    } else {
      throw new Damaged("a text holds an unknown escape");
    }
  }

  octal(bytes, first) {
    let digits = first;
    while (digits.length < 3 && isDigit(this.peek())) {
      digits += String.fromCharCode(this.next());
    }
    const value = parseInt(digits, 8);
    if (!/^[0-7]+$/.test(digits) || value > 255) {
      throw new Damaged("a text holds a number that is no byte");
    }
    bytes.push(value);
  }

  array(depth) {
    this.next();
    const items = [];
    for (;;) {
      this.skipSpace();
      if (this.take("]")) {
        return items;
      }
      items.push(this.object(depth + 1));
    }
  }

  dictionary(depth) {
    this.position += 2;
    const members = new Map();
    for (;;) {
      this.skipSpace();
      if (this.take(">")) {
        this.position += 1;
        break;
      }
      const key = this.name().text;
      this.skipSpace();
      const value = this.object(depth + 1);
      if (members.has(key)) {
        throw new Damaged("a key is given twice");
      }
      members.set(key, value);
    }
    return new PdfDictionary(members, this.stream(members));
  }

  stream(members) {
    const before = this.position;
    try {
      this.skipSpace();
    } catch {
      this.position = before;
      return null;
    }
    if (!this.take("stream")) {
      this.position = before;
      return null;
    }
    this.endOfLine();
    const length = this.findLength(members.get("Length"));
    const content = this.bytes.subarray(this.position, this.position + length);
    this.position += length;
    this.skipSpace();
    if (this.take("endstream")) {
      return content;
    }
    // One kind of writer counts one byte too many.
    this.position -= 1;
    if (!this.take("endstream")) {
      throw new Damaged("a stream has no end");
    }
    return content.subarray(0, -1);
  }

  endOfLine() {
    while (isSpace(this.peek())) {
      const byte = this.next();
      if (byte === LINE_FEED || (byte === CARRIAGE_RETURN && this.take("\n"))) {
        return;
      }
      if (byte === CARRIAGE_RETURN) {
        return;
      }
    }
    if (this.position >= this.bytes.length) {
      throw new Damaged("the file ends in the middle of an object");
    }
  }

  numberOrReference() {
    const ahead = latin1(this.bytes.subarray(this.position, this.position + 20));
    const reference = /^(\d+)[\t-\r ]+(\d+)[\t-\r ]+R[^a-zA-Z]/.exec(ahead);
    if (reference !== null) {
      this.position += reference[0].length - 1;
      if (Number(reference[1]) === 0) {
        throw new Damaged("a reference is to nothing");
      }
      return new PdfReference(Number(reference[1]), Number(reference[2]));
    }
    const start = this.position;
    while (this.position < this.bytes.length && "+,-.0123456789".includes(String.fromCharCode(this.peek()))) {
      this.position += 1;
    }
    const text = latin1(this.bytes.subarray(start, this.position));
    if (/^[+-]?(?:\d+\.\d*|\.\d+)$/.test(text)) {
      return new PdfReal(text);
    }
    if (!/^[+-]?\d+$/.test(text)) {
      throw new Damaged("an object is of no known kind");
    }
    return Number(text);
  }
}

