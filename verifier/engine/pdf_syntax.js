// The syntax of PDF objects, read as the command's library reads it in its strict mode.

import { Damaged, fromLatin1, fromUtf8, latin1 } from "./bytes.js";
import { hexText, literalText } from "./pdf_texts.js";
import { PdfDictionary, PdfName, PdfReal, PdfReference, isDigit, isSpace, wholeNumber } from "./pdf_values.js";

const MAX_NESTING = 300;
const DELIMITERS = new Set([...fromLatin1("()<>[]{}/%")]);
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const PERCENT = 0x25;

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
        return this.peek(1) === byte ? this.dictionary(depth) : hexText(this);
      case "[":
        return this.array(depth);
      case "(":
        return literalText(this);
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

