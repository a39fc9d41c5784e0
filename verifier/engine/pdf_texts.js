// Texts inside a PDF, in hexadecimal or in brackets.

import { Damaged, latin1 } from "./bytes.js";
import { PdfText, isDigit } from "./pdf_values.js";

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export function hexText(cursor) {
  cursor.next();
  const start = cursor.position;
  const end = cursor.bytes.indexOf(0x3e, start);
  if (end < 0) {
    throw new Damaged("a text has no end");
  }
  let digits = latin1(cursor.bytes.subarray(start, end));
  if (!/^[0-9a-fA-F]*$/.test(digits)) {
    digits = digits.replace(/%[^\r\n]*(?=[\r\n])/g, "").replace(/[ \n\r\t\f\0]/g, "");
  }
  if (!/^[0-9a-fA-F]*$/.test(digits)) {
    throw new Damaged("a text in hexadecimal holds something else");
  }
  cursor.position = end + 1;
  const even = digits.length % 2 ? `${digits}0` : digits;
  const bytes = new Uint8Array(even.length / 2);
  for (let at = 0; at < bytes.length; at += 1) {
    bytes[at] = parseInt(even.slice(2 * at, 2 * at + 2), 16);
  }
  return new PdfText(bytes);
}

export function literalText(cursor) {
  cursor.next();
  const bytes = [];
  for (let open = 1; open > 0; ) {
    const byte = cursor.next();
    if (byte === 0x5c) {
      escaped(cursor, bytes);
      continue;
    }
    open += byte === 0x28 ? 1 : byte === 0x29 ? -1 : 0;
    if (open > 0) {
      bytes.push(byte);
    }
  }
  return new PdfText(Uint8Array.from(bytes));
}

function escaped(cursor, bytes) {
  const byte = cursor.next();
  const character = String.fromCharCode(byte);
  const control = "nrtbf".indexOf(character);
  if (isDigit(byte)) {
    octal(cursor, bytes, character);
  } else if (control >= 0) {
    bytes.push([10, 13, 9, 8, 12][control]);
  } else if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
    if (cursor.peek() === LINE_FEED || cursor.peek() === CARRIAGE_RETURN) {
      cursor.position += 1;
    }
  } else if ("() /%<>[]#_&$\\".includes(character)) {
    bytes.push(byte);
  } else {
    throw new Damaged("a text holds an unknown escape");
  }
}

function octal(cursor, bytes, first) {
  let digits = first;
  while (digits.length < 3 && isDigit(cursor.peek())) {
    digits += String.fromCharCode(cursor.next());
  }
  const value = parseInt(digits, 8);
  if (!/^[0-7]+$/.test(digits) || value > 255) {
    throw new Damaged("a text holds a number that is no byte");
  }
  bytes.push(value);
}
